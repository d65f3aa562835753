#include "services/reconciler/store.h"

#include <inttypes.h>

#include "lib/base/retry.h"
#include "lib/base/settings.h"
#include "lib/base/stop.h"
#include "lib/pg/pg.h"
#include "sql.h"

static const struct retry_policy store_pause = {.base_ms = 200, .cap_ms = 2000, .tries_max = 5};

/* The findings as columns, for unnest(). */
struct columns {
    const char **listings;
    const char **skus;
    const char **classes;
    const char **shown;
    const char **expected;
    const char **causes;
    const char **event_ids;
    size_t len;
};

static const char **column_new(struct arena *arena, size_t count)
{
    return arena_alloc(arena, count * sizeof(const char *));
}

static const char *quantity_text(struct arena *arena, bool is_known, int64_t quantity)
{
    return is_known ? arena_printf(arena, "%" PRId64, quantity) : NULL;
}

static void columns_add(struct columns *columns, struct arena *arena,
                        const struct reconciler_finding *finding)
{
    size_t at = columns->len++;

    columns->listings[at] = finding->listing;
    columns->skus[at] = finding->sku;
    columns->classes[at] = reconciler_class_name(finding->class);
    columns->shown[at] = quantity_text(arena, finding->has_shown, finding->shown);
    columns->expected[at] = quantity_text(arena, finding->has_expected, finding->expected);
    columns->causes[at] = finding->cause;
    columns->event_ids[at] = finding->event_id;
}

static struct columns columns_of(struct arena *arena, const struct reconciler_result *result)
{
    size_t count = result->differences_len;
    struct columns columns = {
        column_new(arena, count), column_new(arena, count), column_new(arena, count),
        column_new(arena, count), column_new(arena, count), column_new(arena, count),
        column_new(arena, count), 0,
    };

    for (size_t i = 0; i < count; i++) {
        if (result->differences[i].class != RECONCILER_TIMING)
            columns_add(&columns, arena, &result->differences[i]);
    }
    return columns;
}

static bool store_run(struct pg *pg, const struct reconciler_run *run, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    pg_params_text(params, run->run_id);
    pg_params_text(params, run->channel);
    pg_params_int(params, run->snapshot_ms);
    pg_params_int(params, run->started_ms);
    pg_params_int(params, run->ended_ms);
    pg_params_int(params, (int64_t)run->result.listings);
    pg_params_int(params, (int64_t)run->result.matched);
    pg_params_int(params, (int64_t)run->result.findings);
    pg_params_int(params, run->events);
    return pg_run(pg, sql_reconciler_insert_run, params, NULL, err);
}

static bool store_findings(struct pg *pg, const struct reconciler_run *run, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(arena) struct arena *arena = arena_new();
    const struct columns columns = columns_of(arena, &run->result);
    const char **const all[] = {columns.listings, columns.skus,   columns.classes,  columns.shown,
                                columns.expected, columns.causes, columns.event_ids};

    if (columns.len == 0)
        return true;
    pg_params_text(params, run->run_id);
    pg_params_text(params, run->channel);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        pg_params_text_array(params, all[i], columns.len);
    return pg_run(pg, sql_reconciler_insert_findings, params, NULL, err);
}

static bool store_body(struct pg *pg, void *state, struct err *err)
{
    const struct reconciler_run *run = state;

    return store_run(pg, run, err) && store_findings(pg, run, err);
}

static bool store_once(const char *database_url, const struct reconciler_run *run, struct err *err)
{
    SCOPED(mem) char *url = settings_fresh("STOCKBUS_DATABASE_URL", database_url);
    SCOPED(pg) struct pg *pg = pg_open(url, "reconciler", err);

    /* Both statements change nothing the second time, so an unknown outcome is simply run again. */
    return pg != NULL && pg_tx_run(pg, store_body, (void *)(uintptr_t)run, NULL, NULL, err);
}

bool reconciler_store(const char *database_url, const struct reconciler_run *run, struct err *err)
{
    for (int attempt = 1;; attempt++) {
        *err = (struct err){0};
        if (store_once(database_url, run, err))
            return true;
        if (err->code != ERR_RETRY || attempt == store_pause.tries_max || stop_requested())
            return false;
        stop_wait(retry_pause_ms(&store_pause, attempt, retry_random()));
    }
}

bool reconciler_store_check(const char *database_url, struct err *err)
{
    SCOPED(pg) struct pg *pg = pg_open(database_url, "reconciler", err);
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (pg == NULL || !pg_run(pg, sql_reconciler_select_rights, NULL, &rows, err)) {
        if (err->code != ERR_RETRY)
            return err_wrap(err, pg == NULL ? "STOCKBUS_DATABASE_URL"
                                            : "STOCKBUS_DATABASE_URL: is the database migrated, "
                                              "and the role stockbus_reconciler?");
        *err = (struct err){0};
        return true;
    }
    return pg_rows_bool(rows, 0, "may_write") ||
           err_set(err, ERR_FATAL, "STOCKBUS_DATABASE_URL: its role may not write: it must be "
                                   "stockbus_reconciler");
}
