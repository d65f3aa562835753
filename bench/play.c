/* The bare loop: the transactions of a tape, sent again as they are, with nothing around them. One
   that fails to serialize runs again.

     play URL TAPE LEVEL     LEVEL: serializable or "read committed" */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include "bench/figures.h"
#include "bench/tape.h"

enum { PARAMS_MAX = 64 };

struct player {
    PGconn *conn;
    const char *at; /* in the tape */
    const char *end;
    char begin[64];
    struct figures *figures;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "play: %s: %s\n", what, why);
    exit(1);
}

static void read_file(const char *path, struct buf *out)
{
    char block[65536];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        die(path, "can't be read");
    for (size_t len = fread(block, 1, sizeof(block), file); len > 0;
         len = fread(block, 1, sizeof(block), file))
        buf_append(out, block, len);
    fclose(file);
}

/* ---- reading the tape */

static void take(struct player *player, void *out, size_t len)
{
    memcpy(out, player->at, len);
    player->at += len;
}

static const char *take_text(struct player *player)
{
    uint32_t len = 0;

    take(player, &len, sizeof(len));
    const char *text = player->at;
    player->at += len;
    return text;
}

/* ---- sending it */

/* False: the transaction has to run again. */
static bool done(struct player *player, PGresult *result, const char *what)
{
    ExecStatusType status = PQresultStatus(result);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        if (sqlstate == NULL || (strcmp(sqlstate, "40001") != 0 && strcmp(sqlstate, "40P01") != 0))
            die(what, PQerrorMessage(player->conn));
        figures_retry(player->figures, sqlstate);
    }
    PQclear(result);
    return sqlstate == NULL;
}

static bool play_statement(struct player *player, bool wait)
{
    const char *name = take_text(player);
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    int count = 0;

    take(player, &count, sizeof(count));
    for (int i = 0; i < count; i++) {
        int32_t len = 0;

        take(player, &len, sizeof(len));
        take(player, &formats[i], sizeof(formats[i]));
        values[i] = len < 0 ? NULL : player->at;
        lengths[i] = len;
        player->at += len < 0 ? 0 : len + 1;
    }
    if (wait)
        return done(player, PQexecPrepared(player->conn, name, count, values, lengths, formats, 0),
                    name);
    if (PQpipelineStatus(player->conn) == PQ_PIPELINE_OFF && PQenterPipelineMode(player->conn) == 0)
        die(name, PQerrorMessage(player->conn));
    if (PQsendQueryPrepared(player->conn, name, count, values, lengths, formats, 0) == 0)
        die(name, PQerrorMessage(player->conn));
    PQflush(player->conn);
    return true;
}

static bool play_sync(struct player *player)
{
    bool ok = true;
    bool synced = false;

    if (PQpipelineSync(player->conn) == 0)
        die("pipeline", PQerrorMessage(player->conn));
    while (!synced) {
        PGresult *result = PQgetResult(player->conn);
        ExecStatusType status = PQresultStatus(result);

        synced = status == PGRES_PIPELINE_SYNC;
        if (result == NULL || synced || status == PGRES_PIPELINE_ABORTED)
            PQclear(result);
        else
            ok = done(player, result, "pipeline") && ok;
    }
    PQexitPipelineMode(player->conn);
    return ok;
}

static bool play_transaction(struct player *player, const char *begin)
{
    if (!done(player, PQexec(player->conn, begin), "BEGIN"))
        return false;
    for (char kind = *player->at++; kind != TAPE_COMMIT; kind = *player->at++) {
        if (kind != TAPE_RUN && kind != TAPE_QUEUE && kind != TAPE_SYNC)
            die("the tape", "is broken");
        if (!(kind == TAPE_SYNC ? play_sync(player) : play_statement(player, kind == TAPE_RUN)))
            return false;
    }
    return done(player, PQexec(player->conn, "COMMIT"), "COMMIT");
}

static void play_again_until_done(struct player *player)
{
    const char *start = player->at;
    int64_t begin_us = clock_monotonic_us();

    while (!play_transaction(player, player->begin)) {
        if (PQpipelineStatus(player->conn) != PQ_PIPELINE_OFF)
            play_sync(player);
        PQclear(PQexec(player->conn, "ROLLBACK"));
        player->at = start;
    }
    figures_transaction(player->figures, clock_monotonic_us() - begin_us);
}

static void play(struct player *player)
{
    while (player->at < player->end) {
        char kind = *player->at++;

        if (kind == TAPE_BEGIN) {
            play_again_until_done(player);
            continue;
        }
        if (kind == TAPE_BESIDE) {
            if (!play_transaction(player, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                die("a transaction that only reads", "lost a race");
            continue;
        }
        const char *name = take_text(player);
        const char *text = take_text(player);
        PGresult *result = kind == TAPE_PREPARE ? PQprepare(player->conn, name, text, 0, NULL)
                                                : PQexec(player->conn, text);
        if (!done(player, result, text))
            die(text, "lost a race");
    }
}

int main(int argc, char **argv)
{
    SCOPED(buf) struct buf tape = {0};
    struct player player = {0};

    if (argc != 4)
        return 2;
    player.conn = PQconnectdb(argv[1]);
    if (PQstatus(player.conn) != CONNECTION_OK)
        die("connecting", PQerrorMessage(player.conn));
    read_file(argv[2], &tape);
    player.at = tape.bytes;
    player.end = tape.bytes + tape.len;
    snprintf(player.begin, sizeof(player.begin), "BEGIN ISOLATION LEVEL %s", argv[3]);
    player.figures = figures_start(PQbackendPID(player.conn));
    play(&player);
    figures_finish(player.figures);
    PQfinish(player.conn);
    return 0;
}
