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
    pg_close(pg->beside);
    PQfinish(pg->conn);
    mem_free(pg);
}

bool pg_is_alive(const struct pg *pg)
{
    return !pg->lost && PQstatus(pg->conn) == CONNECTION_OK &&
           (pg->beside == NULL || pg_is_alive(pg->beside));
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
    snprintf(pg->failure, sizeof(pg->failure), "%s", sqlstate == NULL ? "" : sqlstate);
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

/* Parameters as libpq wants them. */
struct conn_values {
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
    int count;
};

static void conn_values(struct conn_values *out, const struct pg_params *params)
{
    out->count = params == NULL ? 0 : params->len;
    for (int i = 0; i < out->count; i++) {
        out->values[i] = pg_params_value(params, i);
        out->lengths[i] = (int)params->at[i].value.len;
        out->formats[i] = params->at[i].is_binary;
    }
}

static struct pg_result *conn_send(struct pg *pg, const char *sql, const char *name,
                                   const struct pg_params *params)
{
    struct conn_values to;

    conn_values(&to, params);
    if (name[0] == '\0')
        return PQexecParams(pg->conn, sql, to.count, NULL, to.values, to.lengths, to.formats, 0);
    return PQexecPrepared(pg->conn, name, to.count, to.values, to.lengths, to.formats, 0);
}

bool pg_run(struct pg *pg, const char *sql, const struct pg_params *params,
            struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(conn_result) struct pg_result *result = NULL;
    char name[STATEMENT_NAME_LEN];

    if (!pg_settle(pg, err) || !conn_prepare(pg, sql, name, err))
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

    if (!pg_settle(pg, err))
        return false;
    result = PQexec(pg->conn, sql);
    return conn_check(pg, result, err);
}

/* ---- statements that nobody waits for, libpq's pipeline mode ---- */

static bool conn_is_prepared(const struct pg *pg, const char *sql)
{
    return pg->statements[conn_statement_slot(pg, sql, hash_text(sql))].sql != NULL;
}

bool pg_queue(struct pg *pg, const char *sql, const struct pg_params *params, struct err *err)
{
    struct conn_values to;
    char name[STATEMENT_NAME_LEN];

    /* Preparing waits, and a pipeline that failed would have skipped it. */
    if (!conn_is_prepared(pg, sql) && !pg_settle(pg, err))
        return false;
    if (!conn_prepare(pg, sql, name, err))
        return false;
    if (name[0] == '\0')
        return pg_run(pg, sql, params, NULL, err);
    conn_values(&to, params);
    if (!pg->is_queueing && PQenterPipelineMode(pg->conn) == 0)
        return pg_failed(pg, NULL, err);
    pg->is_queueing = true;
    if (PQsendQueryPrepared(pg->conn, name, to.count, to.values, to.lengths, to.formats, 0) == 0)
        return pg_failed(pg, NULL, err);
    /* libpq would keep small ones back; a failure shows when it is waited for. */
    PQflush(pg->conn);
    return true;
}

/* Each statement's result is followed by a NULL; two of them mean that no more will come. */
static bool conn_drain(struct pg *pg, bool *ret_synced, struct err *err)
{
    bool ok = true;

    *ret_synced = false;
    for (int nulls = 0; nulls < 2 && !*ret_synced;) {
        SCOPED(conn_result) struct pg_result *result = PQgetResult(pg->conn);
        ExecStatusType status = PQresultStatus(result);

        nulls = result == NULL ? nulls + 1 : 0;
        *ret_synced = status == PGRES_PIPELINE_SYNC;
        if (result == NULL || *ret_synced || status == PGRES_PIPELINE_ABORTED || !ok)
            continue;
        ok = conn_check(pg, result, err);
    }
    return ok;
}

bool pg_settle(struct pg *pg, struct err *err)
{
    bool synced = false;
    bool ok = true;

    if (!pg->is_queueing)
        return true;
    pg->is_queueing = false;
    if (PQpipelineSync(pg->conn) == 1)
        ok = conn_drain(pg, &synced, err);
    if (synced && PQexitPipelineMode(pg->conn) == 1)
        return ok;
    if (ok)
        pg_failed(pg, NULL, err);
    pg->lost = true; /* its answers can't be told apart any more */
    err->code = ERR_RETRY;
    return false;
}
