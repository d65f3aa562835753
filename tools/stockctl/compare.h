/*
 * Rows of the database against the rows of a fold: both in the order of their key, one pass, each
 * difference told once. A table of columns serves every kind of row.
 */
#pragma once

#include <stddef.h>

#include "lib/pg/pg.h"

#include "tools/stockctl/cursor.h"
#include "tools/stockctl/differences.h"

enum stockctl_field_kind { FIELD_TEXT, FIELD_INT }; /* const char * or int64_t */

/* A column of a query, in its order, and the member of the struct that it must equal. */
struct stockctl_field {
    const char *name;
    enum stockctl_field_kind kind;
    size_t offset;
};

struct stockctl_table {
    const char *name;
    const char *declare; /* declares the cursor `stored`, ordered by its keys byte by byte */
    const struct stockctl_field *fields;
    size_t fields_len;
    size_t keys_len; /* the first fields, which are texts */
};

/* The first field from number `from` on that differs from the cursor's column, which stands
   `shift` columns further to the right; fields_len: none. *ret_expected is filled then. */
size_t stockctl_compare_row(const struct stockctl_cursor *stored, size_t shift,
                            const struct stockctl_field *fields, size_t fields_len, size_t from,
                            const void *row, struct buf *ret_expected);
/* Sorts rows. *ret_checked: stored rows that were compared. */
bool stockctl_compare_table(struct pg *pg, const struct stockctl_table *table, const void **rows,
                            size_t count, struct stockctl_differences *differences,
                            int64_t *ret_checked, struct err *err) MUST_CHECK;
