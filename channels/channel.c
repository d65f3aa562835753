#include "channels/channel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BAD_LINE_LEN = 500, RETRY_AFTER_MAX_MS = 3600 * 1000 };

/* ---- headers ---- */

const char *channel_header_find(const struct channel_header *headers, size_t len, const char *name)
{
    for (size_t i = 0; i < len; i++) {
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return NULL;
}

const char *channel_notification_header(const struct channel_notification *notification,
                                        const char *name)
{
    return channel_header_find(notification->headers, notification->headers_len, name);
}

const char *channel_response_header(const struct channel_response *response, const char *name)
{
    return channel_header_find(response->headers, response->headers_len, name);
}

/* ---- answers ---- */

const char *channel_verdict_name(enum channel_verdict verdict)
{
    static const char *const names[CHANNEL_VERDICT_COUNT] = {
        [CHANNEL_CONFIRMED] = "confirmed", [CHANNEL_ACCEPTED] = "accepted",
        [CHANNEL_STALE] = "stale",         [CHANNEL_RETRY] = "retry",
        [CHANNEL_RETRY_NEW] = "retry_new", [CHANNEL_SPLIT] = "split",
        [CHANNEL_THROTTLED] = "throttled", [CHANNEL_AUTH] = "auth",
        [CHANNEL_REJECTED] = "rejected",   [CHANNEL_EXHAUSTED] = "exhausted",
    };

    return verdict < CHANNEL_VERDICT_COUNT ? names[verdict] : "unknown";
}

/* First match wins. */
static const struct {
    int from;
    int to;
    enum channel_verdict verdict;
} statuses[] = {
    {200, 299, CHANNEL_ACCEPTED },
    {401, 403, CHANNEL_AUTH     }, /* 402: a frozen shop */
    {408, 408, CHANNEL_RETRY    },
    {429, 430, CHANNEL_THROTTLED}, /* 430: Shopify's guard against bots */
    {400, 499, CHANNEL_REJECTED },
};

struct channel_result channel_result_of_status(int status, struct arena *arena)
{
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "no_answer", .error_text = ""};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (status >= statuses[i].from && status <= statuses[i].to) {
            result.verdict = statuses[i].verdict;
            break;
        }
    }
    if (status != 0)
        result.error_class =
            result.verdict == CHANNEL_ACCEPTED ? "" : arena_printf(arena, "http_%d", status);
    return result;
}

int64_t channel_retry_after_ms(const struct channel_response *response)
{
    const char *text = channel_response_header(response, "Retry-After");
    char *end = NULL;

    if (text == NULL)
        return -1;
    double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0)
        return -1;
    double ms = ceil(seconds * 1000);
    return ms < RETRY_AFTER_MAX_MS ? (int64_t)ms : RETRY_AFTER_MAX_MS;
}

/* ---- bad lines ---- */

static char *bad_line_text(struct arena *arena, const char *format, va_list args)
{
    char text[BAD_LINE_LEN];

    vsnprintf(text, sizeof(text), format, args);
    for (char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    }
    return arena_strdup(arena, text);
}

void channel_bad_line(struct channel_bad_lines *bad, struct arena *arena, const char *format, ...)
{
    va_list args;

    if (bad->len < CHANNEL_BAD_LINES_MAX) {
        va_start(args, format);
        bad->reasons[bad->len++] = bad_line_text(arena, format, args);
        va_end(args);
        return;
    }
    bad->more += bad->more == 0 ? 2 : 1; /* the last one's place is needed, too */
    bad->reasons[CHANNEL_BAD_LINES_MAX - 1] = arena_printf(arena, "and %zu more", bad->more);
}

bool channel_hint(struct channel_hints *hints, struct arena *arena, const char *format, ...)
{
    char text[CHANNEL_HINT_MAX + 1];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0 || len > CHANNEL_HINT_MAX)
        return false;
    for (size_t i = 0; i < hints->len; i++) {
        if (strcmp(hints->hints[i], text) == 0)
            return true;
    }
    if (hints->len == CHANNEL_HINTS_MAX)
        return false;
    hints->hints[hints->len++] = arena_strdup(arena, text);
    return true;
}

bool channel_writes_on_hand(const struct channel_account *account)
{
    return account->writes_on_hand || !account->kind->quantity_is_available;
}

int64_t channel_written(const struct channel_account *account, const struct target *target)
{
    return target->quantity + (channel_writes_on_hand(account) ? target->open_here : 0);
}

const struct channel_signature *
channel_signature_of(const struct channel_account *account,
                     const struct channel_notification *notification)
{
    const struct channel_kind *kind = account->kind;

    return kind->signature_of == NULL ? &kind->signature
                                      : kind->signature_of(account, notification);
}

/* ---- events ---- */

struct envelope {
    struct event_source source;
    const char *traceparent;
    int64_t received_ms;
    struct event_raw raw;
};

static const char *text_or(const char *text, const char *otherwise)
{
    return text == NULL ? otherwise : text;
}

static struct envelope envelope_of(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   const char *host, struct arena *arena)
{
    const struct channel_kind *kind = account->kind;
    const char *named = kind->account_header == NULL
                            ? NULL
                            : channel_notification_header(notification, kind->account_header);
    const char *topic = kind->topic_header == NULL
                            ? NULL
                            : channel_notification_header(notification, kind->topic_header);
    const char *type = channel_notification_header(notification, "Content-Type");
    const char *traceparent = channel_notification_header(notification, "traceparent");

    return (struct envelope){
        .source = {.channel = account->name,
                   .account = arena_strdup(arena, text_or(named, account->account)),
                   .notification_id = kind->notification_id(account, notification, arena),
                   .captured_via = notification->captured_via,
                   .adapter = kind->adapter,
                   .host = host,
                   .actor = ""},
        .traceparent = arena_strdup(arena, text_or(traceparent, "")),
        .received_ms = notification->received_ms,
        .raw = {.content_type = arena_strdup(arena, text_or(type, "application/json")),
                .topic_header = arena_strdup(arena, text_or(topic, "")),
                .body = "",
                .in_event_id = ""},
    };
}

static bool envelope_close(const struct envelope *envelope, struct event *event, struct err *err)
{
    event->source = envelope->source;
    event->times.received_ms = envelope->received_ms;
    event->traceparent = envelope->traceparent;
    event->raw = envelope->raw;
    event_identify(event);
    return event_check_form(event, err);
}

static void events_carry_raw(struct event_list *events,
                             const struct channel_notification *notification, struct arena *arena)
{
    if (events->len == 0)
        return;
    struct event *first = &events->events[0];
    first->raw.body = arena_memdup(arena, notification->body, notification->body_len);
    first->raw.body_len = notification->body_len;
    const char *id = arena_strdup(arena, first->id);
    for (size_t i = 1; i < events->len; i++)
        events->events[i].raw = (struct event_raw){
            .content_type = "", .topic_header = "", .body = "", .in_event_id = id};
}

bool channel_events(const struct channel_account *account,
                    const struct channel_notification *notification, const char *host,
                    channel_keep *keep, void *opaque, struct arena *arena,
                    struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                    struct err *err)
{
    struct event_list found = {0};
    struct channel_bad_lines bad = {0};
    size_t kept = 0;

    if (!account->kind->normalize(account, notification, arena, &found, &bad, err))
        return false;
    const struct envelope envelope = envelope_of(account, notification, host, arena);
    for (size_t i = 0; i < found.len; i++) {
        struct err why = {0};

        if (!envelope_close(&envelope, &found.events[i], &why))
            channel_bad_line(&bad, arena, "%s", why.text);
        else if (keep == NULL || keep(opaque, &found.events[i]))
            found.events[kept++] = found.events[i];
    }
    found.len = kept;
    events_carry_raw(&found, notification, arena);
    *ret_events = found;
    *ret_bad = bad;
    return true;
}
