#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pg/internal.h"

struct pg_rows *pg_rows_new(struct pg_result *result)
{
    struct pg_rows *rows = mem_calloc(1, sizeof(*rows));

    rows->result = result;
    return rows;
}

void pg_rows_free(struct pg_rows *rows)
{
    if (rows == NULL)
        return;
    PQclear(rows->result);
    arena_free(rows->decoded);
    mem_free(rows);
}

size_t pg_rows_count(const struct pg_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

int64_t pg_rows_affected(const struct pg_rows *rows)
{
    /* The text is empty for statements that touch no rows, and then 0 is right. */
    return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

/* PQfnumber() copies and folds the name each time: it is asked only when the guess is wrong. */
static int rows_find(const struct pg_rows *rows, const char *column, int guess)
{
    const char *name = PQfname(rows->result, guess);

    return name != NULL && strcmp(name, column) == 0 ? guess : PQfnumber(rows->result, column);
}

/* Names are literals: the same pointer is the same name. */
static int rows_column(const struct pg_rows *rows, const char *column)
{
    struct pg_rows *cache = (struct pg_rows *)(uintptr_t)rows;
    int at = rows->next_column;

    if (at >= PG_COLUMNS_KNOWN || rows->asked[at] != column) {
        at = rows_find(rows, column, at);
        assert(at >= 0 && "no such column in the result");
        if (at < PG_COLUMNS_KNOWN)
            cache->asked[at] = column;
    }
    cache->next_column = at + 1 < PQnfields(rows->result) ? at + 1 : 0;
    return at;
}

const char *pg_rows_text(const struct pg_rows *rows, size_t row, const char *column)
{
    return pg_rows_value(rows, row, (size_t)rows_column(rows, column));
}

int64_t pg_rows_int(const struct pg_rows *rows, size_t row, const char *column)
{
    const char *text = pg_rows_text(rows, row, column);
    char *end = NULL;

    if (text == NULL)
        return 0;
    errno = 0;
    int64_t value = strtoll(text, &end, 10);
    assert(errno == 0 && end != text && *end == '\0' && "the column holds no bigint");
    return value;
}

bool pg_rows_bool(const struct pg_rows *rows, size_t row, const char *column)
{
    const char *text = pg_rows_text(rows, row, column);

    return text != NULL && strcmp(text, "t") == 0;
}

bool pg_rows_is_null(const struct pg_rows *rows, size_t row, const char *column)
{
    return pg_rows_text(rows, row, column) == NULL;
}

const void *pg_rows_bytes(const struct pg_rows *rows, size_t row, const char *column,
                          size_t *ret_len)
{
    /* Caching what was decoded does not change the rows. */
    struct pg_rows *cache = (struct pg_rows *)(uintptr_t)rows;
    const char *text = pg_rows_text(rows, row, column);
    size_t len = 0;

    if (ret_len != NULL)
        *ret_len = 0;
    if (text == NULL)
        return NULL;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &len);
    if (bytes == NULL)
        abort(); /* out of memory, as in mem_* */
    if (cache->decoded == NULL)
        cache->decoded = arena_new();
    const void *copy = arena_memdup(cache->decoded, bytes, len);
    PQfreemem(bytes);
    if (ret_len != NULL)
        *ret_len = len;
    return copy;
}

size_t pg_rows_columns(const struct pg_rows *rows)
{
    return (size_t)PQnfields(rows->result);
}

const char *pg_rows_column_name(const struct pg_rows *rows, size_t column)
{
    assert(column < pg_rows_columns(rows));
    return PQfname(rows->result, (int)column);
}

const char *pg_rows_value(const struct pg_rows *rows, size_t row, size_t column)
{
    assert(row < pg_rows_count(rows) && column < pg_rows_columns(rows));
    if (PQgetisnull(rows->result, (int)row, (int)column))
        return NULL;
    return PQgetvalue(rows->result, (int)row, (int)column);
}
