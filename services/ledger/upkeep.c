#include "services/ledger/upkeep.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"

#include "services/ledger/session.h"

#include "sql.h"

enum {
    UPKEEP_MONTHS_AHEAD = 2,
    UPKEEP_MONTHS_MS = 24 * 3600 * 1000,
    UPKEEP_COUNT_MS = 60 * 1000,
};

static const struct retry_policy upkeep_pause = {.base_ms = 1000, .cap_ms = 60000, .tries_max = 0};

static const struct metric failures_total = {
    "stockbus_ledger_upkeep_failures_total",
    "Times that next months' partitions could not be made, or what waits be counted.",
    METRIC_COUNTER,
    {0}};

static const struct metric parked_events = {"stockbus_ledger_parked_events",
                                            "Events that wait for another fact or an operator.",
                                            METRIC_GAUGE,
                                            {0}};
static const struct metric parked_timestamp = {
    "stockbus_ledger_parked_timestamp_seconds",
    "Unix time since which the oldest parked event waits; 0: none does.",
    METRIC_GAUGE,
    {0}};
static const struct metric oversells_open = {"stockbus_ledger_oversells_open",
                                             "SKUs and pools of which more is sold than there is.",
                                             METRIC_GAUGE,
                                             {0}};

static const struct metric outbox_timestamp = {
    "stockbus_ledger_outbox_timestamp_seconds",
    "Unix time since which the oldest of the outbox waits for the broker; 0: none does.",
    METRIC_GAUGE,
    {0}};
static const struct metric findings = {"stockbus_ledger_findings",
                                       "Differences that the newest comparison found.",
                                       METRIC_GAUGE,
                                       {"channel"}};
static const struct metric compared_timestamp = {
    "stockbus_ledger_compared_timestamp_seconds",
    "Unix time of the newest snapshot that was compared.",
    METRIC_GAUGE,
    {"channel"}};

static bool upkeep_prepare(struct pg *pg, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_int(params, UPKEEP_MONTHS_AHEAD);
    if (!pg_run(pg, sql_ledger_prepare_movements, params, &rows, err))
        return false;
    if (pg_rows_int(rows, 0, "made") > 0)
        log_info("ledger.months_made", "partitions", log_int(pg_rows_int(rows, 0, "made")));
    return true;
}

/* Every replica counts for itself: one that did and was halted would go on telling old numbers. */
static bool upkeep_count(struct pg *pg, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!pg_run(pg, sql_ledger_count_open, NULL, &rows, err))
        return false;
    metric_set(&outbox_timestamp, (double)pg_rows_int(rows, 0, "outbox_since_ms") / 1e3, NULL, NULL,
               NULL);
    metric_set(&parked_events, (double)pg_rows_int(rows, 0, "parked"), NULL, NULL, NULL);
    metric_set(&parked_timestamp, (double)pg_rows_int(rows, 0, "parked_since_ms") / 1e3, NULL, NULL,
               NULL);
    metric_set(&oversells_open, (double)pg_rows_int(rows, 0, "oversells"), NULL, NULL, NULL);
    return true;
}

static bool upkeep_tell_comparisons(struct pg *pg, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!pg_run(pg, sql_ledger_select_comparisons, NULL, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const char *channel = pg_rows_text(rows, row, "channel");

        metric_set(&findings, (double)pg_rows_int(rows, row, "findings"), channel, NULL, NULL);
        metric_set(&compared_timestamp, (double)pg_rows_int(rows, row, "snapshot_ms") / 1e3,
                   channel, NULL, NULL);
    }
    return true;
}

static bool upkeep_round(const struct ledger_settings *settings, int64_t *months_due_ms,
                         struct err *err)
{
    SCOPED(pg) struct pg *pg = NULL;
    char name[64];

    snprintf(name, sizeof(name), "%s upkeep", settings->replica);
    pg = ledger_session_open(settings->database_url, name, LEDGER_SCHEMA, ledger_session_folding,
                             err);
    if (pg == NULL)
        return false;
    if (clock_monotonic_ms() >= *months_due_ms) {
        if (!upkeep_prepare(pg, err))
            return false;
        *months_due_ms = clock_monotonic_ms() + UPKEEP_MONTHS_MS;
    }
    /* The alerts ask for what is counted before they miss a comparison: so these come first. */
    return upkeep_tell_comparisons(pg, err) && upkeep_count(pg, err);
}

void ledger_upkeep_run(const struct ledger_settings *settings)
{
    int64_t months_due_ms = 0;

    for (int failures = 0; !stop_requested();) {
        struct err err = {0};

        if (upkeep_round(settings, &months_due_ms, &err)) {
            failures = 0;
            stop_wait(UPKEEP_COUNT_MS);
            continue;
        }
        metric_add(&failures_total, 1, NULL, NULL, NULL);
        log_warn("ledger.upkeep_retried", "why", err.text);
        stop_wait(retry_pause_ms(&upkeep_pause, ++failures, retry_random()));
    }
}
