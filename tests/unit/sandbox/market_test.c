/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "lib/json/json.h"

#include "tools/sandbox/market.h"
#include "tools/sandbox/shopify_body.h"
#include "tools/sandbox/woocommerce_body.h"
#include "tools/sandbox/wording.h"

enum { EPOCH_S = 1795256793 };
#define NOW_MS INT64_C(1795256793500)

static const char config_text[] =
    "{\"channels\":["
    "{\"name\":\"s\",\"kind\":\"shopify\",\"account\":\"d.myshopify.com\",\"secret\":\"x\","
    "\"token\":\"t\",\"location\":\"655441491\",\"products\":[{\"id\":\"7\",\"title\":\"Tee\","
    "\"variants\":[{\"id\":\"271878346596884015\",\"inventory_item_id\":\"271878346596884017\","
    "\"sku\":\"TEE-S\",\"quantity\":5,\"price\":\"19.00\"},"
    "{\"id\":\"12\",\"inventory_item_id\":\"13\",\"sku\":\"TEE-M\",\"quantity\":5}]}]},"
    "{\"name\":\"w\",\"kind\":\"woocommerce\",\"account\":\"https://shop.example.com\","
    "\"secret\":\"x\",\"token\":\"t\",\"products\":[{\"id\":\"93\",\"title\":\"Mug\","
    "\"variants\":[{\"sku\":\"MUG\",\"quantity\":5,\"price\":\"3.00\"}]},{\"id\":\"22\","
    "\"title\":\"Cap\",\"variants\":[{\"id\":\"23\",\"sku\":\"CAP-S\",\"quantity\":5}]}]}]}";

struct bench {
    struct arena *arena;
    struct sandbox_config config;
    struct sandbox_market shopify;
    struct sandbox_market woocommerce;
    struct err err;
};

static int set_up(void **state)
{
    struct bench *bench = mem_calloc(1, sizeof(*bench));

    bench->arena = arena_new();
    assert_true(sandbox_config_read(bench->arena, config_text, strlen(config_text), &bench->config,
                                    &bench->err));
    sandbox_market_init(&bench->shopify, &bench->config.channels[0], EPOCH_S, NOW_MS);
    sandbox_market_init(&bench->woocommerce, &bench->config.channels[1], EPOCH_S, NOW_MS);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    sandbox_market_release(&bench->shopify);
    sandbox_market_release(&bench->woocommerce);
    arena_free(bench->arena);
    mem_free(bench);
    return 0;
}

static const char large[] = "271878346596884015";

static struct sandbox_order *sell(struct bench *bench, struct sandbox_market *market,
                                  const char *listing, int64_t quantity)
{
    const struct sandbox_want want = {listing, quantity};

    return sandbox_market_sell(market, &want, 1, NOW_MS, &bench->err);
}

static void a_sale_lowers_the_quantity_and_commits_it(void **state)
{
    struct bench *bench = *state;
    const struct sandbox_listing *listing = sandbox_market_listing(&bench->shopify, large);

    assert_non_null(sell(bench, &bench->shopify, large, 2));

    assert_int_equal(listing->quantity, 3);
    assert_int_equal(listing->committed, 2);
}

static void more_than_is_left_is_refused_whole(void **state)
{
    struct bench *bench = *state;
    const struct sandbox_want wants[] = {
        {"12",  1},
        {large, 3},
        {large, 3}
    };

    assert_null(sandbox_market_sell(&bench->shopify, wants, 3, NOW_MS, &bench->err));

    assert_int_equal(bench->err.code, ERR_CONFLICT);
    assert_int_equal(sandbox_market_listing(&bench->shopify, "12")->quantity, 5);
    assert_null(sell(bench, &bench->shopify, "nothing", 1));
    assert_int_equal(bench->err.code, ERR_REJECT);
}

static void cancelling_restocks_or_does_not(void **state)
{
    struct bench *bench = *state;
    const struct sandbox_listing *listing = sandbox_market_listing(&bench->shopify, "12");
    struct sandbox_order *first = sell(bench, &bench->shopify, "12", 2);
    struct sandbox_order *second = sell(bench, &bench->shopify, "12", 1);
    struct sandbox_refund *refund = NULL;

    assert_true(sandbox_market_cancel(&bench->shopify, first, true, NOW_MS, &refund, &bench->err));
    assert_non_null(refund);
    assert_int_equal(listing->quantity, 4);
    assert_true(
        sandbox_market_cancel(&bench->shopify, second, false, NOW_MS, &refund, &bench->err));
    assert_null(refund);
    assert_int_equal(listing->quantity, 4);
    assert_int_equal(listing->committed, 0);
    assert_false(sandbox_market_cancel(&bench->shopify, first, true, NOW_MS, &refund, &bench->err));
}

static struct sandbox_refund *refund(struct bench *bench, struct sandbox_order *order,
                                     const char *restock_type)
{
    const struct sandbox_part part = {order->lines[0].id, 1, restock_type};

    return sandbox_market_refund(&bench->shopify, order, &part, NOW_MS, &bench->err);
}

static void refunds_take_only_what_is_there(void **state)
{
    struct bench *bench = *state;
    struct sandbox_order *order = sell(bench, &bench->shopify, "12", 3);

    assert_null(refund(bench, order, "return"));
    assert_non_null(refund(bench, order, "cancel"));
    assert_true(sandbox_market_fulfil(&bench->shopify, order, NOW_MS, &bench->err));
    assert_null(refund(bench, order, "cancel"));
    assert_non_null(refund(bench, order, "return"));
    assert_non_null(refund(bench, order, "no_restock"));
    assert_null(refund(bench, order, "no_restock"));
    assert_null(refund(bench, order, "burn"));

    assert_int_equal(sandbox_line_current(&order->lines[0]), 0);
    assert_int_equal(order->lines[0].quantity, 3);
    assert_int_equal(order->lines[0].restocked, 2);
    assert_int_equal(sandbox_market_listing(&bench->shopify, "12")->quantity, 4);
}

static void ids_of_two_starts_never_meet(void **state)
{
    struct bench *bench = *state;
    struct sandbox_market later;
    const struct sandbox_want want = {"12", 1};

    sandbox_market_init(&later, &bench->config.channels[0], EPOCH_S + 1, NOW_MS);
    for (int i = 0; i < 5; i++) {
        assert_non_null(sell(bench, &bench->shopify, "12", 1));
        const struct sandbox_order *order =
            sandbox_market_sell(&later, &want, 1, NOW_MS, &bench->err);

        assert_null(sandbox_market_order(&bench->shopify, order->id));
    }
    sandbox_market_release(&later);
}

static const struct json *parsed(struct bench *bench, const struct buf *text)
{
    const struct json *json = json_parse(bench->arena, text->bytes, text->len, &bench->err);

    assert_non_null(json);
    return json;
}

static void a_shopify_order_has_numbers_for_ids(void **state)
{
    struct bench *bench = *state;
    SCOPED(buf) struct buf text = {0};
    struct sandbox_order *order = sell(bench, &bench->shopify, large, 2);

    sandbox_shopify_order(&bench->shopify, order, &text);
    const struct json *json = parsed(bench, &text);
    const struct json *line = json_at(json_get(json, "line_items"), 0);

    assert_int_equal(json_kind(json_get(json, "id")), JSON_NUMBER);
    assert_string_equal(json_text(json_get(json, "id")), order->id);
    assert_int_equal(json_kind(json_get(line, "variant_id")), JSON_NUMBER);
    assert_string_equal(json_text(json_get(line, "variant_id")), large);
    assert_string_equal(json_text(json_get(line, "price")), "19.00");
    assert_string_equal(json_text(json_get(json, "total_price")), "38.00");
    assert_string_equal(json_text(json_get(json, "created_at")), "2026-11-21T05:26:33-05:00");
    assert_int_equal(json_kind(json_get(json, "cancelled_at")), JSON_NULL);
    assert_int_equal(json_len(json_get(json, "refunds")), 0);
}

static void a_refund_without_restock_has_no_location(void **state)
{
    struct bench *bench = *state;
    SCOPED(buf) struct buf text = {0};
    struct sandbox_order *order = sell(bench, &bench->shopify, "12", 2);
    const struct sandbox_refund *without = refund(bench, order, "no_restock");

    sandbox_shopify_refund(&bench->shopify, order, without, &text);
    const struct json *json = parsed(bench, &text);
    const struct json *part = json_at(json_get(json, "refund_line_items"), 0);

    assert_string_equal(json_text(json_get(part, "restock_type")), "no_restock");
    assert_true(json_is_null(json_get(part, "location_id")));
    assert_int_equal(json_kind(json_get(json, "restock")), JSON_FALSE);
}

static void a_woocommerce_order_has_plain_times_and_zero_variations(void **state)
{
    struct bench *bench = *state;
    SCOPED(buf) struct buf text = {0};
    const struct sandbox_want wants[] = {
        {"93",    2},
        {"22/23", 1}
    };
    const struct sandbox_order *order =
        sandbox_market_sell(&bench->woocommerce, wants, 2, NOW_MS, &bench->err);
    struct json_out out;

    json_begin(&out, &text);
    sandbox_woocommerce_order(&bench->woocommerce, order, &out);
    const struct json *json = parsed(bench, &text);
    const struct json *lines = json_get(json, "line_items");

    assert_string_equal(json_text(json_get(json, "date_created_gmt")), "2026-11-21T10:26:33");
    assert_string_equal(json_text(json_get(json, "date_created")), "2026-11-21T07:26:33");
    assert_string_equal(json_text(json_get(json, "status")), "processing");
    assert_int_equal(json_kind(json_get(json, "number")), JSON_STRING);
    assert_string_equal(json_text(json_get(json_at(lines, 0), "variation_id")), "0");
    assert_string_equal(json_text(json_get(json_at(lines, 1), "product_id")), "22");
    assert_string_equal(json_text(json_get(json_at(lines, 1), "variation_id")), "23");
    assert_int_equal(json_kind(json_get(json_at(lines, 0), "price")), JSON_NUMBER);
}

static void php_escapes_slashes_and_what_is_not_ascii(void **state)
{
    (void)state;
    SCOPED(buf) struct buf json = {0};
    SCOPED(buf) struct buf out = {0};

    buf_text(&json, "{\"a\":\"Léon / \xF0\x9F\x98\x80\"}");
    sandbox_escape_json(&json, true, &out);

    assert_string_equal(buf_str(&out), "{\"a\":\"L\\u00e9on \\/ \\ud83d\\ude00\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sale_lowers_the_quantity_and_commits_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(more_than_is_left_is_refused_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cancelling_restocks_or_does_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refunds_take_only_what_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_of_two_starts_never_meet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shopify_order_has_numbers_for_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refund_without_restock_has_no_location, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_woocommerce_order_has_plain_times_and_zero_variations,
                                        set_up, tear_down),
        cmocka_unit_test(php_escapes_slashes_and_what_is_not_ascii),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
