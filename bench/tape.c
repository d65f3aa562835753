/*
 * Looks over libpq's shoulder (LD_PRELOAD), so that the ledger is measured as it is built.
 *
 *   BENCH_TIMES=FILE   a line per transaction that committed: BEGIN and COMMIT, in us of the
 *                      monotonic clock; and a line `! SQLSTATE` per error
 *   BENCH_TAPE=FILE    what committed transactions sent: texts, prepared statements, parameters;
 *                      `play` sends them again
 *
 * Only connections that begin transactions are written down. Under load the ledger has one of them,
 * and one that reads at its snapshot.
 */
#include "bench/tape.h"

#include <dlfcn.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"

enum { CONNECTIONS_MAX = 16 };

struct connection {
    const PGconn *conn;
    int64_t begin_us;
    bool in_transaction;
    bool is_beside;         /* reads at the snapshot of another one's transactions */
    struct buf session;     /* SET ... and PREPARE, since the connection began */
    struct buf transaction; /* since BEGIN */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct connection connections[CONNECTIONS_MAX];
static FILE *times;
static FILE *tape;
static _Thread_local bool is_inside; /* libpq calls itself, and that comes by here */

static FILE *open_from(const char *name)
{
    const char *path = getenv(name);

    return path == NULL ? NULL : fopen(path, "w");
}

__attribute__((constructor)) static void tape_open(void)
{
    times = open_from("BENCH_TIMES");
    tape = open_from("BENCH_TAPE");
}

__attribute__((destructor)) static void tape_close(void)
{
    if (times != NULL)
        fclose(times);
    if (tape != NULL)
        fclose(tape);
}

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    if (found == NULL)
        abort();
    return found;
}

static struct connection *connection_of(const PGconn *conn)
{
    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (connections[i].conn == conn || connections[i].conn == NULL) {
            connections[i].conn = conn;
            return &connections[i];
        }
    }
    abort();
}

/* ---- what is written */

static void put_text(struct buf *out, const char *text)
{
    uint32_t len = (uint32_t)strlen(text) + 1;

    buf_append(out, &len, sizeof(len));
    buf_append(out, text, len);
}

/* `play` has one connection for both: their statements must not share names. */
static void put_name(const struct connection *connection, struct buf *out, const char *name)
{
    char full[64];

    snprintf(full, sizeof(full), "%s%s", connection->is_beside ? "beside_" : "", name);
    put_text(out, full);
}

static void put_session(struct connection *connection, char kind, const char *name,
                        const char *text)
{
    if (tape == NULL)
        return;
    buf_char(&connection->session, kind);
    put_name(connection, &connection->session, name);
    put_text(&connection->session, text);
}

static void put_run(struct connection *connection, char kind, const char *name, int count,
                    const char *const *values, const int *lengths, const int *formats)
{
    struct buf *out = &connection->transaction;

    if (tape == NULL || !connection->in_transaction)
        return;
    buf_char(out, kind);
    put_name(connection, out, name);
    buf_append(out, &count, sizeof(count));
    for (int i = 0; i < count; i++) {
        int32_t len = values[i] == NULL ? -1
                      : formats[i] == 1 ? lengths[i]
                                        : (int32_t)strlen(values[i]);

        buf_append(out, &len, sizeof(len));
        buf_append(out, &formats[i], sizeof(formats[i]));
        if (len >= 0) {
            buf_append(out, values[i], (size_t)len);
            buf_char(out, '\0');
        }
    }
}

static void write_out(struct buf *bytes)
{
    if (bytes->len > 0)
        fwrite(bytes->bytes, 1, bytes->len, tape);
    buf_clear(bytes);
}

static void begin(struct connection *connection, const char *query, int64_t now_us)
{
    connection->begin_us = now_us;
    connection->is_beside = strstr(query, "SET TRANSACTION SNAPSHOT") != NULL;
    connection->in_transaction = true;
    buf_clear(&connection->transaction);
}

static void committed(struct connection *connection)
{
    connection->in_transaction = false;
    if (times != NULL && !connection->is_beside)
        fprintf(times, "%lld %lld\n", (long long)connection->begin_us,
                (long long)clock_monotonic_us());
    if (tape == NULL)
        return;
    write_out(&connection->session);
    fputc(connection->is_beside ? TAPE_BESIDE : TAPE_BEGIN, tape);
    write_out(&connection->transaction);
    fputc(TAPE_COMMIT, tape);
}

static void note_error(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (times != NULL && sqlstate != NULL)
        fprintf(times, "! %s\n", sqlstate);
}

/* ---- what is looked over */

PGresult *PQexec(PGconn *conn, const char *query)
{
    static PGresult *(*next)(PGconn *, const char *);
    int64_t now_us = clock_monotonic_us();

    if (next == NULL)
        *(void **)&next = real("PQexec");
    is_inside = true;
    PGresult *result = next(conn, query);
    is_inside = false;
    pthread_mutex_lock(&mutex);
    struct connection *connection = connection_of(conn);
    note_error(result);
    if (strncmp(query, "BEGIN", 5) == 0)
        begin(connection, query, now_us);
    else if (strcmp(query, "COMMIT") == 0 && strcmp(PQcmdStatus(result), "COMMIT") == 0)
        committed(connection);
    else if (strcmp(query, "COMMIT") == 0 || strcmp(query, "ROLLBACK") == 0)
        connection->in_transaction = false;
    else
        put_session(connection, TAPE_EXEC, "", query);
    pthread_mutex_unlock(&mutex);
    return result;
}

PGresult *PQprepare(PGconn *conn, const char *name, const char *query, int count, const Oid *types)
{
    static PGresult *(*next)(PGconn *, const char *, const char *, int, const Oid *);

    if (next == NULL)
        *(void **)&next = real("PQprepare");
    pthread_mutex_lock(&mutex);
    put_session(connection_of(conn), TAPE_PREPARE, name, query);
    pthread_mutex_unlock(&mutex);
    return next(conn, name, query, count, types);
}

PGresult *PQexecPrepared(PGconn *conn, const char *name, int count, const char *const *values,
                         const int *lengths, const int *formats, int result_format)
{
    static PGresult *(*next)(PGconn *, const char *, int, const char *const *, const int *,
                             const int *, int);

    if (next == NULL)
        *(void **)&next = real("PQexecPrepared");
    is_inside = true;
    PGresult *result = next(conn, name, count, values, lengths, formats, result_format);
    is_inside = false;
    pthread_mutex_lock(&mutex);
    note_error(result);
    put_run(connection_of(conn), TAPE_RUN, name, count, values, lengths, formats);
    pthread_mutex_unlock(&mutex);
    return result;
}

int PQsendQueryPrepared(PGconn *conn, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format)
{
    static int (*next)(PGconn *, const char *, int, const char *const *, const int *, const int *,
                       int);

    if (next == NULL)
        *(void **)&next = real("PQsendQueryPrepared");
    if (!is_inside) {
        pthread_mutex_lock(&mutex);
        put_run(connection_of(conn), TAPE_QUEUE, name, count, values, lengths, formats);
        pthread_mutex_unlock(&mutex);
    }
    return next(conn, name, count, values, lengths, formats, result_format);
}

int PQpipelineSync(PGconn *conn)
{
    static int (*next)(PGconn *);

    if (next == NULL)
        *(void **)&next = real("PQpipelineSync");
    pthread_mutex_lock(&mutex);
    if (tape != NULL && connection_of(conn)->in_transaction)
        buf_char(&connection_of(conn)->transaction, TAPE_SYNC);
    pthread_mutex_unlock(&mutex);
    return next(conn);
}

PGresult *PQgetResult(PGconn *conn)
{
    static PGresult *(*next)(PGconn *);

    if (next == NULL)
        *(void **)&next = real("PQgetResult");
    PGresult *result = next(conn);
    if (is_inside)
        return result;
    pthread_mutex_lock(&mutex);
    note_error(result);
    pthread_mutex_unlock(&mutex);
    return result;
}
