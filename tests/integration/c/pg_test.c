/* lib/pg against a real server: pg_test DATABASE_URL. It makes and drops a schema of its own. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/pg/internal.h"

enum { RACERS = 4, RACER_STEPS = 100 };

static const char *database_url;

static struct pg *connect_here(void)
{
    struct err err = {0};
    struct pg *pg = pg_open(database_url, "stockbus-test", &err);

    if (pg == NULL)
        fail_msg("%s", err.text);
    return pg;
}

static void must_exec(struct pg *pg, const char *sql)
{
    struct err err = {0};

    if (!pg_exec(pg, sql, &err))
        fail_msg("%s: %s", sql, err.text);
}

static struct pg_rows *must_run(struct pg *pg, const char *sql, const struct pg_params *params)
{
    struct err err = {0};
    struct pg_rows *rows = NULL;

    if (!pg_run(pg, sql, params, &rows, &err))
        fail_msg("%s: %s", sql, err.text);
    return rows;
}

static int64_t one_number(struct pg *pg, const char *sql)
{
    SCOPED(pg_rows) struct pg_rows *rows = must_run(pg, sql, NULL);

    return pg_rows_int(rows, 0, "n");
}

static int make_schema(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();

    (void)state;
    must_exec(pg, "DROP SCHEMA IF EXISTS lib_pg_test CASCADE; CREATE SCHEMA lib_pg_test;"
                  "CREATE TABLE lib_pg_test.counters (name text PRIMARY KEY, n bigint NOT NULL);"
                  "CREATE TABLE lib_pg_test.positive (n bigint CHECK (n > 0));");
    return 0;
}

static int drop_schema(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();

    (void)state;
    must_exec(pg, "DROP SCHEMA lib_pg_test CASCADE");
    return 0;
}

/* ---- connecting */

static void session_is_pinned(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    (void)state;
    rows = must_run(pg,
                    "SELECT current_setting('TimeZone') AS zone,"
                    " current_setting('search_path') AS path,"
                    " current_setting('application_name') AS name,"
                    " current_setting('client_encoding') AS encoding",
                    NULL);

    assert_string_equal(pg_rows_text(rows, 0, "zone"), "UTC");
    assert_string_equal(pg_rows_text(rows, 0, "path"), "pg_catalog");
    assert_string_equal(pg_rows_text(rows, 0, "name"), "stockbus-test");
    assert_string_equal(pg_rows_text(rows, 0, "encoding"), "UTF8");
}

static void url_options_are_kept(void **state)
{
    SCOPED(buf) struct buf url = {0};
    SCOPED(pg) struct pg *pg = NULL;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct err err = {0};

    (void)state;
    buf_printf(&url, "%s%coptions=-c%%20statement_timeout%%3D7777", database_url,
               strchr(database_url, '?') == NULL ? '?' : '&');
    pg = pg_open(buf_str(&url), "stockbus-test", &err);
    assert_non_null(pg);

    rows = must_run(pg,
                    "SELECT current_setting('statement_timeout') AS t, "
                    "current_setting('TimeZone') AS zone",
                    NULL);
    assert_string_equal(pg_rows_text(rows, 0, "t"), "7777ms");
    assert_string_equal(pg_rows_text(rows, 0, "zone"), "UTC");
}

static void refused_is_retry(void **state)
{
    struct err err = {0};

    (void)state;
    assert_null(pg_open("postgresql://nobody:s3cret@127.0.0.1:1/x", "t", &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_non_null(strstr(err.text, "Connection refused: check that the server runs"));
    assert_null(strstr(err.text, "s3cret"));
}

static void wrong_url_is_fatal(void **state)
{
    static const char *const urls[] = {"postgresq://nobody:s3cret@127.0.0.1/x",
                                       "postgresql://nobody:s3cret@127.0.0.1:99999/x",
                                       "postgresql://nobody:s3cret@127.0.0.1/x?sslmode=maybe"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct err err = {0};

        assert_null(pg_open(urls[i], "t", &err));
        print_message("%s\n", err.text);
        assert_int_equal(err.code, ERR_FATAL);
        assert_null(strstr(err.text, "s3cret"));
    }
}

/* Needs a URL of the form scheme://authority/database. */
static void wrong_database_and_role_are_fatal(void **state)
{
    SCOPED(buf) struct buf database = {0};
    SCOPED(buf) struct buf role = {0};
    const char *authority = strstr(database_url, "//") + 2;
    const char *slash = strchr(authority, '/');
    const char *host = memchr(authority, '@', (size_t)(slash - authority));
    struct err err = {0};

    (void)state;
    host = host == NULL ? authority : host + 1;
    buf_append(&database, database_url, (size_t)(slash - database_url));
    buf_text(&database, "/no_such_database");
    buf_printf(&role, "postgresql://no_such_role@%s", host);

    assert_null(pg_open(buf_str(&database), "t", &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_non_null(strstr(err.text, "(3D000)"));

    assert_null(pg_open(buf_str(&role), "t", &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_FATAL);
    assert_non_null(strstr(err.text, "(28"));
}

/* ---- statements */

static void statements_are_prepared_once(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();

    (void)state;
    for (int i = 0; i < 5; i++) {
        SCOPED(pg_params) struct pg_params *params = pg_params_new();
        SCOPED(pg_rows) struct pg_rows *rows = NULL;
        char copy[] = "SELECT $1::bigint + 1 AS n"; /* same text, other address */

        pg_params_int(params, i);
        rows = must_run(pg, copy, params);
        assert_int_equal(pg_rows_int(rows, 0, "n"), i + 1);
    }
    assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM pg_prepared_statements"
                                    " WHERE statement LIKE 'SELECT $1::bigint%'"),
                     1);
}

static void prepared_statements_are_bounded(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    char sql[64];

    (void)state;
    for (int i = 0; i < PG_STATEMENTS_MAX + 20; i++) {
        snprintf(sql, sizeof(sql), "SELECT %d AS n", i);
        assert_int_equal(one_number(pg, sql), i);
    }
    assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM pg_prepared_statements"),
                     PG_STATEMENTS_MAX);
    assert_int_equal(one_number(pg, "SELECT 7 AS n"), 7);
}

static void hostile_text_comes_back(void **state)
{
    static const char *const texts[] = {"plain",  "",      "NULL",       NULL,
                                        "a\"b",   "\\",    "\\\"",       "{a,b}",
                                        "' OR 1", "$1;--", "\n\r\t\x01", "\xe2\x82\xac",
                                        " x ",    "\\x41", ",",          "\xf0\x9f\x9b\x92"};
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    int64_t numbers[ARRAY_LEN(texts)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        numbers[i] = i % 2 == 0 ? INT64_MAX - (int64_t)i : INT64_MIN + (int64_t)i;
    pg_params_text_array(params, texts, ARRAY_LEN(texts));
    pg_params_int_array(params, numbers, ARRAY_LEN(numbers));
    rows = must_run(pg,
                    "SELECT u.t, u.i FROM unnest($1::text[], $2::bigint[])"
                    " WITH ORDINALITY AS u(t, i, at) ORDER BY u.at",
                    params);

    assert_int_equal(pg_rows_count(rows), ARRAY_LEN(texts));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_int_equal(pg_rows_int(rows, i, "i"), numbers[i]);
        if (texts[i] == NULL)
            assert_true(pg_rows_is_null(rows, i, "t"));
        else
            assert_string_equal(pg_rows_text(rows, i, "t"), texts[i]);
    }
}

static void every_type_comes_back(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    unsigned char bytes[256];
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    pg_params_text(params, "it's");
    pg_params_bool(params, true);
    pg_params_bytes(params, bytes, sizeof(bytes));
    pg_params_bytes(params, NULL, 0);
    pg_params_text_array(params, NULL, 0);
    rows = must_run(pg,
                    "SELECT $1::text AS t, $2::boolean AS b, $3::bytea AS y, $4::bytea AS z,"
                    " cardinality($5::text[]) AS n, NULL::bigint AS nothing",
                    params);

    assert_int_equal(pg_rows_columns(rows), 6);
    assert_string_equal(pg_rows_column_name(rows, 2), "y");
    assert_string_equal(pg_rows_value(rows, 0, 0), "it's");
    assert_true(pg_rows_bool(rows, 0, "b"));
    assert_memory_equal(pg_rows_bytes(rows, 0, "y", &len), bytes, sizeof(bytes));
    assert_int_equal(len, sizeof(bytes));
    assert_null(pg_rows_bytes(rows, 0, "z", &len));
    assert_int_equal(len, 0);
    assert_int_equal(pg_rows_int(rows, 0, "n"), 0);
    assert_int_equal(pg_rows_int(rows, 0, "nothing"), 0);
}

static void errors_are_classed(void **state)
{
    static const struct {
        const char *sql;
        enum err_code code;
        const char *sqlstate;
    } cases[] = {
        {"SELECT 1/0",                                   ERR_REJECT, "(22012)"},
        {"INSERT INTO lib_pg_test.positive VALUES (-1)", ERR_REJECT, "(23514)"},
        {"SELECT * FROM lib_pg_test.nowhere",            ERR_FATAL,  "(42P01)"},
        {"SELEC",                                        ERR_FATAL,  "(42601)"},
        {"",                                             ERR_FATAL,  "empty"  },
    };
    SCOPED(pg) struct pg *pg = connect_here();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err err = {0};

        assert_false(pg_run(pg, cases[i].sql, NULL, NULL, &err));
        assert_int_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.text, cases[i].sqlstate));
        assert_null(strchr(err.text, '\n'));
        assert_true(pg_is_alive(pg));
    }
    struct err err = {0};
    must_exec(pg, "SET statement_timeout = 500");
    assert_false(pg_exec(pg, "SELECT pg_sleep(60)", &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_true(pg_is_alive(pg));
}

static void affected_rows_are_counted(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    (void)state;
    rows = must_run(pg, "INSERT INTO lib_pg_test.positive SELECT generate_series(1, 7)", NULL);
    assert_int_equal(pg_rows_affected(rows), 7);
    assert_int_equal(pg_rows_count(rows), 0);
}

/* Kills the connection from a second one. */
static void kill_backend(struct pg *victim)
{
    SCOPED(pg) struct pg *killer = connect_here();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_int(params, one_number(victim, "SELECT pg_backend_pid() AS n"));
    rows = must_run(killer, "SELECT pg_terminate_backend($1::int, 60000) AS gone", params);
    assert_true(pg_rows_bool(rows, 0, "gone"));
}

static void a_lost_connection_is_retry(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};

    (void)state;
    kill_backend(pg);

    assert_false(pg_run(pg, "SELECT 1 AS n", NULL, NULL, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_RETRY);
    assert_false(pg_is_alive(pg));
    assert_false(pg_run(pg, "SELECT 1 AS n", NULL, NULL, &err));
    assert_int_equal(err.code, ERR_RETRY);
}

/* ---- transactions */

struct racer {
    pthread_t thread;
    struct pg *pg;
    bool met;
};

static pthread_barrier_t everyone_has_read;

static bool add_one(struct pg *pg, void *state, struct err *err)
{
    struct racer *racer = state;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(pg_params) struct pg_params *params = NULL;

    if (!pg_run(pg, "SELECT c.n FROM lib_pg_test.counters c WHERE c.name = 'race'", NULL, &rows,
                err))
        return false;
    if (!racer->met)
        pthread_barrier_wait(&everyone_has_read); /* so only one of them can win the first step */
    racer->met = true;
    params = pg_params_new();
    pg_params_int(params, pg_rows_int(rows, 0, "n") + 1);
    return pg_run(pg, "UPDATE lib_pg_test.counters SET n = $1 WHERE name = 'race'", params, NULL,
                  err);
}

static atomic_int racer_tries;
static atomic_int racer_lost;

static void *race(void *opaque)
{
    struct racer *racer = opaque;
    struct err err = {0};

    for (int i = 0; i < RACER_STEPS; i++) {
        int tries = 0;

        /* Ten tries may all be lost; that is ERR_RETRY, and nothing was done. */
        while (!pg_tx_run(racer->pg, add_one, racer, &tries, NULL, &err)) {
            if (err.code != ERR_RETRY)
                return (void *)1;
            racer_lost++;
        }
        racer_tries += tries;
    }
    return NULL;
}

static void racing_transactions_lose_nothing(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct racer racers[RACERS] = {0};

    (void)state;
    must_exec(pg, "INSERT INTO lib_pg_test.counters VALUES ('race', 0)");
    pthread_barrier_init(&everyone_has_read, NULL, RACERS);
    for (int i = 0; i < RACERS; i++)
        racers[i].pg = connect_here();
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (int i = 0; i < RACERS; i++) {
        void *failed = NULL;

        pthread_join(racers[i].thread, &failed);
        assert_null(failed);
        pg_close(racers[i].pg);
    }
    pthread_barrier_destroy(&everyone_has_read);

    print_message("%d tries for %d steps, %d given up and begun anew\n", racer_tries,
                  RACERS * RACER_STEPS, racer_lost);
    assert_true(racer_tries > RACERS * RACER_STEPS);
    assert_int_equal(one_number(pg, "SELECT n FROM lib_pg_test.counters WHERE name = 'race'"),
                     RACERS * RACER_STEPS);
}

static bool always_conflicts(struct pg *pg, void *state, struct err *err)
{
    int *runs = state;

    (void)pg;
    (*runs)++;
    return err_set(err, ERR_CONFLICT, "again (40001)");
}

static void a_conflict_for_ever_becomes_retry(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    int runs = 0;
    int tries = 0;

    (void)state;
    assert_false(pg_tx_run(pg, always_conflicts, &runs, &tries, NULL, &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_int_equal(runs, PG_TX_TRIES_MAX);
    assert_int_equal(tries, PG_TX_TRIES_MAX);
}

/* Write skew: each reads what the other writes; only COMMIT can tell, and only one may win. */
struct skew {
    struct pg *other;
    int runs;
};

static bool skew_body(struct pg *pg, void *state, struct err *err)
{
    struct skew *skew = state;

    if (!pg_run(pg, "SELECT sum(c.n) AS n FROM lib_pg_test.counters c", NULL, NULL, err) ||
        !pg_run(pg, "UPDATE lib_pg_test.counters SET n = n + 1 WHERE name = 'left'", NULL, NULL,
                err))
        return false;
    if (++skew->runs == 1) {
        must_exec(skew->other, "BEGIN ISOLATION LEVEL SERIALIZABLE;"
                               "SELECT sum(n) FROM lib_pg_test.counters;"
                               "UPDATE lib_pg_test.counters SET n = n + 1 WHERE name = 'right';"
                               "COMMIT");
    }
    return true;
}

static void count_lost_race(void *opaque, const char *sqlstate)
{
    int *lost = opaque;

    assert_string_equal(sqlstate, "40001");
    (*lost)++;
}

static void a_conflict_at_commit_runs_again(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg) struct pg *other = connect_here();
    struct skew skew = {.other = other};
    struct err err = {0};
    int tries = 0;
    int lost = 0;
    bool unknown = true;

    (void)state;
    must_exec(pg, "INSERT INTO lib_pg_test.counters VALUES ('left', 0), ('right', 0)");
    pg_on_lost_race(pg, count_lost_race, &lost);
    assert_true(pg_tx_run(pg, skew_body, &skew, &tries, &unknown, &err));
    assert_int_equal(tries, 2);
    assert_int_equal(lost, 1);
    assert_false(unknown);
    assert_int_equal(one_number(pg, "SELECT n FROM lib_pg_test.counters WHERE name = 'left'"), 1);
}

/* ---- the session beside ---- */

static const char sum_of_all[] = "SELECT sum(c.n)::bigint AS n FROM lib_pg_test.counters c";

static int64_t one_number_beside(struct pg *pg)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct err err = {0};

    if (!pg_run_beside(pg, sum_of_all, NULL, &rows, &err))
        fail_msg("%s", err.text);
    return pg_rows_int(rows, 0, "n");
}

/* The same skew as above, but what the other one writes is read beside. */
static bool skew_beside(struct pg *pg, void *state, struct err *err)
{
    struct skew *skew = state;

    skew->runs++;
    if (!pg_run(pg, "UPDATE lib_pg_test.counters SET n = n + 1 WHERE name = 'mine'", NULL, NULL,
                err))
        return false;
    assert_int_equal(one_number_beside(pg), 0);
    must_exec(skew->other, "BEGIN ISOLATION LEVEL SERIALIZABLE;"
                           "SELECT sum(n) FROM lib_pg_test.counters;"
                           "UPDATE lib_pg_test.counters SET n = n + 1 WHERE name = 'theirs';"
                           "COMMIT");
    assert_int_equal(one_number_beside(pg), 0); /* neither our change nor theirs */
    pg_end_beside(pg);
    assert_int_equal(one_number_beside(pg), 0);
    return true;
}

static void a_session_beside_reads_the_snapshot_without_locks(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg) struct pg *other = connect_here();
    struct skew skew = {.other = other};
    struct err err = {0};

    (void)state;
    must_exec(pg, "TRUNCATE lib_pg_test.counters;"
                  "INSERT INTO lib_pg_test.counters VALUES ('mine', 0), ('theirs', 0);"
                  "SET enable_seqscan = off");
    pg_put_beside(pg, connect_here());
    assert_true(pg_tx_run(pg, skew_beside, &skew, NULL, NULL, &err));
    assert_int_equal(skew.runs, 1);
    assert_int_equal(one_number(pg, sum_of_all), 2);
}

static bool lose_the_one_beside(struct pg *pg, void *state, struct err *err)
{
    struct pg *other = state;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    if (!pg_run_beside(pg, "SELECT pg_backend_pid() AS n", NULL, &rows, err))
        return false;
    pg_params_int(params, pg_rows_int(rows, 0, "n"));
    return pg_run(other, "SELECT pg_terminate_backend($1::integer, 5000)", params, NULL, err) &&
           pg_run_beside(pg, sum_of_all, NULL, NULL, err);
}

static void a_lost_session_beside_is_retry(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg) struct pg *other = connect_here();
    struct err err = {0};

    (void)state;
    pg_put_beside(pg, connect_here());
    assert_false(pg_tx_run(pg, lose_the_one_beside, other, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_false(pg_is_alive(pg));
}

static bool hides_an_error(struct pg *pg, void *state, struct err *err)
{
    struct err ignored = {0};

    (void)state;
    (void)err;
    return !pg_run(pg, "SELECT 1/0", NULL, NULL, &ignored);
}

static bool commits_by_itself(struct pg *pg, void *state, struct err *err)
{
    (void)state;
    return pg_exec(pg, "COMMIT", err);
}

static void a_body_that_cheats_is_fatal(void **state)
{
    static pg_tx_body *const bodies[] = {hides_an_error, commits_by_itself};
    SCOPED(pg) struct pg *pg = connect_here();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct err err = {0};

        assert_false(pg_tx_run(pg, bodies[i], NULL, NULL, NULL, &err));
        print_message("%s\n", err.text);
        assert_int_equal(err.code, ERR_FATAL);
    }
    assert_int_equal(one_number(pg, "SELECT 1 AS n"), 1);
}

static bool fails_after_writing(struct pg *pg, void *state, struct err *err)
{
    (void)state;
    return pg_run(pg, "INSERT INTO lib_pg_test.counters VALUES ('undone', 1)", NULL, NULL, err) &&
           err_set(err, ERR_REJECT, "not this one");
}

static void a_failed_body_leaves_nothing(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    int tries = 0;

    (void)state;
    assert_false(pg_tx_run(pg, fails_after_writing, NULL, &tries, NULL, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_int_equal(tries, 1);
    assert_int_equal(
        one_number(pg, "SELECT count(*) AS n FROM lib_pg_test.counters WHERE name = 'undone'"), 0);
}

static bool killed_before_commit(struct pg *pg, void *state, struct err *err)
{
    (void)state;
    if (!pg_run(pg, "INSERT INTO lib_pg_test.counters VALUES ('unknown', 1)", NULL, NULL, err))
        return false;
    kill_backend(pg);
    return true;
}

static void a_connection_lost_at_commit_is_unknown(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    bool unknown = false;

    (void)state;
    assert_false(pg_tx_run(pg, killed_before_commit, NULL, NULL, &unknown, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_RETRY);
    assert_true(unknown);
    assert_false(pg_is_alive(pg));
}

static bool killed_early(struct pg *pg, void *state, struct err *err)
{
    (void)state;
    kill_backend(pg);
    return pg_run(pg, "SELECT 1 AS n", NULL, NULL, err);
}

static void a_connection_lost_before_commit_is_known(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    bool unknown = true;

    (void)state;
    assert_false(pg_tx_run(pg, killed_early, NULL, NULL, &unknown, &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_false(unknown);
}

/* A deferred trigger warns at COMMIT as the cancelled wait for a standby does. */
static bool warns_at_commit(struct pg *pg, void *state, struct err *err)
{
    (void)state;
    return pg_run(pg, "INSERT INTO lib_pg_test.warning VALUES (1)", NULL, NULL, err);
}

static void a_warning_at_commit_is_unknown(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    bool unknown = false;

    (void)state;
    must_exec(pg, "CREATE TABLE lib_pg_test.warning (n bigint);"
                  "CREATE FUNCTION lib_pg_test.warn() RETURNS trigger LANGUAGE plpgsql AS "
                  "$$ BEGIN RAISE WARNING 'not on the standby'; RETURN NULL; END $$;"
                  "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON lib_pg_test.warning "
                  "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                  "EXECUTE FUNCTION lib_pg_test.warn()");
    assert_false(pg_tx_run(pg, warns_at_commit, NULL, NULL, &unknown, &err));
    print_message("%s\n", err.text);
    assert_int_equal(err.code, ERR_RETRY);
    assert_true(unknown);
    assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM lib_pg_test.warning"), 1);
}

/* ---- statements that nobody waits for */

static bool queue_numbers(struct pg *pg, const int64_t *numbers, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        SCOPED(pg_params) struct pg_params *params = pg_params_new();

        pg_params_int(params, numbers[i]);
        if (!pg_queue(pg, "INSERT INTO lib_pg_test.positive VALUES ($1::bigint)", params, err))
            return false;
    }
    return true;
}

static void queued_statements_come_before_the_next_that_waits(void **state)
{
    static const int64_t numbers[] = {1, 2, 3};
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};

    (void)state;
    must_exec(pg, "TRUNCATE lib_pg_test.positive");
    for (int64_t round = 1; round <= 3; round++) {
        assert_true(queue_numbers(pg, numbers, ARRAY_LEN(numbers), &err));
        assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM lib_pg_test.positive"),
                         3 * round);
    }
}

/* More than any socket buffers hold, in both directions. */
static void a_long_queue_does_not_stick(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(buf) struct buf text = {0};
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        buf_char(&text, 'x');
    for (int i = 0; i < 300; i++) {
        SCOPED(pg_params) struct pg_params *params = pg_params_new();

        pg_params_text(params, buf_str(&text));
        assert_true(pg_queue(pg, "SELECT $1::text AS same", params, &err));
    }
    assert_int_equal(one_number(pg, "SELECT 1 AS n"), 1);
}

static void a_queued_error_comes_with_the_next_call(void **state)
{
    static const int64_t numbers[] = {1, -1, 2};
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct err err = {0};

    (void)state;
    must_exec(pg, "TRUNCATE lib_pg_test.positive");
    assert_true(queue_numbers(pg, numbers, ARRAY_LEN(numbers), &err));
    assert_false(pg_run(pg, "SELECT 1 AS n", NULL, &rows, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_non_null(strstr(err.text, "23514"));
    assert_true(pg_is_alive(pg));
    assert_int_equal(one_number(pg, "SELECT 1 AS n"), 1);
}

static bool queue_a_negative(struct pg *pg, void *state, struct err *err)
{
    static const int64_t numbers[] = {5, -5, 6};

    (void)state;
    return queue_numbers(pg, numbers, ARRAY_LEN(numbers), err);
}

static void a_queued_error_fails_the_transaction(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};
    bool unknown = true;
    int tries = 0;

    (void)state;
    must_exec(pg, "TRUNCATE lib_pg_test.positive");
    assert_false(pg_tx_run(pg, queue_a_negative, NULL, &tries, &unknown, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_int_equal(tries, 1);
    assert_false(unknown);
    assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM lib_pg_test.positive"), 0);
}

static bool queue_then_fail(struct pg *pg, void *state, struct err *err)
{
    static const int64_t numbers[] = {7};

    (void)state;
    return queue_numbers(pg, numbers, ARRAY_LEN(numbers), err) &&
           err_set(err, ERR_REJECT, "the body gives up");
}

static void a_failed_body_leaves_nothing_that_was_queued(void **state)
{
    SCOPED(pg) struct pg *pg = connect_here();
    struct err err = {0};

    (void)state;
    must_exec(pg, "TRUNCATE lib_pg_test.positive");
    assert_false(pg_tx_run(pg, queue_then_fail, NULL, NULL, NULL, &err));
    assert_non_null(strstr(err.text, "the body gives up"));
    assert_int_equal(one_number(pg, "SELECT count(*) AS n FROM lib_pg_test.positive"), 0);
}

static void a_connection_lost_under_a_queue_is_retry(void **state)
{
    static const int64_t numbers[] = {1, 2};
    SCOPED(pg) struct pg *pg = connect_here();
    SCOPED(pg) struct pg *other = connect_here();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    struct err err = {0};

    (void)state;
    pg_params_int(params, one_number(pg, "SELECT pg_backend_pid() AS n"));
    assert_true(queue_numbers(pg, numbers, ARRAY_LEN(numbers), &err));
    assert_true(
        pg_run(other, "SELECT pg_terminate_backend($1::integer, 5000)", params, NULL, &err));
    assert_false(pg_exec(pg, "SELECT 1", &err));
    assert_int_equal(err.code, ERR_RETRY);
    assert_false(pg_is_alive(pg));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_pinned),
        cmocka_unit_test(url_options_are_kept),
        cmocka_unit_test(refused_is_retry),
        cmocka_unit_test(wrong_url_is_fatal),
        cmocka_unit_test(wrong_database_and_role_are_fatal),
        cmocka_unit_test(statements_are_prepared_once),
        cmocka_unit_test(prepared_statements_are_bounded),
        cmocka_unit_test(hostile_text_comes_back),
        cmocka_unit_test(every_type_comes_back),
        cmocka_unit_test(errors_are_classed),
        cmocka_unit_test(affected_rows_are_counted),
        cmocka_unit_test(a_lost_connection_is_retry),
        cmocka_unit_test(racing_transactions_lose_nothing),
        cmocka_unit_test(a_conflict_for_ever_becomes_retry),
        cmocka_unit_test(a_conflict_at_commit_runs_again),
        cmocka_unit_test(a_session_beside_reads_the_snapshot_without_locks),
        cmocka_unit_test(a_lost_session_beside_is_retry),
        cmocka_unit_test(a_body_that_cheats_is_fatal),
        cmocka_unit_test(a_failed_body_leaves_nothing),
        cmocka_unit_test(a_connection_lost_at_commit_is_unknown),
        cmocka_unit_test(a_connection_lost_before_commit_is_known),
        cmocka_unit_test(a_warning_at_commit_is_unknown),
        cmocka_unit_test(queued_statements_come_before_the_next_that_waits),
        cmocka_unit_test(a_long_queue_does_not_stick),
        cmocka_unit_test(a_queued_error_comes_with_the_next_call),
        cmocka_unit_test(a_queued_error_fails_the_transaction),
        cmocka_unit_test(a_failed_body_leaves_nothing_that_was_queued),
        cmocka_unit_test(a_connection_lost_under_a_queue_is_retry),
    };

    if (argc != 2) {
        fprintf(stderr, "usage: %s DATABASE_URL\n", argv[0]);
        return 2;
    }
    database_url = argv[1];
    return cmocka_run_group_tests(tests, make_schema, drop_schema);
}
