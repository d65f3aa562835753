#include "tools/stockctl/cursor.h"

#include <stdlib.h>

static bool cursor_fetch(struct stockctl_cursor *cursor, struct err *err)
{
    pg_rows_free(cursor->rows);
    cursor->rows = NULL;
    cursor->at = 0;
    cursor->is_there = false;
    if (!pg_run(cursor->pg, cursor->fetch, NULL, &cursor->rows, err))
        return false;
    cursor->is_there = pg_rows_count(cursor->rows) > 0;
    return true;
}

bool stockctl_cursor_open(struct stockctl_cursor *cursor, struct pg *pg, const char *declare,
                          const char *fetch, struct err *err)
{
    *cursor = (struct stockctl_cursor){.pg = pg, .fetch = fetch};
    return pg_exec(pg, declare, err) && cursor_fetch(cursor, err);
}

bool stockctl_cursor_next(struct stockctl_cursor *cursor, struct err *err)
{
    if (!cursor->is_there || ++cursor->at < pg_rows_count(cursor->rows))
        return true;
    return cursor_fetch(cursor, err);
}

void stockctl_cursor_release(struct stockctl_cursor *cursor)
{
    pg_rows_free(cursor->rows);
    *cursor = (struct stockctl_cursor){0};
}

const char *stockctl_cursor_text(const struct stockctl_cursor *cursor, size_t column)
{
    const char *text = pg_rows_value(cursor->rows, cursor->at, column);

    return text == NULL ? "" : text;
}

int64_t stockctl_cursor_int(const struct stockctl_cursor *cursor, size_t column)
{
    return strtoll(stockctl_cursor_text(cursor, column), NULL, 10);
}

bool stockctl_cursor_is_null(const struct stockctl_cursor *cursor, size_t column)
{
    return pg_rows_value(cursor->rows, cursor->at, column) == NULL;
}
