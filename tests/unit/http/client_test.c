/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/client.h"
#include "lib/http/server.h"

/* What must not happen would take PATIENT_MS or longer; what must is there SOON, on any machine. */
enum { TEST_BODY_MAX = 10000, TEST_KEPT_MAX = 8, PATIENT_MS = 60000, SOON_MS = PATIENT_MS / 2 };

static struct http_request *kept[TEST_KEPT_MAX];
static int kept_len;

/* Says what it got: method, path, some headers, body. */
static void answer_description(struct http_request *request)
{
    SCOPED(buf) struct buf text = {0};
    const char *authorization = http_request_header(request, "Authorization");
    const char *type = http_request_header(request, "Content-Type");
    const char *empty = http_request_header(request, "X-Empty");
    size_t len = 0;
    const char *body = http_request_body(request, &len);
    struct http_answer answer = {
        .status = 200,
        .content_type = "text/plain",
        .headers = {{"X-First", "one"}, {"x-second", "  two words "}}
    };

    buf_printf(&text, "%s %s|%s|%s|%s|%s|%s", http_request_method(request),
               http_request_path(request), authorization == NULL ? "-" : authorization,
               type == NULL ? "-" : type, empty == NULL ? "-" : empty,
               http_request_header(request, "Expect") == NULL ? "-" : "expect", body);
    answer.body = text.bytes;
    answer.body_len = text.len;
    http_answer(request, &answer);
}

static void handle(void *opaque, struct http_request *request)
{
    static const char large[TEST_BODY_MAX + 1];
    const char *path = http_request_path(request);
    const struct http_answer redirect = {.status = 302, .headers = {{"Location", "/elsewhere"}}};

    (void)opaque;
    if (strcmp(path, "/keep") == 0)
        kept[kept_len++] = request;
    else if (strcmp(path, "/redirect") == 0)
        http_answer(request, &redirect);
    else if (strcmp(path, "/large") == 0)
        http_answer_json(request, 200, large, sizeof(large));
    else if (strcmp(path, "/fits") == 0)
        http_answer_json(request, 200, large, sizeof(large) - 1);
    else
        answer_description(request);
}

struct bench {
    struct http_server *server;
    struct http_client *client;
    char url[128];
    int replies;
    int good;
    int status;
    bool sent;
    char error[200];
    struct buf body;
    char first[32];
    char second[32];
};

static struct bench *bench_new(void)
{
    struct bench *bench = mem_calloc(1, sizeof(*bench));
    const struct http_server_options server_options = {.address = "127.0.0.1:0",
                                                       .handler = handle,
                                                       .name = "test",
                                                       .threads = 1,
                                                       .body_max = 1 << 20,
                                                       .answer_ms = PATIENT_MS};
    const struct http_client_options options = {.connections_max = 20, .body_max = TEST_BODY_MAX};
    struct err err = {0};

    kept_len = 0;
    bench->server = http_server_start(&server_options, &err);
    assert_non_null(bench->server);
    bench->client = http_client_new(&options, &err);
    assert_non_null(bench->client);
    return bench;
}

static void bench_free(struct bench *bench)
{
    http_client_free(bench->client);
    http_server_stop(bench->server, 0);
    for (int i = 0; i < kept_len; i++)
        http_answer_json(kept[i], 200, "{}", 2);
    buf_release(&bench->body);
    mem_free(bench);
}

static const char *bench_url(struct bench *bench, const char *path)
{
    snprintf(bench->url, sizeof(bench->url), "http://127.0.0.1:%d%s",
             http_server_port(bench->server), path);
    return bench->url;
}

static void copy_header(char text[32], const struct http_reply *reply, const char *name)
{
    const char *value = http_reply_header(reply, name);

    snprintf(text, 32, "%s", value == NULL ? "-" : value);
}

static void replied(void *opaque, const struct http_reply *reply)
{
    struct bench *bench = opaque;

    bench->replies++;
    bench->good += reply->status == 200;
    bench->status = reply->status;
    bench->sent = reply->sent;
    snprintf(bench->error, sizeof(bench->error), "%s", reply->error == NULL ? "" : reply->error);
    buf_clear(&bench->body);
    buf_append(&bench->body, reply->body, reply->body_len);
    assert_int_equal(strlen(reply->body) <= reply->body_len, 1);
    copy_header(bench->first, reply, "x-first");
    copy_header(bench->second, reply, "X-Second");
}

static void bench_wait(struct bench *bench, int replies)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENT_MS;

    while (bench->replies < replies && clock_monotonic_ms() < until_ms)
        http_client_run(bench->client, 1000);
    assert_int_equal(bench->replies, replies);
}

static void bench_call(struct bench *bench, const struct http_call *call)
{
    bench->replies = 0;
    http_client_send(bench->client, call, replied, bench);
    bench_wait(bench, 1);
    assert_int_equal(http_client_in_flight(bench->client), 0);
}

static void request_arrives_as_given(void **state)
{
    struct bench *bench = bench_new();
    const struct http_header headers[] = {
        {"Content-Type", "application/json"},
        {"X-Empty",      ""                }
    };
    const struct http_call call = {.method = "PATCH",
                                   .url = bench_url(bench, "/a"),
                                   .headers = headers,
                                   .headers_len = 2,
                                   .body = "{}",
                                   .body_len = 2,
                                   .timeout_ms = PATIENT_MS,
                                   .user = "me",
                                   .password = "secret"};

    (void)state;
    bench_call(bench, &call);

    assert_int_equal(bench->status, 200);
    assert_string_equal(bench->error, "");
    assert_string_equal(buf_str(&bench->body),
                        "PATCH /a|Basic bWU6c2VjcmV0|application/json||-|{}");
    assert_string_equal(bench->first, "one");
    assert_string_equal(bench->second, "two words");
    bench_free(bench);
}

static void methods_do_not_leak_into_later_calls(void **state)
{
    static const struct {
        const char *method;
        const char *body;
        const char *expected;
    } cases[] = {
        {"POST",   "x", "POST /b|-|-|-|-|x" },
        {"GET",    "",  "GET /b|-|-|-|-|"   },
        {"PUT",    "",  "PUT /b|-|-|-|-|"   },
        {"HEAD",   "",  ""                  },
        {"DELETE", "",  "DELETE /b|-|-|-|-|"},
        {"POST",   "",  "POST /b|-|-|-|-|"  },
    };
    struct bench *bench = bench_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct http_call call = {.method = cases[i].method,
                                       .url = bench_url(bench, "/b"),
                                       .body = cases[i].body,
                                       .body_len = strlen(cases[i].body),
                                       .timeout_ms = PATIENT_MS};

        bench_call(bench, &call);
        assert_int_equal(bench->status, 200);
        assert_string_equal(buf_str(&bench->body), cases[i].expected);
    }
    bench_free(bench);
}

static void redirects_are_answers(void **state)
{
    struct bench *bench = bench_new();
    const struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/redirect"), .timeout_ms = PATIENT_MS};

    (void)state;
    bench_call(bench, &call);
    assert_int_equal(bench->status, 302);
    bench_free(bench);
}

static void slow_answer_is_a_timeout_after_sending(void **state)
{
    enum { LIMIT_MS = 1000 };
    struct bench *bench = bench_new();
    struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/"), .timeout_ms = PATIENT_MS};

    (void)state;
    bench_call(bench, &call); /* connected, the next call is sent at once */
    call.url = bench_url(bench, "/keep");
    call.timeout_ms = LIMIT_MS;
    int64_t start_ms = clock_monotonic_ms();
    bench_call(bench, &call);
    assert_in_range(clock_monotonic_ms() - start_ms, LIMIT_MS - 50, SOON_MS);
    assert_int_equal(bench->status, 0);
    assert_string_equal(bench->error, "timeout");
    assert_true(bench->sent);
    bench_free(bench);
}

/* A socket with a port of its own, for url. Until it listens, connections to it are refused. */
static int bound_socket(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    return fd;
}

static void refused_connection_sends_nothing(void **state)
{
    struct bench *bench = bench_new();
    const struct http_call good = {
        .method = "GET", .url = bench_url(bench, "/"), .timeout_ms = PATIENT_MS};
    char url[64];
    const struct http_call call = {.method = "GET", .url = url, .timeout_ms = PATIENT_MS};
    int deaf = bound_socket(url);

    (void)state;
    bench_call(bench, &good); /* its numbers must not show in the next reply */
    assert_true(bench->sent);
    bench_call(bench, &call);
    close(deaf);
    assert_int_equal(bench->status, 0);
    assert_string_equal(bench->error, "connection refused");
    assert_false(bench->sent);
    bench_free(bench);
}

static void large_answer_is_refused(void **state)
{
    struct bench *bench = bench_new();
    struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/large"), .timeout_ms = PATIENT_MS};

    (void)state;
    bench_call(bench, &call);
    assert_int_equal(bench->status, 0);
    assert_string_equal(bench->error, "answer larger than 10000 bytes");
    assert_true(bench->sent);
    call.url = bench_url(bench, "/fits");
    bench_call(bench, &call);
    assert_int_equal(bench->status, 200);
    assert_int_equal(bench->body.len, TEST_BODY_MAX);
    bench_free(bench);
}

static void bad_calls_are_refused(void **state)
{
    static const struct http_header split[] = {
        {"X-A", "b\r\nX-C: d"}
    };
    struct bench *bench = bench_new();
    const struct http_call file = {.method = "GET", .url = "file:///etc/passwd"};
    const struct http_call malformed = {.method = "GET", .url = "http://[::"};
    const struct http_call splitting = {
        .method = "GET", .url = bench_url(bench, "/"), .headers = split, .headers_len = 1};

    (void)state;
    bench_call(bench, &file);
    assert_string_equal(bench->error, "not an http or https address");
    bench_call(bench, &malformed);
    assert_string_equal(bench->error, "malformed address");
    bench_call(bench, &splitting);
    assert_string_equal(bench->error, "a header's name or value is malformed");
    assert_false(bench->sent);
    bench_free(bench);
}

static void many_calls_share_few_connections(void **state)
{
    enum { CALLS = 50 };
    struct bench *bench = bench_new();
    const struct http_call call = {.method = "POST",
                                   .url = bench_url(bench, "/many"),
                                   .body = "abc",
                                   .body_len = 3,
                                   .timeout_ms = PATIENT_MS};

    (void)state;
    for (int round = 0; round < 3; round++) {
        bench->replies = 0;
        bench->good = 0;
        for (int i = 0; i < CALLS; i++)
            http_client_send(bench->client, &call, replied, bench);
        assert_int_equal(http_client_in_flight(bench->client), CALLS);
        bench_wait(bench, CALLS);
        assert_int_equal(bench->good, CALLS);
    }
    bench_free(bench);
}

static void answer_on(int fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    char request[1000];

    assert_true(recv(fd, request, sizeof(request), 0) > 0);
    assert_int_equal(send(fd, answer, strlen(answer), 0), strlen(answer));
}

/* Runs the client until there is something to accept or to read. */
static void bench_run_until_readable(struct bench *bench, int fd)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENT_MS;
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    while (poll(&readable, 1, 0) == 0 && clock_monotonic_ms() < until_ms)
        http_client_run(bench->client, 10);
    assert_int_equal(poll(&readable, 1, 0), 1);
}

static void connection_is_used_again(void **state)
{
    struct bench *bench = bench_new();
    char url[64];
    int listener = bound_socket(url);
    const struct http_call call = {.method = "GET", .url = url, .timeout_ms = PATIENT_MS};

    (void)state;
    assert_int_equal(listen(listener, 5), 0);

    http_client_send(bench->client, &call, replied, bench);
    bench_run_until_readable(bench, listener);
    int fd = accept(listener, NULL, NULL);
    for (int i = 1; i <= 3; i++) {
        bench_run_until_readable(bench, fd);
        answer_on(fd);
        bench_wait(bench, i);
        assert_int_equal(bench->status, 200);
        http_client_send(bench->client, &call, replied, bench);
    }
    /* Closed under the call: the other side may or may not have acted. */
    bench_run_until_readable(bench, fd);
    close(listener);
    close(fd);
    bench_wait(bench, 4);
    assert_int_equal(bench->status, 0);
    assert_true(bench->sent);
    bench_free(bench);
}

static void *wake_soon(void *opaque)
{
    usleep(50 * 1000);
    http_client_wake(opaque);
    return NULL;
}

static void run_is_woken_by_another_thread(void **state)
{
    struct bench *bench = bench_new();
    pthread_t thread;

    (void)state;
    int64_t start_ms = clock_monotonic_ms();
    pthread_create(&thread, NULL, wake_soon, bench->client);
    http_client_run(bench->client, PATIENT_MS);
    assert_in_range(clock_monotonic_ms() - start_ms, 50, SOON_MS);
    pthread_join(thread, NULL);
    bench_free(bench);
}

static void free_drops_calls_in_flight(void **state)
{
    struct bench *bench = bench_new();
    const struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/keep"), .timeout_ms = PATIENT_MS};

    (void)state;
    http_client_send(bench->client, &call, replied, bench);
    http_client_run(bench->client, 20);
    http_client_run(bench->client, 20);
    bench_free(bench);
}

static void fetch_waits_for_its_reply(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct bench *bench = bench_new();
    struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/fetch"), .timeout_ms = PATIENT_MS};

    (void)state;
    const struct http_reply *reply = http_fetch(arena, &call, 1000);
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->body, "GET /fetch|-|-|-|-|");
    assert_string_equal(http_reply_header(reply, "X-FIRST"), "one");
    assert_true(reply->elapsed_us > 0);
    call.url = bench_url(bench, "/large");
    reply = http_fetch(arena, &call, 1000);
    assert_int_equal(reply->status, 0);
    assert_string_equal(reply->error, "answer larger than 1000 bytes");
    bench_free(bench);
}

static void proxies_of_the_environment_are_ignored(void **state)
{
    struct bench *bench = NULL;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    bench = bench_new();
    const struct http_call call = {
        .method = "GET", .url = bench_url(bench, "/"), .timeout_ms = PATIENT_MS};
    bench_call(bench, &call);
    assert_int_equal(bench->status, 200);
    unsetenv("http_proxy");
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_arrives_as_given),
        cmocka_unit_test(methods_do_not_leak_into_later_calls),
        cmocka_unit_test(redirects_are_answers),
        cmocka_unit_test(slow_answer_is_a_timeout_after_sending),
        cmocka_unit_test(refused_connection_sends_nothing),
        cmocka_unit_test(large_answer_is_refused),
        cmocka_unit_test(bad_calls_are_refused),
        cmocka_unit_test(many_calls_share_few_connections),
        cmocka_unit_test(connection_is_used_again),
        cmocka_unit_test(run_is_woken_by_another_thread),
        cmocka_unit_test(free_drops_calls_in_flight),
        cmocka_unit_test(fetch_waits_for_its_reply),
        cmocka_unit_test(proxies_of_the_environment_are_ignored),
    };

    log_setup("http-test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
