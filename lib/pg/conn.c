#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/pg/connect.h"
#include "lib/pg/internal.h"

enum { STATEMENT_NAME_LEN = 16 };

SCOPE_DEFINE(conn_result, struct pg_result, PQclear)

/* Notices go nowhere, but tx.c must know of a WARNING at COMMIT. */
static void conn_notice(void *opaque, const PGresult *notice)
{
    struct pg *pg = opaque;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);

    if (severity != NULL && sqlstate != NULL && strcmp(severity, "WARNING") == 0)
        snprintf(pg->warning, sizeof(pg->warning), "%s", sqlstate);
}

struct pg *pg_open(const char *url, const char *application_name, struct err *err)
{
    SCOPED(pg) struct pg *pg = NULL;

    pg = mem_calloc(1, sizeof(*pg));
    pg->conn = pg_connect_start(url, application_name, err);
    if (pg->conn == NULL)
        return NULL;
    PQsetNoticeReceiver(pg->conn, conn_notice, pg);
    PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
    if (!pg_connect_finish(pg->conn, err))
        return NULL;
    PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
    return STEAL(pg);
}

void pg_close(struct pg *pg)
{
    if (pg == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(pg->statements); i++)
        mem_free(pg->statements[i].sql);
    PQfinish(pg->conn);
    mem_free(pg);
}

bool pg_is_alive(const struct pg *pg)
{
    return !pg->lost && PQstatus(pg->conn) == CONNECTION_OK;
}

static bool conn_is_hanging_up(const struct pg_result *result)
{
    const char *severity =
        result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    return severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

bool pg_failed(struct pg *pg, const struct pg_result *result, struct err *err)
{
    const char *sqlstate = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *why = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (PQstatus(pg->conn) == CONNECTION_BAD || conn_is_hanging_up(result))
        pg->lost = true;
    if (sqlstate != NULL && why != NULL)
        return err_set(err, pg->lost ? ERR_RETRY : pg_sqlstate_code(sqlstate), "%.*s (%s)",
                       (int)strcspn(why, "\n"), why, sqlstate);
    why = PQerrorMessage(pg->conn);
    if (pg->lost)
        return err_set(err, ERR_RETRY, "database connection lost: %.*s", (int)strcspn(why, "\n"),
                       why);
    return err_set(err, ERR_FATAL, "libpq: %.*s", (int)strcspn(why, "\n"), why);
}

static bool conn_check(struct pg *pg, const struct pg_result *result, struct err *err)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return true;
    if (status == PGRES_EMPTY_QUERY)
        return err_set(err, ERR_FATAL, "the statement is empty");
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) {
        pg->lost = true; /* nothing but the end of a copy is accepted any more */
        return err_set(err, ERR_FATAL, "COPY has no door in lib/pg");
    }
    return pg_failed(pg, result, err);
}

/* The statement's slot, or the free one where it belongs: the table is at most half full. */
static size_t conn_statement_slot(const struct pg *pg, const char *sql, uint64_t hash)
{
    size_t at = hash % ARRAY_LEN(pg->statements);

    while (pg->statements[at].sql != NULL &&
           (pg->statements[at].hash != hash || strcmp(pg->statements[at].sql, sql) != 0))
        at = (at + 1) % ARRAY_LEN(pg->statements);
    return at;
}

/* name becomes "" (run it unprepared) when this connection holds PG_STATEMENTS_MAX others. */
static bool conn_prepare(struct pg *pg, const char *sql, char name[STATEMENT_NAME_LEN],
                         struct err *err)
{
    SCOPED(conn_result) struct pg_result *result = NULL;
    uint64_t hash = hash_text(sql);
    size_t at = conn_statement_slot(pg, sql, hash);

    name[0] = '\0';
    if (pg->statements[at].sql == NULL && pg->statements_len == PG_STATEMENTS_MAX)
        return true;
    snprintf(name, STATEMENT_NAME_LEN, "s%zu", at);
    if (pg->statements[at].sql != NULL)
        return true;
    result = PQprepare(pg->conn, name, sql, 0, NULL);
    if (!conn_check(pg, result, err))
        return false;
    pg->statements[at] = (struct pg_statement){.hash = hash, .sql = mem_strdup(sql)};
    pg->statements_len++;
    return true;
}

static struct pg_result *conn_send(struct pg *pg, const char *sql, const char *name,
                                   const struct pg_params *params)
{
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
    int count = params == NULL ? 0 : params->len;

    for (int i = 0; i < count; i++) {
        values[i] = pg_params_value(params, i);
        lengths[i] = (int)params->at[i].value.len;
        formats[i] = params->at[i].is_binary;
    }
    if (name[0] == '\0')
        return PQexecParams(pg->conn, sql, count, NULL, values, lengths, formats, 0);
    return PQexecPrepared(pg->conn, name, count, values, lengths, formats, 0);
}

bool pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
            struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(conn_result) struct pg_result *result = NULL;
    char name[STATEMENT_NAME_LEN];

    if (!conn_prepare(pg, sql, name, err))
        return false;
    result = conn_send(pg, sql, name, params);
    if (!conn_check(pg, result, err))
        return false;
    if (ret_rows != NULL)
        *ret_rows = pg_rows_new(STEAL(result));
    return true;
}

bool pg_exec(struct pg *pg, const char *sql, struct err *err)
{
    SCOPED(conn_result) struct pg_result *result = NULL;

    result = PQexec(pg->conn, sql);
    return conn_check(pg, result, err);
}
