/*
 * Getting a connection. libpq is driven step by step, because only a connection that exists can be
 * told to put SQLSTATEs into its messages, and without them "wrong password" and "server starting
 * up" are told apart by prose only.
 */
#include "lib/pg/connect.h"

#include <libpq-fe.h>
#include <poll.h>
#include <string.h>

#include "lib/base/clock.h"

enum { CONNECT_TIMEOUT_MS = 5000 };

/* Names in our SQL carry their schema; nothing may be picked up from elsewhere. The URL's own
   options come behind these and win. */
static const char connect_pinned[] = "-c search_path=pg_catalog -c TimeZone=UTC -c DateStyle=ISO "
                                     "-c bytea_output=hex";

SCOPE_DEFINE(connect_info, PQconninfoOption, PQconninfoFree)

/* libpq's own text about a broken URL quotes it, password included. */
static bool connect_options(const char *url, struct buf *out, struct err *err)
{
    SCOPED(connect_info) PQconninfoOption *info = NULL;
    char *why = NULL;

    info = PQconninfoParse(url, &why);
    PQfreemem(why);
    if (info == NULL)
        return err_set(err, ERR_FATAL,
                       "the database URL is malformed: write postgresql://role@host:port/database");
    buf_text(out, connect_pinned);
    for (const PQconninfoOption *at = info; at->keyword != NULL; at++) {
        if (strcmp(at->keyword, "options") == 0 && at->val != NULL)
            buf_printf(out, " %s", at->val);
    }
    return true;
}

struct pg_conn *pg_connect_start(const char *url, const char *application_name, struct err *err)
{
    SCOPED(buf) struct buf options = {0};

    if (!connect_options(url, &options, err))
        return NULL;
    /* Later ones win: a dead peer is noticed in about 10 s unless the URL says otherwise. */
    const char *const names[] = {"keepalives_idle",  "keepalives_interval", "keepalives_count",
                                 "tcp_user_timeout", "dbname",              "application_name",
                                 "client_encoding",  "options",             NULL};
    const char *const values[] = {"5",     "2",   "3",
                                  "10000", url,   application_name,
                                  "UTF8",  buf_str(&options), NULL};
    struct pg_conn *conn = PQconnectStartParams(names, values, 1);

    if (conn == NULL)
        err_set(err, ERR_RETRY, "no memory for a database connection");
    return conn;
}

static const struct {
    const char *prefix;
    const char *advice;
} connect_advice[] = {
    {"28",    "check the role and the password of the database URL, and pg_hba.conf"},
    {"3D",    "check the database name of the database URL"                         },
    {"42501", "check that the role may connect to this database"                    },
    {"53",    "check max_connections and the server's resources"                    },
    {"57",    "the server is starting or stopping"                                  },
    {"",      "check the database URL"                                              },
};

static const char *connect_advice_for(const char *sqlstate)
{
    size_t i = 0;

    while (strncmp(sqlstate, connect_advice[i].prefix, strlen(connect_advice[i].prefix)) != 0)
        i++; /* ends at "" */
    return connect_advice[i].advice;
}

/* In "FATAL:  28P01: password authentication failed ..." the place of the SQLSTATE, or NULL. */
static const char *connect_sqlstate(const char *text)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (const char *at = strstr(text, ":  "); at != NULL; at = strstr(at + 1, ":  ")) {
        if (strspn(at + 3, digits) == PG_SQLSTATE_LEN && at[3 + PG_SQLSTATE_LEN] == ':')
            return at + 3;
    }
    return NULL;
}

static bool connect_failed(const struct pg_conn *conn, struct err *err)
{
    const char *text = PQerrorMessage(conn);
    const char *sqlstate = connect_sqlstate(text);

    if (sqlstate != NULL) {
        const char *why = sqlstate + PG_SQLSTATE_LEN + 1;

        why += strspn(why, " ");
        return err_set(err, pg_sqlstate_code(sqlstate), "database: %.*s (%.*s): %s",
                       (int)strcspn(why, "\n"), why, PG_SQLSTATE_LEN, sqlstate,
                       connect_advice_for(sqlstate));
    }
    /* "invalid port number", "invalid sslmode value" and the like, found before any dialling. */
    if (strncmp(text, "invalid ", strlen("invalid ")) == 0)
        return err_set(err, ERR_FATAL, "database: %.*s: check the database URL",
                       (int)strcspn(text, "\n"), text);
    return err_set(err, ERR_RETRY,
                   "database: %.*s: check that the server runs, and the URL's host and port",
                   (int)strcspn(text, "\n"), text);
}

bool pg_connect_finish(struct pg_conn *conn, struct err *err)
{
    int64_t deadline = clock_monotonic_ms() + CONNECT_TIMEOUT_MS;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    if (PQstatus(conn) == CONNECTION_BAD)
        return connect_failed(conn, err);
    while (step != PGRES_POLLING_OK) {
        struct pollfd ready = {.fd = PQsocket(conn),
                               .events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        int64_t left = deadline - clock_monotonic_ms();

        if (left <= 0)
            return err_set(err, ERR_RETRY,
                           "database: no answer in %d ms: check the URL's host, and the network",
                           CONNECT_TIMEOUT_MS);
        if (poll(&ready, 1, (int)left) <= 0)
            continue; /* out of time, or a signal */
        step = PQconnectPoll(conn);
        if (step == PGRES_POLLING_FAILED)
            return connect_failed(conn, err);
    }
    return true;
}
