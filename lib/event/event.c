#include "lib/event/event.h"

#include <string.h>

#include "lib/event/breach.h"
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

const char *event_decision_name(enum event_decision decision)
{
    return record_decision_names[decision <= EVENT_FIX ? decision : EVENT_DECISION_NONE];
}

const char *event_via_name(enum event_captured_via via)
{
    return record_via_names[via < EVENT_VIA_COUNT ? via : EVENT_VIA_NONE];
}

void event_init(struct event *ret_event, enum event_kind kind)
{
    *ret_event = (struct event){.kind = kind, .traceparent = ""};
    record_init(&record_source, &ret_event->source);
    record_init(&record_times, &ret_event->times);
    record_init(&record_raw, &ret_event->raw);
    record_init(&record_facts[kind], &ret_event->order_line);
}

/* ---- checking ---- */

/* Lower case, as event_identify() writes it: the id is compared as text. */
bool event_id_is_valid(const char *id)
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

    if (!event_id_is_valid(event->id))
        return err_set(err, ERR_REJECT, "event_id is '%.36s', want a uuid", event->id);
    return record_check(&envelope, event, err);
}

bool event_check_form(const struct event *event, struct err *err)
{
    if (event->kind <= EVENT_NONE || event->kind >= EVENT_KIND_COUNT)
        return err_set(err, ERR_REJECT, "event: kind is missing");
    if (check_envelope(event, err) &&
        record_check_form(&record_facts[event->kind], &event->order_line, err))
        return true;
    return err_wrap(err, "%s", event_kind_name(event->kind));
}

bool event_check(const struct event *event, struct err *err)
{
    struct event_breach breach = {.reason = ""};
    struct err why = {0};

    if (!event_check_form(event, err))
        return false;
    if (event_check_rules(event, &breach, &why) || breach.is_waivable)
        return true;
    *err = why;
    return false;
}
