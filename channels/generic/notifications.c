#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/event/codec.h"

#include "channels/generic/internal.h"
#include "channels/signature.h"

const char *generic_pairs_find(const struct generic_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->len; i++) {
        if (strcmp(pairs->list[i].name, name) == 0)
            return pairs->list[i].value;
    }
    return NULL;
}

const struct channel_signature *
channel_generic_signature(const struct channel_account *account,
                          const struct channel_notification *notification)
{
    (void)notification;
    return &generic_spec_of(account)->notifications.signature;
}

/* What one document is read with. */
struct document {
    const struct channel_account *account;
    const struct generic_fact *fact; /* at hand */
    struct generic_scene scene;      /* of the element at hand */
    struct arena *arena;
    struct event_list *events;
    struct channel_bad_lines *bad;
};

/* ---- one fact ---- */

/* "1732180000" or "1732180000.25" seconds, in milliseconds. NULL: no such number. */
static const char *milliseconds(struct arena *arena, const char *seconds)
{
    char *end = NULL;
    double value = strtod(seconds, &end);

    if (*seconds == '\0' || strspn(seconds, "0123456789.") != strlen(seconds) || *end != '\0' ||
        value > 253402300799)
        return NULL;
    return arena_printf(arena, "%" PRId64, (int64_t)(value * 1000 + 0.5));
}

static void put_field(const struct document *document, const struct generic_pair *field,
                      struct json_out *out)
{
    const char *text = generic_source_text(&document->scene, field->value);
    size_t len = strlen(field->name);

    if (text == NULL)
        return;
    if (strcmp(field->name, "tracked") == 0) {
        json_key(out, field->name);
        json_put_bool(out, strcmp(text, "true") == 0);
    } else if (len > 2 && strcmp(field->name + len - 2, "_s") == 0) {
        const char *ms = milliseconds(document->arena, text);

        json_put_member(out, arena_printf(document->arena, "%.*sms", (int)(len - 1), field->name),
                        ms == NULL ? text : ms);
    } else {
        json_put_member(out, field->name, text);
    }
}

/* The fact as the operator would post it: one reader knows every member and its form. */
static const struct json *fact_json(const struct document *document,
                                    const struct generic_fact *fact, struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    json_begin(&out, &text);
    json_object(&out);
    json_put_member(&out, "kind", event_kind_name(fact->kind));
    json_put_member(&out, "channel", document->account->name);
    for (size_t i = 0; i < fact->fields.len; i++)
        put_field(document, &fact->fields.list[i], &out);
    if (fact->kind == EVENT_LINE_RETURNED && generic_pairs_find(&fact->fields, "bucket") == NULL)
        json_put_member(&out, "bucket", document->account->return_bucket);
    if (fact->kind == EVENT_OBSERVATION && generic_pairs_find(&fact->fields, "tracked") == NULL) {
        json_key(&out, "tracked");
        json_put_bool(&out, true);
    }
    json_object_end(&out);
    return json_parse(document->arena, text.bytes, text.len, err);
}

/* When the document does not say when it happened: its version. The others must say it (spec.c):
   the time is part of the fact, and must not be another one when it is told again. */
static int64_t occurred_ms(const struct event *event)
{
    if (event->kind == EVENT_ORDER_LINE)
        return event->order_line.version_ms;
    if (event->kind == EVENT_ORDER_VOIDED)
        return event->order_voided.version_ms;
    return event->observation.version_ms;
}

static bool fact_read(const struct document *document, const struct generic_fact *fact,
                      struct err *err)
{
    const struct json *json = fact_json(document, fact, err);
    struct event event;

    if (json == NULL || !event_from_json(document->arena, json, &event, err))
        return false;
    if (event.times.occurred_ms == 0)
        event.times.occurred_ms = occurred_ms(&event);
    *event_list_add(document->events, document->arena, fact->kind) = event;
    return true;
}

static void fact_add(void *opaque, const struct generic_scene *scene, const char *at)
{
    struct document *document = opaque;
    struct err err = {0};

    document->scene = *scene;
    if (generic_is_wanted(document->account, &document->fact->wanted, scene) &&
        !fact_read(document, document->fact, &err))
        channel_bad_line(document->bad, document->arena, "%s%s%s", at, *at == '\0' ? "" : ": ",
                         err.text);
}

static void fact_missed(void *opaque, const struct generic_scene *scene, const char *at)
{
    const struct document *document = opaque;

    (void)scene;
    channel_bad_line(document->bad, document->arena, "%s: want a list", at);
}

static void facts_add(void *opaque, const struct generic_document *found)
{
    struct document *document = opaque;
    const struct generic_facts *facts = &generic_spec_of(document->account)->notifications.facts;
    const struct generic_each each = {document->arena, fact_add, fact_missed, document};

    for (size_t i = 0; i < facts->len; i++) {
        document->fact = &facts->list[i];
        if (facts->list[i].topics.len == 0 ||
            generic_is_among(&facts->list[i].topics, found->topic))
            generic_each_run(&each, &found->scene, facts->list[i].each);
    }
}

bool channel_generic_normalize(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                               struct err *err)
{
    struct document document = {
        .account = account, .arena = arena, .events = ret_events, .bad = ret_bad};

    return generic_documents(account, notification, arena, facts_add, &document, err);
}

const char *channel_generic_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena)
{
    const struct generic_notifications *spec = &generic_spec_of(account)->notifications;
    struct err ignored = {0};
    const struct json *json =
        *spec->id == '\0' ? NULL
                          : json_parse(arena, notification->body, notification->body_len, &ignored);
    const struct generic_scene scene =
        generic_scene_of(notification->headers, notification->headers_len, json, arena);
    const char *id = *spec->id == '\0' ? NULL : generic_source_text(&scene, spec->id);

    if (id != NULL && *id != '\0' && strlen(id) <= 128)
        return id;
    return channel_signature_digest(arena, NULL, 0, notification->body, notification->body_len);
}
