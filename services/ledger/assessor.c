#include "services/ledger/assessor.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/retry.h"
#include "lib/base/stop.h"
#include "lib/pg/pg.h"

#include "services/ledger/assess.h"
#include "services/ledger/outbox.h"
#include "services/ledger/session.h"

#include "sql.h"

static const struct retry_policy assessor_pause = {.base_ms = 100, .cap_ms = 10000, .tries_max = 0};

static const struct metric measured_total = {
    "stockbus_ledger_measured_total",
    "Measurements that became facts: a tier or a price changed.",
    METRIC_COUNTER,
    {"kind"}};

struct assessor {
    const struct ledger_settings *settings;
    char session_name[64]; /* as pg_stat_activity shows it */
    struct pg *pg;
};

static bool assessor_connect(struct assessor *assessor, struct err *err)
{
    if (assessor->pg != NULL && pg_is_alive(assessor->pg))
        return true;
    pg_close(assessor->pg);
    assessor->pg = ledger_session_open(assessor->settings->database_url, assessor->session_name,
                                       LEDGER_SCHEMA, ledger_session_assessing, err);
    return assessor->pg != NULL;
}

/* ---- one round ---- */

static bool assessor_write(struct assessor *assessor, int64_t as_of_ms,
                           const struct ledger_assessed *assessed, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(ledger_outbox) struct ledger_outbox outbox;

    ledger_outbox_init(&outbox, assessor->pg);
    for (size_t i = 0; i < assessed->len; i++) {
        if (!ledger_outbox_event(&outbox, assessed->events[i], err))
            return false;
    }
    pg_params_int(params, as_of_ms);
    pg_params_text(params, assessed->swept_sku);
    return ledger_outbox_end(&outbox, err) &&
           pg_run(assessor->pg, sql_ledger_update_assessment, params, NULL, err);
}

/* False without an error: it is another's turn, or the time was measured. */
static bool assessor_is_due(struct assessor *assessor, struct arena *arena, int64_t as_of_ms,
                            const char **ret_swept, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *lock = NULL;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!pg_run(assessor->pg, sql_ledger_lock_assessor, NULL, &lock, err) ||
        !pg_rows_bool(lock, 0, "locked") ||
        !pg_run(assessor->pg, sql_ledger_select_assessment, NULL, &rows, err))
        return false;
    *ret_swept = arena_strdup(arena, pg_rows_text(rows, 0, "swept_sku"));
    return pg_rows_int(rows, 0, "as_of_ms") < as_of_ms;
}

static void assessor_tell(const struct ledger_assessed *assessed)
{
    for (size_t i = 0; i < assessed->len; i++) {
        const struct event *event = assessed->events[i];

        metric_add(&measured_total, 1, event_kind_name(event->kind), NULL, NULL);
        log_info("ledger.measured", "kind", event_kind_name(event->kind), "of",
                 event->kind == EVENT_VELOCITY_MEASURED ? event->velocity.sku
                                                        : event->latency.channel,
                 "event_id", event->id);
    }
}

static bool assessor_round(struct assessor *assessor, struct arena *arena, int64_t as_of_ms,
                           struct ledger_assessed *assessed, struct err *err)
{
    const struct ledger_settings *settings = assessor->settings;
    const struct ledger_assess_options options = {
        .replica = settings->replica,
        .as_of_ms = as_of_ms,
        .now_ms = clock_now_ms(),
        .skus_max = settings->assess_skus_max,
        .hold_ms = settings->assess_hold_ms,
        .surge_units = settings->assess_surge_units,
    };

    if (!assessor_is_due(assessor, arena, as_of_ms, &assessed->swept_sku, err))
        return err->code == ERR_NONE;
    return ledger_assess(assessor->pg, arena, &options, assessed, err) &&
           assessor_write(assessor, as_of_ms, assessed, err);
}

/*
 * REPEATABLE READ: one state for all statements, and none of SERIALIZABLE's locks, so no batch ever
 * fails for it. What it reads may be outdated a moment later; then the next round says so.
 */
static bool assessor_transaction(struct assessor *assessor, int64_t as_of_ms, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct ledger_assessed assessed = {.swept_sku = ""};

    if (!pg_exec(assessor->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ", err))
        return false;
    if (!assessor_round(assessor, arena, as_of_ms, &assessed, err)) {
        struct err ignored = {0};

        if (pg_is_alive(assessor->pg) && !pg_exec(assessor->pg, "ROLLBACK", &ignored)) {
            pg_close(assessor->pg);
            assessor->pg = NULL;
        }
        return false;
    }
    if (!pg_exec(assessor->pg, "COMMIT", err))
        return false;
    assessor_tell(&assessed);
    return true;
}

/* ---- the loop ---- */

bool ledger_assessor_run(const struct ledger_settings *settings, struct err *err)
{
    struct assessor assessor = {.settings = settings};
    int64_t interval_ms = settings->assess_interval_ms;
    int failures = 0;

    snprintf(assessor.session_name, sizeof(assessor.session_name), "%s assessor",
             settings->replica);
    while (interval_ms > 0 && !stop_requested()) {
        int64_t now_ms = clock_now_ms();
        struct err why = {0};

        if (assessor_connect(&assessor, &why) &&
            assessor_transaction(&assessor, now_ms - now_ms % interval_ms, &why)) {
            failures = 0;
            stop_wait((int)(interval_ms - clock_now_ms() % interval_ms));
            continue;
        }
        if (why.code == ERR_FATAL) {
            *err = why;
            break;
        }
        log_warn("ledger.assessor_retried", "why", why.text);
        stop_wait(retry_pause_ms(&assessor_pause, ++failures, retry_random()));
    }
    pg_close(assessor.pg);
    return err->code == ERR_NONE;
}
