/* The channels file while it changes: who sees what, and what a bad file does. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"

#include "channels/call.h"
#include "channels/channel.h"
#include "channels/live.h"

#define YAML "channels:\n  - {name: shop, kind: shopify, base_url: 'http://a', token_file: token}\n"

struct folder {
    char path[64];
    char yaml[96];
    char token[96];
};

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
}

static int set_up(void **state)
{
    struct folder *folder = mem_calloc(1, sizeof(*folder));

    snprintf(folder->path, sizeof(folder->path), "/tmp/live-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->yaml, sizeof(folder->yaml), "%s/channels.yaml", folder->path);
    snprintf(folder->token, sizeof(folder->token), "%s/token", folder->path);
    file_write(folder->yaml, YAML);
    file_write(folder->token, "one\n");
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    struct folder *folder = *state;

    unlink(folder->yaml);
    unlink(folder->token);
    rmdir(folder->path);
    mem_free(folder);
    return 0;
}

static void holders_keep_what_they_got(void **state)
{
    struct folder *folder = *state;
    SCOPED(channel_live) struct channel_live *live = NULL;
    SCOPED(channel_live_held) struct channel_live_held *first = NULL;
    SCOPED(channel_live_held) struct channel_live_held *second = NULL;
    struct err err = {0};

    live = channel_live_new(folder->yaml, &err);
    assert_non_null(live);
    first = channel_live_hold(live);
    const struct channel_account *before = channel_live_find(first, "shop");
    assert_string_equal(before->token, "one");
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_SAME);
    file_write(folder->token, "two\n"); /* only the file that is named in it */
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_CHANGED);
    second = channel_live_share(channel_live_hold(live));
    channel_live_let_go(second); /* of two holders, one */
    assert_string_equal(channel_live_find(second, "shop")->token, "two");
    assert_string_equal(before->token, "one");
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_SAME);
    assert_null(channel_live_share(NULL));
}

struct writing {
    const char *path;
    int number;
    atomic_bool is_done;
};

static void *write_the_rest(void *opaque)
{
    struct writing *writing = opaque;
    char text[32];

    usleep(20000);
    snprintf(text, sizeof(text), "half-%d-whole\n", writing->number);
    file_write(writing->path, text);
    atomic_store(&writing->is_done, true);
    return NULL;
}

/* False: the machine let the writer wait for longer than the look lasted. */
static bool looks_while_written(struct channel_live *live, const struct folder *folder, int number)
{
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    struct writing writing = {folder->token, number, false};
    struct err err = {0};
    pthread_t writer;
    char half[32];

    snprintf(half, sizeof(half), "half-%d", number);
    file_write(folder->token, half);
    assert_int_equal(pthread_create(&writer, NULL, write_the_rest, &writing), 0);
    enum channel_live_news news = channel_live_refresh(live, &err);
    bool in_time = atomic_load(&writing.is_done);
    pthread_join(writer, NULL);
    held = channel_live_hold(live);
    if (in_time) {
        assert_true(news == CHANNEL_LIVE_SAME || news == CHANNEL_LIVE_CHANGED);
        assert_string_not_equal(channel_live_find(held, "shop")->token, half);
    }
    return in_time && news == CHANNEL_LIVE_SAME;
}

static void a_file_in_the_middle_of_its_writing_changes_nothing(void **state)
{
    struct folder *folder = *state;
    SCOPED(channel_live) struct channel_live *live = NULL;
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    struct err err = {0};
    int number = 1;

    live = channel_live_new(folder->yaml, &err);
    assert_non_null(live);
    while (!looks_while_written(live, folder, number))
        assert_true(++number < 100);
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_CHANGED);
    held = channel_live_hold(live);
    assert_non_null(strstr(channel_live_find(held, "shop")->token, "-whole"));
}

static void a_bad_file_changes_nothing_and_is_told_once(void **state)
{
    struct folder *folder = *state;
    SCOPED(channel_live) struct channel_live *live = NULL;
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    struct err err = {0};

    live = channel_live_new(folder->yaml, &err);
    assert_non_null(live);
    unlink(folder->token);
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_BROKEN);
    assert_non_null(strstr(err.text, "token"));
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_STILL_BROKEN);
    file_write(folder->yaml, "channels: 5\n");
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_BROKEN); /* another reason */
    held = channel_live_hold(live);
    assert_string_equal(channel_live_find(held, "shop")->token, "one");
    file_write(folder->yaml, YAML);
    file_write(folder->token, "one\n");
    assert_int_equal(channel_live_refresh(live, &err), CHANNEL_LIVE_SAME);
}

static void digests_see_all_but_what_is_left_out(void **state)
{
    static const struct channel_setting settings[] = {
        {.name = "place", .preset = "here"},
        {.name = "refresh",               .preset = ""},
        {0}
    };
    static const struct channel_kind kind = {.name = "kind", .settings = settings};
    const char *values[] = {"there", "r1"};
    struct channel_account account = {
        .name = "shop", .kind = &kind, .token = "t", .settings = values};
    uint64_t whole = channel_account_digest(&account, NULL);
    uint64_t part = channel_account_digest(&account, "refresh");

    (void)state;
    values[1] = "r2";
    assert_true(channel_account_digest(&account, NULL) != whole);
    assert_true(channel_account_digest(&account, "refresh") == part);
    values[0] = "elsewhere";
    assert_true(channel_account_digest(&account, "refresh") != part);
    values[0] = "there";
    account.timeout_ms = 5;
    assert_true(channel_account_digest(&account, "refresh") != part);
}

static void seal(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                 struct channel_request *request)
{
    request->url =
        arena_printf(arena, "%s?at=%lld&by=%s", request->url, (long long)now_ms, account->token);
}

static void calls_are_sealed_with_the_time(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    static const struct channel_kind kind = {.name = "kind", .seal = seal};
    const struct channel_account account = {.name = "shop", .kind = &kind, .token = "t"};
    const struct channel_header headers[] = {
        {"A", "1"}
    };
    struct channel_request request = {
        .method = "GET", .url = "http://a/b", .headers = headers, .headers_len = 1, .user = "u"};

    (void)state;
    struct http_call call = channel_call_unsealed(&account, &request, arena);
    assert_string_equal(call.url, "http://a/b");
    assert_int_equal(call.timeout_ms, CHANNEL_CALL_TIMEOUT_MS);
    call = channel_call(&account, &request, 7, arena);
    assert_string_equal(call.url, "http://a/b?at=7&by=t");
    assert_string_equal(call.headers[0].value, "1");
    assert_string_equal(call.user, "u");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(holders_keep_what_they_got, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_file_changes_nothing_and_is_told_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_in_the_middle_of_its_writing_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test(digests_see_all_but_what_is_left_out),
        cmocka_unit_test(calls_are_sealed_with_the_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
