#include "services/ingest/poll.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/http/client.h"

#include "channels/call.h"
#include "channels/session.h"
#include "services/ingest/capture.h"
#include "services/ingest/cursors.h"
#include "services/ingest/ids.h"
#include "services/ingest/refused.h"

enum {
    POLL_TURN_MS = 100,
    POLL_CONNECTIONS_MAX = 16,
    POLL_TOKEN_PAUSE_MS = 500, /* while there is no access token */
    POLL_PAUSE_MS = 5000,      /* after the group's client broke */
};

static const struct retry_policy poll_pause = {.base_ms = 1000, .cap_ms = 300000, .tries_max = 0};

static const struct metric polls_total = {
    "stockbus_ingest_polls_total",
    "Rounds over a channel's changed orders, by their end.",
    METRIC_COUNTER,
    {"channel", "result"}
};
static const struct metric polled_total = {
    "stockbus_ingest_polled_events_total",
    "Events that a poll brought and no notification before it.",
    METRIC_COUNTER,
    {"channel"}};
static const struct metric poll_cursor = {
    "stockbus_ingest_poll_cursor_seconds",
    "Unix time up to which a channel's changed orders were polled.",
    METRIC_GAUGE,
    {"channel"}};

enum round_phase {
    ROUND_RESTS,
    ROUND_ASKS,
    ROUND_WRITES,  /* the broker has not told of all events yet */
    ROUND_WRITTEN, /* it has them all */
    ROUND_FAILED,  /* it has not */
};

/* One channel's round over its pages. */
struct round {
    struct ingest_poll *poll;
    const char *channel;
    atomic_int phase; /* the producer's thread ends ROUND_WRITES */
    int64_t due_ms;   /* monotonic */
    int failures;
    int64_t begun_ms; /* monotonic */
    int64_t since_ms; /* of the channel's clock, as is the next */
    int64_t newest_ms;
    int64_t page;
    struct arena *arena;         /* of the page in hand and of the next request */
    struct channel_request next; /* url "": that was all */
    const char *token;           /* that it carries; in the arena */
};

struct ingest_poll {
    struct ingest_service *service;
    const char *topic;
    const char *group;
    pthread_t thread;
    bool has_thread;
    struct ingest_cursors *cursors;
    struct http_client *client;
    struct channel_sessions *sessions;
    struct arena *arena;
    struct map *rounds; /* channel -> struct round * */
};

/* ---- the end of a round ---- */

static void round_rest(struct round *round, const char *result, int64_t pause_ms)
{
    metric_add(&polls_total, 1, round->channel, result, NULL);
    round->due_ms = clock_monotonic_ms() + pause_ms;
    atomic_store(&round->phase, ROUND_RESTS);
}

static void round_fail(struct round *round, const char *result, const char *why)
{
    if (round->failures++ == 0)
        log_warn("ingest.poll_failed", "channel", round->channel, "class", result, "why", why);
    round_rest(round, result, retry_pause_ms(&poll_pause, round->failures, retry_random()));
}

/* An order that changed while the round went on may have been on a page before its change, so the
   cursor stays behind by as much. */
static void round_done(struct round *round, int64_t interval_ms)
{
    struct ingest_cursors *cursors = round->poll->cursors;
    int64_t cursor_ms = round->newest_ms - (clock_monotonic_ms() - round->begun_ms);

    if (round->failures > 0)
        log_info("ingest.poll_recovered", "channel", round->channel, "failures",
                 log_int(round->failures));
    round->failures = 0;
    if (round->newest_ms > 0 && cursor_ms > ingest_cursors_get(cursors, round->channel))
        ingest_cursors_put(cursors, round->channel, cursor_ms);
    metric_set(&poll_cursor, (double)ingest_cursors_get(cursors, round->channel) / 1000,
               round->channel, NULL, NULL);
    round_rest(round, "done", interval_ms);
}

/* ---- a page ---- */

/* Sees every event of a page, also those that are known. */
static bool round_keeps(void *opaque, const struct event *event)
{
    struct round *round = opaque;

    if (event->kind == EVENT_ORDER_LINE && event->order_line.version_ms > round->newest_ms)
        round->newest_ms = event->order_line.version_ms;
    return !ingest_seen_has(round->poll->service->seen, event->id);
}

/* From the producer's thread, or from this one. */
static void round_captured(void *opaque, bool ok)
{
    struct round *round = opaque;

    atomic_store(&round->phase, ok ? ROUND_WRITTEN : ROUND_FAILED);
}

/* A line that stays bad is told once. */
static void round_bad_lines(struct round *round, const struct channel_account *account,
                            const struct channel_notification *notification,
                            struct ingest_capture *capture, const struct channel_bad_lines *bad)
{
    struct ingest_service *service = round->poll->service;

    for (size_t i = 0; i < bad->len; i++) {
        const char *key = arena_printf(round->arena, "%s: %s", round->channel, bad->reasons[i]);

        if (ingest_seen_has(service->seen, key))
            continue;
        const struct rejected rejected = ingest_refused_notification(
            account, notification, service->host, bad->reasons[i], round->arena);

        log_warn("ingest.bad_line", "channel", round->channel, "notification",
                 rejected.source.notification_id, "why", bad->reasons[i]);
        ingest_capture_rejected(capture, &rejected, "bad_line");
        ingest_seen_add(service->seen, key);
    }
}

static void round_write(struct round *round, const struct channel_account *account,
                        const struct channel_notification *notification, const char *traceparent,
                        const struct event_list *events, const struct channel_bad_lines *bad)
{
    const struct ingest_capture_source source = {round->channel, traceparent,
                                                 notification->received_ms};
    struct ingest_capture *capture = NULL;

    atomic_store(&round->phase, ROUND_WRITES);
    capture = ingest_capture_begin(round->poll->service, &source, round_captured, round);
    for (size_t i = 0; i < events->len; i++)
        ingest_capture_event(capture, &events->events[i]);
    metric_add(&polled_total, (double)events->len, round->channel, NULL, NULL);
    round_bad_lines(round, account, notification, capture, bad);
    ingest_capture_end(capture, "polled");
}

static void round_read(struct round *round, const struct channel_account *account,
                       const struct http_reply *reply)
{
    const char *traceparent = ingest_ids_traceparent(round->arena, NULL);
    const struct channel_header headers[] = {
        {"Content-Type", "application/json"},
        {"traceparent",  traceparent       }
    };
    const struct channel_notification notification = {
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = reply->body,
        .body_len = reply->body_len,
        .received_ms = clock_now_ms(),
        .captured_via = EVENT_VIA_POLL,
    };
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    if (!channel_events(account, &notification, round->poll->service->host, round_keeps, round,
                        round->arena, &events, &bad, &err))
        round_fail(round, "not_understood", err.text);
    else if (events.len + bad.len == 0)
        atomic_store(&round->phase, ROUND_WRITTEN);
    else
        round_write(round, account, &notification, traceparent, &events, &bad);
}

/* The account with its token. False: the round is over. */
static bool round_open(struct round *round, const struct channel_account *account,
                       struct channel_account *ret_opened)
{
    struct err err = {0};

    if (!channel_sessions_open(round->poll->sessions, account, round->arena, ret_opened, &err)) {
        if (err.code == ERR_REJECT)
            round_fail(round, "login_refused", err.text);
        else
            round_rest(round, "no_token", POLL_TOKEN_PAUSE_MS);
        return false;
    }
    round->token = arena_strdup(round->arena, ret_opened->token);
    return true;
}

static void round_next_page(struct round *round, const struct channel_account *account,
                            const struct http_reply *reply)
{
    const struct channel_response *response = channel_call_answer(reply, round->arena);
    struct channel_account opened;

    if (!round_open(round, account, &opened))
        return;
    opened.kind->poll(&opened, round->since_ms, ++round->page, response, round->arena,
                      &round->next);
    round_read(round, &opened, reply);
}

static bool round_doubts_token(struct round *round, const struct http_reply *reply)
{
    return channel_result_of_status(reply->status, round->arena).verdict == CHANNEL_AUTH &&
           channel_sessions_doubt(round->poll->sessions, round->channel, round->token);
}

static void round_replied(void *opaque, const struct http_reply *reply)
{
    struct round *round = opaque;
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(round->poll->service->accounts);
    const struct channel_account *account = channel_live_find(held, round->channel);

    const bool doubt = round_doubts_token(round, reply);
    arena_reset(round->arena); /* the request was copied */
    const struct channel_result result = channel_result_of_status(reply->status, round->arena);
    if (account == NULL) {
        round_rest(round, "gone", 0);
    } else if (doubt) {
        round_rest(round, "token_refused", 0);
    } else if (result.verdict != CHANNEL_ACCEPTED) {
        round_fail(round, result.error_class,
                   reply->error == NULL ? "the channel refused it" : reply->error);
    } else {
        round_next_page(round, account, reply);
    }
}

static void round_ask(struct round *round, const struct channel_account *account)
{
    struct channel_account opened = *account;

    opened.token = round->token;
    const struct http_call call = channel_call(&opened, &round->next, clock_now_ms(), round->arena);
    atomic_store(&round->phase, ROUND_ASKS);
    http_client_send(round->poll->client, &call, round_replied, round);
}

/* ---- rounds ---- */

static void round_begin(struct round *round, const struct channel_account *account)
{
    const struct ingest_settings *settings = round->poll->service->settings;
    int64_t cursor_ms = ingest_cursors_get(round->poll->cursors, round->channel);
    struct channel_account opened;

    arena_reset(round->arena);
    if (!round_open(round, account, &opened))
        return;
    round->begun_ms = clock_monotonic_ms();
    round->newest_ms = cursor_ms;
    round->since_ms = cursor_ms > 0 ? cursor_ms - settings->poll_overlap_ms
                                    : clock_now_ms() - settings->poll_first_ms;
    round->page = 1;
    opened.kind->poll(&opened, round->since_ms, round->page, NULL, round->arena, &round->next);
    round_ask(round, account);
}

static void round_go_on(struct round *round, const struct channel_account *account,
                        int64_t interval_ms)
{
    switch ((enum round_phase)atomic_load(&round->phase)) {
    case ROUND_RESTS:
        if (interval_ms > 0 && clock_monotonic_ms() >= round->due_ms &&
            ingest_cursors_owns(round->poll->cursors, round->channel))
            round_begin(round, account);
        break;
    case ROUND_WRITTEN:
        if (*round->next.url == '\0')
            round_done(round, interval_ms);
        else
            round_ask(round, account);
        break;
    case ROUND_FAILED:
        round_fail(round, "unavailable", "the broker did not take every event");
        break;
    case ROUND_ASKS:
    case ROUND_WRITES:
        break;
    }
}

static struct round *poll_round(struct ingest_poll *poll, const char *channel)
{
    struct round *round = map_get(poll->rounds, channel);

    if (round != NULL)
        return round;
    round = arena_alloc(poll->arena, sizeof(*round));
    round->poll = poll;
    round->channel = arena_strdup(poll->arena, channel);
    round->arena = arena_new();
    round->next.url = "";
    map_set(poll->rounds, channel, round);
    return round;
}

static void poll_turn(struct ingest_poll *poll)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(poll->service->accounts);

    for (size_t i = 0; i < channel_live_len(held); i++) {
        const struct channel_account *account = channel_live_at(held, i);
        int64_t interval_ms = account->poll_interval_ms >= 0 ? account->poll_interval_ms
                                                             : account->kind->poll_interval_ms;

        if (account->kind->poll != NULL)
            round_go_on(poll_round(poll, account->name), account, interval_ms);
    }
}

/* The producer's thread must not find a round that is gone. */
static void poll_finish(struct ingest_poll *poll)
{
    struct round *round = NULL;

    for (size_t cursor = 0; (round = map_next(poll->rounds, &cursor, NULL)) != NULL;) {
        while (atomic_load(&round->phase) == ROUND_WRITES)
            http_client_run(poll->client, POLL_TURN_MS);
        arena_free(round->arena);
    }
    map_free(poll->rounds);
    arena_free(poll->arena);
}

/* Until stopping, or until a client is of no more use. */
static bool poll_run(struct ingest_poll *poll, struct err *err)
{
    const struct http_client_options client_options = {.connections_max = POLL_CONNECTIONS_MAX,
                                                       .body_max = INGEST_BODY_BYTES_MAX,
                                                       .user_agent = "stockbus-ingest"};
    const struct ingest_cursors_options cursors_options = {.brokers =
                                                               poll->service->settings->brokers,
                                                           .topic = poll->topic,
                                                           .group = poll->group,
                                                           .producer = poll->service->producer};
    SCOPED(channel_sessions) struct channel_sessions *sessions = NULL;
    SCOPED(http_client) struct http_client *client = http_client_new(&client_options, err);
    SCOPED(ingest_cursors) struct ingest_cursors *cursors = NULL;
    bool ok = true;

    if (client == NULL)
        return false;
    cursors = ingest_cursors_new(&cursors_options, err);
    if (cursors == NULL)
        return false;
    sessions = channel_sessions_new(client);
    poll->client = client;
    poll->sessions = sessions;
    poll->cursors = cursors;
    poll->arena = arena_new();
    poll->rounds = map_new();
    while (ok && !stop_requested()) {
        ok = ingest_cursors_run(cursors, err);
        poll_turn(poll);
        http_client_run(client, POLL_TURN_MS);
    }
    poll_finish(poll);
    return ok;
}

/* Without it the notifications still come, so that its end is no end of the process. */
static void *poll_main(void *opaque)
{
    struct ingest_poll *poll = opaque;

    while (!stop_requested()) {
        struct err err = {0};

        if (poll_run(poll, &err))
            break;
        log_warn("ingest.poll_broke", "topic", poll->topic, "why", err.text);
        stop_wait(POLL_PAUSE_MS);
    }
    return NULL;
}

struct ingest_poll *ingest_poll_start(struct ingest_service *service, const char *topic,
                                      const char *group, struct err *err)
{
    SCOPED(ingest_poll) struct ingest_poll *poll = mem_calloc(1, sizeof(*poll));
    sigset_t all;
    sigset_t before;

    poll->service = service;
    poll->topic = topic;
    poll->group = group;
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&poll->thread, NULL, poll_main, poll);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    poll->has_thread = failed == 0;
    if (failed == 0)
        return STEAL(poll);
    err_set(err, ERR_FATAL, "no thread for polling (%d)", failed);
    return NULL;
}

void ingest_poll_free(struct ingest_poll *poll)
{
    if (poll == NULL)
        return;
    if (poll->has_thread)
        pthread_join(poll->thread, NULL);
    mem_free(poll);
}
