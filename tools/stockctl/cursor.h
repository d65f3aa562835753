/*
 * The rows of a query of any length in bounded memory: a cursor of the transaction under way. The
 * statement that declares it, the one that fetches from it and the one that closes it are files.
 */
#pragma once

#include "lib/pg/pg.h"

struct stockctl_cursor {
    struct pg *pg;
    const char *fetch;
    struct pg_rows *rows;
    size_t at;
    bool is_there; /* stands on a row */
};

/* Stands on the first row, if there is one. */
bool stockctl_cursor_open(struct stockctl_cursor *cursor, struct pg *pg, const char *declare,
                          const char *fetch, struct err *err) MUST_CHECK;
/* False on failure; after the last row is_there is false. */
bool stockctl_cursor_next(struct stockctl_cursor *cursor, struct err *err) MUST_CHECK;
/* Frees the rows; the cursor itself goes with the transaction, or by its statement. {0} is fine. */
void stockctl_cursor_release(struct stockctl_cursor *cursor);
static inline void stockctl_cursor_scope_end(struct stockctl_cursor *cursor)
{
    stockctl_cursor_release(cursor);
}
/* Of the row that it stands on; NULL is "" and 0. */
const char *stockctl_cursor_text(const struct stockctl_cursor *cursor, size_t column);
int64_t stockctl_cursor_int(const struct stockctl_cursor *cursor, size_t column);
bool stockctl_cursor_is_null(const struct stockctl_cursor *cursor, size_t column);
