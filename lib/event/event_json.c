#include <string.h>

#include "lib/event/codec.h"
#include "lib/event/record_json.h"

/* ---- out ---- */

static void put_raw(const struct event_raw *raw, struct json_out *out)
{
    json_key(out, "raw");
    json_object(out);
    if (raw->in_event_id[0] != '\0') {
        json_put_member(out, "in_event", raw->in_event_id);
    } else {
        json_put_member(out, "content_type", raw->content_type);
        json_put_member(out, "topic", raw->topic_header);
        json_put_member_int(out, "bytes", (int64_t)raw->body_len);
    }
    json_object_end(out);
}

static bool has_raw(const struct event_raw *raw)
{
    return raw->in_event_id[0] != '\0' || raw->body_len > 0 || raw->content_type[0] != '\0';
}

void event_to_json(const struct event *event, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "event_id", event->id);
    json_put_member(&json, "kind", event_kind_name(event->kind));
    record_to_json(&record_source, &event->source, &json);
    record_to_json(&record_times, &event->times, &json);
    if (event->traceparent[0] != '\0')
        json_put_member(&json, "traceparent", event->traceparent);
    if (has_raw(&event->raw))
        put_raw(&event->raw, &json);
    json_key(&json, "fact");
    json_object(&json);
    record_to_json(&record_facts[event->kind], &event->order_line, &json);
    json_object_end(&json);
    json_object_end(&json);
}

static void put_object(const struct record *record, const void *from, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    record_to_json(record, from, &json);
    json_object_end(&json);
}

void target_to_json(const struct target *target, struct buf *out)
{
    put_object(&record_target, target, out);
}

void outcome_to_json(const struct outcome *outcome, struct buf *out)
{
    put_object(&record_outcome, outcome, out);
}

void rejected_to_json(const struct rejected *rejected, struct buf *out)
{
    put_object(&record_rejected, rejected, out);
}

/* ---- in ---- */

/* What a manual fact may say beside itself. */
static const struct record_field manual_fields[] = {
    {.name = "occurred_ms", RECORD_TIME, offsetof(struct event, times.occurred_ms)},
    {.name = "actor", RECORD_TEXT, offsetof(struct event, source.actor)},
};
static const struct record manual = {
    "manual", sizeof(struct event), manual_fields, ARRAY_LEN(manual_fields)};

/* Mappings and rules have a channel of their own: their scope. */
static const struct record_field channel_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct event, source.channel)},
};
static const struct record channel_of_fact = {
    "channel", sizeof(struct event), channel_fields, ARRAY_LEN(channel_fields)};

/* {"sku","units"} instead of "components": most listings sell one thing. */
static const struct record_field single_fields[] = {
    {.name = "sku", RECORD_TEXT, offsetof(struct event_component, sku), RECORD_NEEDED},
    {.name = "units", RECORD_INT64, offsetof(struct event_component, units)},
};
static const struct record single = {
    "single", sizeof(struct event_component), single_fields, ARRAY_LEN(single_fields)};

static bool is_single(const struct event *event, const struct json *object)
{
    return event->kind == EVENT_MAPPING_CHANGED && json_is_null(json_get(object, "components"));
}

static bool knows_key(const struct event *event, const struct json *object, const char *key)
{
    return strcmp(key, "kind") == 0 || record_knows_key(&manual, key) ||
           record_knows_key(&channel_of_fact, key) ||
           record_knows_key(&record_facts[event->kind], key) ||
           (is_single(event, object) && record_knows_key(&single, key));
}

static bool check_keys(const struct event *event, const struct json *object, struct err *err)
{
    for (size_t i = 0; i < json_len(object); i++) {
        const char *key = json_key_at(object, i);

        if (!knows_key(event, object, key))
            return err_set(err, ERR_REJECT, "unknown key '%.100s'", key);
    }
    return true;
}

/* What channels say about their own orders and listings. */
static bool is_of_channel(enum event_kind kind)
{
    return kind <= EVENT_LINE_RETURNED || kind == EVENT_OBSERVATION;
}

static bool read_channel(struct arena *arena, const struct json *object, struct event *event,
                         struct err *err)
{
    event->source.channel = "admin";
    if (record_knows_key(&record_facts[event->kind], "channel"))
        return true;
    if (is_of_channel(event->kind) && json_is_null(json_get(object, "channel")))
        return err_set(err, ERR_REJECT, "channel is missing");
    return record_from_json(arena, &channel_of_fact, object, event, err);
}

static bool read_single(struct arena *arena, const struct json *object, struct event *event,
                        struct err *err)
{
    struct event_component *component = arena_alloc(arena, sizeof(*component));

    if (json_is_null(json_get(object, "sku")))
        return err_set(err, ERR_REJECT, "components is missing, and so is sku");
    component->units = 1;
    if (!record_from_json(arena, &single, object, component, err))
        return false;
    event->mapping.components = component;
    event->mapping.components_len = 1;
    return true;
}

static bool read_event(struct arena *arena, const struct json *object, struct event *event,
                       struct err *err)
{
    event->source.captured_via = EVENT_VIA_MANUAL;
    return check_keys(event, object, err) && read_channel(arena, object, event, err) &&
           record_from_json(arena, &manual, object, event, err) &&
           record_from_json(arena, &record_facts[event->kind], object, &event->order_line, err) &&
           (!is_single(event, object) || read_single(arena, object, event, err));
}

bool event_json_has_member(enum event_kind kind, const char *member)
{
    return record_knows_key(&manual, member) || record_knows_key(&record_facts[kind], member);
}

bool event_from_json(struct arena *arena, const struct json *object, struct event *ret_event,
                     struct err *err)
{
    const char *name = json_text(json_get(object, "kind"));
    enum event_kind kind = EVENT_NONE;
    struct event event;

    if (json_kind(object) != JSON_OBJECT)
        return err_set(err, ERR_REJECT, "fact: kind %s, want object",
                       json_kind_name(json_kind(object)));
    if (name == NULL || !event_kind_parse(name, &kind))
        return err_set(err, ERR_REJECT, "fact: kind is %s%.100s%s, want one like 'stock_counted'",
                       name == NULL ? "" : "'", name == NULL ? "missing" : name,
                       name == NULL ? "" : "'");
    event_init(&event, kind);
    if (!read_event(arena, object, &event, err))
        return err_wrap(err, "%s", name);
    *ret_event = event;
    return true;
}

bool target_from_json(struct arena *arena, const struct json *object, struct target *ret_target,
                      struct err *err)
{
    struct target target;

    if (!record_from_json_object(arena, &record_target, object, &target, err) ||
        !record_check(&record_target, &target, err))
        return err_wrap(err, "target");
    *ret_target = target;
    return true;
}
