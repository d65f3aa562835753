#include "services/reconciler/fetch.h"

#include "lib/base/clock.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/http/client.h"

enum {
    FETCH_TIMEOUT_MS = 10000, /* of one request, when the account sets none */
    FETCH_REQUESTS_MAX = 20000,
    FETCH_WAIT_MAX_MS = 60000, /* one wait */
    FETCH_TIME_MAX_MS = 1800000,
    FETCH_BODY_MAX = 256 * 1024 * 1024,
};

static const struct retry_policy fetch_retries = {.base_ms = 250, .cap_ms = 10000, .tries_max = 6};

struct fetch {
    const struct channel_account *account;
    struct arena *arenas[2]; /* this answer, and the one before: the kind reads it meanwhile */
    int requests;
    int64_t deadline_ms;
    struct reconciler_rows *rows;
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
    struct http_header *headers = arena_alloc(arena, request->headers_len * sizeof(*headers));
    const int64_t timeout_ms = fetch->account->timeout_ms;

    for (size_t i = 0; i < request->headers_len; i++)
        headers[i] = (struct http_header){request->headers[i].name, request->headers[i].value};
    return http_fetch(arena,
                      &(struct http_call){
                          .method = request->method,
                          .url = request->url,
                          .headers = headers,
                          .headers_len = request->headers_len,
                          .body = request->body,
                          .body_len = request->body_len,
                          .timeout_ms = timeout_ms > 0 ? (int)timeout_ms : FETCH_TIMEOUT_MS,
                          .user = request->user,
                          .password = request->password,
                      },
                      FETCH_BODY_MAX);
}

static bool reply_may_pass(const struct http_reply *reply)
{
    return reply->status == 0 || reply->status == 429 || reply->status >= 500;
}

static const struct channel_response *fetch_response(struct arena *arena,
                                                     const struct http_reply *reply)
{
    struct channel_header *headers = arena_alloc(arena, reply->headers_len * sizeof(*headers));

    for (size_t i = 0; i < reply->headers_len; i++)
        headers[i] = (struct channel_header){reply->headers[i].name, reply->headers[i].value};
    const struct channel_response response = {
        .status = reply->status,
        .body = reply->body,
        .body_len = reply->body_len,
        .headers = headers,
        .headers_len = reply->headers_len,
    };
    return arena_memdup(arena, &response, sizeof(response));
}

static int64_t fetch_pause_ms(struct arena *arena, const struct http_reply *reply, int attempt)
{
    int64_t pause_ms = retry_pause_ms(&fetch_retries, attempt, retry_random());
    int64_t told_ms = channel_retry_after_ms(fetch_response(arena, reply));

    if (told_ms > FETCH_WAIT_MAX_MS)
        told_ms = FETCH_WAIT_MAX_MS;
    return told_ms > pause_ms ? told_ms : pause_ms;
}

static bool fetch_answer(struct fetch *fetch, struct arena *arena,
                         const struct channel_request *request,
                         const struct http_reply **ret_reply, struct err *err)
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

/* Hands the answer to the kind, keeps the rows that it found, and sends what it says next.
   *response becomes NULL at the end. */
static bool fetch_step(struct fetch *fetch, struct arena *arena,
                       const struct channel_response **response, int64_t *at_ms, struct err *err)
{
    struct channel_fetch next = {.request = {.url = ""}};
    const struct http_reply *reply = NULL;
    const char *bytes = NULL;
    const char *format = NULL;
    size_t len = 0;

    if (!fetch->account->kind->snapshot(fetch->account, *response, fetch->state, arena, &next,
                                        &bytes, &len, &format, err))
        return false;
    if (bytes != NULL &&
        !reconciler_rows_read(fetch->rows, fetch->account, format, bytes, len, err))
        return false;
    *response = NULL;
    if (next.request.url == NULL || *next.request.url == '\0')
        return true;
    if (!fetch_wait(fetch, next.wait_ms, err))
        return false;
    if (*at_ms == 0)
        *at_ms = clock_now_ms();
    if (!fetch_answer(fetch, arena, &next.request, &reply, err))
        return false;
    *response = fetch_response(arena, reply);
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

bool reconciler_fetch(const struct channel_account *account, struct reconciler_rows *rows,
                      int64_t *ret_at_ms, struct err *err)
{
    SCOPED(arena) struct arena *even = arena_new();
    SCOPED(arena) struct arena *odd = arena_new();
    struct fetch fetch = {
        .account = account,
        .arenas = {even, odd},
        .deadline_ms = clock_monotonic_ms() + FETCH_TIME_MAX_MS,
        .rows = rows,
    };

    if (!fetch_run(&fetch, ret_at_ms, err))
        return err_wrap(err, "snapshot of '%s'", account->name);
    return true;
}
