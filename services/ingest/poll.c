#include "services/ingest/poll.h"

#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"

#include "services/ingest/ids.h"

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

/* One channel's round over its pages. */
struct round {
    struct ingest_errand errand; /* first: its callbacks get the round by it */
    struct ingest_polls *polls;
    int64_t due_ms; /* monotonic, as is begun_ms */
    int failures;
    int64_t begun_ms;
    int64_t since_ms; /* of the channel's clock, as are the next two */
    int64_t newest_ms;
    int64_t date_ms; /* of the first answer */
    bool is_thin;    /* pages named orders, and told nothing of them */
    int64_t page;
};

struct ingest_polls {
    struct ingest_errands *shared;
    struct ingest_cursors *cursors;
    struct arena *arena;
    struct map *rounds; /* channel -> struct round * */
};

/* ---- the end of a round ---- */

static void round_rest(struct round *round, const char *result, int64_t pause_ms)
{
    metric_add(&polls_total, 1, round->errand.channel, result, NULL);
    round->due_ms = clock_monotonic_ms() + pause_ms;
    atomic_store(&round->errand.phase, ERRAND_RESTS);
}

static void round_failed(struct ingest_errand *errand, const struct ingest_failure *failure)
{
    struct round *round = (struct round *)errand;
    int64_t pause_ms = failure->pause_ms;

    if (!failure->is_expected && round->failures++ == 0)
        log_warn("ingest.poll_failed", "channel", errand->channel, "class", failure->result, "why",
                 failure->why);
    if (pause_ms < 0)
        pause_ms = retry_pause_ms(&poll_pause, round->failures, retry_random());
    round_rest(round, failure->result, pause_ms);
}

/* An order that changed while the round went on may have been on a page before its change, so the
   cursor stays behind by as much. A round that was told no versions ends at the channel's own time
   of its first answer. */
static void round_done(struct round *round, int64_t interval_ms)
{
    struct ingest_cursors *cursors = round->polls->cursors;
    const char *channel = round->errand.channel;
    int64_t known_ms = ingest_cursors_get(cursors, channel);
    int64_t cursor_ms = round->newest_ms - (clock_monotonic_ms() - round->begun_ms);

    if (round->is_thin && round->newest_ms <= known_ms)
        cursor_ms = round->date_ms;
    if (round->failures > 0)
        log_info("ingest.poll_recovered", "channel", channel, "failures", log_int(round->failures));
    round->failures = 0;
    if (cursor_ms > known_ms)
        ingest_cursors_put(cursors, channel, cursor_ms);
    metric_set(&poll_cursor, (double)ingest_cursors_get(cursors, channel) / 1000, channel, NULL,
               NULL);
    round_rest(round, "done", interval_ms);
}

/* ---- a page ---- */

/* Sees every event of a page, also those that are known. */
static bool round_keeps(void *opaque, const struct event *event)
{
    struct round *round = opaque;

    if (event->kind == EVENT_ORDER_LINE && event->order_line.version_ms > round->newest_ms)
        round->newest_ms = event->order_line.version_ms;
    return !ingest_seen_has(round->errand.shared->service->seen, event->id);
}

static void round_read(struct round *round, const struct channel_account *account,
                       const struct channel_response *response)
{
    struct ingest_errand *errand = &round->errand;
    const struct channel_header headers[] = {
        {"Content-Type",                        "application/json"},
        { "traceparent", ingest_ids_traceparent(errand->arena,              NULL)},
    };
    const struct channel_notification notification = {
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = response->body,
        .body_len = response->body_len,
        .received_ms = clock_now_ms(),
        .captured_via = EVENT_VIA_POLL,
    };
    const struct ingest_intake intake = ingest_intake_read(
        account, &notification, errand->shared->service->host, round_keeps, round, errand->arena);

    if (intake.refused != NULL) {
        ingest_errand_fail(errand, "not_understood", intake.refused);
        return;
    }
    round->is_thin = round->is_thin || intake.hints.len > 0;
    metric_add(&polled_total, (double)intake.events.len, errand->channel, NULL, NULL);
    ingest_errand_take(errand, account, &notification, &intake, "polled");
}

int64_t ingest_polls_date_ms(const char *text)
{
    struct tm tm = {0};
    const char *end = text == NULL ? NULL : strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

    return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&tm) * 1000;
}

/* By our clock when the channel does not say: the overlap is for that, too. */
static int64_t round_date_ms(const struct channel_response *response)
{
    int64_t date_ms = ingest_polls_date_ms(channel_response_header(response, "Date"));

    return date_ms > 0 ? date_ms : clock_now_ms();
}

static void round_answered(struct ingest_errand *errand, const struct channel_account *account,
                           const struct channel_response *response)
{
    struct round *round = (struct round *)errand;
    struct channel_request request = {.url = ""};

    if (round->page == 1)
        round->date_ms = round_date_ms(response);
    account->kind->poll(account, round->since_ms, ++round->page, response, errand->arena, &request);
    ingest_errand_plan(errand, &request);
    round_read(round, account, response);
}

static const struct ingest_errand_kind round_kind = {
    .forgets = true,
    .answered = round_answered,
    .failed = round_failed,
};

/* ---- rounds ---- */

static void round_begin(struct round *round, const struct channel_account *account)
{
    struct ingest_errand *errand = &round->errand;
    const struct ingest_settings *settings = errand->shared->service->settings;
    int64_t cursor_ms = ingest_cursors_get(round->polls->cursors, errand->channel);
    struct channel_request request = {.url = ""};
    struct channel_account opened;

    arena_reset(errand->arena);
    if (!ingest_errand_open(errand, account, &opened))
        return;
    round->begun_ms = clock_monotonic_ms();
    round->newest_ms = cursor_ms;
    round->is_thin = false;
    round->since_ms = cursor_ms > 0 ? cursor_ms - settings->poll_overlap_ms
                                    : clock_now_ms() - settings->poll_first_ms;
    round->page = 1;
    opened.kind->poll(&opened, round->since_ms, round->page, NULL, errand->arena, &request);
    ingest_errand_plan(errand, &request);
    ingest_errand_ask(errand, account);
}

static struct round *polls_round(struct ingest_polls *polls, const char *channel)
{
    struct round *round = map_get(polls->rounds, channel);

    if (round != NULL)
        return round;
    round = arena_alloc(polls->arena, sizeof(*round));
    ingest_errand_begin(&round->errand, polls->shared, &round_kind,
                        arena_strdup(polls->arena, channel));
    round->polls = polls;
    map_set(polls->rounds, channel, round);
    return round;
}

void ingest_polls_turn(struct ingest_polls *polls, const struct channel_account *account)
{
    int64_t interval_ms = account->poll_interval_ms >= 0 ? account->poll_interval_ms
                                                         : account->kind->poll_interval_ms;
    struct round *round = account->kind->poll == NULL ? NULL : polls_round(polls, account->name);

    if (round == NULL)
        return;
    switch (ingest_errand_phase(&round->errand)) {
    case ERRAND_RESTS:
        if (interval_ms > 0 && clock_monotonic_ms() >= round->due_ms &&
            ingest_cursors_owns(polls->cursors, account->name))
            round_begin(round, account);
        break;
    case ERRAND_WRITTEN:
        if (ingest_errand_has_next(&round->errand))
            ingest_errand_ask(&round->errand, account);
        else
            round_done(round, interval_ms);
        break;
    case ERRAND_LOST:
        ingest_errand_fail(&round->errand, "unavailable", "the broker did not take every event");
        break;
    case ERRAND_ASKS:
    case ERRAND_WRITES:
        break;
    }
}

struct ingest_polls *ingest_polls_new(struct ingest_errands *shared, struct ingest_cursors *cursors)
{
    struct ingest_polls *polls = mem_calloc(1, sizeof(*polls));

    polls->shared = shared;
    polls->cursors = cursors;
    polls->arena = arena_new();
    polls->rounds = map_new();
    return polls;
}

void ingest_polls_free(struct ingest_polls *polls)
{
    struct round *round = NULL;

    if (polls == NULL)
        return;
    for (size_t at = 0; (round = map_next(polls->rounds, &at, NULL)) != NULL;)
        ingest_errand_end(&round->errand);
    map_free(polls->rounds);
    arena_free(polls->arena);
    mem_free(polls);
}
