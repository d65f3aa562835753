#include <stdio.h>

#include "lib/pg/internal.h"

enum { BESIDE_BEGIN_LEN = 256 };

void pg_put_beside(struct pg *pg, struct pg *beside)
{
    pg_close(pg->beside);
    pg->beside = beside;
}

/* SET TRANSACTION SNAPSHOT takes no parameter; the name is the server's own. */
static bool beside_begin(struct pg *pg, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    char begin[BESIDE_BEGIN_LEN];

    if (pg->is_beside_begun)
        return true;
    if (!pg_run(pg, "SELECT pg_export_snapshot() AS snapshot", NULL, &rows, err))
        return false;
    snprintf(begin, sizeof(begin),
             "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'",
             pg_rows_text(rows, 0, "snapshot"));
    pg->is_beside_begun = true;
    return pg_exec(pg->beside, begin, err);
}

bool pg_run_beside(struct pg *pg, const char *sql, const struct pg_params *params,
                   struct pg_rows **ret_rows, struct err *err)
{
    if (pg->beside == NULL)
        return pg_run(pg, sql, params, ret_rows, err);
    return beside_begin(pg, err) && pg_run(pg->beside, sql, params, ret_rows, err);
}

/* When it can't let go, it is lost. */
void pg_end_beside(struct pg *pg)
{
    struct err ignored;

    if (!pg->is_beside_begun)
        return;
    pg->is_beside_begun = false;
    if (pg_is_alive(pg->beside) && !pg_exec(pg->beside, "COMMIT", &ignored))
        pg->beside->lost = true;
}
