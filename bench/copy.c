/* The limit: binary COPY of rows into a table, a transaction per ROWS rows.

     copy URL TABLE COLUMNS FILE ROWS MOST      FILE: what COPY ... TO (FORMAT binary) gave; MOST:
                                                rows in all */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include "bench/figures.h"

enum { HEADER_LEN = 19, TRAILER_LEN = 2 };

static void die(PGconn *conn, const char *what)
{
    fprintf(stderr, "copy: %s: %s\n", what, conn == NULL ? "" : PQerrorMessage(conn));
    exit(1);
}

static void must(PGconn *conn, const char *sql, ExecStatusType wanted)
{
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != wanted)
        die(conn, sql);
    PQclear(result);
}

static void read_file(const char *path, struct buf *out)
{
    char block[65536];
    FILE *file = fopen(path, "r");

    if (file == NULL)
        die(NULL, path);
    for (size_t len = fread(block, 1, sizeof(block), file); len > 0;
         len = fread(block, 1, sizeof(block), file))
        buf_append(out, block, len);
    fclose(file);
}

/* Bytes of the row that begins there: a count of fields, and each with its length; 0 at the end. */
static size_t row_len(const char *row)
{
    uint16_t fields = 0;
    size_t len = sizeof(fields);

    memcpy(&fields, row, sizeof(fields));
    fields = ntohs(fields);
    if (fields == UINT16_MAX)
        return 0;
    for (uint16_t i = 0; i < fields; i++) {
        uint32_t field = 0;

        memcpy(&field, row + len, sizeof(field));
        field = ntohl(field);
        len += sizeof(field) + (field == UINT32_MAX ? 0 : field);
    }
    return len;
}

static void copy_rows(PGconn *conn, const char *sql, const char *header, const char *rows,
                      size_t len)
{
    static const char trailer[TRAILER_LEN] = {'\xff', '\xff'};

    must(conn, "BEGIN", PGRES_COMMAND_OK);
    must(conn, sql, PGRES_COPY_IN);
    if (PQputCopyData(conn, header, HEADER_LEN) != 1 || PQputCopyData(conn, rows, (int)len) != 1 ||
        PQputCopyData(conn, trailer, TRAILER_LEN) != 1 || PQputCopyEnd(conn, NULL) != 1)
        die(conn, "sending rows");
    for (PGresult *result = PQgetResult(conn); result != NULL; result = PQgetResult(conn)) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            die(conn, "the end of COPY");
        PQclear(result);
    }
    must(conn, "COMMIT", PGRES_COMMAND_OK);
}

int main(int argc, char **argv)
{
    SCOPED(buf) struct buf bytes = {0};
    SCOPED(buf) struct buf sql = {0};

    if (argc != 7)
        return 2;
    PGconn *conn = PQconnectdb(argv[1]);
    if (PQstatus(conn) != CONNECTION_OK)
        die(conn, "connecting");
    read_file(argv[4], &bytes);
    buf_printf(&sql, "COPY %s (%s) FROM STDIN (FORMAT binary)", argv[2], argv[3]);
    size_t per_commit = strtoul(argv[5], NULL, 10);
    size_t left = strtoul(argv[6], NULL, 10);
    struct figures *figures = figures_start(PQbackendPID(conn));
    const char *at = bytes.bytes + HEADER_LEN;
    for (bool more = true; more;) {
        int64_t begin_us = clock_monotonic_us();
        const char *from = at;
        size_t rows = 0;

        for (size_t len = row_len(at); len > 0 && rows < per_commit && left > 0;
             len = row_len(at)) {
            at += len;
            rows++;
            left--;
        }
        more = rows == per_commit;
        if (rows == 0)
            break;
        copy_rows(conn, buf_str(&sql), bytes.bytes, from, (size_t)(at - from));
        figures_transaction(figures, clock_monotonic_us() - begin_us);
    }
    figures_finish(figures);
    PQfinish(conn);
    return 0;
}
