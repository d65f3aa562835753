/*
 * Rows of the database against the rows that there must be: both in the order of their key, one
 * pass, each difference told once. A table of columns serves every kind of row.
 */
#pragma once

#include <stddef.h>

#include "lib/pg/pg.h"

#include "tools/stockctl/cursor.h"
#include "tools/stockctl/differences.h"
#include "tools/stockctl/rows.h"

/* The first field from number `from` on that differs from the cursor's column, which stands
   `shift` columns further to the right; fields_len: none. *ret_expected is filled then. */
size_t stockctl_compare_row(const struct stockctl_cursor *stored, size_t shift,
                            const struct stockctl_field *fields, size_t fields_len, size_t from,
                            const void *row, struct buf *ret_expected);
/* *ret_checked: stored rows that were compared. */
bool stockctl_compare_table(struct pg *pg, const struct stockctl_rows *rows,
                            struct stockctl_differences *differences, int64_t *ret_checked,
                            struct err *err) MUST_CHECK;
