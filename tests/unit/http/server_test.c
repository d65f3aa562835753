/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"

/* What must not happen would take PATIENT_MS or longer; what must is there SOON, on any machine. */
enum { TEST_BODY_MAX = 100 * 1000, SHORT_MS = 300, PATIENT_MS = 60000, SOON_MS = PATIENT_MS / 2 };

/* What the handler does with a request, by its path. */
struct bench {
    struct http_server *server;
    pthread_mutex_t lock;
    struct http_request *kept[256]; /* "/keep": answered by the test */
    int kept_len;
};

static void echo(struct http_request *request)
{
    size_t len = 0;
    const void *body = http_request_body(request, &len);
    const struct http_answer answer = {
        .status = 200, .content_type = "text/plain", .body = body, .body_len = len};

    http_answer(request, &answer);
}

static atomic_int later_left; /* threads that still hold a request */

static void *echo_later(void *opaque)
{
    usleep(20 * 1000);
    echo(opaque);
    later_left--;
    return NULL;
}

static void answer_text(struct http_request *request, const char *text)
{
    const struct http_answer answer = {.status = 200, .body = text, .body_len = strlen(text)};

    http_answer(request, &answer);
}

static void handle(void *opaque, struct http_request *request)
{
    struct bench *bench = opaque;
    const char *path = http_request_path(request);
    const char *name = http_request_query(request, "name");
    pthread_t thread;

    if (strcmp(path, "/later") == 0) {
        later_left++;
        pthread_create(&thread, NULL, echo_later, request);
        pthread_detach(thread);
    } else if (strcmp(path, "/keep") == 0) {
        pthread_mutex_lock(&bench->lock);
        bench->kept[bench->kept_len++] = request;
        pthread_mutex_unlock(&bench->lock);
    } else if (strcmp(path, "/a b") == 0 && name != NULL) {
        answer_text(request, name);
    } else if (strcmp(path, "/target ") == 0) {
        answer_text(request, http_request_target(request));
    } else if (strcmp(path, "/problem") == 0) {
        http_answer_problem(request, 429, "slow-down", "say \"please\"", 7);
    } else {
        echo(request);
    }
}

static int admit(void *opaque, const struct http_request *request, int64_t content_length,
                 const char **ret_type, const char **ret_detail)
{
    (void)opaque;
    (void)content_length;
    if (strcmp(http_request_path(request), "/nowhere") != 0)
        return 0;
    *ret_type = "no-such-route";
    *ret_detail = "nothing lives here";
    return 404;
}

static struct http_server_options test_options(struct bench *bench)
{
    return (struct http_server_options){
        .address = "127.0.0.1:0",
        .handler = handle,
        .admit = admit,
        .opaque = bench,
        .name = "test",
        .threads = 2,
        .body_max = TEST_BODY_MAX,
        .bodies_max = 3 * TEST_BODY_MAX,
        .request_ms = PATIENT_MS,
        .answer_ms = PATIENT_MS,
    };
}

static struct bench *bench_start(int connections_max, int limit_ms)
{
    struct bench *bench = mem_calloc(1, sizeof(*bench));
    struct http_server_options options = test_options(bench);
    struct err err = {0};

    options.connections_max = connections_max;
    options.request_ms = limit_ms;
    options.answer_ms = limit_ms;
    pthread_mutex_init(&bench->lock, NULL);
    bench->server = http_server_start(&options, &err);
    if (bench->server == NULL)
        fail_msg("%s", err.text);
    return bench;
}

static struct bench *bench_new(void)
{
    return bench_start(0, PATIENT_MS);
}

/* What is slow is cut after SHORT_MS. */
static struct bench *bench_new_impatient(void)
{
    return bench_start(0, SHORT_MS);
}

static struct http_request *bench_kept(struct bench *bench, int index)
{
    struct http_request *request = NULL;

    for (int i = 0; i < PATIENT_MS && request == NULL; i++) {
        pthread_mutex_lock(&bench->lock);
        request = index < bench->kept_len ? bench->kept[index] : NULL;
        pthread_mutex_unlock(&bench->lock);
        if (request == NULL)
            usleep(1000);
    }
    assert_non_null(request);
    return request;
}

static void bench_free(struct bench *bench)
{
    http_server_stop(bench->server, 1000);
    pthread_mutex_destroy(&bench->lock);
    mem_free(bench);
}

static int peer_connect_port(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = PATIENT_MS / 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int peer_connect(const struct bench *bench)
{
    int fd = peer_connect_port(http_server_port(bench->server));

    assert_true(fd >= 0);
    return fd;
}

static void peer_send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return; /* the server may have closed: the answer tells */
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void peer_send(int fd, const char *text)
{
    peer_send_bytes(fd, text, strlen(text));
}

/* One answer, head and body; false at the connection's end. */
static bool peer_read(int fd, struct buf *answer)
{
    char byte = 0;
    const char *length = NULL;
    const char *head_end = NULL;

    buf_clear(answer);
    for (;;) {
        head_end = strstr(buf_str(answer), "\r\n\r\n");
        length = strstr(buf_str(answer), "Content-Length: ");
        if (head_end != NULL &&
            (length == NULL || answer->len >= (size_t)(head_end + 4 - buf_str(answer)) +
                                                  (size_t)strtol(length + 16, NULL, 10)))
            return true;
        if (recv(fd, &byte, 1, 0) != 1)
            return false;
        buf_char(answer, byte);
    }
}

static int peer_status(int fd, struct buf *answer)
{
    if (!peer_read(fd, answer))
        return 0;
    return (int)strtol(buf_str(answer) + strlen("HTTP/1.1 "), NULL, 10);
}

static int status_of(const struct bench *bench, const char *request)
{
    SCOPED(buf) struct buf answer = {0};
    int fd = peer_connect(bench);

    peer_send(fd, request);
    int status = peer_status(fd, &answer);
    close(fd);
    return status;
}

/* Milliseconds until the server closes; -1 when it does not. */
static int64_t peer_closed_after(int fd, int64_t start_ms)
{
    char bytes[512];
    ssize_t len = 0;

    do {
        len = recv(fd, bytes, sizeof(bytes), 0);
    } while (len > 0);
    return len == 0 || errno == ECONNRESET ? clock_monotonic_ms() - start_ms : -1;
}

static void post_is_answered_from_another_thread(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");

    assert_int_equal(peer_status(fd, &answer), 200);
    assert_non_null(strstr(buf_str(&answer), "\r\n\r\nhello"));
    assert_null(strstr(buf_str(&answer), "Connection: close"));
    close(fd);
    bench_free(bench);
}

static void connection_is_kept_alive(void **state)
{
    static const char *const requests[] = {
        "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none",
        "POST /now HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n",
        "GET /later HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    for (size_t i = 0; i < 3 * ARRAY_LEN(requests); i++) {
        size_t which = i % ARRAY_LEN(requests);

        peer_send(fd, requests[which]);
        assert_int_equal(peer_status(fd, &answer), which == 3 ? 404 : 200);
    }
    /* Pipelined, too. */
    peer_send(fd, requests[0]);
    peer_send(fd, requests[2]);
    assert_int_equal(peer_status(fd, &answer), 200);
    assert_int_equal(peer_status(fd, &answer), 200);
    close(fd);
    bench_free(bench);
}

static void target_is_decoded(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "GET /a%20b?x&name=b%C3%A4r+1&name=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(peer_status(fd, &answer), 200);
    assert_non_null(strstr(buf_str(&answer), "\r\n\r\nb\xc3\xa4r 1"));
    close(fd);
    bench_free(bench);
}

/* What senders sign; a proxy's form of it says the host, too. */
static void target_is_also_there_as_it_was_sent(void **state)
{
    static const char *const heads[] = {
        "GET /target%20?a=%41&b=1+2 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET http://x/target%20?a=%41&b=1+2 HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        buf_clear(&answer);
        peer_send(fd, heads[i]);
        assert_int_equal(peer_status(fd, &answer), 200);
        assert_non_null(strstr(buf_str(&answer), "\r\n\r\n/target%20?a=%41&b=1+2"));
    }
    close(fd);
    bench_free(bench);
}

static void refusals_have_their_status(void **state)
{
    static const struct {
        int status;
        const char *request;
    } cases[] = {
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"    },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"     },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"                          },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"   },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"                          },
        {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"                    },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"                          },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na"                         },
        {400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 1\r\n\r\na"                         },
        {400, "GET / HTTP/1.1\r\n\r\n"                                                            },
        {400, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"                                      },
        {400, "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n"                                              },
        {400, "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"                                              },
        {400, "GET /?a=%4 HTTP/1.1\r\nHost: x\r\n\r\n"                                            },
        {400, "get / HTTP/1.1\r\nHost: x\r\n\r\n"                                                 },
        {404, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"                    },
        {413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n"                      },
        {413, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"     },
        {415, "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na"},
        {417, "POST / HTTP/1.1\r\nHost: x\r\nExpect: more\r\nContent-Length: 1\r\n\r\na"          },
        {200, "GET / HTTP/1.0\r\n\r\n"                                                            },
        {200, "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"                                         },
    };
    struct bench *bench = bench_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int status = status_of(bench, cases[i].request);

        if (status != cases[i].status)
            fail_msg("%d instead of %d for %s", status, cases[i].status, cases[i].request);
    }
    bench_free(bench);
}

static void expect_continue_is_followed(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                  "Content-Length: 2\r\n\r\n");
    assert_int_equal(peer_status(fd, &answer), 100);
    peer_send(fd, "hi");
    assert_int_equal(peer_status(fd, &answer), 200);
    close(fd);
    bench_free(bench);
}

static void problem_document_tells_all(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "GET /problem HTTP/1.1\r\nHost: x\r\n\r\n");

    assert_int_equal(peer_status(fd, &answer), 429);
    assert_non_null(strstr(buf_str(&answer), "Content-Type: application/problem+json\r\n"));
    assert_non_null(strstr(buf_str(&answer), "Retry-After: 7\r\n"));
    assert_non_null(strstr(buf_str(&answer), "{\"type\":\"urn:stockbus:problem:slow-down\","
                                             "\"title\":\"Too Many Requests\",\"status\":429,"
                                             "\"detail\":\"say \\\"please\\\"\",\"instance\":\""));
    close(fd);
    bench_free(bench);
}

/* The client writes far more than fits the buffers and still reads the refusal, not a reset. */
static void large_body_with_length_is_413(void **state)
{
    enum { SENT = 4 * 1000 * 1000 };
    SCOPED(buf) struct buf answer = {0};
    SCOPED(mem) char *bytes = mem_calloc(1, SENT);
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
    peer_send_bytes(fd, bytes, SENT);
    assert_int_equal(peer_status(fd, &answer), 413);
    assert_non_null(strstr(buf_str(&answer), "Connection: close"));
    close(fd);
    bench_free(bench);
}

static void large_body_in_chunks_is_413(void **state)
{
    enum { CHUNK = 0x1000, CHUNKS = 40 };
    SCOPED(buf) struct buf answer = {0};
    char chunk[CHUNK];
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    memset(chunk, 'x', sizeof(chunk));
    peer_send(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < CHUNKS; i++) {
        peer_send(fd, "1000\r\n");
        peer_send_bytes(fd, chunk, CHUNK);
        peer_send(fd, "\r\n");
    }
    peer_send(fd, "0\r\n\r\n");
    assert_int_equal(peer_status(fd, &answer), 413);
    assert_non_null(strstr(buf_str(&answer), "Connection: close"));
    close(fd);
    bench_free(bench);
}

/* There is room for three; whichever the server reads last is refused. */
static void bodies_in_hand_are_bounded(void **state)
{
    enum { BODIES = 4 };
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    struct pollfd peers[BODIES];
    int refused = 0;

    (void)state;
    for (size_t i = 0; i < BODIES; i++) {
        peers[i] = (struct pollfd){.fd = peer_connect(bench), .events = POLLIN};
        peer_send(peers[i].fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    }

    assert_int_equal(poll(peers, BODIES, PATIENT_MS), 1);
    while (peers[refused].revents == 0)
        refused++;
    assert_int_equal(peer_status(peers[refused].fd, &answer), 503);
    assert_non_null(strstr(buf_str(&answer), "Retry-After: "));
    for (size_t i = 0; i < BODIES; i++)
        close(peers[i].fd);
    /* Given back when the server has seen that their clients are gone. */
    int64_t start_ms = clock_monotonic_ms();
    int status = 503;
    while (status == 503 && clock_monotonic_ms() - start_ms < SOON_MS)
        status = status_of(bench, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok");
    assert_int_equal(status, 200);
    bench_free(bench);
}

/* A byte now and then prolongs nothing: the server closes after SHORT_MS, and not before. */
static void drip_until_closed(int fd, const char *start)
{
    int64_t start_ms = clock_monotonic_ms();
    struct pollfd closed = {.fd = fd, .events = POLLIN};

    peer_send(fd, start);
    while (poll(&closed, 1, 50) == 0 && clock_monotonic_ms() - start_ms < SOON_MS)
        peer_send(fd, "a");
    assert_in_range(peer_closed_after(fd, start_ms), SHORT_MS - 10, SOON_MS);
}

static void drip(const char *start)
{
    struct bench *bench = bench_new_impatient();
    int fd = peer_connect(bench);

    drip_until_closed(fd, start);
    close(fd);
    bench_free(bench);
}

static void dripping_request_line_is_cut(void **state)
{
    (void)state;
    drip("G");
}

static void dripping_header_is_cut(void **state)
{
    (void)state;
    drip("GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ");
}

static void dripping_body_is_cut(void **state)
{
    (void)state;
    drip("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
}

static void dripping_second_request_is_cut(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new_impatient();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(peer_status(fd, &answer), 200);
    usleep(2 * SHORT_MS * 1000); /* idle is no crime */
    drip_until_closed(fd, "a");
    close(fd);
    bench_free(bench);
}

static void late_answer_is_harmless(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new_impatient();
    int fd = peer_connect(bench);
    size_t len = 0;

    (void)state;
    peer_send(fd, "POST /keep HTTP/1.1\r\nHost: x\r\nX-Mine: 1\r\nContent-Length: 4\r\n\r\nbody");
    assert_int_equal(peer_status(fd, &answer), 503);
    close(fd);

    struct http_request *request = bench_kept(bench, 0);
    assert_string_equal(http_request_header(request, "x-mine"), "1");
    assert_memory_equal(http_request_body(request, &len), "body", 4);
    http_answer_json(request, 200, "{}", 2);
    bench_free(bench);
}

static void late_answer_survives_the_stop(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fd = peer_connect(bench);

    (void)state;
    peer_send(fd, "GET /keep HTTP/1.1\r\nHost: x\r\n\r\n");
    struct http_request *request = bench_kept(bench, 0);
    int64_t start_ms = clock_monotonic_ms();
    http_server_stop(bench->server, 50);
    assert_true(clock_monotonic_ms() - start_ms < SOON_MS);
    assert_int_equal(peer_status(fd, &answer), 503);
    assert_non_null(strstr(buf_str(&answer), "Connection: close"));
    http_answer_json(request, 200, "{}", 2);
    close(fd);
    pthread_mutex_destroy(&bench->lock);
    mem_free(bench);
}

static void *answer_soon(void *opaque)
{
    usleep(100 * 1000);
    http_answer_json(opaque, 200, "{}", 2);
    return NULL;
}

static void stop_waits_for_the_request_in_hand(void **state)
{
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int port = http_server_port(bench->server);
    int fd = peer_connect(bench);
    pthread_t thread;

    (void)state;
    peer_send(fd, "GET /keep HTTP/1.1\r\nHost: x\r\n\r\n");
    pthread_create(&thread, NULL, answer_soon, bench_kept(bench, 0));
    int64_t start_ms = clock_monotonic_ms();
    http_server_stop(bench->server, PATIENT_MS);
    assert_true(clock_monotonic_ms() - start_ms < SOON_MS);
    assert_int_equal(peer_status(fd, &answer), 200);
    assert_non_null(strstr(buf_str(&answer), "Connection: close"));
    assert_int_equal(peer_connect_port(port), -1);
    pthread_join(thread, NULL);
    close(fd);
    pthread_mutex_destroy(&bench->lock);
    mem_free(bench);
}

static void stop_under_load_loses_no_lock(void **state)
{
    enum { CONNECTIONS = 60 };
    SCOPED(buf) struct buf answer = {0};
    int fds[CONNECTIONS];

    (void)state;
    for (int round = 0; round < 5; round++) {
        struct bench *bench = bench_new();

        for (int i = 0; i < CONNECTIONS; i++)
            fds[i] = peer_connect(bench);
        for (int i = 0; i < CONNECTIONS; i++)
            peer_send(fds[i], i % 3 == 0   ? "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"
                              : i % 3 == 1 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                           : "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n");
        usleep(1000 * (unsigned)round);
        http_server_stop(bench->server, 10);
        for (int i = 0; i < CONNECTIONS; i++)
            close(fds[i]);
        for (int i = 0; i < PATIENT_MS && later_left > 0; i++)
            usleep(1000);
        assert_int_equal(later_left, 0);
        pthread_mutex_destroy(&bench->lock);
        mem_free(bench);
    }
}

/* libmicrohttpd stalls at 128 ready connections of one epoll. */
static void many_connections_are_served_at_once(void **state)
{
    enum { ROUNDS = 20, FROM = 124, TO = 132 };
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_new();
    int fds[TO];

    (void)state;
    for (int i = 0; i < TO; i++)
        fds[i] = peer_connect(bench);
    int64_t start_ms = clock_monotonic_ms();
    for (int count = FROM; count <= TO; count++) {
        for (int round = 0; round < ROUNDS / 4; round++) {
            for (int i = 0; i < count; i++)
                peer_send(fds[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            for (int i = 0; i < count; i++)
                assert_int_equal(peer_status(fds[i], &answer), 200);
        }
    }
    assert_true(clock_monotonic_ms() - start_ms < SOON_MS);
    for (int i = 0; i < TO; i++)
        close(fds[i]);
    bench_free(bench);
}

/* 2 x 124 places: the rest is served when an idle one is cut. */
static void idle_connections_make_room(void **state)
{
    enum { PLACES = 248 };
    struct bench *bench = bench_new();
    int fds[PLACES];

    (void)state;
    for (int i = 0; i < PLACES; i++)
        fds[i] = peer_connect(bench);
    int64_t start_ms = clock_monotonic_ms();
    assert_int_equal(status_of(bench, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_true(clock_monotonic_ms() - start_ms < SOON_MS);
    for (int i = 0; i < PLACES; i++)
        close(fds[i]);
    bench_free(bench);
}

static void busy_connections_make_room(void **state)
{
    enum { PLACES = 4 };
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    SCOPED(buf) struct buf answer = {0};
    struct bench *bench = bench_start(PLACES, PATIENT_MS);
    int fds[PLACES + 1];
    int64_t start_ms = clock_monotonic_ms();

    (void)state;
    for (int i = 0; i <= PLACES; i++)
        fds[i] = peer_connect(bench);
    peer_send(fds[PLACES], request);
    struct pollfd waiting = {.fd = fds[PLACES], .events = POLLIN};
    for (int i = 0; poll(&waiting, 1, 1) == 0; i = (i + 1) % PLACES) {
        peer_send(fds[i], request);
        if (fds[i] >= 0 && peer_status(fds[i], &answer) == 200 &&
            strstr(buf_str(&answer), "Connection: close") != NULL) {
            close(fds[i]);
            fds[i] = -1;
        }
        assert_true(clock_monotonic_ms() - start_ms < SOON_MS);
    }
    assert_int_equal(peer_status(fds[PLACES], &answer), 200);
    for (int i = 0; i <= PLACES; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    bench_free(bench);
}

static void port_in_use_is_told(void **state)
{
    struct bench *bench = bench_new();
    struct http_server_options options = test_options(bench);
    char address[64];
    char expected[128];
    struct err err = {0};

    (void)state;
    snprintf(address, sizeof(address), "127.0.0.1:%d", http_server_port(bench->server));
    snprintf(expected, sizeof(expected), "address '%s' is in use", address);
    options.address = address;
    assert_null(http_server_start(&options, &err));
    assert_int_equal(err.code, ERR_FATAL);
    assert_string_equal(err.text, expected);
    bench_free(bench);
}

static void bad_addresses_are_told(void **state)
{
    static const char *const addresses[] = {
        "",         "8080",      "127.0.0.1:",    "127.0.0.1:x",
        "::1:8080", "[::1:8080", "1.2.3.4:70000", "203.0.113.1:0"};
    struct http_server_options options = test_options(NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        struct err err = {0};

        options.address = addresses[i];
        assert_null(http_server_start(&options, &err));
        assert_int_equal(err.code, ERR_FATAL);
        assert_non_null(strstr(err.text, addresses[i]));
    }
}

static bool metrics_have(const char *const *lines, size_t len)
{
    SCOPED(buf) struct buf text = {0};
    size_t seen = 0;

    metrics_write(&text);
    for (size_t i = 0; i < len; i++)
        seen += strstr(buf_str(&text), lines[i]) != NULL;
    return seen == len;
}

static void metrics_count(void **state)
{
    static const char *const lines[] = {
        "stockbus_http_requests_total{server=\"test\",status=\"200\"} 1\n",
        "stockbus_http_refusals_total{server=\"test\",reason=\"bad-host\"}",
        "stockbus_http_refusals_total{server=\"test\",reason=\"malformed\"}",
    };
    struct bench *bench = NULL;

    (void)state;
    metrics_reset();
    bench = bench_new();
    status_of(bench, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    status_of(bench, "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n");
    status_of(bench, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n");
    /* The library's own refusals are counted at the connection's end. */
    for (int i = 0; i < PATIENT_MS && !metrics_have(lines, ARRAY_LEN(lines)); i++)
        usleep(1000);
    assert_true(metrics_have(lines, ARRAY_LEN(lines)));
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(post_is_answered_from_another_thread),
        cmocka_unit_test(connection_is_kept_alive),
        cmocka_unit_test(target_is_decoded),
        cmocka_unit_test(target_is_also_there_as_it_was_sent),
        cmocka_unit_test(refusals_have_their_status),
        cmocka_unit_test(expect_continue_is_followed),
        cmocka_unit_test(problem_document_tells_all),
        cmocka_unit_test(large_body_with_length_is_413),
        cmocka_unit_test(large_body_in_chunks_is_413),
        cmocka_unit_test(bodies_in_hand_are_bounded),
        cmocka_unit_test(dripping_request_line_is_cut),
        cmocka_unit_test(dripping_header_is_cut),
        cmocka_unit_test(dripping_body_is_cut),
        cmocka_unit_test(dripping_second_request_is_cut),
        cmocka_unit_test(late_answer_is_harmless),
        cmocka_unit_test(late_answer_survives_the_stop),
        cmocka_unit_test(stop_waits_for_the_request_in_hand),
        cmocka_unit_test(stop_under_load_loses_no_lock),
        cmocka_unit_test(many_connections_are_served_at_once),
        cmocka_unit_test(idle_connections_make_room),
        cmocka_unit_test(busy_connections_make_room),
        cmocka_unit_test(port_in_use_is_told),
        cmocka_unit_test(bad_addresses_are_told),
        cmocka_unit_test(metrics_count),
    };

    log_setup("http-test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
