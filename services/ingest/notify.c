#include "services/ingest/notify.h"

#include <string.h>
#include <strings.h>

#include "services/ingest/answer.h"
#include "services/ingest/capture.h"
#include "services/ingest/ids.h"
#include "services/ingest/intake.h"
#include "services/ingest/keys.h"

enum { NOTIFY_RETRY_AFTER_S = 1 };

struct notify {
    struct ingest_service *service;
    const char *channel; /* of the request's path */
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
    notification->method = http_request_method(request);
    notification->path = http_request_target(request);
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

/* Answered with this when the broker has all of it. */
static const char *notify_counts(const struct notify *notify, const struct ingest_intake *intake)
{
    size_t rejected = intake->bad.len + (intake->refused != NULL ? 1 : 0);
    const char *hints = intake->hints.len == 0
                            ? ""
                            : arena_printf(notify->arena, ",\"hints\":%zu", intake->hints.len);

    return arena_printf(notify->arena, "{\"events\":%zu,\"rejected\":%zu%s}", intake->events.len,
                        rejected, hints);
}

static const char *notify_result(const struct ingest_intake *intake)
{
    if (intake->events.len > 0)
        return "accepted";
    return intake->hints.len > 0 ? "hinted" : "rejected";
}

static void notify_capture(struct notify *notify, const struct ingest_intake *intake)
{
    const struct ingest_answer answer = {notify->request, 200, notify_counts(notify, intake)};
    const struct ingest_capture_source source = {notify->account->name, notify->traceparent,
                                                 notify->notification.received_ms};
    struct ingest_capture *capture =
        ingest_capture_begin(notify->service, &source, ingest_answer_captured,
                             arena_memdup(notify->arena, &answer, sizeof(answer)));

    ingest_intake_write(intake, notify->service, notify->account, &notify->notification, false,
                        notify->arena, capture);
    ingest_capture_end(capture, notify_result(intake));
}

static void notify_take(struct notify *notify)
{
    const struct ingest_intake intake = ingest_intake_read(
        notify->account, &notify->notification, notify->service->host, NULL, NULL, notify->arena);

    if (ingest_intake_is_empty(&intake))
        notify_answer(notify, "ignored", "{\"events\":0,\"rejected\":0}");
    else
        notify_capture(notify, &intake);
}

/* ---- the key that it is signed with, where that is asked for ---- */

static void notify_go_on(struct notify *notify)
{
    if (notify_authenticate(notify))
        notify_take(notify);
}

static void notify_with_key(struct notify *notify, enum ingest_key_answer answer,
                            const struct channel_key *key)
{
    switch (answer) {
    case INGEST_KEY_HERE:
        notify->notification.key = key;
        notify_go_on(notify);
        break;
    case INGEST_KEY_UNKNOWN:
        notify_answer_stranger(notify, "unknown-key", "the key it is signed with is unknown");
        break;
    case INGEST_KEY_AWAY:
        ingest_capture_count(notify->account->name, "unavailable");
        http_answer_problem(notify->request, 503, "key-away",
                            "the key it is signed with can't be had now", NOTIFY_RETRY_AFTER_S);
        break;
    case INGEST_KEY_LATER:
        break;
    }
}

/* True: the account is there, until it is let go. Else it is answered. */
static bool notify_find(struct notify *notify, const struct channel_live_held *held)
{
    notify->account = channel_live_find(held, notify->channel);
    if (notify->account == NULL) /* it was taken out since its admission */
        http_answer_problem(notify->request, 404, "unknown-channel",
                            "no channel of this name is configured", 0);
    return notify->account != NULL;
}

/* From the thread that asked for the key. */
static void notify_told(void *opaque, enum ingest_key_answer answer, const struct channel_key *key)
{
    struct notify *notify = opaque;
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(notify->service->accounts);

    if (notify_find(notify, held))
        notify_with_key(notify, answer, key);
}

static void notify_ask_key(struct notify *notify, const char *key_id)
{
    struct channel_key *key = arena_alloc(notify->arena, sizeof(*key));
    void *kept = arena_memdup(notify->arena, notify, sizeof(*notify));

    /* The request may be gone when it is to be told later. */
    enum ingest_key_answer answer = ingest_keys_get(notify->service->keys, notify->account->name,
                                                    key_id, notify->arena, key, notify_told, kept);
    if (answer != INGEST_KEY_LATER)
        notify_with_key(notify, answer, key);
}

void ingest_notify(struct ingest_service *service, struct http_request *request,
                   const char *channel)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(service->accounts);
    struct notify notify = {.service = service,
                            .request = request,
                            .arena = http_request_arena(request),
                            .channel = channel};

    if (!notify_find(&notify, held))
        return;
    notify_read(&notify);
    const char *key_id = channel_key_id(notify.account, &notify.notification, notify.arena);
    if (notify.account->kind->is_ping != NULL &&
        notify.account->kind->is_ping(&notify.notification))
        notify_answer(&notify, "ping", "{\"events\":0,\"rejected\":0}");
    else if (key_id != NULL)
        notify_ask_key(&notify, key_id);
    else
        notify_go_on(&notify);
}

void ingest_notify_challenge(struct ingest_service *service, struct http_request *request,
                             const char *channel)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(service->accounts);
    struct notify notify = {.service = service, .request = request, .channel = channel};
    const char *query = strchr(http_request_target(request), '?');

    if (!notify_find(&notify, held))
        return;
    const char *answer =
        notify.account->kind->challenge == NULL
            ? NULL
            : notify.account->kind->challenge(notify.account, query == NULL ? "" : query + 1,
                                              http_request_arena(request));
    if (answer == NULL) {
        ingest_answer_wrong_method(request);
        return;
    }
    ingest_capture_count(channel, "challenge");
    http_answer_json(request, 200, answer, strlen(answer));
}
