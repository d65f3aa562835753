#include "services/ingest/capture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"

#include "services/ingest/cursors.h"
#include "services/ingest/ids.h"

enum { CAPTURE_REASONS_MAX = 4 };

static const struct metric notifications_total = {
    "stockbus_ingest_notifications_total",
    "Requests by what became of them.",
    METRIC_COUNTER,
    {"channel", "result"},
};
static const struct metric events_total = {
    "stockbus_ingest_events_total",
    "Events that the broker has.",
    METRIC_COUNTER,
    {"channel", "kind"},
};
static const struct metric hints_total = {
    "stockbus_ingest_hints_total",
    "Hints that the broker has: what is to be read.",
    METRIC_COUNTER,
    {"channel"},
};
static const struct metric rejected_total = {
    "stockbus_ingest_rejected_total",
    "Records on the rejected topic.",
    METRIC_COUNTER,
    {"channel", "reason"},
};
static const struct metric ack_seconds = {
    "stockbus_ingest_ack_seconds",
    "From a whole request to its 2xx: the broker's part of the answer time.",
    METRIC_HISTOGRAM,
    {"channel"},
};

struct ingest_capture {
    struct ingest_service *service;
    ingest_captured *captured;
    void *opaque;
    char *channel;
    char *traceparent;
    const char *result;
    int64_t begun_us;
    int64_t received_ms;
    struct ingest_health_ticket ticket;
    int events[EVENT_KIND_COUNT];
    int hints;
    char **seen; /* added to the service's when the broker has all */
    size_t seen_len;
    size_t seen_capacity;
    struct {
        const char *reason;
        int count;
    } rejected[CAPTURE_REASONS_MAX];
    /* One of each for the handler and for every record. Waiting decides, refs frees: who answers
       does so without the lock, and must find everything in place. */
    atomic_int refs;
    pthread_mutex_t lock; /* guards what follows */
    int waiting;
    bool ended;
    bool failed;
    bool told;
};

void ingest_capture_count(const char *channel, const char *result)
{
    metric_add(&notifications_total, 1, channel, result, NULL);
}

struct ingest_capture *ingest_capture_begin(struct ingest_service *service,
                                            const struct ingest_capture_source *source,
                                            ingest_captured *captured, void *opaque)
{
    struct ingest_capture *capture = mem_calloc(1, sizeof(*capture));

    capture->service = service;
    capture->captured = captured;
    capture->opaque = opaque;
    capture->channel = mem_strdup(source->channel);
    capture->traceparent = mem_strdup(source->traceparent);
    capture->begun_us = clock_monotonic_us();
    capture->received_ms = source->received_ms;
    atomic_init(&capture->refs, 1);
    capture->waiting = 1;
    pthread_mutex_init(&capture->lock, NULL);
    ingest_health_open(service->health, &capture->ticket);
    return capture;
}

static void capture_unref(struct ingest_capture *capture)
{
    if (atomic_fetch_sub(&capture->refs, 1) > 1)
        return;
    ingest_health_close(capture->service->health, &capture->ticket);
    pthread_mutex_destroy(&capture->lock);
    mem_free(capture->channel);
    mem_free(capture->traceparent);
    for (size_t i = 0; i < capture->seen_len; i++)
        mem_free(capture->seen[i]);
    mem_free(capture->seen);
    mem_free(capture);
}

/* ---- the end */

static void capture_count_good(struct ingest_capture *capture)
{
    double seconds = (double)(clock_monotonic_us() - capture->begun_us) / 1e6;

    ingest_capture_count(capture->channel, capture->result);
    metric_observe(&ack_seconds, seconds, capture->channel, NULL, NULL);
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (capture->events[kind] > 0)
            metric_add(&events_total, capture->events[kind], capture->channel,
                       event_kind_name((enum event_kind)kind), NULL);
    if (capture->hints > 0)
        metric_add(&hints_total, capture->hints, capture->channel, NULL, NULL);
    for (int i = 0; i < CAPTURE_REASONS_MAX && capture->rejected[i].count > 0; i++)
        metric_add(&rejected_total, capture->rejected[i].count, capture->channel,
                   capture->rejected[i].reason, NULL);
    for (size_t i = 0; i < capture->seen_len; i++)
        ingest_seen_add(capture->service->seen, capture->seen[i]);
}

static void capture_tell(struct ingest_capture *capture, bool ok)
{
    if (ok)
        capture_count_good(capture);
    else
        ingest_capture_count(capture->channel, "unavailable");
    capture->captured(capture->opaque, ok);
}

static void capture_done(struct ingest_capture *capture, bool ok, bool is_end)
{
    pthread_mutex_lock(&capture->lock);
    capture->waiting--;
    capture->failed = capture->failed || !ok;
    capture->ended = capture->ended || is_end;
    bool failed = capture->failed;
    /* Not before the end: the owner still adds records. */
    bool tell = capture->ended && !capture->told && (failed || capture->waiting == 0);
    capture->told = capture->told || tell;
    pthread_mutex_unlock(&capture->lock);
    if (tell)
        capture_tell(capture, !failed);
    capture_unref(capture);
}

/* ---- records */

/* A dead producer is replaced with its process; a refused record is the topic's setting. */
static void capture_judge(const struct err *err)
{
    if (err->code == ERR_FATAL) {
        if (!stop_requested())
            log_error("ingest.producer_dead", "why", err->text);
        stop_request(EXIT_INTERNAL);
    } else if (err->code == ERR_REJECT) {
        log_error("ingest.record_refused", "why", err->text, "hint",
                  "the topic's max.message.bytes must be 1000000 or more");
    }
}

static void capture_delivered(void *opaque, const struct err *err, int32_t partition,
                              int64_t offset)
{
    struct ingest_capture *capture = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        capture_judge(err);
    if (err == NULL || err->code == ERR_RETRY)
        ingest_health_report(capture->service->health, err == NULL);
    capture_done(capture, err == NULL, false);
}

static void capture_produce(struct ingest_capture *capture, const struct kafka_record *record)
{
    struct err err = {0};

    pthread_mutex_lock(&capture->lock);
    capture->waiting++;
    pthread_mutex_unlock(&capture->lock);
    atomic_fetch_add(&capture->refs, 1);
    if (kafka_produce(capture->service->producer, record, capture_delivered, capture, &err))
        return;
    capture_judge(&err);
    capture_done(capture, false, false);
}

/* The bytes are copied by the producer. Created when it was received: replays seek by this time. */
static void capture_put(struct ingest_capture *capture, const char *topic, const char *key,
                        const struct buf *body, const struct kafka_header *headers,
                        size_t headers_len)
{
    const struct kafka_record record = {
        .topic = topic,
        .key = key,
        .body = body->bytes,
        .body_len = body->len,
        .headers = headers,
        .headers_len = headers_len,
        .timestamp_ms = capture->received_ms,
        .partition = -1,
    };

    capture_produce(capture, &record);
}

/* A note of its own each time: see hints.h. */
void ingest_capture_hint(struct ingest_capture *capture, const char *hint)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct kafka_header headers[] = {
        {"traceparent", capture->traceparent}
    };
    const struct kafka_record record = {
        .topic = capture->service->cursors_topic,
        .key = arena_printf(arena, "%s%s/%s", INGEST_CURSORS_HINT, capture->channel,
                            ingest_ids_uuid(arena)),
        .body = hint,
        .body_len = strlen(hint),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .timestamp_ms = capture->received_ms,
        .partition = ingest_cursors_partition(capture->channel),
    };

    capture->hints++;
    capture_produce(capture, &record);
}

void ingest_capture_seen(struct ingest_capture *capture, const char *text)
{
    if (capture->seen_len == capture->seen_capacity) {
        capture->seen_capacity = capture->seen_capacity == 0 ? 8 : 2 * capture->seen_capacity;
        capture->seen = mem_realloc(capture->seen, capture->seen_capacity, sizeof(*capture->seen));
    }
    capture->seen[capture->seen_len++] = mem_strdup(text);
}

/* CloudEvents 1.0, binary mode of its Kafka binding. */
void ingest_capture_event(struct ingest_capture *capture, const struct event *event)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf body = {0};
    const char *source = arena_printf(arena, "/channels/%s", event->source.channel);
    const char *type = arena_printf(arena, "stockbus.v1.%s", event_kind_name(event->kind));
    const struct kafka_header headers[] = {
        {"ce_specversion", "1.0"                 },
        {"ce_id",          event->id             },
        {"ce_source",      source                },
        {"ce_type",        type                  },
        {"content-type",   "application/protobuf"},
        {"traceparent",    capture->traceparent  },
    };
    const char *sku = ingest_catalog_sku(capture->service->catalog, arena, event);

    event_encode(event, &body);
    capture->events[event->kind]++;
    ingest_capture_seen(capture, event->id);
    capture_put(capture, capture->service->events_topic, topic_event_key(arena, event, sku), &body,
                headers, ARRAY_LEN(headers));
}

static void capture_note_rejected(struct ingest_capture *capture, const char *reason)
{
    int at = 0;

    while (at < CAPTURE_REASONS_MAX - 1 && capture->rejected[at].count > 0 &&
           strcmp(capture->rejected[at].reason, reason) != 0)
        at++;
    capture->rejected[at].reason = reason;
    capture->rejected[at].count++;
}

void ingest_capture_rejected(struct ingest_capture *capture, const struct rejected *rejected,
                             const char *reason)
{
    SCOPED(buf) struct buf body = {0};
    const struct kafka_header headers[] = {
        {"content-type", "application/protobuf"},
        {"traceparent",  capture->traceparent  },
    };

    rejected_encode(rejected, &body);
    capture_note_rejected(capture, reason);
    capture_put(capture, capture->service->rejected_topic, rejected->source.channel, &body, headers,
                ARRAY_LEN(headers));
}

void ingest_capture_end(struct ingest_capture *capture, const char *result)
{
    capture->result = result;
    capture_done(capture, true, true);
}
