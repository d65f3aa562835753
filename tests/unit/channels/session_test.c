/* Access tokens: when they are asked for, what is done with answers, and where they are kept. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"

#include "channels/session.h"

enum { SOON_MS = 30000, TURN_MS = 10 };

/* ---- a marketplace that grants tokens ---- */

/* The server's thread writes them before it answers, this one reads them after. */
static atomic_int logins;
static char asked_with[200];
static _Atomic(const char *) next_answer; /* "STATUS BODY"; NULL: a token that counts the logins */
static atomic_int token_life_ms;

static void answer_login(void *opaque, struct http_request *request)
{
    const char *scripted = atomic_load(&next_answer);
    size_t len = 0;
    char text[100];

    (void)opaque;
    snprintf(asked_with, sizeof(asked_with), "%s", (const char *)http_request_body(request, &len));
    int number = atomic_fetch_add(&logins, 1) + 1;
    snprintf(text, sizeof(text), "200 token-%d %d -", number, atomic_load(&token_life_ms));
    const char *answer = scripted == NULL ? text : scripted;
    http_answer_json(request, atoi(answer), answer + 4, strlen(answer + 4));
}

static void ask(const struct channel_account *account, const char *refresh_token, int64_t now_ms,
                struct arena *arena, struct channel_request *ret_request)
{
    const char *body = arena_printf(arena, "%s with %s", account->token_secret,
                                    refresh_token == NULL ? "none" : refresh_token);

    assert_true(now_ms > 0);
    if (strcmp(account->token_secret, "static") == 0) {
        ret_request->url = "";
        return;
    }
    *ret_request = (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/login", account->base_url),
        .body = body,
        .body_len = strlen(body),
    };
}

/* Body: token, life in milliseconds, refresh token or "-". */
static bool grant(const struct channel_account *account, const struct channel_response *response,
                  int64_t now_ms, struct arena *arena, struct channel_grant *ret_grant,
                  struct err *err)
{
    char token[64];
    char refresh[64];
    long life_ms = 0;

    (void)account;
    (void)now_ms;
    if (response->status == 400)
        return err_set(err, ERR_REJECT, "invalid_grant");
    if (sscanf(response->body, "%63s %ld %63s", token, &life_ms, refresh) != 3)
        return err_set(err, ERR_RETRY, "not understood");
    *ret_grant = (struct channel_grant){
        .token = arena_strdup(arena, token),
        .life_ms = life_ms,
        .refresh_token = strcmp(refresh, "-") == 0 ? NULL : arena_strdup(arena, refresh),
    };
    return true;
}

static const struct channel_setting settings[] = {
    {.name = "place", .preset = "here"},
    {.name = "refresh_token",               .preset = "r0", .is_secret = true, .is_rotated = true},
    {0},
};
static const struct channel_kind kind = {
    .name = "lender", .login = ask, .granted = grant, .settings = settings};
static const struct channel_kind plain_kind = {.name = "plain"};

/* ---- the bench ---- */

struct bench {
    struct http_server *server;
    struct http_client *client;
    struct channel_sessions *sessions;
    struct arena *arena;
    struct channel_account account;
    const char *values[2];
    const char *files[2];
    struct err err;
};

static void bench_open(struct bench *bench)
{
    const struct http_server_options options = {.address = "127.0.0.1:0",
                                                .handler = answer_login,
                                                .name = "lender",
                                                .threads = 1,
                                                .body_max = 10000,
                                                .answer_ms = SOON_MS};
    const struct http_client_options client_options = {0};

    *bench = (struct bench){.arena = arena_new()};
    atomic_store(&logins, 0);
    atomic_store(&token_life_ms, 3600000);
    atomic_store(&next_answer, NULL);
    bench->server = http_server_start(&options, &bench->err);
    assert_non_null(bench->server);
    bench->client = http_client_new(&client_options, &bench->err);
    bench->sessions = channel_sessions_new(bench->client);
    bench->account = (struct channel_account){
        .name = "shop",
        .kind = &kind,
        .base_url =
            arena_printf(bench->arena, "http://127.0.0.1:%d", http_server_port(bench->server)),
        .token = "client-1",
        .token_secret = "secret",
        .settings = bench->values,
        .setting_files = bench->files,
    };
}

static void bench_close(struct bench *bench)
{
    http_client_free(bench->client);
    channel_sessions_free(bench->sessions);
    http_server_stop(bench->server, 0);
    arena_free(bench->arena);
}

static bool bench_try(struct bench *bench, const char **ret_token)
{
    struct channel_account opened;

    if (!channel_sessions_open(bench->sessions, &bench->account, bench->arena, &opened,
                               &bench->err))
        return false;
    *ret_token = opened.token;
    return true;
}

/* The token, as soon as there is one; NULL: refused. */
static const char *bench_token(struct bench *bench)
{
    const int64_t until_ms = clock_monotonic_ms() + SOON_MS;
    const char *token = NULL;

    while (!bench_try(bench, &token)) {
        if (bench->err.code == ERR_REJECT)
            return NULL;
        assert_int_equal(bench->err.code, ERR_RETRY);
        assert_true(clock_monotonic_ms() < until_ms);
        http_client_run(bench->client, TURN_MS);
    }
    return token;
}

/* Goes on as services do until there were so many logins. */
static void bench_await_logins(struct bench *bench, int count)
{
    const int64_t until_ms = clock_monotonic_ms() + SOON_MS;
    const char *token = NULL;

    while (atomic_load(&logins) < count || http_client_in_flight(bench->client) > 0) {
        assert_true(clock_monotonic_ms() < until_ms);
        (void)!bench_try(bench, &token);
        http_client_run(bench->client, TURN_MS);
    }
}

/* ---- tests ---- */

static void other_accounts_pass_as_they_are(void **state)
{
    struct bench bench;
    const char *token = NULL;

    (void)state;
    bench_open(&bench);
    bench.account.kind = &plain_kind;
    assert_true(bench_try(&bench, &token));
    assert_string_equal(token, "client-1");
    assert_false(channel_sessions_doubt(bench.sessions, "shop", token));
    bench.account.kind = &kind;
    bench.account.token_secret = "static"; /* login() says that there is nothing to ask */
    assert_true(bench_try(&bench, &token));
    assert_string_equal(token, "client-1");
    assert_false(channel_sessions_doubt(bench.sessions, "shop", token));
    assert_int_equal(atomic_load(&logins), 0);
    bench_close(&bench);
}

static void one_token_serves_until_it_is_renewed_ahead_of_its_end(void **state)
{
    struct bench bench;
    const char *token = NULL;

    (void)state;
    bench_open(&bench);
    assert_string_equal(bench_token(&bench), "token-1");
    for (int i = 0; i < 10; i++)
        assert_true(bench_try(&bench, &token));
    assert_int_equal(atomic_load(&logins), 1);
    assert_string_equal(asked_with, "secret with r0");
    bench_close(&bench);

    bench_open(&bench);
    atomic_store(&token_life_ms, 4000);
    const int64_t begun_ms = clock_monotonic_ms();
    assert_string_equal(bench_token(&bench), "token-1");
    const int64_t until_ms = begun_ms + SOON_MS;
    do {
        /* There is a token until its end, though the renewal is on its way. */
        if (!bench_try(&bench, &token))
            assert_true(clock_monotonic_ms() - begun_ms >= 3800);
        http_client_run(bench.client, TURN_MS);
        assert_true(clock_monotonic_ms() < until_ms);
    } while (strcmp(token, "token-1") == 0);
    assert_string_equal(token, "token-2");
    assert_true(clock_monotonic_ms() - begun_ms >= 3000);
    bench_close(&bench);
}

/* Since when; 0: there is a token. */
static double wanted_in_vain(void)
{
    static const char line[] =
        "\nstockbus_session_token_wanted_timestamp_seconds{channel=\"shop\"} ";
    SCOPED(buf) struct buf page = {0};

    metrics_write(&page);
    const char *at = strstr(buf_str(&page), line);
    assert_non_null(at);
    return atof(at + strlen(line));
}

static void a_token_that_is_wanted_and_not_there_is_told(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    const double begun = (double)clock_now_ms() / 1e3;
    atomic_store(&next_answer, "503 {}");
    bench_await_logins(&bench, 1);
    assert_true(wanted_in_vain() >= begun - 0.001);
    atomic_store(&next_answer, NULL);
    assert_non_null(bench_token(&bench));
    assert_true(wanted_in_vain() == 0);
    bench_close(&bench);
}

static void an_overload_is_asked_again_and_a_refusal_is_told(void **state)
{
    struct bench bench;
    const char *token = NULL;

    (void)state;
    bench_open(&bench);
    atomic_store(&next_answer, "503 {}");
    bench_await_logins(&bench, 1);
    atomic_store(&next_answer, "200 ?");
    bench_await_logins(&bench, 2);
    assert_false(bench_try(&bench, &token));
    assert_int_equal(bench.err.code, ERR_RETRY);
    atomic_store(&next_answer, "400 {}");
    assert_null(bench_token(&bench));
    assert_non_null(strstr(bench.err.text, "invalid_grant"));
    assert_int_equal(atomic_load(&logins), 3);
    for (int i = 0; i < 10; i++)
        assert_false(bench_try(&bench, &token));
    assert_int_equal(http_client_in_flight(bench.client), 0);

    atomic_store(&next_answer, NULL);
    bench.account.token_secret = "another"; /* somebody put it right */
    assert_string_equal(bench_token(&bench), "token-4");
    assert_string_equal(asked_with, "another with r0");
    bench_close(&bench);
}

static void a_token_that_the_api_refuses_is_thrown_away_once(void **state)
{
    struct bench bench;
    const char *token = NULL;

    (void)state;
    bench_open(&bench);
    assert_string_equal(bench_token(&bench), "token-1");
    assert_true(channel_sessions_doubt(bench.sessions, "shop", "token-1"));
    assert_true(channel_sessions_doubt(bench.sessions, "shop", "token-1")); /* sent with it, too */
    assert_string_equal(bench_token(&bench), "token-2");
    assert_true(channel_sessions_doubt(bench.sessions, "shop", "token-1"));
    assert_false(channel_sessions_doubt(bench.sessions, "shop", "token-2"));
    assert_true(bench_try(&bench, &token));
    assert_string_equal(token, "token-2");
    assert_int_equal(atomic_load(&logins), 2);
    bench_close(&bench);
}

static void a_replaced_refresh_token_is_kept_in_memory(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    atomic_store(&next_answer, "200 a 3600000 r1");
    assert_string_equal(bench_token(&bench), "a");
    assert_true(channel_sessions_doubt(bench.sessions, "shop", "a"));
    atomic_store(&next_answer, "200 b 3600000 -");
    assert_string_equal(bench_token(&bench), "b");
    assert_string_equal(asked_with, "secret with r1");
    bench_close(&bench);
}

static const char *file_text(struct arena *arena, const char *path)
{
    struct err err = {0};
    const char *text = channel_secret_read(path, arena, &err);

    assert_string_equal(err.text, "");
    return text;
}

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", text) > 0);
    fclose(file);
}

static void a_replaced_refresh_token_is_kept_in_its_file(void **state)
{
    char folder[] = "/tmp/session-test-XXXXXX";
    struct bench bench;
    struct stat stats;

    (void)state;
    assert_non_null(mkdtemp(folder));
    bench_open(&bench);
    const char *path = arena_printf(bench.arena, "%s/refresh", folder);
    const char *lock = arena_printf(bench.arena, "%s.lock", path);
    file_write(path, "f0");
    assert_int_equal(chmod(path, 0640), 0);
    bench.values[1] = "f0";
    bench.files[1] = path;
    atomic_store(&next_answer, "200 a 3600000 f1");
    assert_string_equal(bench_token(&bench), "a");
    assert_string_equal(asked_with, "secret with f0");
    assert_string_equal(file_text(bench.arena, path), "f1");
    assert_int_equal(stat(path, &stats), 0);
    assert_int_equal(stats.st_mode & 0777, 0640);

    /* Another process replaces it meanwhile: the file is right, whatever we knew. */
    file_write(path, "f2");
    assert_true(channel_sessions_doubt(bench.sessions, "shop", "a"));
    atomic_store(&next_answer, "200 b 3600000 f3");
    assert_string_equal(bench_token(&bench), "b");
    assert_string_equal(asked_with, "secret with f2");
    assert_string_equal(file_text(bench.arena, path), "f3");
    unlink(path);
    unlink(lock);
    bench_close(&bench);
    assert_int_equal(rmdir(folder), 0);
}

static void one_process_logs_in_at_a_time(void **state)
{
    char folder[] = "/tmp/session-test-XXXXXX";
    struct bench bench;
    const char *token = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    bench_open(&bench);
    const char *path = arena_printf(bench.arena, "%s/refresh", folder);
    const char *lock = arena_printf(bench.arena, "%s.lock", path);
    file_write(path, "f0");
    bench.values[1] = "f0";
    bench.files[1] = path;
    int held = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(held, LOCK_EX), 0);
    for (int i = 0; i < 10; i++) {
        assert_false(bench_try(&bench, &token));
        assert_int_equal(http_client_in_flight(bench.client), 0);
    }
    file_write(path, "f1"); /* what the other was granted */
    close(held);
    assert_string_equal(bench_token(&bench), "token-1");
    assert_string_equal(asked_with, "secret with f1");
    held = open(lock, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0); /* ours is let go */
    close(held);
    unlink(path);
    unlink(lock);
    bench_close(&bench);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_accounts_pass_as_they_are),
        cmocka_unit_test(one_token_serves_until_it_is_renewed_ahead_of_its_end),
        cmocka_unit_test(a_token_that_is_wanted_and_not_there_is_told),
        cmocka_unit_test(an_overload_is_asked_again_and_a_refusal_is_told),
        cmocka_unit_test(a_token_that_the_api_refuses_is_thrown_away_once),
        cmocka_unit_test(a_replaced_refresh_token_is_kept_in_memory),
        cmocka_unit_test(a_replaced_refresh_token_is_kept_in_its_file),
        cmocka_unit_test(one_process_logs_in_at_a_time),
    };

    log_setup("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
