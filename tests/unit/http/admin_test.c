/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/http/admin.h"
#include "lib/http/client.h"

static bool check(void *opaque, char *why, unsigned long why_len)
{
    const bool *ready = opaque;

    if (!*ready)
        snprintf(why, why_len, "database is away");
    return *ready;
}

static const struct http_reply *ask(struct arena *arena, const struct http_admin *admin,
                                    const char *method, const char *path)
{
    char url[128];
    const struct http_call call = {.method = method, .url = url, .timeout_ms = 60000};

    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", http_admin_port(admin), path);
    return http_fetch(arena, &call, 1 << 20);
}

/* ready is read at each question. NOLINTNEXTLINE(readability-non-const-parameter) */
static struct http_admin *start(bool *ready)
{
    const struct http_admin_options options = {
        .address = "127.0.0.1:0", .service = "ledger", .ready = check, .opaque = ready};
    struct err err = {0};
    struct http_admin *admin = http_admin_start(&options, &err);

    if (admin == NULL)
        fail_msg("%s", err.text);
    return admin;
}

static void routes_answer(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    bool ready = true;
    struct http_admin *admin = start(&ready);

    (void)state;
    assert_string_equal(ask(arena, admin, "GET", "/healthz")->body,
                        "{\"service\":\"ledger\",\"alive\":true}");
    assert_int_equal(ask(arena, admin, "GET", "/livez")->status, 200);
    assert_int_equal(ask(arena, admin, "HEAD", "/livez")->status, 200);
    assert_string_equal(ask(arena, admin, "GET", "/readyz")->body,
                        "{\"service\":\"ledger\",\"ready\":true}");
    const struct http_reply *reply = ask(arena, admin, "GET", "/metrics");
    assert_string_equal(http_reply_header(reply, "content-type"),
                        "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(
        strstr(reply->body, "stockbus_http_requests_total{server=\"admin\",status=\"200\"}"));
    http_admin_stop(admin);
}

static void wrong_questions_are_problems(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    bool ready = true;
    struct http_admin *admin = start(&ready);

    (void)state;
    const struct http_reply *reply = ask(arena, admin, "GET", "/");
    assert_int_equal(reply->status, 404);
    assert_string_equal(http_reply_header(reply, "content-type"), "application/problem+json");
    reply = ask(arena, admin, "POST", "/readyz");
    assert_int_equal(reply->status, 405);
    assert_string_equal(http_reply_header(reply, "allow"), "GET, HEAD");
    http_admin_stop(admin);
}

static void readiness_follows_the_check_and_the_stop(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    bool ready = false;
    struct http_admin *admin = start(&ready);

    (void)state;
    const struct http_reply *reply = ask(arena, admin, "GET", "/readyz");
    assert_int_equal(reply->status, 503);
    assert_string_equal(reply->body,
                        "{\"service\":\"ledger\",\"ready\":false,\"why\":\"database is away\"}");
    ready = true;
    assert_int_equal(ask(arena, admin, "GET", "/readyz")->status, 200);
    stop_request(0);
    reply = ask(arena, admin, "GET", "/readyz");
    assert_int_equal(reply->status, 503);
    assert_string_equal(reply->body,
                        "{\"service\":\"ledger\",\"ready\":false,\"why\":\"stopping\"}");
    assert_int_equal(ask(arena, admin, "GET", "/healthz")->status, 200);
    http_admin_stop(admin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_answer), cmocka_unit_test(wrong_questions_are_problems),
        cmocka_unit_test(readiness_follows_the_check_and_the_stop), /* last: it stops for good */
    };

    log_setup("http-test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
