/* Pushes of several calls, access tokens and seals, over real HTTP; no broker takes the outcomes.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"

#include "services/publisher/sender.h"

enum { SOON_MS = 60000, TURN_MS = 5, FOR_EVER_MS = 3000000 };

/* ---- the shop: what it was asked, and what it answers ---- */

struct rule {
    const char *start; /* "PUT /a": of the calls that it answers */
    int status;
    int times;
};

static pthread_mutex_t shop_lock = PTHREAD_MUTEX_INITIALIZER;
static struct buf shop_calls; /* "GET /a|PUT /a 5|" */
static struct rule shop_rules[4];

static int shop_status(const char *call)
{
    for (size_t i = 0; i < ARRAY_LEN(shop_rules); i++) {
        struct rule *rule = &shop_rules[i];

        if (rule->times > 0 && strncmp(call, rule->start, strlen(rule->start)) == 0) {
            rule->times--;
            return rule->status;
        }
    }
    return 200;
}

static void shop_handle(void *opaque, struct http_request *request)
{
    SCOPED(buf) struct buf call = {0};
    const char *seal = http_request_header(request, "X-Seal");
    const char *token = http_request_header(request, "X-Token");
    const char *path = http_request_path(request);
    size_t len = 0;
    const char *body = http_request_body(request, &len);

    (void)opaque;
    buf_printf(&call, "%s %s", http_request_method(request), path);
    if (len > 0)
        buf_printf(&call, " %.*s", (int)len, body);
    if (seal == NULL && strcmp(path, "/login") != 0)
        buf_text(&call, " unsealed");
    if (token != NULL && *token != '\0')
        buf_printf(&call, " by %s", token);
    pthread_mutex_lock(&shop_lock);
    int status = shop_status(buf_str(&call));
    buf_printf(&shop_calls, "%s|", buf_str(&call));
    pthread_mutex_unlock(&shop_lock);
    http_answer_json(request, status, "{}", 2);
}

static const char *shop_said(struct arena *arena)
{
    pthread_mutex_lock(&shop_lock);
    const char *said = arena_strdup(arena, buf_str(&shop_calls));
    pthread_mutex_unlock(&shop_lock);
    return said;
}

/* ---- its kind: GET, then PUT; or POST, then GET until it is there ---- */

static int64_t wait_before_next_ms;

static void call_make(const struct channel_account *account, const char *method,
                      const struct target *target, struct arena *arena,
                      struct channel_request *ret_request)
{
    struct channel_header *header = arena_alloc(arena, 2 * sizeof(*header));
    bool asks = strcmp(method, "GET") == 0;
    const char *body = asks ? "" : arena_printf(arena, "%lld", (long long)target->quantity);

    header[0] = (struct channel_header){"X-Token", account->token};
    *ret_request = (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s/%s", account->base_url, target->listing),
        .headers = header,
        .headers_len = 1,
        .body = body,
        .body_len = strlen(body),
        .cost = 1,
    };
}

static bool posts_first(const struct channel_account *account)
{
    return strcmp(account->location, "post first") == 0;
}

static bool kind_push(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const char *key, struct arena *arena,
                      struct channel_request *ret_request, struct err *err)
{
    (void)count;
    (void)err;
    assert_int_equal(strlen(key), 36);
    call_make(account, posts_first(account) ? "POST" : "GET", pushes[0].target, arena, ret_request);
    return true;
}

static bool kind_push_next(const struct channel_account *account, const struct channel_push *pushes,
                           size_t count, const char *key, const struct channel_response *previous,
                           void **state, struct arena *arena, struct channel_fetch *ret_next,
                           struct err *err)
{
    (void)count;
    assert_int_equal(strlen(key), 36);
    assert_int_equal(previous->status / 100, 2);
    if (strcmp(pushes[0].target->listing, "strange") == 0)
        return err_set(err, ERR_REJECT, "a listing of another kind");
    if (*state != NULL)
        return true;
    *state = arena_strdup(arena, "asked");
    call_make(account, posts_first(account) ? "GET" : "PUT", pushes[0].target, arena,
              &ret_next->request);
    ret_next->wait_ms = wait_before_next_ms;
    return true;
}

static void kind_answer(const struct channel_account *account, const struct channel_push *pushes,
                        size_t count, const struct channel_response *response, struct arena *arena,
                        struct channel_result *results, struct channel_budget *ret_budget)
{
    (void)account;
    (void)pushes;
    (void)ret_budget;
    for (size_t i = 0; i < count; i++) {
        results[i] = channel_result_of_status(response->status, arena);
        if (results[i].verdict == CHANNEL_ACCEPTED)
            results[i].verdict = CHANNEL_CONFIRMED;
    }
}

static const char *kind_group(const struct channel_account *account, const struct target *target,
                              struct arena *arena)
{
    (void)account;
    (void)target;
    (void)arena;
    return "";
}

static void kind_seal(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                      struct channel_request *request)
{
    struct channel_header *headers = arena_alloc(arena, 2 * sizeof(*headers));

    (void)account;
    assert_true(now_ms > 0);
    headers[0] = request->headers[0];
    headers[1] = (struct channel_header){"X-Seal", "once"};
    assert_int_equal(request->headers_len, 1); /* never sealed twice */
    request->headers = headers;
    request->headers_len = 2;
}

static void kind_login(const struct channel_account *account, const char *refresh_token,
                       int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    (void)refresh_token;
    (void)now_ms;
    *ret_request = (struct channel_request){
        .method = "POST", .url = arena_printf(arena, "%s/login", account->base_url), .body = ""};
}

static int grants;

static bool kind_granted(const struct channel_account *account,
                         const struct channel_response *response, int64_t now_ms,
                         struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    (void)account;
    (void)now_ms;
    if (response->status != 200)
        return err_set(err, ERR_REJECT, "revoked");
    *ret_grant = (struct channel_grant){.token = arena_printf(arena, "token-%d", ++grants),
                                        .life_ms = 3600000};
    return true;
}

#define KIND                                                                                 \
    .name = "steps", .batch_max = 1, .rate_per_second = 1000, .rate_burst = 1000,            \
    .concurrency = 4, .push = kind_push, .push_next = kind_push_next, .answer = kind_answer, \
    .group = kind_group, .seal = kind_seal
static const struct channel_kind open_kind = {KIND};
static const struct channel_kind token_kind = {KIND, .login = kind_login, .granted = kind_granted};
#undef KIND

/* ---- the bench ---- */

struct bench {
    struct arena *arena;
    struct http_server *server;
    struct publisher_outcomes *outcomes;
    struct board *board;
    struct publisher_sender *sender;
    struct channel_account account;
    int64_t offset;
};

static struct bench *bench_new(const struct channel_kind *kind)
{
    struct bench *bench = mem_calloc(1, sizeof(*bench));
    const struct http_server_options options = {.address = "127.0.0.1:0",
                                                .handler = shop_handle,
                                                .name = "shop",
                                                .threads = 1,
                                                .body_max = 10000,
                                                .answer_ms = SOON_MS};
    struct err err = {0};

    buf_clear(&shop_calls);
    memset(shop_rules, 0, sizeof(shop_rules));
    wait_before_next_ms = 0;
    grants = 0;
    bench->arena = arena_new();
    bench->server = http_server_start(&options, &err);
    assert_non_null(bench->server);
    bench->outcomes = publisher_outcomes_new("127.0.0.1:1", "test.", "test", &err);
    assert_non_null(bench->outcomes);
    bench->board = board_new(false);
    bench->account = (struct channel_account){
        .name = "shop",
        .kind = kind,
        .base_url =
            arena_printf(bench->arena, "http://127.0.0.1:%d", http_server_port(bench->server)),
        .token = "",
        .location = "",
    };
    return bench;
}

static void bench_start(struct bench *bench)
{
    struct err err = {0};

    bench->sender =
        publisher_sender_new(&bench->account, NULL, bench->board, bench->outcomes, &err);
    assert_non_null(bench->sender);
}

static void bench_free(struct bench *bench)
{
    publisher_sender_free(bench->sender);
    board_free(bench->board);
    publisher_outcomes_close(bench->outcomes, 0);
    http_server_stop(bench->server, 0);
    buf_release(&shop_calls);
    arena_free(bench->arena);
    mem_free(bench);
}

static void bench_take(struct bench *bench, const char *listing, int64_t version, int64_t quantity)
{
    const struct target target = {.channel = "shop",
                                  .listing = listing,
                                  .address = "",
                                  .quantity = quantity,
                                  .version = version,
                                  .event_id = "e",
                                  .rule_id = "",
                                  .mapping_id = "",
                                  .traceparent = "",
                                  .cause_channel = ""};
    struct target old;

    board_take(bench->board, &target, 0, bench->offset++, false, clock_monotonic_ms(), &old);
}

static void bench_step(struct bench *bench)
{
    struct err err = {0};

    assert_true(publisher_sender_step(bench->sender, true, TURN_MS, &err));
}

/* Goes on until the shop was asked exactly this. */
static void bench_await_calls(struct bench *bench, const char *want)
{
    const int64_t until_ms = clock_monotonic_ms() + SOON_MS;

    while (strcmp(shop_said(bench->arena), want) != 0 ||
           publisher_sender_in_flight(bench->sender) > 0) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("want %s, got %s", want, shop_said(bench->arena));
        bench_step(bench);
    }
}

/* ---- tests ---- */

static void a_listing_is_read_and_then_written(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench_start(bench);
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|PUT /a 5|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

static void a_push_that_waits_holds_up_no_other(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench->account.concurrency = 1;
    bench_start(bench);
    wait_before_next_ms = FOR_EVER_MS;
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|");
    wait_before_next_ms = 0;
    bench_take(bench, "b", 1, 6);
    bench_await_calls(bench, "GET /a|GET /b|PUT /b 6|");
    assert_int_equal(board_dirty(bench->board), 1);
    bench_take(bench, "a", 2, 4); /* one push of a listing at a time */
    for (int i = 0; i < 20; i++)
        bench_step(bench);
    assert_string_equal(shop_said(bench->arena), "GET /a|GET /b|PUT /b 6|");
    bench_free(bench);
}

static void what_a_crash_leaves_is_made_anew_with_the_newest(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench_start(bench);
    wait_before_next_ms = FOR_EVER_MS;
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|");
    publisher_sender_free(bench->sender); /* nothing of the push outlives the process */
    board_free(bench->board);
    bench->board = board_new(false);
    bench_start(bench);
    wait_before_next_ms = 0;
    bench_take(bench, "a", 2, 4);
    bench_await_calls(bench, "GET /a|GET /a|PUT /a 4|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

static void each_call_is_charged_and_begun_pushes_go_first(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench->account.rate_per_second = 1e-6;
    bench->account.rate_burst = 3;
    bench->account.concurrency = 1;
    bench_start(bench);
    bench_take(bench, "a", 1, 5);
    bench_take(bench, "b", 1, 6);
    bench_await_calls(bench, "GET /a|PUT /a 5|GET /b|");
    for (int i = 0; i < 20; i++)
        bench_step(bench);
    assert_string_equal(shop_said(bench->arena), "GET /a|PUT /a 5|GET /b|");
    assert_int_equal(board_dirty(bench->board), 1);
    bench_free(bench);
}

/* What the metric has of it; -1: nothing yet. */
static double waited_seconds(void)
{
    static const char line[] = "\nstockbus_publisher_budget_wait_seconds_total{channel=\"shop\"} ";
    SCOPED(buf) struct buf page = {0};

    metrics_write(&page);
    const char *at = strstr(buf_str(&page), line);
    return at == NULL ? -1 : atof(at + strlen(line));
}

static void the_time_in_which_the_budget_is_lacking_is_told(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    metrics_reset();
    bench->account.rate_per_second = 1e-6;
    bench->account.rate_burst = 2;
    bench_start(bench);
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|PUT /a 5|");
    for (int i = 0; i < 5; i++)
        bench_step(bench);
    assert_true(waited_seconds() < 0); /* there is nothing to send */
    bench_take(bench, "b", 1, 6);
    const int64_t begun_ms = clock_monotonic_ms();
    while (waited_seconds() < 0.05)
        bench_step(bench);
    assert_true(clock_monotonic_ms() - begun_ms >= 50);
    bench_free(bench);
}

static void a_call_that_fails_ends_the_push_and_the_newest_goes_anew(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench_start(bench);
    shop_rules[0] = (struct rule){"GET /a", 503, 1};
    shop_rules[1] = (struct rule){"PUT /a 5", 500, 1};
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|GET /a|PUT /a 5|GET /a|PUT /a 5|");
    assert_int_equal(board_dirty(bench->board), 0);

    buf_clear(&shop_calls);
    wait_before_next_ms = 300;
    bench_take(bench, "a", 2, 4);
    bench_await_calls(bench, "GET /a|");
    bench_take(bench, "a", 3, 3);
    bench_await_calls(bench, "GET /a|PUT /a 4|GET /a|PUT /a 3|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

static void what_the_kind_cannot_go_on_with_is_rejected(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench_start(bench);
    bench_take(bench, "strange", 1, 5);
    bench_await_calls(bench, "GET /strange|");
    assert_int_equal(board_dirty(bench->board), 0); /* parked */
    bench_free(bench);
}

static void a_question_is_asked_again_and_nothing_is_done_twice(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench->account.location = "post first";
    bench_start(bench);
    shop_rules[0] = (struct rule){"GET /a", 503, 1};
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "POST /a 5|GET /a|GET /a|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

static void what_another_replica_has_is_not_written(void **state)
{
    struct bench *bench = bench_new(&open_kind);

    (void)state;
    bench_start(bench);
    wait_before_next_ms = 200;
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "GET /a|");
    board_drop(bench->board, 0);
    const int64_t until_ms = clock_monotonic_ms() + SOON_MS;
    while (board_len(bench->board) > 0) {
        assert_true(clock_monotonic_ms() < until_ms);
        bench_step(bench);
    }
    assert_string_equal(shop_said(bench->arena), "GET /a|");
    bench_free(bench);
}

static void a_token_is_asked_for_and_replaced_once_it_is_refused(void **state)
{
    struct bench *bench = bench_new(&token_kind);

    (void)state;
    bench_start(bench);
    shop_rules[0] = (struct rule){"PUT /a 5 by token-1", 401, 1};
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "POST /login|GET /a by token-1|PUT /a 5 by token-1|"
                             "POST /login|GET /a by token-2|PUT /a 5 by token-2|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

static void nothing_is_sent_while_the_login_is_refused(void **state)
{
    struct bench *bench = bench_new(&token_kind);
    struct channel_account other;

    (void)state;
    bench_start(bench);
    shop_rules[0] = (struct rule){"POST /login", 400, 1};
    bench_take(bench, "a", 1, 5);
    bench_await_calls(bench, "POST /login|");
    for (int i = 0; i < 20; i++)
        bench_step(bench);
    assert_string_equal(shop_said(bench->arena), "POST /login|");
    assert_int_equal(board_dirty(bench->board), 1);

    /* Somebody puts it right: no restart. */
    other = bench->account;
    other.api_version = "2";
    publisher_sender_adopt(bench->sender, &other, NULL);
    bench_await_calls(bench, "POST /login|POST /login|GET /a by token-1|PUT /a 5 by token-1|");
    assert_int_equal(board_dirty(bench->board), 0);
    bench_free(bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_is_read_and_then_written),
        cmocka_unit_test(a_push_that_waits_holds_up_no_other),
        cmocka_unit_test(what_a_crash_leaves_is_made_anew_with_the_newest),
        cmocka_unit_test(each_call_is_charged_and_begun_pushes_go_first),
        cmocka_unit_test(the_time_in_which_the_budget_is_lacking_is_told),
        cmocka_unit_test(a_call_that_fails_ends_the_push_and_the_newest_goes_anew),
        cmocka_unit_test(what_the_kind_cannot_go_on_with_is_rejected),
        cmocka_unit_test(a_question_is_asked_again_and_nothing_is_done_twice),
        cmocka_unit_test(what_another_replica_has_is_not_written),
        cmocka_unit_test(a_token_is_asked_for_and_replaced_once_it_is_refused),
        cmocka_unit_test(nothing_is_sent_while_the_login_is_refused),
    };

    log_setup("test", LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
