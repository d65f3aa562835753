/* The limit: binary COPY of rows into tables. Each file is cut into as many parts as there are
   transactions for all of it; each transaction copies its part of each file.

     copy URL PARTS MOST TABLE COLUMNS FILE...      FILE: what COPY ... TO (FORMAT binary) gave;
   MOST: transactions that are run */
#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include "bench/figures.h"

enum { HEADER_LEN = 19, TRAILER_LEN = 2, TABLES_MAX = 32 };

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

struct table {
    char sql[1024];
    struct buf bytes; /* of the file */
    const char *at;   /* the next row */
    size_t rows;
    size_t copied;
};

static void table_open(struct table *table, char *const *words)
{
    snprintf(table->sql, sizeof(table->sql), "COPY %s (%s) FROM STDIN (FORMAT binary)", words[0],
             words[1]);
    read_file(words[2], &table->bytes);
    table->at = table->bytes.bytes + HEADER_LEN;
    for (const char *row = table->at; row_len(row) > 0; row += row_len(row))
        table->rows++;
}

static void table_copy(PGconn *conn, struct table *table, size_t part, size_t parts)
{
    static const char trailer[TRAILER_LEN] = {'\xff', '\xff'};
    size_t upto = table->rows * (part + 1) / parts;
    const char *from = table->at;

    if (table->copied == upto)
        return;
    for (; table->copied < upto; table->copied++)
        table->at += row_len(table->at);
    must(conn, table->sql, PGRES_COPY_IN);
    if (PQputCopyData(conn, table->bytes.bytes, HEADER_LEN) != 1 ||
        PQputCopyData(conn, from, (int)(table->at - from)) != 1 ||
        PQputCopyData(conn, trailer, TRAILER_LEN) != 1 || PQputCopyEnd(conn, NULL) != 1)
        die(conn, "sending rows");
    for (PGresult *result = PQgetResult(conn); result != NULL; result = PQgetResult(conn)) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            die(conn, "the end of COPY");
        PQclear(result);
    }
}

int main(int argc, char **argv)
{
    static struct table tables[TABLES_MAX];
    size_t tables_len = argc < 4 ? 0 : (size_t)(argc - 4) / 3;

    if (tables_len == 0 || tables_len > TABLES_MAX || (argc - 4) % 3 != 0)
        return 2;
    PGconn *conn = PQconnectdb(argv[1]);
    if (PQstatus(conn) != CONNECTION_OK)
        die(conn, "connecting");
    size_t parts = strtoul(argv[2], NULL, 10);
    size_t most = strtoul(argv[3], NULL, 10);
    for (size_t i = 0; i < tables_len; i++)
        table_open(&tables[i], argv + 4 + 3 * i);
    struct figures *figures = figures_start(PQbackendPID(conn));
    for (size_t part = 0; part < parts && part < most; part++) {
        int64_t begin_us = clock_monotonic_us();

        must(conn, "BEGIN", PGRES_COMMAND_OK);
        for (size_t i = 0; i < tables_len; i++)
            table_copy(conn, &tables[i], part, parts);
        must(conn, "COMMIT", PGRES_COMMAND_OK);
        figures_transaction(figures, clock_monotonic_us() - begin_us);
    }
    figures_finish(figures);
    for (size_t i = 0; i < tables_len; i++)
        buf_release(&tables[i].bytes);
    PQfinish(conn);
    return 0;
}
