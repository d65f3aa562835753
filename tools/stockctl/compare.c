#include "tools/stockctl/compare.h"

#include <inttypes.h>
#include <stdlib.h>
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

size_t stockctl_compare_row(const struct stockctl_cursor *stored, size_t shift,
                            const struct stockctl_field *fields, size_t fields_len, size_t from,
                            const void *row, struct buf *ret_expected)
{
    for (size_t i = from; i < fields_len; i++) {
        if (fields[i].kind == FIELD_INT
                ? stockctl_cursor_int(stored, shift + i) == field_int(&fields[i], row)
                : strcmp(stockctl_cursor_text(stored, shift + i), field_text(&fields[i], row)) == 0)
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

/* ---- rows in the order of their key ---- */

static int row_order(const void *one, const void *other, void *opaque)
{
    const struct stockctl_table *table = opaque;
    const void *a = *(const void *const *)one;
    const void *b = *(const void *const *)other;
    int order = 0;

    for (size_t i = 0; order == 0 && i < table->keys_len; i++)
        order = strcmp(field_text(&table->fields[i], a), field_text(&table->fields[i], b));
    return order;
}

static int stored_order(const struct stockctl_table *table, const struct stockctl_cursor *stored,
                        const void *row)
{
    int order = 0;

    for (size_t i = 0; order == 0 && i < table->keys_len; i++)
        order = strcmp(stockctl_cursor_text(stored, i), field_text(&table->fields[i], row));
    return order;
}

/* ---- what differs ---- */

struct comparison {
    const struct stockctl_table *table;
    struct stockctl_cursor stored;
    struct stockctl_differences *differences;
    struct buf key;
    struct buf expected;
};

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

static void comparison_row(struct comparison *comparison, const void *row)
{
    const struct stockctl_table *table = comparison->table;
    size_t at = stockctl_compare_row(&comparison->stored, 0, table->fields, table->fields_len,
                                     table->keys_len, row, &comparison->expected);

    if (at == table->fields_len)
        return;
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, table->name);

    difference.key = comparison_key(comparison, NULL);
    difference.column = table->fields[at].name;
    difference.stored = stockctl_cursor_text(&comparison->stored, at);
    difference.expected = buf_str(&comparison->expected);
    stockctl_differences_add(comparison->differences, &difference, DIFFERENCE_BY_TOPIC);
}

static bool comparison_run(struct comparison *comparison, const void *const *rows, size_t count,
                           int64_t *ret_checked, struct err *err)
{
    struct stockctl_cursor *stored = &comparison->stored;
    size_t at = 0;

    while (at < count || stored->is_there) {
        int order = !stored->is_there ? 1
                    : at == count     ? -1
                                      : stored_order(comparison->table, stored, rows[at]);

        if (order > 0)
            comparison_tell(comparison, DIFFERENCE_MISSING, rows[at]);
        else if (order < 0)
            comparison_tell(comparison, DIFFERENCE_EXTRA, NULL);
        else
            comparison_row(comparison, rows[at]);
        at += order >= 0;
        *ret_checked += order <= 0;
        if (order <= 0 && !stockctl_cursor_next(stored, err))
            return false;
    }
    return true;
}

bool stockctl_compare_table(struct pg *pg, const struct stockctl_table *table, const void **rows,
                            size_t count, struct stockctl_differences *differences,
                            int64_t *ret_checked, struct err *err)
{
    struct comparison comparison = {.table = table, .differences = differences};

    *ret_checked = 0;
    if (count > 1)
        qsort_r(rows, count, sizeof(*rows), row_order, (void *)(uintptr_t)table);
    bool ok = stockctl_cursor_open(&comparison.stored, pg, table->declare,
                                   sql_stockctl_fetch_stored, err) &&
              comparison_run(&comparison, rows, count, ret_checked, err) &&
              pg_exec(pg, sql_stockctl_close_stored, err);
    stockctl_cursor_release(&comparison.stored);
    buf_release(&comparison.key);
    buf_release(&comparison.expected);
    return ok;
}
