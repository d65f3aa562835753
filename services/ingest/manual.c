#include "services/ingest/manual.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/event/codec.h"

#include "services/ingest/answer.h"
#include "services/ingest/capture.h"
#include "services/ingest/ids.h"

enum { MANUAL_FACTS_MAX = 1000, MANUAL_KEY_LEN_MAX = 200 };

/* ---- one fact */

static void manual_copy(const struct json *node, struct json_out *out);

static void manual_copy_members(const struct json *object, struct json_out *out)
{
    for (size_t i = 0; i < json_len(object); i++) {
        json_key(out, json_key_at(object, i));
        manual_copy(json_at(object, i), out);
    }
}

static void manual_copy(const struct json *node, struct json_out *out)
{
    switch (json_kind(node)) {
    case JSON_NULL:
        json_put_null(out);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        json_put_bool(out, json_kind(node) == JSON_TRUE);
        break;
    case JSON_NUMBER:
        json_put_raw(out, json_text(node));
        break;
    case JSON_STRING:
        json_put_text(out, json_text(node));
        break;
    case JSON_ARRAY:
        json_array(out);
        for (size_t i = 0; i < json_len(node); i++)
            manual_copy(json_at(node, i), out);
        json_array_end(out);
        break;
    case JSON_OBJECT:
        json_object(out);
        manual_copy_members(node, out);
        json_object_end(out);
        break;
    }
}

/* Facts of the operator's own have an id; those of orders and listings have the channel's. */
static bool manual_wants_id(const struct json *object)
{
    const char *name = json_text(json_get(object, "kind"));
    enum event_kind kind = EVENT_NONE;

    if (name == NULL || !event_kind_parse(name, &kind))
        return false;
    return kind >= EVENT_STOCK_COUNTED && kind <= EVENT_RULE_CHANGED;
}

/* The object with a fact_id: one made of the Idempotency-Key, so that a repeated request repeats
   the fact instead of adding another, else a fresh one. */
static const struct json *manual_identified(const struct ingest_manual_source *source,
                                            const struct json *object, size_t index,
                                            struct arena *arena, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    /* A null stays and is told: it was meant to be an id. */
    if (json_kind(object) != JSON_OBJECT || json_get(object, "fact_id") != NULL ||
        !manual_wants_id(object))
        return object;
    json_begin(&out, &text);
    json_object(&out);
    json_put_member(&out, "fact_id",
                    source->has_key ? arena_printf(arena, "%s/%zu", source->key, index)
                                    : ingest_ids_uuid(arena));
    manual_copy_members(object, &out);
    json_object_end(&out);
    return json_parse(arena, text.bytes, text.len, err);
}

static void manual_fill(const struct ingest_manual_source *source, const struct event *first,
                        struct event *event)
{
    event->source.account = "";
    event->source.notification_id = source->key;
    event->source.captured_via = EVENT_VIA_MANUAL;
    event->source.adapter = "manual/1";
    event->source.host = source->host;
    event->times.received_ms = source->received_ms;
    if (event->times.occurred_ms == 0)
        event->times.occurred_ms = source->received_ms;
    event->traceparent = source->traceparent;
    event_identify(event);
    if (event != first) {
        event->raw.in_event_id = first->id;
        return;
    }
    event->raw.content_type = "application/json";
    event->raw.body = source->body;
    event->raw.body_len = source->body_len;
}

static bool manual_read_fact(const struct ingest_manual_source *source, const struct json *object,
                             struct arena *arena, struct event_list *events, struct err *err)
{
    struct event *event = event_list_add(events, arena, EVENT_NONE);

    object = manual_identified(source, object, events->len - 1, arena, err);
    if (object == NULL || !event_from_json(arena, object, event, err))
        return false;
    manual_fill(source, &events->events[0], event);
    return event_check(event, err);
}

/* ---- all facts */

static bool manual_read_array(const struct ingest_manual_source *source, const struct json *array,
                              struct arena *arena, struct event_list *events, struct err *err)
{
    if (json_len(array) == 0)
        return err_set(err, ERR_REJECT, "the array has no facts");
    if (json_len(array) > MANUAL_FACTS_MAX)
        return err_set(err, ERR_REJECT, "%zu facts, at most %d go into one request",
                       json_len(array), MANUAL_FACTS_MAX);
    for (size_t i = 0; i < json_len(array); i++)
        if (!manual_read_fact(source, json_at(array, i), arena, events, err))
            return err_wrap(err, "fact %zu", i);
    return true;
}

bool ingest_manual_read(const struct ingest_manual_source *source, struct arena *arena,
                        struct event_list *ret_events, bool *ret_malformed, struct err *err)
{
    const struct json *root = json_parse(arena, source->body, source->body_len, err);
    struct event_list events = {0};

    *ret_malformed = root == NULL;
    if (root == NULL)
        return false;
    if (json_kind(root) == JSON_ARRAY) {
        if (!manual_read_array(source, root, arena, &events, err))
            return false;
    } else if (!manual_read_fact(source, root, arena, &events, err)) {
        return err_wrap(err, "fact 0");
    }
    *ret_events = events;
    return true;
}

/* ---- the request */

static bool manual_is_key(const char *key)
{
    size_t len = strlen(key);

    if (len == 0 || len > MANUAL_KEY_LEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (key[i] < 0x21 || key[i] > 0x7e)
            return false;
    return true;
}

static const char *manual_answer(const struct event_list *events, struct arena *arena)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    json_begin(&out, &text);
    json_object(&out);
    json_put_member_int(&out, "accepted", (int64_t)events->len);
    json_key(&out, "events");
    json_array(&out);
    for (size_t i = 0; i < events->len; i++)
        json_put_text(&out, events->events[i].id);
    json_array_end(&out);
    json_object_end(&out);
    return arena_strdup(arena, buf_str(&text));
}

static void manual_capture(struct ingest_service *service, struct http_request *request,
                           const struct ingest_manual_source *source,
                           const struct event_list *events)
{
    const struct ingest_answer answer = {request, 202,
                                         manual_answer(events, http_request_arena(request))};
    const struct ingest_capture_source capture_source = {"admin", source->traceparent,
                                                         source->received_ms};
    struct ingest_capture *capture =
        ingest_capture_begin(service, &capture_source, ingest_answer_captured,
                             arena_memdup(http_request_arena(request), &answer, sizeof(answer)));

    for (size_t i = 0; i < events->len; i++)
        ingest_capture_event(capture, &events->events[i]);
    log_info("ingest.manual", "request", source->key, "facts", log_int(events->len), "actor",
             events->events[0].source.actor);
    ingest_capture_end(capture, "accepted");
}

void ingest_manual(struct ingest_service *service, struct http_request *request)
{
    struct arena *arena = http_request_arena(request);
    const char *key = http_request_header(request, "Idempotency-Key");
    struct ingest_manual_source source = {
        .key = key == NULL ? ingest_ids_uuid(arena) : key,
        .has_key = key != NULL,
        .host = service->host,
        .received_ms = http_request_received_ms(request),
        .traceparent = ingest_ids_traceparent(arena, http_request_header(request, "traceparent")),
    };
    struct event_list events = {0};
    struct err err = {0};
    bool malformed = false;

    source.body = http_request_body(request, &source.body_len);
    if (!manual_is_key(source.key)) {
        ingest_capture_count("admin", "rejected");
        http_answer_problem(request, 400, "bad-idempotency-key",
                            "want 1 to 200 visible ASCII characters", 0);
    } else if (!ingest_manual_read(&source, arena, &events, &malformed, &err)) {
        ingest_capture_count("admin", "rejected");
        http_answer_problem(request, malformed ? 400 : 422,
                            malformed ? "malformed-json" : "bad-fact", err.text, 0);
    } else {
        manual_capture(service, request, &source, &events);
    }
}
