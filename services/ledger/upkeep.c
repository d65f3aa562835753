#include "services/ledger/upkeep.h"

#include <stdio.h>

#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"

#include "services/ledger/session.h"

#include "sql.h"

enum { UPKEEP_MONTHS_AHEAD = 2, UPKEEP_PERIOD_MS = 24 * 3600 * 1000 };

static const struct retry_policy upkeep_pause = {.base_ms = 1000, .cap_ms = 60000, .tries_max = 0};

static const struct metric failures_total = {
    "stockbus_ledger_upkeep_failures_total",
    "Times that next months' partitions of movements could not be made.",
    METRIC_COUNTER,
    {0}};

static bool upkeep_prepare(const struct ledger_settings *settings, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(pg) struct pg *pg = NULL;
    char name[64];

    snprintf(name, sizeof(name), "%s upkeep", settings->replica);
    pg = ledger_session_open(settings->database_url, name, LEDGER_SCHEMA, ledger_session_folding,
                             err);
    pg_params_int(params, UPKEEP_MONTHS_AHEAD);
    if (pg == NULL || !pg_run(pg, sql_ledger_prepare_movements, params, &rows, err))
        return false;
    if (pg_rows_int(rows, 0, "made") > 0)
        log_info("ledger.months_made", "partitions", log_int(pg_rows_int(rows, 0, "made")));
    return true;
}

void ledger_upkeep_run(const struct ledger_settings *settings)
{
    for (int failures = 0; !stop_requested();) {
        struct err err = {0};

        if (upkeep_prepare(settings, &err)) {
            failures = 0;
            stop_wait(UPKEEP_PERIOD_MS);
            continue;
        }
        metric_add(&failures_total, 1, NULL, NULL, NULL);
        log_warn("ledger.upkeep_retried", "why", err.text);
        stop_wait(retry_pause_ms(&upkeep_pause, ++failures, retry_random()));
    }
}
