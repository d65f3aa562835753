#include "tools/stockctl/parked.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/amend.h"
#include "lib/event/breach.h"
#include "lib/event/codec.h"
#include "lib/json/json.h"

/* ---- FIELD=VALUE ---- */

static bool parked_changes(const struct stockctl_options *options, struct arena *arena,
                           struct event_change *changes, struct err *err)
{
    if (options->changes.len == 0)
        return err_set(err, ERR_REJECT, "--set is missing: say what is right, as FIELD=VALUE");
    if (options->changes.len > EVENT_CHANGES_MAX)
        return err_set(err, ERR_REJECT, "--set is given more than %d times", EVENT_CHANGES_MAX);
    for (size_t i = 0; i < options->changes.len; i++) {
        const char *text = options->changes.texts[i];
        const char *equals = strchr(text, '=');

        if (equals == NULL || equals == text)
            return err_set(err, ERR_REJECT, "--set is '%s': want FIELD=VALUE", text);
        changes[i].field = arena_strndup(arena, text, (size_t)(equals - text));
        changes[i].value = equals + 1;
    }
    return true;
}

/* ---- what is allowed ---- */

static bool parked_may_release(const struct stockctl_parked *parked, struct err *err)
{
    struct event_breach breach = {.reason = ""};
    struct err why = {0};

    if (parked->event == NULL)
        return strcmp(parked->status, "dropped") == 0 ||
               err_set(err, ERR_REJECT, "it waits by itself (%s): nothing is to be released",
                       parked->reason);
    if (event_check_rules(parked->event, &breach, &why) || breach.is_waivable)
        return true;
    return err_set(err, ERR_REJECT, "%s can't be waived: fix or drop it (%.200s)", breach.reason,
                   why.text);
}

static bool parked_may_fix(const struct stockctl_parked *parked, struct arena *arena,
                           const struct event_change *changes, size_t count, struct err *err)
{
    struct event_breach breach;
    struct event form;

    if (parked->event == NULL)
        return err_set(err, ERR_REJECT, "it breaks no rule, it waits (%s): nothing is to be fixed",
                       parked->reason);
    if (!event_amend(arena, parked->event, changes, count, &form, err))
        return false;
    return event_check_rules(&form, &breach, err) || err_wrap(err, "it would still be wrong");
}

static bool parked_is_open(const struct stockctl_parked *parked, enum event_decision decision,
                           struct err *err)
{
    bool is_dropped = strcmp(parked->status, "dropped") == 0;

    if (strcmp(parked->status, "parked") == 0 || (is_dropped && decision != EVENT_DROP))
        return true;
    return err_set(err, ERR_REJECT, "it is %s%s", parked->status,
                   is_dropped ? " already" : ", not parked: a correcting fact puts it right");
}

/* ---- the fact ---- */

static void put_changes(struct json_out *out, const struct event_change *changes, size_t count)
{
    json_key(out, "changes");
    json_array(out);
    for (size_t i = 0; i < count; i++) {
        json_object(out);
        json_put_member(out, "field", changes[i].field);
        json_put_member(out, "value", changes[i].value);
        json_object_end(out);
    }
    json_array_end(out);
}

static bool put_fact(const struct stockctl_parked *parked, enum event_decision decision,
                     const struct event_change *changes, size_t count,
                     const struct stockctl_fact *fact, const char *note, struct buf *out,
                     struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    char at[CLOCK_TEXT_LEN];
    struct json_out json;
    struct event event;
    size_t start = out->len;

    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "kind", event_kind_name(EVENT_DECIDED));
    json_put_member(&json, "occurred_at", clock_format(fact->occurred_ms, at));
    json_put_member(&json, "actor", fact->actor);
    json_put_member(&json, "event_id", parked->event_id);
    json_put_member_int(&json, "number", parked->number);
    json_put_member(&json, "decision", event_decision_name(decision));
    if (count > 0)
        put_changes(&json, changes, count);
    json_put_member(&json, "note", note);
    json_object_end(&json);
    const struct json *object = json_parse(arena, out->bytes + start, out->len - start, err);
    if (object == NULL || !event_from_json(arena, object, &event, err))
        return false;
    event_identify(&event);
    return event_check(&event, err);
}

bool stockctl_parked_decide(const struct stockctl_options *options, enum event_decision decision,
                            const struct stockctl_parked *parked, const struct stockctl_fact *fact,
                            struct buf *out, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_change changes[OPTIONS_TEXTS_MAX];
    size_t count = decision == EVENT_FIX ? options->changes.len : 0;

    if (options->reason == NULL)
        return err_set(err, ERR_REJECT, "--reason is missing: say why");
    if (decision == EVENT_FIX && !parked_changes(options, arena, changes, err))
        return false;
    if (!parked_is_open(parked, decision, err))
        return false;
    if (decision == EVENT_RELEASE && !parked_may_release(parked, err))
        return false;
    if (decision == EVENT_FIX && !parked_may_fix(parked, arena, changes, count, err))
        return false;
    return put_fact(parked, decision, changes, count, fact, options->reason, out, err);
}
