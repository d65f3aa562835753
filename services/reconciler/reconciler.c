#include "services/reconciler/reconciler.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"

#include "services/reconciler/fetch.h"
#include "services/reconciler/report.h"
#include "services/reconciler/store.h"
#include "services/reconciler/topics.h"

struct look {
    const struct reconciler_settings *settings;
    const struct reconciler_order *order;
    struct channel_live *accounts;
    const struct channel_account *account;
    struct reconciler_run *run;
};

static bool look_snapshot(struct look *look, struct reconciler_rows *rows, struct err *err)
{
    const struct reconciler_order *order = look->order;

    if (order->snapshot == NULL)
        return reconciler_fetch(look->accounts, look->run->channel, rows, &look->run->snapshot_ms,
                                err);
    look->run->snapshot_ms = order->at_ms;
    return reconciler_rows_check_format(look->account->kind, order->format, err) &&
           reconciler_rows_read_file(rows, look->account, order->format, order->snapshot, err);
}

static bool look_replay(struct look *look, struct arena *arena,
                        struct reconciler_expected *ret_expected, struct err *err)
{
    int64_t started_ms = clock_monotonic_ms();
    int64_t unreadable = 0;
    const struct reconciler_topics topics = {
        .brokers = look->settings->brokers,
        .prefix = look->settings->topic_prefix,
        .channel = look->run->channel,
        .at_ms = look->run->snapshot_ms,
        .settle_ms = look->settings->settle_ms,
    };

    if (!reconciler_topics_replay(arena, &topics, ret_expected, &unreadable, err))
        return false;
    look->run->events = (int64_t)ret_expected->events;
    look->run->replay_ms = clock_monotonic_ms() - started_ms;
    if (unreadable > 0)
        log_warn("reconciler.unreadable", "channel", look->run->channel, "records",
                 log_int(unreadable));
    return true;
}

/* The result lives in the arena. */
static bool look_run(struct look *look, struct arena *arena,
                     const struct reconciler_result *first_look, struct err *err)
{
    struct reconciler_rows rows = {.arena = arena};
    struct reconciler_expected expected = {0};

    if (!look_snapshot(look, &rows, err) || !look_replay(look, arena, &expected, err))
        return false;
    const struct reconciler_comparison comparison = {
        .listings = expected.listings,
        .listings_len = expected.listings_len,
        .rows = rows.rows,
        .rows_len = rows.len,
        .is_on_hand = channel_writes_on_hand(look->account),
        .at_ms = look->run->snapshot_ms,
        .settle_ms = look->settings->settle_ms,
        .first_look = first_look,
    };
    look->run->result = reconciler_compare(arena, &comparison);
    return true;
}

/* A notification on its way looks like one that was lost. After the settling time it does not, so
   that a nightly run on a busy channel ends with a clear answer. A file stays as it is. */
static bool look_twice(struct look *look, struct arena *first, struct arena *second,
                       struct err *err)
{
    if (!look_run(look, first, NULL, err))
        return false;
    const struct reconciler_result first_look = look->run->result;
    if (look->order->snapshot != NULL || look->settings->settle_ms == 0 ||
        !reconciler_result_may_pass(&first_look))
        return true;
    log_info("reconciler.second_look", "channel", look->run->channel, "in_flight",
             log_int(first_look.in_flight), "findings", log_int(first_look.findings));
    stop_wait((int)look->settings->settle_ms);
    if (stop_requested())
        return err_set(err, ERR_RETRY, "stopping");
    return look_run(look, second, &first_look, err);
}

static bool look_end(struct look *look, int64_t *ret_findings, struct err *err)
{
    struct reconciler_run *run = look->run;

    run->ended_ms = clock_now_ms();
    reconciler_report(run, look->order->is_json);
    if (!reconciler_store(look->settings->database_url, run, err))
        return false;
    log_info("reconciler.compared", "channel", run->channel, "run_id", run->run_id, "listings",
             log_int(run->result.listings), "findings", log_int(run->result.findings));
    *ret_findings = (int64_t)run->result.findings;
    return true;
}

bool reconciler_run(const struct reconciler_settings *settings, struct channel_live *accounts,
                    const struct channel_account *account, const struct reconciler_order *order,
                    int64_t *ret_findings, struct err *err)
{
    SCOPED(arena) struct arena *first = arena_new();
    SCOPED(arena) struct arena *second = arena_new();
    struct reconciler_run run = {.channel = account->name, .started_ms = clock_now_ms()};
    struct look look = {settings, order, accounts, account, &run};

    digest_uuid_random(run.run_id);
    return look_twice(&look, first, second, err) && look_end(&look, ret_findings, err);
}
