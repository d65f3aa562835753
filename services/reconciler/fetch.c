#include "services/reconciler/fetch.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/http/client.h"

#include "channels/call.h"
#include "channels/session.h"

enum {
    FETCH_REQUESTS_MAX = 20000,
    FETCH_WAIT_MAX_MS = 60000, /* one wait */
    FETCH_TIME_MAX_MS = 1800000,
    FETCH_BODY_MAX = 256 * 1024 * 1024,
    FETCH_LOGIN_MAX_MS = 60000, /* for an access token */
    FETCH_TURN_MS = 100,
};

static const struct retry_policy fetch_retries = {.base_ms = 250, .cap_ms = 10000, .tries_max = 6};

struct fetch {
    struct channel_live *accounts;
    struct channel_live_held *held;        /* of the account */
    const struct channel_account *account; /* as the file says now */
    struct channel_account opened;         /* with its access token */
    struct arena *opened_arena;
    struct http_client *client;
    struct channel_sessions *sessions;
    struct arena *arenas[2]; /* this answer, and the one before: the kind reads it meanwhile */
    int requests;
    int64_t deadline_ms;
    struct reconciler_rows *rows;
    bool was_refused; /* and the credentials were read again */
    char state[CHANNEL_SNAPSHOT_STATE_LEN] __attribute__((aligned(16)));
};

static bool fetch_wait(const struct fetch *fetch, int64_t wait_ms, struct err *err)
{
    if (clock_monotonic_ms() + wait_ms > fetch->deadline_ms)
        return err_set(err, ERR_RETRY, "the snapshot is not complete after %d minutes",
                       FETCH_TIME_MAX_MS / 60000);
    if (wait_ms > 0)
        stop_wait((int)(wait_ms < FETCH_WAIT_MAX_MS ? wait_ms : FETCH_WAIT_MAX_MS));
    return !stop_requested() || err_set(err, ERR_RETRY, "stopping");
}

static const struct http_reply *fetch_send(const struct fetch *fetch, struct arena *arena,
                                           const struct channel_request *request)
{
    struct channel_request sealed = *request; /* with the time of this try */
    const struct http_call call = channel_call(&fetch->opened, &sealed, clock_now_ms(), arena);

    return http_client_fetch(fetch->client, arena, &call);
}

static bool reply_may_pass(const struct http_reply *reply)
{
    return reply->status == 0 || reply->status == 429 || reply->status >= 500;
}

static int64_t fetch_pause_ms(struct arena *arena, const struct http_reply *reply, int attempt)
{
    int64_t pause_ms = retry_pause_ms(&fetch_retries, attempt, retry_random());
    int64_t told_ms = channel_retry_after_ms(channel_call_answer(reply, arena));

    if (told_ms > FETCH_WAIT_MAX_MS)
        told_ms = FETCH_WAIT_MAX_MS;
    return told_ms > pause_ms ? told_ms : pause_ms;
}

static bool fetch_answer(struct fetch *fetch, struct arena *arena,
                         const struct channel_request *request, const struct http_reply **ret_reply,
                         struct err *err)
{
    for (int attempt = 1;; attempt++) {
        const struct http_reply *reply = NULL;

        if (++fetch->requests > FETCH_REQUESTS_MAX)
            return err_set(err, ERR_REJECT, "the snapshot takes more than %d requests",
                           FETCH_REQUESTS_MAX);
        reply = fetch_send(fetch, arena, request);
        if (!reply_may_pass(reply)) {
            *ret_reply = reply;
            return true;
        }
        if (attempt == fetch_retries.tries_max && reply->status == 0)
            return err_set(err, ERR_RETRY, "channel '%s' is away: %s", fetch->account->name,
                           reply->error);
        if (attempt == fetch_retries.tries_max)
            return err_set(err, ERR_RETRY, "channel '%s' is away: it answers %d",
                           fetch->account->name, reply->status);
        if (!fetch_wait(fetch, fetch_pause_ms(arena, reply, attempt), err))
            return false;
    }
}

/* ---- credentials ---- */

/* Waits for an access token where the kind has such. */
static bool fetch_open(struct fetch *fetch, struct err *err)
{
    const int64_t until_ms = clock_monotonic_ms() + FETCH_LOGIN_MAX_MS;

    arena_reset(fetch->opened_arena);
    while (!channel_sessions_open(fetch->sessions, fetch->account, fetch->opened_arena,
                                  &fetch->opened, err)) {
        if (err->code != ERR_RETRY || clock_monotonic_ms() > until_ms)
            return false;
        if (stop_requested())
            return err_set(err, ERR_RETRY, "stopping");
        http_client_run(fetch->client, FETCH_TURN_MS);
    }
    return true;
}

static bool fetch_find(struct fetch *fetch, const char *channel)
{
    struct channel_live_held *held = channel_live_hold(fetch->accounts);
    const struct channel_account *account = channel_live_find(held, channel);

    if (account == NULL || (fetch->account != NULL && account->kind != fetch->account->kind)) {
        channel_live_let_go(held);
        return false;
    }
    channel_live_let_go(fetch->held);
    fetch->held = held;
    fetch->account = account;
    return true;
}

/* Once in a fetch: a token that ended, or credentials that somebody replaced meanwhile. */
static bool fetch_has_others(struct fetch *fetch, const struct http_reply *reply)
{
    struct err ignored = {0};

    if (fetch->was_refused || (reply->status != 401 && reply->status != 403))
        return false;
    fetch->was_refused = true;
    return channel_sessions_doubt(fetch->sessions, fetch->opened.name, fetch->opened.token) ||
           (channel_live_refresh(fetch->accounts, &ignored) == CHANNEL_LIVE_CHANGED &&
            fetch_find(fetch, fetch->opened.name));
}

/* ---- steps ---- */

/* What the kind says after this answer, sent. *ret_reply NULL: that was all. */
static bool fetch_ask(struct fetch *fetch, struct arena *arena,
                      const struct channel_response *previous, bool has_rows, int64_t *at_ms,
                      const struct http_reply **ret_reply, struct err *err)
{
    struct channel_fetch next = {.request = {.url = ""}};
    const char *bytes = NULL;
    const char *format = NULL;
    size_t len = 0;

    if (!fetch_open(fetch, err) ||
        !fetch->opened.kind->snapshot(&fetch->opened, previous, fetch->state, arena, &next, &bytes,
                                      &len, &format, err))
        return false;
    if (bytes != NULL && !has_rows &&
        !reconciler_rows_read(fetch->rows, &fetch->opened, format, bytes, len, err))
        return false;
    if (next.request.url == NULL || *next.request.url == '\0')
        return true;
    if (!fetch_wait(fetch, next.wait_ms, err))
        return false;
    if (*at_ms == 0)
        *at_ms = clock_now_ms();
    return fetch_answer(fetch, arena, &next.request, ret_reply, err);
}

/* Hands the answer to the kind, keeps the rows that it found, and sends what it says next.
 *response becomes NULL at the end. */
static bool fetch_step(struct fetch *fetch, struct arena *arena,
                       const struct channel_response **response, int64_t *at_ms, struct err *err)
{
    const struct http_reply *reply = NULL;
    char before[CHANNEL_SNAPSHOT_STATE_LEN];

    memcpy(before, fetch->state, sizeof(before));
    if (!fetch_ask(fetch, arena, *response, false, at_ms, &reply, err))
        return false;
    if (reply != NULL && fetch_has_others(fetch, reply)) {
        memcpy(fetch->state, before, sizeof(before));
        if (!fetch_ask(fetch, arena, *response, true, at_ms, &reply, err))
            return false;
    }
    *response = reply == NULL ? NULL : channel_call_answer(reply, arena);
    return true;
}

static bool fetch_run(struct fetch *fetch, int64_t *ret_at_ms, struct err *err)
{
    const struct channel_response *response = NULL;
    int64_t at_ms = 0;
    size_t turn = 0;

    do {
        struct arena *arena = fetch->arenas[turn++ % ARRAY_LEN(fetch->arenas)];

        arena_reset(arena);
        if (!fetch_step(fetch, arena, &response, &at_ms, err))
            return false;
    } while (response != NULL);
    *ret_at_ms = at_ms;
    return true;
}

/* A login on its way may bring a refresh token that must not be lost. */
static void fetch_end(struct fetch *fetch)
{
    while (http_client_in_flight(fetch->client) > 0)
        http_client_run(fetch->client, FETCH_TURN_MS);
    channel_live_let_go(fetch->held);
}

bool reconciler_fetch(struct channel_live *accounts, const char *channel,
                      struct reconciler_rows *rows, int64_t *ret_at_ms, struct err *err)
{
    const struct http_client_options options = {
        .connections_max = 2, .body_max = FETCH_BODY_MAX, .user_agent = "stockbus/1"};
    SCOPED(arena) struct arena *even = arena_new();
    SCOPED(arena) struct arena *odd = arena_new();
    SCOPED(arena) struct arena *opened = arena_new();
    SCOPED(channel_sessions) struct channel_sessions *sessions = NULL;
    SCOPED(http_client) struct http_client *client = http_client_new(&options, err);

    if (client == NULL)
        return false;
    sessions = channel_sessions_new(client);
    struct fetch fetch = {
        .accounts = accounts,
        .opened_arena = opened,
        .client = client,
        .sessions = sessions,
        .arenas = {even, odd},
        .deadline_ms = clock_monotonic_ms() + FETCH_TIME_MAX_MS,
        .rows = rows,
    };
    bool ok = fetch_find(&fetch, channel) ||
              err_set(err, ERR_REJECT, "the channels file does not name it any more");
    ok = ok && fetch_run(&fetch, ret_at_ms, err);
    fetch_end(&fetch);
    return ok || err_wrap(err, "snapshot of '%s'", channel);
}
