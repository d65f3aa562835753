/* The pages of changed orders that a poll asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"
#include "channels/kinds.h"

static const struct channel_account account = {
    .name = "shop-1",
    .base_url = "https://shop.test",
    .api_version = "",
    .token = "key",
    .token_secret = "secret",
};

enum { SINCE_MS = 1000000500 }; /* 1970-01-12T13:46:40.500Z */

static struct channel_request poll(const char *kind, int64_t page, const char *header,
                                   const char *value, struct arena *arena)
{
    const struct channel_header headers[] = {
        {header, value}
    };
    const struct channel_response previous = {
        .status = 200, .body = "[]", .body_len = 2, .headers = headers, .headers_len = 1};
    const struct channel_response none = {.status = 200, .body = "[]", .body_len = 2};
    struct channel_request request = {.url = "unset"};

    channel_kinds_find(kind)->poll(&account, SINCE_MS, page,
                                   page == 1        ? NULL
                                   : header == NULL ? &none
                                                    : &previous,
                                   arena, &request);
    return request;
}

static void woocommerce_asks_page_by_page(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_request first = poll("woocommerce", 1, NULL, NULL, arena);

    (void)state;
    assert_string_equal(first.method, "GET");
    assert_string_equal(first.user, "key");
    /* One second earlier: modified_after leaves out its own. */
    assert_string_equal(first.url,
                        "https://shop.test/wp-json/wc/v3/orders?status=any&dates_are_gmt=true"
                        "&modified_after=1970-01-12T13:46:39&orderby=id&order=asc&per_page=20"
                        "&page=1");
    assert_non_null(strstr(poll("woocommerce", 2, "X-WP-TotalPages", "3", arena).url, "&page=2"));
    assert_string_equal(poll("woocommerce", 4, "x-wp-totalpages", "3", arena).url, "");
    assert_string_equal(poll("woocommerce", 2, NULL, NULL, arena).url, "");
}

static void shopify_follows_the_cursor_and_only_that(void **state)
{
    static const char link[] =
        "<https://evil.test/admin/api/2026-04/orders.json?limit=30&page_info=before>; "
        "rel=\"previous\", <https://evil.test/orders.json?page_info=abc123&limit=30>; rel=\"next\"";
    static const char last[] =
        "<https://shop.test/admin/api/2026-04/orders.json?page_info=x>; rel=\"previous\"";
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_request first = poll("shopify", 1, NULL, NULL, arena);

    (void)state;
    assert_string_equal(first.url, "https://shop.test/admin/api/2026-04/orders.json?limit=30"
                                   "&status=any&updated_at_min=1970-01-12T13:46:40.500Z");
    assert_string_equal(first.headers[0].name, "X-Shopify-Access-Token");
    assert_string_equal(first.headers[0].value, "key");
    assert_string_equal(
        poll("shopify", 2, "Link", link, arena).url,
        "https://shop.test/admin/api/2026-04/orders.json?limit=30&page_info=abc123");
    assert_string_equal(poll("shopify", 3, "Link", last, arena).url, "");
    assert_string_equal(poll("shopify", 2, NULL, NULL, arena).url, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(woocommerce_asks_page_by_page),
        cmocka_unit_test(shopify_follows_the_cursor_and_only_that),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
