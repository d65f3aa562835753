/* Within lib/pg only: what lies behind the opaque types, and the SQLSTATE policy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"

/* libpq's own tags, so that its header is needed only where it is called. */
struct pg_conn;
struct pg_result;

enum { PG_SQLSTATE_LEN = 5, PG_STATEMENTS_MAX = 256, PG_PARAMS_MAX = 64, PG_COLUMNS_KNOWN = 32 };

/* A slot is empty while sql is NULL. Its index is the statement's name at the server. */
struct pg_statement {
    uint64_t hash;
    char *sql;
};

struct pg {
    struct pg_conn *conn;
    bool lost; /* PQstatus() alone still says OK after a FATAL that was read before the hang-up */
    char warning[PG_SQLSTATE_LEN + 1]; /* of the last WARNING since it was emptied */
    struct pg_statement statements[2 * PG_STATEMENTS_MAX];
    size_t statements_len;
    bool is_queueing; /* libpq is in pipeline mode: statements are sent and not answered yet */
    char failure[PG_SQLSTATE_LEN + 1]; /* SQLSTATE of the last error */
    pg_lost_race *lost_race;           /* may be NULL */
    void *lost_race_opaque;
    struct pg *beside;    /* NULL: none */
    bool is_beside_begun; /* the session beside has this transaction's snapshot */
};

struct pg_param {
    struct buf value;
    bool is_null;
    bool is_binary;
};

struct pg_params {
    struct pg_param at[PG_PARAMS_MAX];
    int len;
};

struct pg_rows {
    struct pg_result *result;
    int next_column; /* callers ask for columns in the same order, row after row */
    const char *asked[PG_COLUMNS_KNOWN]; /* the literal by which each column was asked for last */
    struct arena *decoded; /* bytea values that were asked for; NULL until the first */
};

/* First matching prefix wins; what is not listed is our bug: ERR_FATAL. */
enum err_code pg_sqlstate_code(const char *sqlstate);

/* Fills err from a failed result or, without one, from the connection, and notes a lost
   connection. Returns false. */
bool pg_failed(struct pg *pg, const struct pg_result *result, struct err *err);

/* Waits for what pg_queue() sent, and says what failed first. */
bool pg_settle(struct pg *pg, struct err *err) MUST_CHECK;

/* The value as it goes to the server; NULL for a null. Borrowed from params. */
const char *pg_params_value(const struct pg_params *params, int at);

/* Takes the result. */
struct pg_rows *pg_rows_new(struct pg_result *result);
