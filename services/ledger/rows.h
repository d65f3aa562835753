/*
 * Turns rows of structs into one array parameter per column, for unnest(): a statement's parameters
 * are a table of columns instead of a loop of its own.
 */
#pragma once

#include <stddef.h>

#include "lib/base/mem.h"
#include "lib/pg/pg.h"

enum ledger_rows_kind { LEDGER_ROWS_END, LEDGER_ROWS_TEXT, LEDGER_ROWS_INT };

struct ledger_rows_column {
    enum ledger_rows_kind kind; /* const char * or int64_t */
    size_t offset;
};

#define LEDGER_ROWS_TEXT_OF(type, field)        \
    {                                           \
        LEDGER_ROWS_TEXT, offsetof(type, field) \
    }
#define LEDGER_ROWS_INT_OF(type, field)        \
    {                                          \
        LEDGER_ROWS_INT, offsetof(type, field) \
    }

/* rows: count pointers to structs. columns are closed by LEDGER_ROWS_END; {0} does it. */
void ledger_rows_params(struct pg_params *params, struct arena *arena, const void *const *rows,
                        size_t count, const struct ledger_rows_column *columns);

/* Runs the statement with these columns; nothing is run for no rows. Without ret_rows it is queued
   (pg_queue()), so that the next rows are made while the server writes these. */
bool ledger_rows_run(struct pg *pg, struct arena *arena, const char *sql, const void *const *rows,
                     size_t count, const struct ledger_rows_column *columns,
                     struct pg_rows **ret_rows, struct err *err) MUST_CHECK;
/* Bytes as a TEXT column carries them, for decode(..., 'hex'). In the arena. */
const char *ledger_rows_hex(struct arena *arena, const void *bytes, size_t len);
