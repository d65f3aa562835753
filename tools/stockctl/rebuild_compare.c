#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/event/digest.h"

#include "tools/stockctl/rebuild.h"
#include "tools/stockctl/tables.h"

#include "sql.h"

/* A table that nobody says anything of (tables.c) follows from the events but for its clocks; so a
   new one is compared until somebody does. */
#define CLOCKS "applied_at,applied_ms,changed_at,claimed_at,closed_at,filed_ms,opened_at,seen_at"

bool stockctl_rebuild_set(struct pg *pg, const char *schema, const char *table, const char *leave,
                          const char *only, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    pg_params_text(params, schema);
    pg_params_text(params, table);
    pg_params_text(params, leave);
    pg_params_text(params, only);
    return pg_run(pg, sql_stockctl_set_rebuild, params, NULL, err);
}

/* ---- one table ---- */

struct side {
    struct stockctl_cursor rows;
    struct buf bytes; /* the hash so far, then the row */
    unsigned char hash[DIGEST_SHA256_LEN];
    int64_t count;
};

static void side_scope_end(struct side *side)
{
    stockctl_cursor_release(&side->rows);
    buf_release(&side->bytes);
}

static bool side_open(struct side *side, struct pg *pg, const char *schema, const char *table,
                      const char *leave, const char *only, struct err *err)
{
    return stockctl_rebuild_set(pg, schema, table, leave, only, err) &&
           stockctl_cursor_open(&side->rows, pg, sql_stockctl_open_rebuild_rows,
                                sql_stockctl_fetch_stored, err);
}

static const char *side_row(const struct side *side)
{
    return side->rows.is_there ? stockctl_cursor_text(&side->rows, 0) : NULL;
}

static bool side_next(struct side *side, struct err *err)
{
    buf_clear(&side->bytes);
    buf_append(&side->bytes, side->hash, sizeof(side->hash));
    buf_text(&side->bytes, side_row(side));
    digest_sha256(side->bytes.bytes, side->bytes.len, side->hash);
    side->count++;
    return stockctl_cursor_next(&side->rows, err);
}

/* Both sides are sorted: what only one of them has is told. */
static bool compare_rows(struct rebuild *rebuild, const char *table, struct side *live,
                         struct side *rebuilt, struct err *err)
{
    while (side_row(live) != NULL || side_row(rebuilt) != NULL) {
        int order = side_row(live) == NULL      ? 1
                    : side_row(rebuilt) == NULL ? -1
                                                : strcmp(side_row(live), side_row(rebuilt));
        struct stockctl_difference difference =
            stockctl_difference_of(order < 0 ? DIFFERENCE_EXTRA : DIFFERENCE_MISSING, table);

        if (order != 0) {
            difference.key = side_row(order < 0 ? live : rebuilt);
            stockctl_differences_add(&rebuild->differences, &difference, DIFFERENCE_BY_REBUILD);
        }
        if ((order <= 0 && !side_next(live, err)) || (order >= 0 && !side_next(rebuilt, err)))
            return false;
    }
    return true;
}

static void compare_tell(struct rebuild *rebuild, const char *table, const struct side *live,
                         const struct side *rebuilt)
{
    SCOPED(buf) struct buf hex = {0};

    rebuild->tables++;
    if (rebuild->options->json)
        return;
    buf_hex(&hex, live->hash, sizeof(live->hash));
    buf_text(&hex, "  ");
    if (memcmp(live->hash, rebuilt->hash, sizeof(live->hash)) == 0)
        buf_text(&hex, "equal");
    else
        buf_hex(&hex, rebuilt->hash, sizeof(rebuilt->hash));
    printf("%-22s %9" PRId64 " %9" PRId64 "  %s\n", table, live->count, rebuilt->count,
           buf_str(&hex));
}

static const char *text_or_nothing(const char *text)
{
    return text == NULL ? "" : text;
}

static bool compare_table(struct rebuild *rebuild, const char *table, struct err *err)
{
    const struct stockctl_coverage *coverage = stockctl_coverage_of(table);
    bool is_fresh = rebuild->options->fresh;
    SCOPED(side) struct side live = {0};
    SCOPED(side) struct side rebuilt = {0};

    if (coverage->is_out || (is_fresh && coverage->is_order))
        return true;
    const char *leave =
        arena_printf(rebuild->arena, "{%s%s%s}", CLOCKS, text_or_nothing(coverage->leave),
                     is_fresh ? text_or_nothing(coverage->leave_fresh) : "");
    const char *only = is_fresh && coverage->only_fresh != NULL ? coverage->only_fresh : "{}";
    if (strcmp(table, "partitions") == 0) /* the other topics' are nobody's here */
        only = arena_printf(rebuild->arena, "{\"topic\": \"%s\"}", rebuild->topic);
    if (!side_open(&live, rebuild->live, "ledger", table, leave, only, err) ||
        !side_open(&rebuilt, rebuild->work, rebuild->schema, table, leave, only, err) ||
        !compare_rows(rebuild, table, &live, &rebuilt, err))
        return false;
    compare_tell(rebuild, table, &live, &rebuilt);
    return pg_exec(rebuild->live, sql_stockctl_close_stored, err) &&
           pg_exec(rebuild->work, sql_stockctl_close_stored, err);
}

bool stockctl_rebuild_compare(struct rebuild *rebuild, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *tables = NULL;

    if (!pg_run(rebuild->live, sql_stockctl_select_rebuild_tables, NULL, &tables, err) ||
        !pg_exec(rebuild->work, sql_stockctl_begin_proof, err))
        return false;
    if (!rebuild->options->json)
        printf("%-22s %9s %9s  %s\n", "table", "live", "rebuilt", "SHA-256 of the sorted rows");
    for (size_t i = 0; i < pg_rows_count(tables); i++) {
        if (!compare_table(rebuild, pg_rows_text(tables, i, "name"), err))
            return false;
    }
    return pg_exec(rebuild->work, "COMMIT", err);
}
