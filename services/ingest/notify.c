#include "services/ingest/notify.h"

#include <string.h>
#include <strings.h>

#include "lib/base/log.h"

#include "services/ingest/answer.h"
#include "services/ingest/capture.h"
#include "services/ingest/ids.h"
#include "services/ingest/refused.h"

/* Bytes that the bad lines of one notification may take together. Beyond, only the first of them
   has the body; the others name the notification. */
enum { NOTIFY_COPIES_MAX = 4 << 20 };

struct notify {
    struct ingest_service *service;
    struct http_request *request;
    struct arena *arena;
    const struct channel_account *account;
    struct channel_notification notification;
    const char *traceparent;
};

bool ingest_notify_is_account(const char *expected, const char *given)
{
    if (given == NULL)
        return false;
    size_t expected_len = strlen(expected);
    size_t given_len = strlen(given);
    if (expected_len > 0 && expected[expected_len - 1] == '/')
        expected_len--;
    if (given_len > 0 && given[given_len - 1] == '/')
        given_len--;
    return expected_len == given_len && strncasecmp(expected, given, given_len) == 0;
}

/* The sender's headers, but with a trace that is valid: channels take what stands there. */
static struct channel_header *notify_headers(struct notify *notify, size_t *ret_len)
{
    struct http_request *request = notify->request;
    size_t len = http_request_headers(request);
    struct channel_header *headers = arena_alloc(notify->arena, (len + 1) * sizeof(*headers));
    size_t kept = 0;

    for (size_t i = 0; i < len; i++) {
        const char *name = http_request_header_name(request, i);

        if (strcasecmp(name, "traceparent") != 0)
            headers[kept++] = (struct channel_header){name, http_request_header_value(request, i)};
    }
    headers[kept++] = (struct channel_header){"traceparent", notify->traceparent};
    *ret_len = kept;
    return headers;
}

static void notify_read(struct notify *notify)
{
    struct http_request *request = notify->request;
    struct channel_notification *notification = &notify->notification;

    notify->traceparent =
        ingest_ids_traceparent(notify->arena, http_request_header(request, "traceparent"));
    notification->headers = notify_headers(notify, &notification->headers_len);
    notification->body = http_request_body(request, &notification->body_len);
    notification->received_ms = http_request_received_ms(request);
    notification->captured_via = EVENT_VIA_PUSH;
}

/* ---- answers without a record */

static void notify_answer(struct notify *notify, const char *result, const char *json)
{
    ingest_capture_count(notify->account->name, result);
    http_answer_json(notify->request, 200, json, strlen(json));
}

static void notify_answer_stranger(struct notify *notify, const char *type, const char *detail)
{
    ingest_capture_count(notify->account->name, "unauthorized");
    ingest_answer_log_refusal(notify->service, notify->account->name, type);
    http_answer_problem(notify->request, 401, type, detail, 0);
}

/* True: it is who it claims to be. Else it is answered. */
static bool notify_authenticate(struct notify *notify)
{
    const struct channel_account *account = notify->account;
    const char *header = account->kind->account_header;

    if (!channel_verify(account, &notify->notification)) {
        notify_answer_stranger(notify, "bad-signature", "the signature is wrong or missing");
        return false;
    }
    if (header != NULL && account->account[0] != '\0' &&
        !ingest_notify_is_account(account->account,
                                  channel_notification_header(&notify->notification, header))) {
        notify_answer_stranger(notify, "wrong-account", "it names another account");
        return false;
    }
    return true;
}

/* ---- records */

static struct rejected notify_refused(const struct notify *notify, const char *reason)
{
    return ingest_refused_notification(notify->account, &notify->notification,
                                       notify->service->host, reason, notify->arena);
}

/* Answered with this when the broker has all of it. */
static struct ingest_capture *notify_begin(struct notify *notify, const char *json)
{
    const struct ingest_answer answer = {notify->request, 200, json};
    const struct ingest_capture_source source = {notify->account->name, notify->traceparent,
                                                 notify->notification.received_ms};

    return ingest_capture_begin(notify->service, &source, ingest_answer_captured,
                                arena_memdup(notify->arena, &answer, sizeof(answer)));
}

static void notify_reject(struct notify *notify, const char *reason)
{
    struct ingest_capture *capture = notify_begin(notify, "{\"events\":0,\"rejected\":1}");
    const struct rejected rejected = notify_refused(notify, reason);

    log_warn("ingest.rejected", "channel", notify->account->name, "notification",
             rejected.source.notification_id, "why", reason);
    ingest_capture_rejected(capture, &rejected, "not_understood");
    ingest_capture_end(capture, "rejected");
}

static void notify_bad_lines(struct notify *notify, struct ingest_capture *capture,
                             const struct channel_bad_lines *bad)
{
    bool copy_all = notify->notification.body_len * bad->len <= NOTIFY_COPIES_MAX;

    for (size_t i = 0; i < bad->len; i++) {
        struct rejected rejected = notify_refused(notify, bad->reasons[i]);

        if (i > 0 && !copy_all)
            rejected.body_len = 0;
        log_warn("ingest.bad_line", "channel", notify->account->name, "notification",
                 rejected.source.notification_id, "why", bad->reasons[i]);
        ingest_capture_rejected(capture, &rejected, "bad_line");
    }
}

static void notify_capture(struct notify *notify, const struct event_list *events,
                           const struct channel_bad_lines *bad)
{
    struct ingest_capture *capture =
        notify_begin(notify, arena_printf(notify->arena, "{\"events\":%zu,\"rejected\":%zu}",
                                          events->len, bad->len));

    for (size_t i = 0; i < events->len; i++)
        ingest_capture_event(capture, &events->events[i]);
    notify_bad_lines(notify, capture, bad);
    ingest_capture_end(capture, events->len > 0 ? "accepted" : "rejected");
}

static void notify_normalize(struct notify *notify)
{
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    if (!channel_events(notify->account, &notify->notification, notify->service->host, NULL, NULL,
                        notify->arena, &events, &bad, &err))
        notify_reject(notify, err.text);
    else if (events.len == 0 && bad.len == 0)
        notify_answer(notify, "ignored", "{\"events\":0,\"rejected\":0}");
    else
        notify_capture(notify, &events, &bad);
}

void ingest_notify(struct ingest_service *service, struct http_request *request,
                   const char *channel)
{
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    struct notify notify = {
        .service = service, .request = request, .arena = http_request_arena(request)};

    held = channel_live_hold(service->accounts);
    notify.account = channel_live_find(held, channel);
    if (notify.account == NULL) { /* it was taken out since its admission */
        http_answer_problem(request, 404, "unknown-channel",
                            "no channel of this name is configured", 0);
        return;
    }
    notify_read(&notify);
    if (notify.account->kind->is_ping != NULL &&
        notify.account->kind->is_ping(&notify.notification))
        notify_answer(&notify, "ping", "{\"events\":0,\"rejected\":0}");
    else if (notify_authenticate(&notify))
        notify_normalize(&notify);
}
