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

#include "services/publisher/budget.h"

enum {
    SENDER_BODY_MAX = 8 * 1024 * 1024,
    SENDER_TIMEOUT_MS = 10000,
    SENDER_AUTH_PAUSE_MS = 10000,
    SENDER_THROTTLED_PAUSE_MS = 500,
};

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
static const struct metric auth_failures_total = {"stockbus_publisher_auth_failures_total",
                                                  "Requests refused for their credentials.",
                                                  METRIC_COUNTER,
                                                  {"channel"}};

struct publisher_sender {
    const struct channel_account *account;
    struct board *board;
    struct publisher_outcomes *outcomes;
    struct http_client *client;
    struct publisher_budget budget;
    struct arena *scratch;
    size_t batch_max;
    int concurrency;
    double in_flight_cost;
    bool refused;       /* the last answer said that our credentials are no good */
    struct err failure; /* of a report, told by the next step */
};

/* One request on its way. */
struct flight {
    struct publisher_sender *sender;
    struct arena *arena;
    struct board_listing **listings;
    struct target *sent; /* copies: the board may take newer ones meanwhile */
    char **texts;        /* of the copies */
    struct channel_push *pushes;
    size_t count;
    struct channel_request request;
    int64_t sent_ms;
    const char *hash;
};

struct publisher_sender *publisher_sender_new(const struct channel_account *account,
                                              struct board *board,
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
    sender->board = board;
    sender->outcomes = outcomes;
    sender->client = client;
    sender->scratch = arena_new();
    sender->concurrency = (int)concurrency;
    sender->batch_max = (size_t)kind->batch_max;
    if (account->batch_max > 0 && account->batch_max < kind->batch_max)
        sender->batch_max = (size_t)account->batch_max;
    publisher_budget_init(
        &sender->budget,
        account->rate_per_second > 0 ? account->rate_per_second : kind->rate_per_second,
        account->rate_burst > 0 ? account->rate_burst : kind->rate_burst, clock_monotonic_ms());
    sender->budget.per_second_max = account->rate_per_second;
    return sender;
}

void publisher_sender_free(struct publisher_sender *sender)
{
    if (sender == NULL)
        return;
    http_client_free(sender->client);
    arena_free(sender->scratch);
    mem_free(sender);
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
                          enum outcome_result what, int attempt, const struct http_reply *reply)
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
        .http_status = reply->status,
        .error_class = result->error_class == NULL ? "" : result->error_class,
        .error_text = result->error_text == NULL ? "" : result->error_text,
        .request_hash = flight->hash,
        .request_us = reply->elapsed_us,
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
                          const struct http_reply *reply)
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
    flight_report(flight, i, result, what, attempt, reply);
}

static void sender_heed(struct publisher_sender *sender, const struct channel_budget *told,
                        const struct channel_result *first)
{
    int64_t now_ms = clock_monotonic_ms();

    publisher_budget_told(&sender->budget, told->available, told->restore_per_second,
                          sender->in_flight_cost, now_ms);
    if (told->retry_after_ms > 0)
        publisher_budget_block(&sender->budget, now_ms + told->retry_after_ms);
    else if (first->verdict == CHANNEL_THROTTLED)
        publisher_budget_block(&sender->budget, now_ms + SENDER_THROTTLED_PAUSE_MS);
    sender->refused = first->verdict == CHANNEL_AUTH;
    if (sender->refused) {
        publisher_budget_block(&sender->budget, now_ms + SENDER_AUTH_PAUSE_MS);
        metric_add(&auth_failures_total, 1, sender->account->name, NULL, NULL);
        log_error("publisher.credentials_refused", "channel", sender->account->name, "why",
                  first->error_text);
    }
    metric_set(&budget_tokens, sender->budget.tokens, sender->account->name, NULL, NULL);
}

static void flight_free(struct flight *flight)
{
    for (size_t i = 0; i < flight->count; i++)
        mem_free(flight->texts[i]);
    arena_free(flight->arena);
    mem_free(flight);
}

static void flight_answered(void *opaque, const struct http_reply *reply)
{
    struct flight *flight = opaque;
    struct publisher_sender *sender = flight->sender;
    struct channel_budget told = {-1, -1, -1};
    struct channel_result *results = arena_alloc(flight->arena, flight->count * sizeof(*results));
    struct channel_header *headers =
        arena_alloc(flight->arena, reply->headers_len * sizeof(*headers));
    char status[16];

    for (size_t i = 0; i < reply->headers_len; i++)
        headers[i] = (struct channel_header){reply->headers[i].name, reply->headers[i].value};
    const struct channel_response response = {.status = reply->status,
                                              .body = reply->body == NULL ? "" : reply->body,
                                              .body_len = reply->body_len,
                                              .headers = headers,
                                              .headers_len = reply->headers_len};
    sender->in_flight_cost -= flight->request.cost;
    snprintf(status, sizeof(status), "%d", reply->status);
    metric_add(&requests_total, 1, sender->account->name, status, NULL);
    metric_observe(&request_seconds, (double)reply->elapsed_us / 1e6, sender->account->name, NULL,
                   NULL);
    sender->account->kind->answer(sender->account, flight->pushes, flight->count, &response,
                                  flight->arena, results, &told);
    if (reply->status == 0 && reply->error != NULL) {
        for (size_t i = 0; i < flight->count; i++)
            results[i].error_text = reply->error;
    }
    sender_heed(sender, &told, &results[0]);
    for (size_t i = 0; i < flight->count; i++)
        flight_settle(flight, i, &results[i], reply);
    flight_free(flight);
}

/* ---- requests ---- */

static const char *sender_group(void *opaque, const struct target *target)
{
    struct publisher_sender *sender = opaque;

    return sender->account->kind->group(sender->account, target, sender->scratch);
}

static struct flight *flight_new(struct publisher_sender *sender, struct board_listing **listings,
                                 size_t count)
{
    struct flight *flight = mem_calloc(1, sizeof(*flight));

    flight->sender = sender;
    flight->arena = arena_new();
    flight->count = count;
    flight->hash = "";
    flight->listings = arena_memdup(flight->arena, listings, count * sizeof(*listings));
    flight->sent = arena_alloc(flight->arena, count * sizeof(*flight->sent));
    flight->texts = arena_alloc(flight->arena, count * sizeof(*flight->texts));
    flight->pushes = arena_alloc(flight->arena, count * sizeof(*flight->pushes));
    for (size_t i = 0; i < count; i++) {
        flight->texts[i] = target_copy(&listings[i]->target, &flight->sent[i]);
        flight->pushes[i] = board_push(listings[i], &flight->sent[i]);
    }
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
    const struct channel_request *request = &flight->request;
    struct http_header *headers =
        arena_alloc(flight->arena, request->headers_len * sizeof(*headers));

    for (size_t i = 0; i < request->headers_len; i++)
        headers[i] = (struct http_header){request->headers[i].name, request->headers[i].value};
    const struct http_call call = {
        .method = request->method,
        .url = request->url,
        .headers = headers,
        .headers_len = request->headers_len,
        .body = request->body,
        .body_len = request->body_len,
        .timeout_ms =
            sender->account->timeout_ms > 0 ? (int)sender->account->timeout_ms : SENDER_TIMEOUT_MS,
        .user = request->user,
        .password = request->password,
    };
    flight->hash = request_hash(flight->arena, request);
    flight->sent_ms = clock_now_ms();
    sender->in_flight_cost += request->cost;
    http_client_send(sender->client, &call, flight_answered, flight);
}

/* A target that can't even be asked for: its address is wrong. */
static void flight_refuse(struct flight *flight, const char *why)
{
    const struct http_reply no_reply = {0};
    const struct channel_result result = {
        .verdict = flight->count > 1 ? CHANNEL_SPLIT : CHANNEL_REJECTED,
        .error_class = "bad_address",
        .error_text = why,
    };

    for (size_t i = 0; i < flight->count; i++)
        flight_settle(flight, i, &result, &no_reply);
    flight_free(flight);
}

/* Starts one request. False when there is nothing to start, or no budget for it. */
static bool sender_start(struct publisher_sender *sender)
{
    struct board_listing **listings = NULL;
    int64_t now_ms = clock_monotonic_ms();
    struct err err = {0};
    bool bad = false;
    char key[40];

    if (publisher_budget_wait_ms(&sender->budget, 1, now_ms) > 0)
        return false;
    arena_reset(sender->scratch);
    listings = arena_alloc(sender->scratch, sender->batch_max * sizeof(struct board_listing *));
    size_t count =
        board_pick(sender->board, sender->batch_max, sender_group, sender, now_ms, listings, &bad);
    if (count == 0)
        return false;
    struct flight *flight = flight_new(sender, listings, count);
    digest_uuid_random(key);
    if (bad || !sender->account->kind->push(sender->account, flight->pushes, count, key,
                                            flight->arena, &flight->request, &err)) {
        flight_refuse(flight, bad ? "the address is not of this kind of channel" : err.text);
        return true;
    }
    if (publisher_budget_take(&sender->budget, flight->request.cost, now_ms)) {
        flight_send(flight);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        listings[i]->in_flight = false;
    flight_free(flight);
    return false;
}

bool publisher_sender_step(struct publisher_sender *sender, bool may_start, int timeout_ms,
                           struct err *err)
{
    int concurrency = sender->refused ? 1 : sender->concurrency;

    while (may_start && http_client_in_flight(sender->client) < concurrency && sender_start(sender))
        ;
    http_client_run(sender->client, timeout_ms);
    if (sender->failure.code == ERR_FATAL) {
        *err = sender->failure;
        return false;
    }
    return true;
}
