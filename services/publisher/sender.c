#include "services/publisher/sender.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/event/digest.h"
#include "lib/http/client.h"

#include "channels/call.h"
#include "channels/session.h"
#include "services/publisher/budget.h"
#include "services/publisher/quota.h"

enum {
    SENDER_BODY_MAX = 8 * 1024 * 1024,
    SENDER_AUTH_PAUSE_MS = 10000,
    SENDER_THROTTLED_PAUSE_MS = 500,
    SENDER_WAITING_MAX = 64,      /* pushes in hand beyond the calls that may be on their way */
    SENDER_TOKEN_PAUSE_MS = 200,  /* between two looks whether there is an access token */
    FLIGHT_CALLS_MAX = 300,       /* of one push */
    FLIGHT_TIME_MAX_MS = 3600000, /* the same */
};

/* A question within a push of several calls is asked again; whatever may have changed something
   ends the push, which is then made anew from its beginning. */
static const struct retry_policy question_pause = {.base_ms = 500, .cap_ms = 30000, .tries_max = 5};

static const struct metric requests_total = {
    "stockbus_publisher_requests_total",
    "Requests to the channel's API by answer.",
    METRIC_COUNTER,
    {"channel", "status"}
};
static const struct metric request_seconds = {"stockbus_publisher_request_seconds",
                                              "Duration of requests to the channel's API.",
                                              METRIC_HISTOGRAM,
                                              {"channel"}};
static const struct metric latency_seconds = {
    "stockbus_publisher_latency_seconds",
    "From the notification's arrival to the channel's confirmation.",
    METRIC_HISTOGRAM,
    {"channel"}};
static const struct metric escalations_total = {
    "stockbus_publisher_escalations_total",
    "Listings whose push was rejected or parked, or failed three times in a row.",
    METRIC_COUNTER,
    {"channel"}};
static const struct metric budget_tokens = {"stockbus_publisher_budget_tokens",
                                            "What the channel's API lets us spend at once.",
                                            METRIC_GAUGE,
                                            {"channel"}};
static const struct metric budget_wait_seconds = {
    "stockbus_publisher_budget_wait_seconds_total",
    "Time in which something could be sent but for the budget.",
    METRIC_COUNTER,
    {"channel"}};
static const struct metric throttled_seconds = {"stockbus_publisher_throttled_seconds_total",
                                                "Pauses that the channel asked for.",
                                                METRIC_COUNTER,
                                                {"channel"}};
static const struct metric auth_failures_total = {"stockbus_publisher_auth_failures_total",
                                                  "Requests refused for their credentials.",
                                                  METRIC_COUNTER,
                                                  {"channel"}};

struct publisher_sender {
    const struct channel_account *account;
    struct channel_live_held *held; /* of the account */
    struct board *board;
    struct publisher_outcomes *outcomes;
    struct http_client *client;
    struct channel_sessions *sessions;
    struct publisher_budget budget;
    struct publisher_quota *quota; /* NULL: the kind has none */
    struct arena *scratch;
    struct flight **flights; /* in hand, in any order */
    size_t flights_len;
    size_t flights_max;
    size_t batch_max;
    int concurrency;
    double in_flight_cost;
    bool refused;       /* the last answer said that our credentials are no good */
    bool lacks_budget;  /* for something that this step could send else */
    int64_t lacking_ms; /* when the last step found that; 0: it did not; monotonic */
    struct err failure; /* of a report, told by the next step */
};

/* One push on its way: a call that waits for its answer, or the next one that waits to be sent. */
struct flight {
    struct publisher_sender *sender;
    struct channel_live_held *held; /* of the account */
    struct channel_account account; /* as it was at the start, with the token of the last call */
    struct arena *arena;
    struct board_listing **listings;
    struct target *sent;    /* copies: the board may take newer ones meanwhile */
    struct target *written; /* the same in the channel's own terms: its texts are sent's */
    char **texts;           /* of the copies */
    struct channel_push *pushes;
    size_t count;
    const char *key;
    struct channel_request request; /* sealed once it is sent */
    struct channel_request unsealed;
    void *state; /* the kind's own */
    bool is_waiting;
    int64_t due_ms;   /* of the call that waits; monotonic */
    int64_t begun_ms; /* monotonic */
    int calls;
    int asked_again;
    int64_t sent_ms;
    int64_t elapsed_us;
    const char *hash;
};

struct publisher_sender *publisher_sender_new(const struct channel_account *account,
                                              struct channel_live_held *held, struct board *board,
                                              struct publisher_outcomes *outcomes, struct err *err)
{
    const struct channel_kind *kind = account->kind;
    int64_t concurrency = account->concurrency > 0 ? account->concurrency : kind->concurrency;
    const struct http_client_options options = {.connections_max = (int)concurrency,
                                                .body_max = SENDER_BODY_MAX,
                                                .user_agent = "stockbus/1"};
    struct http_client *client = http_client_new(&options, err);

    if (client == NULL)
        return NULL;
    struct publisher_sender *sender = mem_calloc(1, sizeof(*sender));
    sender->account = account;
    sender->held = channel_live_share(held);
    sender->sessions = channel_sessions_new(client);
    sender->board = board;
    sender->outcomes = outcomes;
    sender->client = client;
    sender->scratch = arena_new();
    sender->concurrency = (int)concurrency;
    sender->flights_max = (size_t)concurrency + SENDER_WAITING_MAX;
    sender->flights = mem_calloc(sender->flights_max, sizeof(struct flight *));
    sender->batch_max = (size_t)kind->batch_max;
    if (account->batch_max > 0 && account->batch_max < kind->batch_max)
        sender->batch_max = (size_t)account->batch_max;
    if (kind->quota.per_day > 0)
        sender->quota = publisher_quota_new(kind->quota.per_day, kind->quota.reserve);
    publisher_budget_init(
        &sender->budget,
        account->rate_per_second > 0 ? account->rate_per_second : kind->rate_per_second,
        account->rate_burst > 0 ? account->rate_burst : kind->rate_burst, clock_monotonic_ms());
    sender->budget.per_second_max = account->rate_per_second;
    return sender;
}

static void flight_free(struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++)
        mem_free(flight->texts[i]);
    channel_live_let_go(flight->held);
    arena_free(flight->arena);
    mem_free(flight);
}

void publisher_sender_free(struct publisher_sender *sender)
{
    if (sender == NULL)
        return;
    http_client_free(sender->client);
    for (size_t i = 0; i < sender->flights_len; i++)
        flight_free(sender->flights[i]);
    channel_sessions_free(sender->sessions);
    channel_live_let_go(sender->held);
    publisher_quota_free(sender->quota);
    arena_free(sender->scratch);
    mem_free(sender->flights);
    mem_free(sender);
}

void publisher_sender_adopt(struct publisher_sender *sender, const struct channel_account *account,
                            struct channel_live_held *held)
{
    channel_live_let_go(sender->held);
    sender->held = channel_live_share(held);
    sender->account = account;
    sender->refused = false;
}

void publisher_sender_share(struct publisher_sender *sender, double share)
{
    publisher_budget_share(&sender->budget, share, clock_monotonic_ms());
}

int publisher_sender_in_flight(const struct publisher_sender *sender)
{
    return http_client_in_flight(sender->client);
}

/* ---- answers ---- */

static void flight_report(struct flight *flight, size_t i, const struct channel_result *result,
                          enum outcome_result what, int attempt, int status)
{
    struct publisher_sender *sender = flight->sender;
    const struct target *sent = &flight->sent[i];
    struct outcome outcome = {
        .channel = sent->channel,
        .listing = sent->listing,
        .address = sent->address,
        .version = sent->version,
        .quantity = sent->quantity,
        .result = what,
        .attempt = attempt,
        .http_status = status,
        .error_class = result->error_class == NULL ? "" : result->error_class,
        .error_text = result->error_text == NULL ? "" : result->error_text,
        .request_hash = flight->hash,
        .request_us = flight->elapsed_us,
        .event_id = sent->event_id,
        .times = sent->times,
        .traceparent = sent->traceparent,
    };

    outcome.times.published_ms = flight->sent_ms;
    if (what == OUTCOME_CONFIRMED) {
        outcome.times.confirmed_ms = clock_now_ms();
        if (sent->times.received_ms > 0)
            metric_observe(&latency_seconds,
                           (double)(outcome.times.confirmed_ms - sent->times.received_ms) / 1e3,
                           sent->channel, NULL, NULL);
    }
    if (!publisher_outcomes_report(sender->outcomes, &outcome, &sender->failure))
        log_error("publisher.outcome_lost", "channel", sent->channel, "listing", sent->listing,
                  "why", sender->failure.text);
}

static void flight_settle(struct flight *flight, size_t i, const struct channel_result *result,
                          int status)
{
    struct publisher_sender *sender = flight->sender;
    int attempt = flight->listings[i]->tries + 1;
    bool escalate = false;
    enum outcome_result what =
        board_settle(sender->board, flight->listings[i], &flight->sent[i], result, retry_random(),
                     clock_monotonic_ms(), &escalate);

    if (escalate) {
        metric_add(&escalations_total, 1, sender->account->name, NULL, NULL);
        log_error("publisher.escalated", "channel", sender->account->name, "listing",
                  flight->sent[i].listing, "verdict", channel_verdict_name(result->verdict),
                  "class", result->error_class, "why", result->error_text);
    }
    flight_report(flight, i, result, what, attempt, status);
}

static void sender_pause(struct publisher_sender *sender, int64_t now_ms, int64_t pause_ms)
{
    int64_t from_ms = sender->budget.blocked_until_ms;

    if (from_ms < now_ms)
        from_ms = now_ms;
    if (now_ms + pause_ms > from_ms)
        metric_add(&throttled_seconds, (double)(now_ms + pause_ms - from_ms) / 1e3,
                   sender->account->name, NULL, NULL);
    publisher_budget_block(&sender->budget, now_ms + pause_ms);
}

static void sender_heed(struct publisher_sender *sender, const struct channel_budget *told,
                        const struct channel_result *first)
{
    int64_t now_ms = clock_monotonic_ms();

    publisher_budget_told(&sender->budget, told->available, told->restore_per_second,
                          sender->in_flight_cost, now_ms);
    if (told->retry_after_ms > 0)
        sender_pause(sender, now_ms, told->retry_after_ms);
    else if (first->verdict == CHANNEL_THROTTLED)
        sender_pause(sender, now_ms, SENDER_THROTTLED_PAUSE_MS);
    sender->refused = first->verdict == CHANNEL_AUTH;
    if (sender->refused) {
        publisher_budget_block(&sender->budget, now_ms + SENDER_AUTH_PAUSE_MS);
        metric_add(&auth_failures_total, 1, sender->account->name, NULL, NULL);
        log_error("publisher.credentials_refused", "channel", sender->account->name, "why",
                  first->error_text);
    }
    metric_set(&budget_tokens, sender->budget.tokens, sender->account->name, NULL, NULL);
}

/* The end of a push: every listing of it has a result. */
static void flight_land(struct flight *flight, const struct channel_result *results, int status)
{
    struct publisher_sender *sender = flight->sender;

    for (size_t i = 0; i < flight->count; i++)
        flight_settle(flight, i, &results[i], status);
    for (size_t i = 0; i < sender->flights_len; i++) {
        if (sender->flights[i] == flight)
            sender->flights[i] = sender->flights[--sender->flights_len];
    }
    flight_free(flight);
}

static void flight_land_as(struct flight *flight, enum channel_verdict verdict,
                           const char *error_class, const char *error_text)
{
    struct channel_result *results = arena_alloc(flight->arena, flight->count * sizeof(*results));

    for (size_t i = 0; i < flight->count; i++)
        results[i] = (struct channel_result){
            .verdict = verdict, .error_class = error_class, .error_text = error_text};
    flight_land(flight, results, 0);
}

/* Another access token may do: what was refused goes again as soon as there is one. */
static void flight_doubt_token(struct flight *flight, struct channel_result *results)
{
    if (results[0].verdict != CHANNEL_AUTH ||
        !channel_sessions_doubt(flight->sender->sessions, flight->account.name,
                                flight->account.token))
        return;
    for (size_t i = 0; i < flight->count; i++) {
        if (results[i].verdict == CHANNEL_AUTH)
            results[i].verdict = CHANNEL_THROTTLED;
    }
}

static void flight_judge(struct flight *flight, const struct channel_response *response,
                         const char *error)
{
    struct channel_budget told = {-1, -1, -1};
    struct channel_result *results = arena_alloc(flight->arena, flight->count * sizeof(*results));

    flight->account.kind->answer(&flight->account, flight->pushes, flight->count, response,
                                 flight->arena, results, &told);
    for (size_t i = 0; i < flight->count && response->status == 0 && error != NULL; i++)
        results[i].error_text = error;
    flight_doubt_token(flight, results);
    sender_heed(flight->sender, &told, &results[0]);
    flight_land(flight, results, response->status);
}

static void flight_wait(struct flight *flight, int64_t wait_ms)
{
    flight->is_waiting = true;
    flight->due_ms = clock_monotonic_ms() + (wait_ms > 0 ? wait_ms : 0);
}

/* Nothing can have changed by it, and the calls before it need not be made again. */
static bool flight_asks_again(struct flight *flight, const struct channel_response *response)
{
    bool may_pass = response->status == 0 || response->status == 429 || response->status >= 500;

    if (flight->calls < 2 || !may_pass || strcmp(flight->request.method, "GET") != 0 ||
        flight->asked_again == question_pause.tries_max)
        return false;
    int64_t told_ms = channel_retry_after_ms(response);
    int64_t pause_ms = retry_pause_ms(&question_pause, ++flight->asked_again, retry_random());
    flight_wait(flight, told_ms > pause_ms ? told_ms : pause_ms);
    return true;
}

/* The kind makes nothing of it. A batch is tried in halves: one of it may be why. */
static void flight_refuse(struct flight *flight, enum err_code code, const char *error_class,
                          const char *why)
{
    enum channel_verdict verdict = flight->count > 1 ? CHANNEL_SPLIT : CHANNEL_REJECTED;

    flight_land_as(flight, code == ERR_REJECT ? verdict : CHANNEL_RETRY, error_class, why);
}

/* What the kind says after this answer: another call, or that it is the last one. */
static void flight_go_on(struct flight *flight, const struct channel_response *response)
{
    struct channel_fetch next = {.request = {.url = ""}};
    struct err err = {0};

    flight->asked_again = 0;
    if (!flight->account.kind->push_next(&flight->account, flight->pushes, flight->count,
                                         flight->key, response, &flight->state, flight->arena,
                                         &next, &err))
        flight_refuse(flight, err.code, "not_understood", arena_strdup(flight->arena, err.text));
    else if (next.request.url == NULL || *next.request.url == '\0')
        flight_judge(flight, next.judged == NULL ? response : next.judged, NULL);
    else if (flight->calls == FLIGHT_CALLS_MAX ||
             clock_monotonic_ms() + next.wait_ms - flight->begun_ms > FLIGHT_TIME_MAX_MS)
        flight_land_as(flight, CHANNEL_RETRY, "too_long", "the channel does not finish the push");
    else {
        flight->unsealed = next.request;
        flight_wait(flight, next.wait_ms);
    }
}

/* The reply ends with the callback; what a kind remembers of an answer may borrow from it. */
static const struct channel_response *flight_keep(struct flight *flight,
                                                  const struct channel_response *answer)
{
    struct channel_response response = *answer;
    struct channel_header *headers =
        arena_alloc(flight->arena, (response.headers_len + 1) * sizeof(*headers));

    for (size_t i = 0; i < response.headers_len; i++)
        headers[i] =
            (struct channel_header){arena_strdup(flight->arena, response.headers[i].name),
                                    arena_strdup(flight->arena, response.headers[i].value)};
    response.headers = headers;
    response.body = arena_strndup(flight->arena, response.body, response.body_len);
    return arena_memdup(flight->arena, &response, sizeof(response));
}

static void flight_answered(void *opaque, const struct http_reply *reply)
{
    struct flight *flight = opaque;
    struct publisher_sender *sender = flight->sender;
    char status[16];

    sender->in_flight_cost -= flight->request.cost;
    flight->elapsed_us += reply->elapsed_us;
    snprintf(status, sizeof(status), "%d", reply->status);
    metric_add(&requests_total, 1, sender->account->name, status, NULL);
    metric_observe(&request_seconds, (double)reply->elapsed_us / 1e6, sender->account->name, NULL,
                   NULL);
    const struct channel_response *response = channel_call_answer(reply, flight->arena);
    if (flight->account.kind->push_next != NULL && reply->status / 100 == 2)
        flight_go_on(flight, flight_keep(flight, response));
    else if (!flight_asks_again(flight, response))
        flight_judge(flight, response, reply->error);
}

/* ---- requests ---- */

static int64_t sender_not_before_ms(struct publisher_sender *sender,
                                    const struct board_listing *listing, int64_t now_ms)
{
    const struct channel_account *account = sender->account;

    if (sender->quota == NULL)
        return 0;
    return publisher_quota_when_ms(
        sender->quota, account->kind->quota.key(account, &listing->target, sender->scratch),
        listing->target.quantity == 0 ? PUBLISHER_ZEROES
        : board_raises(listing)       ? PUBLISHER_RAISES
                                      : PUBLISHER_LOWERS,
        now_ms);
}

static void sender_terms(void *opaque, const struct board_listing *listing, int64_t now_ms,
                         struct board_terms *ret_terms)
{
    struct publisher_sender *sender = opaque;
    const struct channel_account *account = sender->account;
    const struct channel_kind *kind = account->kind;

    *ret_terms = (struct board_terms){
        .group = kind->group(account, &listing->target, sender->scratch),
        .max = kind->batch == NULL ? 0 : (size_t)kind->batch(account, &listing->target),
        .not_before_ms = sender_not_before_ms(sender, listing, now_ms),
    };
}

/* Once for each key, however many of its listings the request holds. */
static void flight_take_quota(const struct flight *flight, int64_t now_ms)
{
    struct publisher_sender *sender = flight->sender;
    const char **keys = arena_alloc(flight->arena, flight->count * sizeof(*keys));

    for (size_t i = 0; sender->quota != NULL && i < flight->count; i++) {
        bool is_new = true;

        keys[i] =
            sender->account->kind->quota.key(sender->account, &flight->sent[i], flight->arena);
        for (size_t k = 0; k < i; k++)
            is_new = is_new && strcmp(keys[k], keys[i]) != 0;
        if (is_new)
            publisher_quota_take(sender->quota, keys[i], now_ms);
    }
}

static struct flight *flight_new(struct publisher_sender *sender,
                                 const struct channel_account *opened,
                                 struct board_listing **listings, size_t count)
{
    struct flight *flight = mem_calloc(1, sizeof(*flight));
    char key[40];

    flight->sender = sender;
    flight->held = channel_live_share(sender->held);
    flight->account = *opened;
    flight->arena = arena_new();
    flight->account.token = arena_strdup(flight->arena, opened->token);
    flight->begun_ms = clock_monotonic_ms();
    flight->count = count;
    flight->hash = "";
    digest_uuid_random(key);
    flight->key = arena_strdup(flight->arena, key);
    flight->listings = arena_memdup(flight->arena, listings, count * sizeof(*listings));
    flight->sent = arena_alloc(flight->arena, count * sizeof(*flight->sent));
    flight->written = arena_alloc(flight->arena, count * sizeof(*flight->written));
    flight->texts = arena_alloc(flight->arena, count * sizeof(*flight->texts));
    flight->pushes = arena_alloc(flight->arena, count * sizeof(*flight->pushes));
    for (size_t i = 0; i < count; i++) {
        flight->texts[i] = target_copy(&listings[i]->target, &flight->sent[i]);
        flight->pushes[i] = board_push(listings[i], &flight->sent[i]);
        flight->written[i] = flight->sent[i];
        flight->written[i].quantity = channel_written(sender->account, &flight->sent[i]);
        flight->pushes[i].target = &flight->written[i];
    }
    sender->flights[sender->flights_len++] = flight;
    return flight;
}

static const char *request_hash(struct arena *arena, const struct channel_request *request)
{
    SCOPED(buf) struct buf hex = {0};
    unsigned char hash[DIGEST_SHA256_LEN];

    digest_sha256(request->body, request->body_len, hash);
    buf_hex(&hex, hash, sizeof(hash));
    return arena_strdup(arena, buf_str(&hex));
}

static void flight_send(struct flight *flight)
{
    struct publisher_sender *sender = flight->sender;
    bool asks = strcmp(flight->unsealed.method, "GET") == 0;

    flight->request = flight->unsealed; /* one that is sent again is sealed anew */
    flight->is_waiting = false;
    const struct http_call call =
        channel_call(&flight->account, &flight->request, clock_now_ms(), flight->arena);
    if (flight->calls++ == 0 || !asks) {
        flight->hash = request_hash(flight->arena, &flight->request);
        flight->sent_ms = clock_now_ms();
    }
    sender->in_flight_cost += flight->request.cost;
    http_client_send(sender->client, &call, flight_answered, flight);
}

/* Puts the present access token into the flight's account. */
static bool flight_open(struct flight *flight, struct err *err)
{
    struct channel_account opened;

    if (!channel_sessions_open(flight->sender->sessions, flight->sender->account, flight->arena,
                               &opened, err))
        return false;
    if (opened.kind->login != NULL)
        flight->account.token = opened.token;
    return true;
}

/* Nothing is sent while nobody lets us in. */
static void flight_lock_out(struct flight *flight, const struct err *why)
{
    const struct channel_result refused = {
        .verdict = CHANNEL_AUTH,
        .error_class = "login_refused",
        .error_text = arena_strdup(flight->arena, why->text),
    };

    sender_heed(flight->sender, &(struct channel_budget){-1, -1, -1}, &refused);
    flight_land_as(flight, refused.verdict, refused.error_class, refused.error_text);
}

/* The listings wait on the board as if nothing had happened. */
static void flight_cancel(struct flight *flight)
{
    struct publisher_sender *sender = flight->sender;

    for (size_t i = 0; i < flight->count; i++)
        flight->listings[i]->in_flight = false;
    sender->flights_len--; /* the newest */
    flight_free(flight);
}

/* ---- starting ---- */

static bool sender_may_call(const struct publisher_sender *sender)
{
    return http_client_in_flight(sender->client) < (sender->refused ? 1 : sender->concurrency);
}

static bool flight_is_ours(const struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++) {
        if (board_is_gone(flight->listings[i]))
            return false;
    }
    return true;
}

/* A pause that the channel asked for is no lack. */
static void sender_lacks_budget(struct publisher_sender *sender, int64_t now_ms)
{
    sender->lacks_budget = now_ms >= sender->budget.blocked_until_ms;
}

static void sender_count_lack(struct publisher_sender *sender, int64_t now_ms)
{
    if (sender->lacks_budget && sender->lacking_ms != 0)
        metric_add(&budget_wait_seconds, (double)(now_ms - sender->lacking_ms) / 1e3,
                   sender->account->name, NULL, NULL);
    sender->lacking_ms = sender->lacks_budget ? now_ms : 0;
}

/* Sends the call that waits, or ends the push. */
static void flight_resume(struct flight *flight, int64_t now_ms)
{
    struct publisher_budget *budget = &flight->sender->budget;
    struct err err = {0};

    if (!flight_is_ours(flight)) /* what it writes might be older than what its new owner wrote */
        flight_land_as(flight, CHANNEL_RETRY, "revoked", "another replica has the listing now");
    else if (flight_open(flight, &err)) {
        if (publisher_budget_take(budget, flight->unsealed.cost, now_ms))
            flight_send(flight);
        else
            sender_lacks_budget(flight->sender, now_ms);
    } else if (err.code == ERR_REJECT)
        flight_lock_out(flight, &err);
    else
        flight->due_ms = now_ms + SENDER_TOKEN_PAUSE_MS;
}

/* The next calls of pushes that are under way, before new ones are begun. Backwards: one that ends
   has the last take its place. */
static void sender_go_on(struct publisher_sender *sender)
{
    int64_t now_ms = clock_monotonic_ms();

    for (size_t i = sender->flights_len; i > 0 && sender_may_call(sender); i--) {
        struct flight *flight = sender->flights[i - 1];

        if (flight->is_waiting && flight->due_ms <= now_ms)
            flight_resume(flight, now_ms);
    }
}

/* The most urgent listings as a push. NULL: there are none. */
static struct flight *sender_pick(struct publisher_sender *sender,
                                  const struct channel_account *opened, bool *ret_bad)
{
    struct board_listing **listings =
        arena_alloc(sender->scratch, sender->batch_max * sizeof(struct board_listing *));
    size_t count = board_pick(sender->board, sender->batch_max, sender_terms, sender,
                              clock_monotonic_ms(), listings, ret_bad);

    return count == 0 ? NULL : flight_new(sender, opened, listings, count);
}

/* Begins one push. False when there is nothing to begin, or neither budget nor token for it. */
static bool sender_start(struct publisher_sender *sender)
{
    struct channel_account opened;
    int64_t now_ms = clock_monotonic_ms();
    struct err err = {0};
    bool bad = false;

    if (sender->flights_len == sender->flights_max)
        return false;
    if (publisher_budget_wait_ms(&sender->budget, 1, now_ms) > 0) {
        if (board_next_due_ms(sender->board) <= now_ms)
            sender_lacks_budget(sender, now_ms);
        return false;
    }
    arena_reset(sender->scratch);
    bool is_open =
        channel_sessions_open(sender->sessions, sender->account, sender->scratch, &opened, &err);
    if (!is_open && err.code != ERR_REJECT)
        return false;
    struct flight *flight = sender_pick(sender, &opened, &bad);
    if (flight == NULL)
        return false;
    if (!is_open)
        flight_lock_out(flight, &err);
    else if (bad)
        flight_refuse(flight, ERR_REJECT, "bad_address",
                      "the address is not of this kind of channel");
    else if (!opened.kind->push(&flight->account, flight->pushes, flight->count, flight->key,
                                flight->arena, &flight->unsealed, &err))
        flight_refuse(flight, ERR_REJECT, "bad_address", arena_strdup(flight->arena, err.text));
    else if (publisher_budget_take(&sender->budget, flight->unsealed.cost, now_ms)) {
        flight_take_quota(flight, now_ms);
        flight_send(flight);
    } else {
        sender_lacks_budget(sender, now_ms);
        flight_cancel(flight);
        return false;
    }
    return true;
}

bool publisher_sender_step(struct publisher_sender *sender, bool may_start, int timeout_ms,
                           struct err *err)
{
    sender->lacks_budget = false;
    if (may_start)
        sender_go_on(sender);
    while (may_start && sender_may_call(sender) && sender_start(sender))
        ;
    sender_count_lack(sender, clock_monotonic_ms());
    http_client_run(sender->client, timeout_ms);
    if (sender->failure.code == ERR_FATAL) {
        *err = sender->failure;
        return false;
    }
    return true;
}
