#include "services/ingest/reading.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"

#include "services/ingest/ids.h"
#include "services/ingest/pace.h"

enum {
    READING_CALLS_MAX = 1000, /* of one reading: more is a fault of the kind or the channel */
    READING_CONCURRENCY = 2,  /* where neither account nor kind says */
    READING_GAUGE_MS = 1000,
    READING_WARN_MS = 10000,
};

static const struct retry_policy reading_pause = {
    .base_ms = 1000, .cap_ms = 300000, .tries_max = 0};

static const struct metric reads_total = {
    "stockbus_ingest_reads_total",
    "Readings of hints, by their end.",
    METRIC_COUNTER,
    {"channel", "result"}
};
static const struct metric hints_waiting = {
    "stockbus_ingest_hints_waiting",
    "Hints that wait for their reading, at the replica that reads the channel.",
    METRIC_GAUGE,
    {"channel"}};
static const struct metric hints_oldest = {
    "stockbus_ingest_hints_oldest_seconds",
    "How long the oldest hint that waits for its reading does so.",
    METRIC_GAUGE,
    {"channel"}};

struct lane;

/* One hint's. */
struct reading {
    struct ingest_errand errand; /* first: its callbacks get the reading by it */
    struct reading *next;        /* of the lane */
    struct lane *lane;
    const char *hint; /* in the errand's arena, as are the next two */
    const char *traceparent;
    void *state; /* the kind's */
    int64_t number;
    int failures;
    int calls;
    int64_t ask_ms; /* monotonic: not before */
    bool is_refused;
    bool is_over;
};

/* One channel's. */
struct lane {
    struct ingest_readings *readings;
    const char *channel;
    struct reading *first;
    int64_t len;
    struct ingest_pace pace;
    int64_t again_ms; /* monotonic: not before, for all of it */
    int throttles;    /* since a reading went well */
    int64_t warn_ms;  /* monotonic: a channel that is away must not fill the log */
    int64_t gauge_ms;
};

struct ingest_readings {
    struct ingest_errands *shared;
    struct ingest_cursors *cursors;
    struct ingest_hints *hints;
    struct arena *arena;
    struct map *lanes; /* channel -> struct lane * */
};

/* ---- the end of a reading ---- */

/* A hint with '@' in it names a version, which need not be read twice. */
static const char *reading_version_key(const char *channel, const char *hint, struct arena *arena)
{
    return strchr(hint, '@') == NULL ? NULL : arena_printf(arena, "%s/%s", channel, hint);
}

static void reading_done(struct reading *reading)
{
    struct lane *lane = reading->lane;
    const char *version = reading_version_key(lane->channel, reading->hint, reading->errand.arena);

    lane->throttles = 0;
    metric_add(&reads_total, 1, lane->channel, reading->is_refused ? "rejected" : "read", NULL);
    if (version != NULL)
        ingest_seen_add(lane->readings->shared->service->seen, version);
    ingest_hints_done(lane->readings->hints, lane->channel, reading->hint, reading->number);
    reading->is_over = true;
}

/* A channel that is asked too much is left alone as a whole, longer each time. */
static int64_t lane_throttled_ms(struct lane *lane, int64_t told_ms, int64_t now_ms)
{
    if (now_ms >= lane->again_ms) /* else another call of the same moment told it */
        lane->throttles++;
    return told_ms >= 0 ? told_ms : retry_pause_ms(&reading_pause, lane->throttles, retry_random());
}

static void reading_failed(struct ingest_errand *errand, const struct ingest_failure *failure)
{
    struct reading *reading = (struct reading *)errand;
    struct lane *lane = reading->lane;
    int64_t now_ms = clock_monotonic_ms();
    int64_t pause_ms = failure->pause_ms;

    metric_add(&reads_total, 1, lane->channel, failure->result, NULL);
    if (!failure->is_expected && reading->failures == 0 && now_ms >= lane->warn_ms) {
        log_warn("ingest.read_failed", "channel", lane->channel, "hint", reading->hint, "class",
                 failure->result, "why", failure->why);
        lane->warn_ms = now_ms + READING_WARN_MS;
    }
    if (failure->is_throttled)
        pause_ms = lane_throttled_ms(lane, pause_ms, now_ms);
    bool is_of_all = pause_ms > 0;
    if (pause_ms < 0)
        pause_ms = retry_pause_ms(&reading_pause, reading->failures + 1, retry_random());
    if (is_of_all && now_ms + pause_ms > lane->again_ms)
        lane->again_ms = now_ms + pause_ms;
    ingest_hints_failed(lane->readings->hints, lane->channel, reading->hint, reading->number,
                        now_ms + pause_ms);
    reading->is_over = true;
}

/* ---- a step ---- */

static struct channel_notification reading_notification(const struct reading *reading,
                                                        const struct channel_response *response,
                                                        const char *bytes, size_t len)
{
    const char *type = response == NULL ? NULL : channel_response_header(response, "Content-Type");
    const struct channel_header headers[] = {
        {"Content-Type", type == NULL ? "application/json" : type},
        {"traceparent",  reading->traceparent                    },
    };

    return (struct channel_notification){
        .headers = arena_memdup(reading->errand.arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers),
        .body = bytes == NULL ? "" : bytes,
        .body_len = len,
        .received_ms = clock_now_ms(),
        .captured_via = EVENT_VIA_READ,
        .hint = reading->hint,
    };
}

static bool reading_keeps(void *opaque, const struct event *event)
{
    const struct reading *reading = opaque;

    return !ingest_seen_has(reading->errand.shared->service->seen, event->id);
}

/* It names what it is an answer to: that is no news. */
static void reading_drop_own_hint(const struct reading *reading, struct ingest_intake *intake)
{
    struct channel_hints *hints = &intake->hints;

    for (size_t i = 0; i < hints->len; i++)
        if (strcmp(hints->hints[i], reading->hint) == 0)
            hints->hints[i--] = hints->hints[--hints->len];
}

static void reading_take(struct reading *reading, const struct channel_account *account,
                         const struct channel_response *response, const char *bytes, size_t len)
{
    struct ingest_errand *errand = &reading->errand;
    const struct channel_notification notification =
        reading_notification(reading, response, bytes, len);
    struct ingest_intake intake =
        ingest_intake_read(account, &notification, errand->shared->service->host, reading_keeps,
                           reading, errand->arena);

    reading_drop_own_hint(reading, &intake);
    ingest_errand_take(errand, account, &notification, &intake, "read");
}

/* It will never be read: that is told, and then it is done. */
static void reading_refuse(struct reading *reading, const struct channel_account *account,
                           const struct channel_response *response, const char *why)
{
    const struct channel_notification notification = reading_notification(
        reading, response, response == NULL ? NULL : response->body,
        response == NULL || response->body_len > INGEST_BODY_BYTES_MAX ? 0 : response->body_len);
    const struct ingest_intake intake = {
        .refused = arena_printf(reading->errand.arena, "hint '%s': %s", reading->hint, why)};

    reading->is_refused = true;
    reading->errand.next.url = "";
    ingest_errand_take(&reading->errand, account, &notification, &intake, "read");
}

static void reading_step(struct reading *reading, const struct channel_account *account,
                         const struct channel_response *response)
{
    struct ingest_errand *errand = &reading->errand;
    struct channel_fetch fetch = {.request = {.url = ""}};
    const char *bytes = NULL;
    size_t len = 0;
    struct err err = {0};

    if (!account->kind->read(account, reading->hint, response, &reading->state, errand->arena,
                             &fetch, &bytes, &len, &err)) {
        if (err.code == ERR_REJECT)
            reading_refuse(reading, account, response, err.text);
        else
            ingest_errand_fail(errand, "not_understood", err.text);
        return;
    }
    ingest_errand_plan(errand, &fetch.request);
    reading->ask_ms = clock_monotonic_ms() + fetch.wait_ms;
    if (bytes != NULL)
        reading_take(reading, account, response, bytes, len);
    else
        ingest_errand_go_on(errand);
}

static void reading_answered(struct ingest_errand *errand, const struct channel_account *account,
                             const struct channel_response *response)
{
    struct reading *reading = (struct reading *)errand;

    if (++reading->calls >= READING_CALLS_MAX)
        ingest_errand_fail(errand, "endless", "a reading takes too many calls");
    else
        reading_step(reading, account, response);
}

static const struct ingest_errand_kind reading_kind = {
    .takes_refusal = true,
    .answered = reading_answered,
    .failed = reading_failed,
};

/* ---- lanes ---- */

static double lane_share(const struct lane *lane, double of_account, double of_kind)
{
    double whole = of_account > 0 ? of_account : of_kind;

    return whole * (double)lane->readings->shared->service->settings->read_percent / 100;
}

static bool lane_may_ask(struct lane *lane, const struct channel_account *account, double cost)
{
    int64_t now_ms = clock_monotonic_ms();

    return now_ms >= lane->again_ms &&
           ingest_pace_take(
               &lane->pace,
               lane_share(lane, account->rate_per_second, account->kind->rate_per_second),
               lane_share(lane, account->rate_burst, account->kind->rate_burst),
               cost > 0 ? cost : 1, now_ms);
}

static void reading_go_on(struct reading *reading, const struct channel_account *account)
{
    struct ingest_errand *errand = &reading->errand;

    switch (ingest_errand_phase(errand)) {
    case ERRAND_WRITTEN:
        if (!ingest_errand_has_next(errand))
            reading_done(reading);
        else if (clock_monotonic_ms() >= reading->ask_ms &&
                 lane_may_ask(reading->lane, account, errand->next.cost))
            ingest_errand_ask(errand, account);
        break;
    case ERRAND_LOST:
        ingest_errand_fail(errand, "unavailable", "the broker did not take every event");
        break;
    case ERRAND_RESTS:
    case ERRAND_ASKS:
    case ERRAND_WRITES:
        break;
    }
}

static void lane_go_on(struct lane *lane, const struct channel_account *account)
{
    for (struct reading **at = &lane->first; *at != NULL;) {
        struct reading *reading = *at;

        if (!reading->is_over)
            reading_go_on(reading, account);
        if (!reading->is_over) {
            at = &reading->next;
            continue;
        }
        *at = reading->next;
        lane->len--;
        ingest_errand_end(&reading->errand);
        mem_free(reading);
    }
}

static void lane_begin(struct lane *lane, const struct channel_account *account,
                       const struct ingest_hint *hint)
{
    struct reading *reading = mem_calloc(1, sizeof(*reading));
    struct ingest_service *service = lane->readings->shared->service;
    struct channel_account opened;

    ingest_errand_begin(&reading->errand, lane->readings->shared, &reading_kind, lane->channel);
    reading->lane = lane;
    reading->hint = arena_strdup(reading->errand.arena, hint->hint);
    reading->traceparent = ingest_ids_traceparent(reading->errand.arena, hint->traceparent);
    reading->number = hint->reading;
    reading->failures = hint->failures;
    struct reading **last = &lane->first;
    while (*last != NULL)
        last = &(*last)->next;
    *last = reading; /* who began first asks first: else the pace would starve him */
    lane->len++;
    const char *version = reading_version_key(lane->channel, hint->hint, reading->errand.arena);
    if (version != NULL && ingest_seen_has(service->seen, version))
        ingest_errand_go_on(&reading->errand);
    else if (ingest_errand_open(&reading->errand, account, &opened))
        reading_step(reading, &opened, NULL);
}

static void lane_gauge(struct lane *lane)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t oldest_ms = 0;

    if (now_ms < lane->gauge_ms)
        return;
    lane->gauge_ms = now_ms + READING_GAUGE_MS;
    size_t waiting = ingest_hints_waiting(lane->readings->hints, lane->channel, &oldest_ms);
    metric_set(&hints_waiting, (double)waiting, lane->channel, NULL, NULL);
    metric_set(&hints_oldest, oldest_ms == 0 ? 0 : (double)(clock_now_ms() - oldest_ms) / 1000,
               lane->channel, NULL, NULL);
}

static struct lane *readings_lane(struct ingest_readings *readings, const char *channel)
{
    struct lane *lane = map_get(readings->lanes, channel);

    if (lane != NULL)
        return lane;
    lane = arena_alloc(readings->arena, sizeof(*lane));
    lane->readings = readings;
    lane->channel = arena_strdup(readings->arena, channel);
    map_set(readings->lanes, channel, lane);
    return lane;
}

void ingest_readings_turn(struct ingest_readings *readings, const struct channel_account *account)
{
    int64_t concurrency =
        account->concurrency > 0 ? account->concurrency : account->kind->concurrency;
    struct ingest_hint hint = {0};

    if (account->kind->read == NULL)
        return;
    struct lane *lane = readings_lane(readings, account->name);
    lane_go_on(lane, account);
    while (lane->len < (concurrency > 0 ? concurrency : READING_CONCURRENCY) &&
           clock_monotonic_ms() >= lane->again_ms &&
           ingest_cursors_owns(readings->cursors, account->name) &&
           ingest_hints_begin(readings->hints, account->name, clock_monotonic_ms(), &hint))
        lane_begin(lane, account, &hint);
    lane_go_on(lane, account);
    lane_gauge(lane);
}

struct ingest_readings *ingest_readings_new(struct ingest_errands *shared,
                                            struct ingest_cursors *cursors,
                                            struct ingest_hints *hints)
{
    struct ingest_readings *readings = mem_calloc(1, sizeof(*readings));

    readings->shared = shared;
    readings->cursors = cursors;
    readings->hints = hints;
    readings->arena = arena_new();
    readings->lanes = map_new();
    return readings;
}

void ingest_readings_free(struct ingest_readings *readings)
{
    struct lane *lane = NULL;

    if (readings == NULL)
        return;
    for (size_t at = 0; (lane = map_next(readings->lanes, &at, NULL)) != NULL;) {
        while (lane->first != NULL) {
            struct reading *reading = lane->first;

            lane->first = reading->next;
            ingest_errand_end(&reading->errand);
            mem_free(reading);
        }
    }
    map_free(readings->lanes);
    arena_free(readings->arena);
    mem_free(readings);
}
