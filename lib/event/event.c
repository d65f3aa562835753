#include "lib/event/event.h"

#include <string.h>

#include "lib/event/record.h"

struct event *event_list_add(struct event_list *list, struct arena *arena, enum event_kind kind)
{
    list->events =
        arena_grow(arena, list->events, list->len, &list->capacity, sizeof(*list->events));
    struct event *event = &list->events[list->len++];

    event_init(event, kind);
    return event;
}

const char *event_kind_name(enum event_kind kind)
{
    return record_facts[kind < EVENT_KIND_COUNT ? kind : EVENT_NONE].name;
}

bool event_kind_parse(const char *name, enum event_kind *ret_kind)
{
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        if (strcmp(name, record_facts[kind].name) == 0) {
            *ret_kind = (enum event_kind)kind;
            return true;
        }
    }
    return false;
}

const char *event_via_name(enum event_captured_via via)
{
    return record_via_names[via <= EVENT_VIA_SNAPSHOT ? via : EVENT_VIA_NONE];
}

void event_init(struct event *ret_event, enum event_kind kind)
{
    *ret_event = (struct event){.kind = kind, .traceparent = ""};
    record_init(&record_source, &ret_event->source);
    record_init(&record_times, &ret_event->times);
    record_init(&record_raw, &ret_event->raw);
    record_init(&record_facts[kind], &ret_event->order_line);
}

/* ---- checking: what no single field's row can say ---- */

static bool check_order_line(const struct event_order_line *line, struct err *err)
{
    if (line->cancelled > line->ordered)
        return err_set(err, ERR_REJECT, "cancelled is %lld, want at most the %lld ordered",
                       (long long)line->cancelled, (long long)line->ordered);
    return true;
}

static bool check_part(const struct event *event, struct err *err)
{
    bool has_bucket = event->part.bucket[0] != '\0';

    if (event->kind == EVENT_LINE_RETURNED && !has_bucket)
        return err_set(err, ERR_REJECT, "bucket is missing");
    if (event->kind != EVENT_LINE_RETURNED && has_bucket)
        return err_set(err, ERR_REJECT, "bucket is '%s', but only returned units go to one",
                       event->part.bucket);
    return true;
}

static bool check_transfer(const struct event_transfer *transfer, struct err *err)
{
    if (strcmp(transfer->from_pool, transfer->to_pool) == 0 &&
        strcmp(transfer->from_bucket, transfer->to_bucket) == 0)
        return err_set(err, ERR_REJECT, "to_pool and to_bucket are where it comes from, '%s' '%s'",
                       transfer->to_pool, transfer->to_bucket);
    return true;
}

static bool check_mapping(const struct event_mapping *mapping, struct err *err)
{
    if (mapping->components_len > 0 && mapping->pool[0] == '\0')
        return err_set(err, ERR_REJECT, "pool is missing");
    for (size_t i = 0; i < mapping->components_len; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(mapping->components[i].sku, mapping->components[j].sku) == 0)
                return err_set(err, ERR_REJECT, "components name sku '%.100s' twice",
                               mapping->components[i].sku);
        }
    }
    return true;
}

static bool check_rule(const struct event_rule *rule, struct err *err)
{
    if (rule->listing[0] != '\0' && rule->channel[0] == '\0')
        return err_set(err, ERR_REJECT, "channel is missing beside listing '%.100s'",
                       rule->listing);
    if (rule->listing[0] != '\0' && rule->sku[0] != '\0')
        return err_set(err, ERR_REJECT, "sku and listing are both given, want one scope");
    if (rule->tier[0] != '\0' && (rule->sku[0] != '\0' || rule->listing[0] != '\0'))
        return err_set(err, ERR_REJECT, "tier and %s are both given, want one scope",
                       rule->sku[0] != '\0' ? "sku" : "listing");
    return true;
}

static bool check_observation(const struct event_observation *observation, struct err *err)
{
    if (observation->listing[0] == '\0' && observation->address[0] == '\0' &&
        observation->sku[0] == '\0')
        return err_set(err, ERR_REJECT, "listing, address and sku are all missing");
    return true;
}

static bool check_velocity(const struct event_velocity *velocity, struct err *err)
{
    for (size_t i = 0; i < velocity->units_len; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(velocity->units[i].channel, velocity->units[j].channel) == 0)
                return err_set(err, ERR_REJECT, "units name channel '%.100s' twice",
                               velocity->units[i].channel);
        }
    }
    return true;
}

static bool check_fact(const struct event *event, struct err *err)
{
    if (!record_check(&record_facts[event->kind], &event->order_line, err))
        return false;
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        return check_order_line(&event->order_line, err);
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        return check_part(event, err);
    case EVENT_STOCK_TRANSFERRED:
        return check_transfer(&event->transfer, err);
    case EVENT_MAPPING_CHANGED:
        return check_mapping(&event->mapping, err);
    case EVENT_RULE_CHANGED:
        return check_rule(&event->rule, err);
    case EVENT_OBSERVATION:
        return check_observation(&event->observation, err);
    case EVENT_VELOCITY_MEASURED:
        return check_velocity(&event->velocity, err);
    case EVENT_ORDER_VOIDED:
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
    case EVENT_POOL_CHANGED:
    case EVENT_TIER_DEFINED:
    case EVENT_LATENCY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
        return true;
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        break;
    }
    return err_set(err, ERR_REJECT, "kind is missing");
}

/* Lower case, as event_identify() writes it: the id is compared as text. */
static bool is_uuid(const char id[EVENT_ID_LEN + 1])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < EVENT_ID_LEN; i++) {
        bool fits = form[i] == '-' ? id[i] == '-' : strchr("0123456789abcdef", id[i]) != NULL;

        if (!fits || id[i] == '\0')
            return false;
    }
    return id[EVENT_ID_LEN] == '\0';
}

static bool check_envelope(const struct event *event, struct err *err)
{
    static const struct record_field fields[] = {
        {.name = "source", RECORD_INLINE, offsetof(struct event, source), .of = &record_source},
        {.name = "times", RECORD_INLINE, offsetof(struct event, times), .of = &record_times},
        {.name = "traceparent", RECORD_TEXT, offsetof(struct event, traceparent)},
        {.name = "raw", RECORD_INLINE, offsetof(struct event, raw), .of = &record_raw},
        {.name = "occurred_ms", RECORD_TIME, offsetof(struct event, times.occurred_ms),
         RECORD_NEEDED},
    };
    static const struct record envelope = {"event", sizeof(*event), fields, ARRAY_LEN(fields)};

    if (!is_uuid(event->id))
        return err_set(err, ERR_REJECT, "event_id is '%.36s', want a uuid", event->id);
    return record_check(&envelope, event, err);
}

bool event_check(const struct event *event, struct err *err)
{
    if (event->kind <= EVENT_NONE || event->kind >= EVENT_KIND_COUNT)
        return err_set(err, ERR_REJECT, "event: kind is missing");
    if (check_envelope(event, err) && check_fact(event, err))
        return true;
    return err_wrap(err, "%s", event_kind_name(event->kind));
}
