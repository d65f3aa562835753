#include <assert.h>
#include <libpq-fe.h>
#include <string.h>
#include <time.h>

#include "lib/base/retry.h"
#include "lib/pg/internal.h"

SCOPE_DEFINE(tx_result, struct pg_result, PQclear)

static const struct retry_policy tx_retry = {
    .base_ms = 1, .cap_ms = 50, .tries_max = PG_TX_TRIES_MAX};

static void tx_pause(int attempt)
{
    int ms = retry_pause_ms(&tx_retry, attempt, retry_random());
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

/* A body that ends the transaction by itself, or hides an error, has broken every promise here. */
static bool tx_committed(struct pg *pg, struct pg_result *result, bool *unknown, struct err *err)
{
    if (strcmp(PQcmdStatus(result), "COMMIT") != 0)
        return err_set(err, ERR_FATAL, "the body hid an error: COMMIT became ROLLBACK");
    if (strcmp(pg->warning, "25P01") == 0) /* no_active_sql_transaction */
        return err_set(err, ERR_FATAL, "the body ended the transaction by itself");
    if (pg->warning[0] == '\0')
        return true;
    /* The wait for the synchronous standby was cancelled: committed here, perhaps not there. */
    *unknown = true;
    return err_set(err, ERR_RETRY, "outcome unknown: COMMIT came with a warning (%s)", pg->warning);
}

static bool tx_commit(struct pg *pg, bool *unknown, struct err *err)
{
    SCOPED(tx_result) struct pg_result *result = NULL;

    pg->warning[0] = '\0';
    result = PQexec(pg->conn, "COMMIT");
    if (PQresultStatus(result) == PGRES_COMMAND_OK)
        return tx_committed(pg, result, unknown, err);
    pg_failed(pg, result, err);
    const char *sqlstate = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    *unknown = pg->lost || (sqlstate != NULL &&
                            (strncmp(sqlstate, "08", 2) == 0 || strcmp(sqlstate, "40003") == 0));
    if (*unknown) {
        err->code = ERR_RETRY;
        err_wrap(err, "outcome unknown at COMMIT");
    }
    return false;
}

/* If this fails too, err already says why; the connection is of no more use then. */
static void tx_rollback(struct pg *pg)
{
    struct err ignored = {0}; /* what failed among the queued ones goes with the rest */

    if (!pg_settle(pg, &ignored) && !pg_is_alive(pg))
        return;
    if (!pg_is_alive(pg) || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        return;
    PQclear(PQexec(pg->conn, "ROLLBACK"));
    if (PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        pg->lost = true;
}

static bool tx_attempt(struct pg *pg, pg_tx_body *body, void *state, bool *unknown, struct err *err)
{
    if (!pg_exec(pg, "BEGIN ISOLATION LEVEL SERIALIZABLE", err))
        return false;
    bool ok = body(pg, state, err);

    pg_end_beside(pg);
    if (ok && pg_settle(pg, err) && tx_commit(pg, unknown, err))
        return true;
    tx_rollback(pg);
    return false;
}

void pg_on_lost_race(struct pg *pg, pg_lost_race *told, void *opaque)
{
    pg->lost_race = told;
    pg->lost_race_opaque = opaque;
}

static bool tx_lost_race(struct pg *pg, const struct err *err)
{
    if (err->code != ERR_CONFLICT)
        return false;
    if (pg->lost_race != NULL)
        pg->lost_race(pg->lost_race_opaque, pg->failure);
    return true;
}

bool pg_tx_run(struct pg *pg, pg_tx_body *body, void *state, int *ret_tries, bool *ret_unknown,
               struct err *err)
{
    bool unknown = false;
    bool done = false;
    int tries = 0;

    assert(!pg_is_alive(pg) || pg->is_queueing || PQtransactionStatus(pg->conn) == PQTRANS_IDLE);
    while (!done && tries < PG_TX_TRIES_MAX) {
        if (tries > 0)
            tx_pause(tries);
        tries++;
        *err = (struct err){0};
        done = tx_attempt(pg, body, state, &unknown, err);
        if (!done && !tx_lost_race(pg, err))
            break;
    }
    if (ret_tries != NULL)
        *ret_tries = tries;
    if (ret_unknown != NULL)
        *ret_unknown = unknown;
    if (!done && err->code == ERR_CONFLICT) {
        err->code = ERR_RETRY;
        err_wrap(err, "lost the race %d times", tries);
    }
    return done;
}
