#include "tools/stockctl/database.h"

#include <assert.h>
#include <string.h>

#include "tools/stockctl/command.h"
#include "tools/stockctl/settings.h"

int stockctl_database_ask(const char *sql, const struct pg_params *params,
                          struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(pg) struct pg *pg = NULL;
    struct stockctl_settings settings = {0};

    if (!stockctl_settings_load(STOCKCTL_NEED_DATABASE, &settings, err))
        return EXIT_USAGE;
    pg = pg_open(settings.database_url, "stockctl", err);
    if (pg == NULL) {
        err_wrap(err, "STOCKBUS_DATABASE_URL");
        return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_USAGE;
    }
    if (pg_run(pg, sql, params, ret_rows, err))
        return EXIT_OK;
    if (err->code == ERR_RETRY)
        return EXIT_UNAVAILABLE;
    err_wrap(err, "is the database migrated, and the role stockbus_audit?");
    return EXIT_REFUSED;
}

/* Looked up once: by name for each cell, it took most of the time of a long answer. */
static void database_columns(const struct pg_rows *rows, const struct stockctl_column *columns,
                             size_t *ret_at)
{
    for (size_t i = 0; columns[i].name != NULL; i++) {
        size_t at = 0;

        while (at < pg_rows_columns(rows) &&
               strcmp(pg_rows_column_name(rows, at), columns[i].name) != 0)
            at++;
        assert(at < pg_rows_columns(rows) && "no such column in the result");
        ret_at[i] = at;
    }
}

void stockctl_database_print(const struct pg_rows *rows, size_t count,
                             const struct stockctl_column *columns, struct stockctl_output *output)
{
    size_t at[STOCKCTL_COLUMNS_MAX];

    database_columns(rows, columns, at);
    for (size_t row = 0; row < count; row++) {
        const char *cells[STOCKCTL_COLUMNS_MAX];

        for (size_t i = 0; columns[i].name != NULL; i++)
            cells[i] = pg_rows_value(rows, row, at[i]);
        stockctl_output_row(output, cells);
    }
}
