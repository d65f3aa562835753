#include "services/ingest/errand.h"

#include "lib/base/clock.h"

#include "channels/call.h"

enum {
    ERRAND_TOKEN_PAUSE_MS = 500,
    ERRAND_EVENTS_MAX = 2000, /* at once: the producer's queue is for notifications, too */
};

void ingest_errand_begin(struct ingest_errand *errand, struct ingest_errands *shared,
                         const struct ingest_errand_kind *kind, const char *channel)
{
    *errand = (struct ingest_errand){.shared = shared,
                                     .kind = kind,
                                     .channel = channel,
                                     .arena = arena_new(),
                                     .next = {.url = ""},
                                     .token = ""};
}

void ingest_errand_end(struct ingest_errand *errand)
{
    arena_free(errand->arena);
}

static void errand_fail(struct ingest_errand *errand, const struct ingest_failure *failure)
{
    errand->rest.len = 0;
    atomic_store(&errand->phase, ERRAND_RESTS);
    errand->kind->failed(errand, failure);
}

void ingest_errand_fail(struct ingest_errand *errand, const char *result, const char *why)
{
    errand_fail(errand, &(struct ingest_failure){.result = result, .why = why, .pause_ms = -1});
}

/* Nothing is wrong, but it can't go on now. */
static void errand_pause(struct ingest_errand *errand, const char *result, const char *why,
                         int64_t pause_ms)
{
    errand_fail(errand,
                &(struct ingest_failure){
                    .result = result, .why = why, .pause_ms = pause_ms, .is_expected = true});
}

void ingest_errand_go_on(struct ingest_errand *errand)
{
    atomic_store(&errand->phase, ERRAND_WRITTEN);
}

/* ---- asking ---- */

bool ingest_errand_open(struct ingest_errand *errand, const struct channel_account *account,
                        struct channel_account *ret_opened)
{
    struct err err = {0};

    if (errand->kind->needs_no_token) {
        *ret_opened = *account;
        return true;
    }
    if (channel_sessions_open(errand->shared->sessions, account, errand->arena, ret_opened, &err)) {
        errand->token = arena_strdup(errand->arena, ret_opened->token);
        return true;
    }
    if (err.code == ERR_REJECT)
        ingest_errand_fail(errand, "login_refused", err.text);
    else
        errand_pause(errand, "no_token", err.text, ERRAND_TOKEN_PAUSE_MS);
    return false;
}

void ingest_errand_plan(struct ingest_errand *errand, const struct channel_request *request)
{
    struct arena *arena = errand->arena;
    struct channel_header *headers =
        arena_alloc(arena, (request->headers_len + 1) * sizeof(*headers));

    for (size_t i = 0; i < request->headers_len; i++)
        headers[i] = (struct channel_header){arena_strdup(arena, request->headers[i].name),
                                             arena_strdup(arena, request->headers[i].value)};
    errand->next = *request;
    errand->next.url = request->url == NULL ? "" : arena_strdup(arena, request->url);
    errand->next.method = arena_strdup(arena, request->method);
    errand->next.headers = headers;
    errand->next.body =
        arena_strndup(arena, request->body_len == 0 ? "" : request->body, request->body_len);
    errand->next.user = arena_strdup(arena, request->user);
    errand->next.password = arena_strdup(arena, request->password);
}

bool ingest_errand_has_next(const struct ingest_errand *errand)
{
    return *errand->next.url != '\0';
}

static void errand_answered(struct ingest_errand *errand, const struct channel_account *account,
                            const struct http_reply *reply)
{
    struct channel_account opened;

    if (ingest_errand_open(errand, account, &opened))
        errand->kind->answered(errand, &opened, channel_call_answer(reply, errand->arena));
}

/* Who needs no token was not refused for it. */
static bool errand_doubts_token(const struct ingest_errand *errand,
                                const struct channel_result *result)
{
    return result->verdict == CHANNEL_AUTH && !errand->kind->needs_no_token &&
           channel_sessions_doubt(errand->shared->sessions, errand->channel, errand->token);
}

static const char *errand_why(const struct ingest_errand *errand,
                              const struct channel_account *account, const struct http_reply *reply)
{
    if (reply->error != NULL)
        return reply->error;
    if (errand->kind->explain == NULL)
        return "the channel refused it";
    return errand->kind->explain(errand, account, channel_call_answer(reply, errand->arena));
}

static void errand_refused(struct ingest_errand *errand, const struct channel_account *account,
                           const struct channel_result *result, const struct http_reply *reply)
{
    bool is_throttled = result->verdict == CHANNEL_THROTTLED;

    errand_fail(errand, &(struct ingest_failure){
                            .result = result->error_class,
                            .why = errand_why(errand, account, reply),
                            .pause_ms = is_throttled ? channel_retry_after_ms(channel_call_answer(
                                                           reply, errand->arena))
                                                     : -1,
                            .is_throttled = is_throttled,
                        });
}

static void errand_replied(void *opaque, const struct http_reply *reply)
{
    struct ingest_errand *errand = opaque;
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(errand->shared->service->accounts);
    const struct channel_account *account = channel_live_find(held, errand->channel);
    const struct channel_result result = channel_result_of_status(reply->status, errand->arena);
    bool doubt = errand_doubts_token(errand, &result);
    bool taken = result.verdict == CHANNEL_ACCEPTED ||
                 (result.verdict == CHANNEL_REJECTED && errand->kind->takes_refusal);

    if (errand->kind->forgets && taken)
        arena_reset(errand->arena); /* the request was copied */
    if (account == NULL)
        errand_pause(errand, "gone", "it was taken out", 0);
    else if (doubt)
        errand_pause(errand, "token_refused", "", 0);
    else if (taken)
        errand_answered(errand, account, reply);
    else
        errand_refused(errand, account, &result, reply);
}

void ingest_errand_ask(struct ingest_errand *errand, const struct channel_account *account)
{
    struct channel_account opened = *account;

    if (!errand->kind->needs_no_token)
        opened.token = errand->token;
    const struct http_call call =
        errand->is_sealed ? channel_call_unsealed(&opened, &errand->next, errand->arena)
                          : channel_call(&opened, &errand->next, clock_now_ms(), errand->arena);
    atomic_store(&errand->phase, ERRAND_ASKS);
    http_client_send(errand->shared->client, &call, errand_replied, errand);
}

/* ---- writing ---- */

/* From the producer's thread, or from this one. */
static void errand_captured(void *opaque, bool ok)
{
    struct ingest_errand *errand = opaque;
    struct ingest_errands *shared = errand->shared;

    atomic_store(&errand->phase, ok ? ERRAND_WRITTEN : ERRAND_LOST);
    http_client_wake(shared->client);
    atomic_fetch_sub(&shared->writing, 1);
}

struct ingest_capture *ingest_errand_capture(struct ingest_errand *errand, const char *traceparent,
                                             int64_t received_ms)
{
    const struct ingest_capture_source source = {errand->channel, traceparent, received_ms};

    atomic_store(&errand->phase, ERRAND_WRITES);
    atomic_fetch_add(&errand->shared->writing, 1);
    return ingest_capture_begin(errand->shared->service, &source, errand_captured, errand);
}

static void errand_write_rest(struct ingest_errand *errand)
{
    struct ingest_errand_rest *rest = &errand->rest;
    size_t len = rest->len < ERRAND_EVENTS_MAX ? rest->len : ERRAND_EVENTS_MAX;
    struct ingest_capture *capture =
        ingest_errand_capture(errand, rest->traceparent, rest->received_ms);

    for (size_t i = 0; i < len; i++)
        ingest_capture_event(capture, &rest->events[i]);
    rest->events += len;
    rest->len -= len;
    ingest_capture_end(capture, rest->result);
}

void ingest_errand_take(struct ingest_errand *errand, const struct channel_account *account,
                        const struct channel_notification *notification,
                        const struct ingest_intake *intake, const char *result)
{
    struct ingest_intake first = *intake;

    if (ingest_intake_is_empty(intake)) {
        ingest_errand_go_on(errand);
        return;
    }
    errand->rest = (struct ingest_errand_rest){
        .traceparent = channel_notification_header(notification, "traceparent"),
        .received_ms = notification->received_ms,
        .result = result,
    };
    if (first.events.len > ERRAND_EVENTS_MAX) {
        first.events.len = ERRAND_EVENTS_MAX;
        errand->rest.events = intake->events.events + first.events.len;
        errand->rest.len = intake->events.len - first.events.len;
    }
    struct ingest_capture *capture =
        ingest_errand_capture(errand, errand->rest.traceparent, notification->received_ms);
    ingest_intake_write(&first, errand->shared->service, account, notification, true, errand->arena,
                        capture);
    ingest_capture_end(capture, result);
}

enum ingest_errand_phase ingest_errand_phase(struct ingest_errand *errand)
{
    if (atomic_load(&errand->phase) == ERRAND_WRITTEN && errand->rest.len > 0)
        errand_write_rest(errand);
    return (enum ingest_errand_phase)atomic_load(&errand->phase);
}
