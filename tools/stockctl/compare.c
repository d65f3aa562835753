#include "tools/stockctl/compare.h"

#include <inttypes.h>
#include <string.h>

#include "sql.h"

static const char *field_text(const struct stockctl_field *field, const void *row)
{
    return *(const char *const *)((const char *)row + field->offset);
}

static int64_t field_int(const struct stockctl_field *field, const void *row)
{
    return *(const int64_t *)((const char *)row + field->offset);
}

/* NULL is equal to nothing. */
static bool field_is_stored(const struct stockctl_field *field,
                            const struct stockctl_cursor *stored, size_t column, const void *row)
{
    if (stockctl_cursor_is_null(stored, column))
        return false;
    if (field->kind == FIELD_INT)
        return stockctl_cursor_int(stored, column) == field_int(field, row);
    return strcmp(stockctl_cursor_text(stored, column), field_text(field, row)) == 0;
}

size_t stockctl_compare_row(const struct stockctl_cursor *stored, size_t shift,
                            const struct stockctl_field *fields, size_t fields_len, size_t from,
                            const void *row, struct buf *ret_expected)
{
    for (size_t i = from; i < fields_len; i++) {
        if (field_is_stored(&fields[i], stored, shift + i, row))
            continue;
        buf_clear(ret_expected);
        if (fields[i].kind == FIELD_INT)
            buf_printf(ret_expected, "%" PRId64, field_int(&fields[i], row));
        else
            buf_text(ret_expected, field_text(&fields[i], row));
        return i;
    }
    return fields_len;
}

/* ---- what differs ---- */

struct comparison {
    const struct stockctl_rows *rows;
    const struct stockctl_table *table;
    struct stockctl_cursor stored;
    struct stockctl_differences *differences;
    struct arena *arena; /* of the row in hand */
    void *row;
    struct buf key;
    struct buf expected;
};

static int stored_order(const struct comparison *comparison)
{
    const struct stockctl_table *table = comparison->table;
    int order = 0;

    for (size_t i = 0; order == 0 && i < table->keys_len; i++)
        order = strcmp(stockctl_cursor_text(&comparison->stored, i),
                       field_text(&table->fields[i], comparison->row));
    return order;
}

/* row NULL: the stored one's. */
static const char *comparison_key(struct comparison *comparison, const void *row)
{
    const struct stockctl_table *table = comparison->table;

    buf_clear(&comparison->key);
    for (size_t i = 0; i < table->keys_len; i++)
        buf_printf(&comparison->key, "%s%s '%s'", i == 0 ? "" : ", ", table->fields[i].name,
                   row == NULL ? stockctl_cursor_text(&comparison->stored, i)
                               : field_text(&table->fields[i], row));
    return buf_str(&comparison->key);
}

static void comparison_tell(struct comparison *comparison, enum stockctl_difference_kind kind,
                            const void *row)
{
    struct stockctl_difference difference = stockctl_difference_of(kind, comparison->table->name);

    difference.key = comparison_key(comparison, row);
    stockctl_differences_add(comparison->differences, &difference, DIFFERENCE_BY_TOPIC);
}

static void comparison_row(struct comparison *comparison)
{
    const struct stockctl_table *table = comparison->table;
    size_t at = stockctl_compare_row(&comparison->stored, 0, table->fields, table->fields_len,
                                     table->keys_len, comparison->row, &comparison->expected);

    if (at == table->fields_len)
        return;
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, table->name);

    difference.key = comparison_key(comparison, NULL);
    difference.column = table->fields[at].name;
    difference.stored = stockctl_cursor_text(&comparison->stored, at);
    difference.expected = buf_str(&comparison->expected);
    stockctl_differences_add(comparison->differences, &difference, DIFFERENCE_BY_TOPIC);
}

static void comparison_read(struct comparison *comparison, const struct stockctl_row *row)
{
    arena_reset(comparison->arena);
    comparison->row = arena_alloc(comparison->arena, comparison->table->size);
    stockctl_rows_read(comparison->rows, row, comparison->arena, comparison->row);
}

static bool comparison_run(struct comparison *comparison, const struct stockctl_row *const *rows,
                           int64_t *ret_checked, struct err *err)
{
    struct stockctl_cursor *stored = &comparison->stored;
    size_t count = stockctl_rows_len(comparison->rows);
    size_t at = 0;

    if (count > 0)
        comparison_read(comparison, rows[0]);
    while (at < count || stored->is_there) {
        int order = !stored->is_there ? 1 : at == count ? -1 : stored_order(comparison);

        if (order > 0)
            comparison_tell(comparison, DIFFERENCE_MISSING, comparison->row);
        else if (order < 0)
            comparison_tell(comparison, DIFFERENCE_EXTRA, NULL);
        else
            comparison_row(comparison);
        *ret_checked += order <= 0;
        if (order >= 0 && ++at < count)
            comparison_read(comparison, rows[at]);
        if (order <= 0 && !stockctl_cursor_next(stored, err))
            return false;
    }
    return true;
}

/* ---- one table ---- */

/* The columns of the view, and the first of them, the key, by which its rows are sorted. */
static bool comparison_open(struct comparison *comparison, struct pg *pg, struct err *err)
{
    const struct stockctl_table *table = comparison->table;
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    const char **columns = arena_alloc(comparison->arena, table->fields_len * sizeof(*columns));

    for (size_t i = 0; i < table->fields_len; i++)
        columns[i] = table->fields[i].name;
    pg_params_text(params, table->view);
    pg_params_text_array(params, columns, table->fields_len);
    pg_params_int(params, (int64_t)table->keys_len);
    return pg_run(pg, sql_stockctl_set_proof, params, NULL, err) &&
           stockctl_cursor_open(&comparison->stored, pg, sql_stockctl_open_proof_rows,
                                sql_stockctl_fetch_stored, err);
}

bool stockctl_compare_table(struct pg *pg, const struct stockctl_rows *rows,
                            struct stockctl_differences *differences, int64_t *ret_checked,
                            struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(mem) const struct stockctl_row **sorted = stockctl_rows_sorted(rows);
    struct comparison comparison = {.rows = rows,
                                    .table = stockctl_rows_table(rows),
                                    .differences = differences,
                                    .arena = arena};

    *ret_checked = 0;
    bool ok = comparison_open(&comparison, pg, err) &&
              comparison_run(&comparison, sorted, ret_checked, err) &&
              pg_exec(pg, sql_stockctl_close_stored, err);
    stockctl_cursor_release(&comparison.stored);
    buf_release(&comparison.key);
    buf_release(&comparison.expected);
    return ok;
}
