#include "services/ledger/rows.h"

#include "lib/base/buf.h"

static const void *ledger_rows_field(const void *row, size_t offset)
{
    return (const char *)row + offset;
}

static void ledger_rows_texts(struct pg_params *params, struct arena *arena,
                              const void *const *rows, size_t count, size_t offset)
{
    const char **values = arena_alloc(arena, count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = *(const char *const *)ledger_rows_field(rows[i], offset);
    pg_params_text_array(params, values, count);
}

static void ledger_rows_ints(struct pg_params *params, struct arena *arena, const void *const *rows,
                             size_t count, size_t offset)
{
    int64_t *values = arena_alloc(arena, count * sizeof(*values));

    for (size_t i = 0; i < count; i++)
        values[i] = *(const int64_t *)ledger_rows_field(rows[i], offset);
    pg_params_int_array(params, values, count);
}

void ledger_rows_params(struct pg_params *params, struct arena *arena, const void *const *rows,
                        size_t count, const struct ledger_rows_column *columns)
{
    for (; columns->kind != LEDGER_ROWS_END; columns++) {
        if (columns->kind == LEDGER_ROWS_TEXT)
            ledger_rows_texts(params, arena, rows, count, columns->offset);
        else
            ledger_rows_ints(params, arena, rows, count, columns->offset);
    }
}

bool ledger_rows_run(struct pg *pg, struct arena *arena, const char *sql, const void *const *rows,
                     size_t count, const struct ledger_rows_column *columns,
                     struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    if (count == 0)
        return true;
    ledger_rows_params(params, arena, rows, count, columns);
    return ret_rows == NULL ? pg_queue(pg, sql, params, err)
                            : pg_run(pg, sql, params, ret_rows, err);
}

const char *ledger_rows_hex(struct arena *arena, const void *bytes, size_t len)
{
    SCOPED(buf) struct buf hex = {0};

    buf_hex(&hex, bytes, len);
    return arena_strdup(arena, buf_str(&hex));
}
