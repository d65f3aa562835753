/*
 * The one door to libpq: a connection, typed array parameters, results read by column name, and
 * SERIALIZABLE transactions that run again on 40001 and 40P01, at COMMIT too. SQLSTATEs become
 * error codes in one table. Query texts are files (services/<s>/sql/<verb>_<noun>.sql), embedded as
 * sql_<stem>; no SQL is ever built from pieces.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

struct pg;        /* a connection */
struct pg_rows;   /* a result */
struct pg_params; /* parameters of one call */

/* Connects and pins search_path, time zone and application_name. NULL with ERR_RETRY when the
   server is away, ERR_FATAL when the URL, role or database is wrong. */
struct pg *pg_open(const char *url, const char *application_name, struct err *err);
void pg_close(struct pg *pg);
SCOPE_DEFINE(pg, struct pg, pg_close)
/* False after the connection was lost; then close it and open a new one. */
bool pg_is_alive(const struct pg *pg);

/* Parameters, numbered in the order of the calls. Arrays become PostgreSQL arrays, for unnest(), in
   binary: they are text[] or bigint[] and nothing else, so what is a uuid is cast there. Text is
   copied at the call; arrays of text may hold NULLs. */
struct pg_params *pg_params_new(void);
void pg_params_free(struct pg_params *params);
SCOPE_DEFINE(pg_params, struct pg_params, pg_params_free)
void pg_params_text(struct pg_params *params, const char *value); /* NULL: null */
void pg_params_int(struct pg_params *params, int64_t value);
void pg_params_bool(struct pg_params *params, bool value);
void pg_params_bytes(struct pg_params *params, const void *bytes, size_t len);
void pg_params_text_array(struct pg_params *params, const char *const *values, size_t count);
void pg_params_int_array(struct pg_params *params, const int64_t *values, size_t count);

/* Runs one statement, prepared on first use of its text on this connection. params may be NULL.
   ret_rows may be NULL when no rows are wanted. *ret_rows is owned. */
bool pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
            struct pg_rows **ret_rows, struct err *err) MUST_CHECK;
/* Like pg_run() without rows, but does not wait: while the server works, the caller makes the next
   one. The order is kept. What became of it is told by the next call that waits, pg_run(),
   pg_exec() or the end of pg_tx_run(), and that one's own statement is not run then. */
bool pg_queue(struct pg *pg, const char *sql, const struct pg_params *params,
              struct err *err) MUST_CHECK;
/* A second session for pg_run_beside(); pg owns it from now on, and is alive while both are. */
void pg_put_beside(struct pg *pg, struct pg *beside);
/* Like pg_run(), for a SELECT in the body of pg_tx_run(): the session beside runs it at the
   transaction's snapshot, so it sees nothing that the transaction wrote itself, and takes no
   predicate locks. For rows whose every change also writes a row that the transaction reads or
   writes itself. Without a session beside it is pg_run(). */
bool pg_run_beside(struct pg *pg, const char *sql, const struct pg_params *params,
                   struct pg_rows **ret_rows, struct err *err) MUST_CHECK;
/* The transaction reads nothing more there: that session lets go of the snapshot. The end of
   pg_tx_run() does so, too. */
void pg_end_beside(struct pg *pg);
/* Several statements without parameters (BEGIN, SET, LISTEN ...). */
bool pg_exec(struct pg *pg, const char *sql, struct err *err) MUST_CHECK;

void pg_rows_free(struct pg_rows *rows);
SCOPE_DEFINE(pg_rows, struct pg_rows, pg_rows_free)
size_t pg_rows_count(const struct pg_rows *rows);
/* Rows that an INSERT, UPDATE or DELETE touched. */
int64_t pg_rows_affected(const struct pg_rows *rows);
/* By column name, a literal; an unknown name asserts. Text is borrowed from rows; SQL NULL is NULL
 * / 0 / false. */
const char *pg_rows_text(const struct pg_rows *rows, size_t row, const char *column);
int64_t pg_rows_int(const struct pg_rows *rows, size_t row, const char *column);
bool pg_rows_bool(const struct pg_rows *rows, size_t row, const char *column);
bool pg_rows_is_null(const struct pg_rows *rows, size_t row, const char *column);
/* bytea, decoded. *ret_len may be NULL. Borrowed from rows. */
const void *pg_rows_bytes(const struct pg_rows *rows, size_t row, const char *column,
                          size_t *ret_len);
/* For printing whole results. */
size_t pg_rows_columns(const struct pg_rows *rows);
const char *pg_rows_column_name(const struct pg_rows *rows, size_t column);
const char *pg_rows_value(const struct pg_rows *rows, size_t row, size_t column);

/* The body may run several times: it changes only the database and `state`, and resets state. */
typedef bool pg_tx_body(struct pg *pg, void *state, struct err *err);

/* BEGIN ISOLATION LEVEL SERIALIZABLE, body, COMMIT; again on ERR_CONFLICT, at most
   PG_TX_TRIES_MAX times. `outcome unknown` (connection lost at COMMIT) is ERR_RETRY with
   *ret_unknown set, when the caller wants to know (may be NULL): the body must be idempotent.
   *ret_tries (may be NULL) says how often the body ran. */
enum { PG_TX_TRIES_MAX = 10 };
bool pg_tx_run(struct pg *pg, pg_tx_body *body, void *state, int *ret_tries, bool *ret_unknown,
               struct err *err) MUST_CHECK;
/* Told of each run of a body that ended in ERR_CONFLICT, with the SQLSTATE: 40001 or 40P01. */
typedef void pg_lost_race(void *opaque, const char *sqlstate);
void pg_on_lost_race(struct pg *pg, pg_lost_race *told, void *opaque);
