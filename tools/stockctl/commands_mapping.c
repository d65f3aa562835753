#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "sql.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"
#include "tools/stockctl/read.h"

/* ---- merge and retire: dated mappings like any other ---- */

int stockctl_mapping_retire(const struct stockctl_options *options, struct err *err)
{
    struct stockctl_options retire = *options;

    retire.retire = true;
    return stockctl_write_listing(&retire, err);
}

static int merge_refuse(struct err *err, const char *listing, const char *why)
{
    err_set(err, ERR_REJECT, "'%s' %s", listing, why);
    return EXIT_REFUSED;
}

/* The old listing sells from then on what the survivor sells then; the survivor is not touched. */
static int merge_write(const struct stockctl_options *options, const struct pg_rows *rows,
                       struct arena *arena, struct err *err)
{
    const char *survivor = options->arguments[2];
    struct stockctl_options merge = *options;

    if (pg_rows_count(rows) == 0)
        return merge_refuse(err, survivor, "sells nothing then: map it before");
    if (pg_rows_is_null(rows, 0, "sku"))
        return merge_refuse(err, survivor, "is retired then");
    if (pg_rows_count(rows) > OPTIONS_TEXTS_MAX)
        return merge_refuse(err, survivor, "has too many components");
    merge.arguments_len = 2;
    merge.pool = arena_strdup(arena, pg_rows_text(rows, 0, "pool"));
    for (size_t row = 0; row < pg_rows_count(rows); row++)
        merge.skus.texts[merge.skus.len++] =
            arena_printf(arena, "%s:%" PRId64, pg_rows_text(rows, row, "sku"),
                         pg_rows_int(rows, row, "units"));
    return stockctl_write_listing(&merge, err);
}

int stockctl_mapping_merge(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct stockctl_options merge = *options;

    if (strcmp(options->arguments[1], options->arguments[2]) == 0) {
        err_set(err, ERR_REJECT, "a listing can't be merged with itself");
        return EXIT_USAGE;
    }
    if (merge.at_ms < 0)
        merge.at_ms = clock_now_ms();
    pg_params_text(params, options->arguments[0]);
    pg_params_text(params, options->arguments[2]);
    pg_params_int(params, merge.at_ms);
    int status = stockctl_database_ask(sql_stockctl_select_mapping_at, params, &rows, err);
    return status == EXIT_OK ? merge_write(&merge, rows, arena, err) : status;
}

/* ---- audit and correction ---- */

/* Here a row is what should not be. */
int stockctl_mapping_audit(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"section", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"detail", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();
    int64_t rows = 0;

    pg_params_text(params, options->channel);
    int status = stockctl_read_rows(options, sql_stockctl_select_mapping_audit, params, columns,
                                    &rows, err);
    if (status != EXIT_OK)
        return status;
    if (rows == 0)
        fputs("stockctl: every listing and SKU is mapped one to one\n", stderr);
    return rows == 0 ? EXIT_OK : EXIT_FINDINGS;
}

int stockctl_mapping_correction(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"applied_ms", COLUMN_TIME, false},
        {"sku", COLUMN_TEXT, false},
        {"pool", COLUMN_TEXT, false},
        {"bucket", COLUMN_TEXT, false},
        {"delta", COLUMN_NUMBER, false},
        {"balance", COLUMN_NUMBER, false},
        {"occurred_ms", COLUMN_TIME, false},
        {"mapping_id", COLUMN_TEXT, false},
        {"actor", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments[0]);
    pg_params_text(params, options->arguments[1]);
    pg_params_int(params, options->from_ms < 0 ? 0 : options->from_ms);
    return stockctl_read_query(options, sql_stockctl_select_mapping_correction, params, columns,
                               "no mapping came late and moved anything", err);
}
