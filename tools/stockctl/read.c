#include "tools/stockctl/read.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"

int stockctl_read_rows(const struct stockctl_options *options, const char *sql,
                       struct pg_params *params, const struct stockctl_column *columns,
                       int64_t *ret_rows, struct err *err)
{
    SCOPED(pg_params) struct pg_params *own = params;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;
    int64_t limit = options->limit < 0 ? OPTIONS_LIMIT_FALLBACK : options->limit;

    pg_params_int(own, limit + 1);
    int status = stockctl_database_ask(sql, own, &rows, err);
    if (status != EXIT_OK)
        return status;
    *ret_rows = (int64_t)pg_rows_count(rows);
    bool more = *ret_rows > limit;
    output = stockctl_output_new(columns, options->json, limit);
    stockctl_database_print(rows, (size_t)(more ? limit : *ret_rows), columns, output);
    stockctl_output_print(output);
    if (more)
        fprintf(stderr, "stockctl: the first %" PRId64 " are shown, --limit N shows more\n", limit);
    return EXIT_OK;
}

int stockctl_read_query(const struct stockctl_options *options, const char *sql,
                        struct pg_params *params, const struct stockctl_column *columns,
                        const char *nothing, struct err *err)
{
    int64_t rows = 0;
    int status = stockctl_read_rows(options, sql, params, columns, &rows, err);

    if (status != EXIT_OK || rows > 0)
        return status;
    fprintf(stderr, "stockctl: %s\n", nothing);
    return EXIT_FINDINGS;
}
