/* The channels file: what is read, and that every mistake is told with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channels/account.h"
#include "channels/channel.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"

static char folder[64];

static const char *write_file(struct arena *arena, const char *name, const char *bytes, size_t len)
{
    const char *path = arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    return path;
}

static struct channel_accounts *read_text(struct arena *arena, const char *yaml, struct err *err)
{
    return channel_accounts_read(write_file(arena, "channels.yaml", yaml, strlen(yaml)), err);
}

#define HEAD "channels:\n  - name: shop\n    kind: shopify\n    base_url: https://shop.example\n"

static void every_key_is_read(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    struct err err = {0};

    (void)state;
    accounts = read_text(arena,
                         "# two shops\n"
                         "channels:\n"
                         "  - name: shopify-main\n"
                         "    kind: shopify\n"
                         "    account: \"jsmith.myshopify.com\"\n"
                         "    base_url: https://jsmith.myshopify.com//\n"
                         "    api_version: 2026-04\n"
                         "    location: 655441491\n"
                         "    secret: one\n"
                         "    second_secret: two\n"
                         "    token: shpat_1\n"
                         "    return_bucket: sellable\n"
                         "    rate_per_second: 2.5\n"
                         "    rate_burst: 40\n"
                         "    batch_max: 10\n"
                         "    concurrency: 3\n"
                         "    timeout_ms: 5000\n"
                         "  - {name: woo, kind: woocommerce, base_url: 'http://127.0.0.1:1/woo',\n"
                         "     token: ck_1, token_secret: cs_1}\n",
                         &err);
    assert_string_equal(err.text, "");
    assert_non_null(accounts);
    assert_int_equal(channel_accounts_len(accounts), 2);
    const struct channel_account *shop = channel_accounts_find(accounts, "shopify-main");
    assert_ptr_equal(shop, channel_accounts_at(accounts, 0));
    assert_string_equal(shop->kind->name, "shopify");
    assert_string_equal(shop->account, "jsmith.myshopify.com");
    assert_string_equal(shop->base_url, "https://jsmith.myshopify.com");
    assert_string_equal(shop->api_version, "2026-04");
    assert_string_equal(shop->location, "655441491");
    assert_string_equal(shop->secrets[0], "one");
    assert_string_equal(shop->secrets[1], "two");
    assert_string_equal(shop->token, "shpat_1");
    assert_string_equal(shop->return_bucket, "sellable");
    assert_true(shop->rate_per_second == 2.5 && shop->rate_burst == 40);
    assert_int_equal(shop->batch_max, 10);
    assert_int_equal(shop->concurrency, 3);
    assert_int_equal(shop->timeout_ms, 5000);
    const struct channel_account *woo = channel_accounts_find(accounts, "woo");
    assert_string_equal(woo->token_secret, "cs_1");
    assert_string_equal(woo->return_bucket, "quarantine");
    assert_string_equal(woo->secrets[0], "");
    assert_string_equal(woo->account, "");
    assert_int_equal(woo->batch_max, 0);
    assert_null(channel_accounts_find(accounts, "ebay"));
}

static const struct {
    const char *yaml;
    const char *text;
} mistakes[] = {
    {HEAD "    sekret: x\n", "channels.yaml:5:5: unknown key 'sekret'; did you mean 'secret'?"},
    {HEAD "    token: a\n    token: b\n", "channels.yaml:6:5: key 'token' is there twice"},
    {HEAD "    secret: a\n    secret_file: b\n",
     "channels.yaml:6:5: 'secret' and 'secret_file' are both there"},
    {HEAD "    secret: \"\"\n", "channels.yaml:5:13: secret: want one line of 1 to 2048 bytes"},
    {HEAD "    secret: \"a\\nb\"\n",
     "channels.yaml:5:13: secret: want one line of 1 to 2048 bytes"},
    {HEAD "    secret: \"a\\0b\"\n",
     "channels.yaml:5:13: secret: want one line of 1 to 2048 bytes"},
    {HEAD "    secret: [a]\n", "channels.yaml:5:13: secret: want one text or number"},
    {HEAD "    [a]: b\n", "channels.yaml:5:5: a key must be text"},
    {HEAD "    rate_per_second: -1\n",
     "channels.yaml:5:22: rate_per_second '-1': want a number from 0 to 100000"},
    {HEAD "    rate_per_second: 1x\n",
     "channels.yaml:5:22: rate_per_second '1x': want a number from 0 to 100000"},
    {HEAD "    rate_per_second: nan\n",
     "channels.yaml:5:22: rate_per_second 'nan': want a number from 0 to 100000"},
    {HEAD "    batch_max: 1.5\n",
     "channels.yaml:5:16: batch_max '1.5': want a whole number from 0 to 1000"},
    {HEAD "    timeout_ms: 600001\n",
     "channels.yaml:5:17: timeout_ms '600001': want a whole number from 0 to 600000"},
    {HEAD "    return_bucket: So good\n",
     "channels.yaml:5:20: 'So good': want 1 to 64 of a-z 0-9 - _ ."},
    {HEAD "    api_version: ../../x\n",
     "channels.yaml:5:18: '../../x': want 1 to 64 of a-z 0-9 - _ ."},
    {"channels:\n  - name: a\n    kind: shopify\n    base_url: ftp://x\n",
     "channels.yaml:4:15: 'ftp://x' is no http or https address"},
    {"channels:\n  - name: a\n    kind: bay\n",
     "channels.yaml:3:11: there is no kind 'bay'; want one of "
     "amazon bigcommerce ebay etsy generic shopify tiktok walmart woocommerce"},
    {"channels:\n  - name: Shop\n",
     "channels.yaml:2:11: name 'Shop': want 1 to 64 of a-z 0-9 -"},
    {HEAD "  - name: shop\n", "channels.yaml:5:11: name 'shop' is there twice"},
    {"channels:\n  - kind: shopify\n    base_url: https://x\n",
     "channels.yaml:2:5: key 'name' is missing"},
    {"channels:\n  - name: a\n    kind: shopify\n", "channels.yaml:2:5: key 'base_url' is missing"},
    {"channels:\n  - shop\n", "channels.yaml:2:5: want a channel: name, kind, ..."},
    {"channels: []\n", "channels.yaml:1:11: 0 channels, want 1 to 256"},
    {"channels: shop\n", "channels.yaml:1:11: channels: want a list"},
    {"channel: []\n", "channels.yaml:1:1: unknown key 'channel'"},
    {"channels: []\nchannels: []\n", "channels.yaml:2:1: key 'channels' is there twice"},
    {"{}\n", "channels.yaml:1:1: key 'channels' is missing"},
    {"- a\n", "channels.yaml:1:1: want 'channels:' and a list"},
    {"", "channels.yaml:1:1: the file is empty"},
    {HEAD "---\nchannels: []\n", "channels.yaml:6:1: want one document"},
    {"channels:\n\t- name: a\n", "channels.yaml:2:1: found character that cannot start any token"},
    {"channels:\n  - name: *nobody\n", "channels.yaml:2:11: found undefined alias"},
    {HEAD "    secret_file: nowhere\n", NULL},
};

static void every_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct err err = {0};
        const char *text = mistakes[i].text;

        if (text == NULL)
            text = arena_printf(
                arena, "channels.yaml:5:18: %s/nowhere: No such file or directory", folder);
        assert_null(read_text(arena, mistakes[i].yaml, &err));
        assert_string_equal(err.text, text);
        assert_int_equal(err.code, ERR_FATAL);
    }
}

static void secrets_come_from_files_beside_the_yaml(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    struct err err = {0};
    const char *path = write_file(arena, "token", "shpat_2", 7);

    (void)state;
    write_file(arena, "secret", "one two\r\n", 9);
    accounts = read_text(arena,
                         arena_printf(arena, HEAD "    secret_file: secret\n    token_file: %s\n",
                                      path),
                         &err);
    assert_string_equal(err.text, "");
    assert_string_equal(channel_accounts_at(accounts, 0)->secrets[0], "one two");
    assert_string_equal(channel_accounts_at(accounts, 0)->token, "shpat_2");
}

/* Requests outlive a reload of the file. */
static void a_copy_has_a_spec_of_its_own(void **state)
{
    static const char spec[] =
        "notifications:\n  signature: {scheme: none}\n  facts: [{fact: order_voided, fields: "
        "{order_id: /o, version_at: /t}}]\npush: {method: PUT, path: '/s/{address}', body: '{}'}\n";
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};
    struct target target = {.channel = "", .listing = "a b", .address = ""};

    (void)state;
    write_file(arena, "shop.spec", spec, strlen(spec));
    struct channel_accounts *accounts =
        read_text(arena,
                  "channels:\n  - name: shop\n    kind: generic\n"
                  "    base_url: https://shop.example\n    spec: shop.spec\n"
                  "    rate_per_second: 3\n",
                  &err);
    assert_string_equal(err.text, "");
    const struct channel_account *account = channel_accounts_at(accounts, 0);
    uint64_t digest = channel_account_digest(account, NULL);
    const struct channel_account copy = channel_account_copy(account, arena);
    assert_ptr_not_equal(copy.spec, account->spec);
    channel_accounts_free(accounts);
    assert_int_equal(channel_account_digest(&copy, NULL), digest);
    assert_string_equal(copy.kind->group(&copy, &target, arena), "/s/a%20b");
}

/* The kinds that have settings test theirs; the shop has none. */
static void a_setting_that_the_kind_does_not_have_is_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};

    (void)state;
    assert_null(read_text(arena, HEAD "    settings:\n      colour: red\n", &err));
    assert_string_equal(err.text, "channels.yaml:6:7: unknown setting 'colour'");
    err = (struct err){0};
    assert_null(read_text(arena, HEAD "    settings: red\n", &err));
    assert_non_null(strstr(err.text, "settings: want names and values"));
}

static void a_secret_file_without_one_line_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } files[] = {{"", 0}, {"\n", 1}, {"a\nb\n", 4}, {"a\0b", 3}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct err err = {0};

        write_file(arena, "secret", files[i].bytes, files[i].len);
        assert_null(read_text(arena, HEAD "    secret_file: secret\n", &err));
        assert_string_equal(err.text, "channels.yaml:5:18: secret: want one line of text");
    }
}

static void an_error_never_shows_a_secret(void **state)
{
    static const char *const yamls[] = {
        HEAD "    secret: hunter2\n    secret: hunter2\n",
        HEAD "    secret: hunter2\n    token: [hunter2]\n",
        HEAD "    token_secret: \"hunter2\\n\"\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yamls); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct err err = {0};

        assert_null(read_text(arena, yamls[i], &err));
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void files_have_a_limit(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf big = {0};
    struct err err = {0};

    (void)state;
    while (big.len <= 1024 * 1024)
        buf_text(&big, "# a comment, and another one\n");
    assert_null(read_text(arena, buf_str(&big), &err));
    assert_non_null(strstr(err.text, "more than 1048576 bytes"));
    assert_null(channel_accounts_read("/nowhere/channels.yaml", &err));
    assert_string_equal(err.text, "/nowhere/channels.yaml: No such file or directory");
}

static void a_cut_file_is_an_error_or_a_shorter_one(void **state)
{
    const char *whole = HEAD "    secret: 'one'\n    token: \"two\"\n    rate_burst: 4\n";

    (void)state;
    for (size_t len = 0; len < strlen(whole); len++) {
        SCOPED(arena) struct arena *arena = arena_new();
        SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
        struct err err = {0};

        accounts = read_text(arena, arena_strndup(arena, whole, len), &err);
        assert_true(accounts != NULL || err.code == ERR_FATAL);
    }
}

#define ONE(name)                                                                                  \
    "channels:\n  - name: " name "\n    kind: woocommerce\n    base_url: https://shop.example\n"

static void a_folder_is_read_file_by_file(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    SCOPED(channel_accounts) struct channel_accounts *twice = NULL;
    struct err err = {0};

    (void)state;
    write_file(arena, "channels.yaml", ONE("two"), strlen(ONE("two")));
    write_file(arena, "a.yaml", ONE("one"), strlen(ONE("one")));
    write_file(arena, ".hidden.yaml", "{", 1);
    write_file(arena, "notes", "{", 1);
    accounts = channel_accounts_read(folder, &err);
    assert_non_null(accounts);
    assert_int_equal(channel_accounts_len(accounts), 2);
    assert_string_equal(channel_accounts_at(accounts, 0)->name, "one");
    assert_string_equal(channel_accounts_at(accounts, 1)->name, "two");

    write_file(arena, "a.yaml", ONE("two"), strlen(ONE("two")));
    twice = channel_accounts_read(folder, &err);
    assert_null(twice);
    assert_non_null(strstr(err.text, "channels.yaml:2:11: name 'two' is there twice"));
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/account_test.XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"shop.spec", "channels.yaml", "a.yaml", ".hidden.yaml",
                                        "notes", "secret", "token"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(every_mistake_is_told_with_its_place),
        cmocka_unit_test(secrets_come_from_files_beside_the_yaml),
        cmocka_unit_test(a_secret_file_without_one_line_is_refused),
        cmocka_unit_test(a_copy_has_a_spec_of_its_own),
        cmocka_unit_test(a_setting_that_the_kind_does_not_have_is_refused),
        cmocka_unit_test(an_error_never_shows_a_secret),
        cmocka_unit_test(files_have_a_limit),
        cmocka_unit_test(a_cut_file_is_an_error_or_a_shorter_one),
        cmocka_unit_test(a_folder_is_read_file_by_file),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
