/* Available below zero has an open record that names the event which took what was not there. */
#include "tests/unit/stock/harness.h"

/* cap times 1, counted 2; the mapping and the count are events 1 and 2. */
static void open_scarce(struct shop *shop)
{
    shop_open(shop);
    put(shop, mapped(shop, "cap", 1, 10));
    put(shop, counted(2, 20));
    settle(shop);
}

static void assert_oversold(const struct shop *shop, int64_t available, const char *event_id)
{
    assert_int_equal(shop->store.oversells.len, 1);
    assert_int_equal(shop->store.oversells.rows[0].available, available);
    assert_string_equal(shop->store.oversells.rows[0].event_id, event_id);
    assert_string_equal(shop->store.oversells.rows[0].sku, "cap");
    assert_string_equal(shop->store.oversells.rows[0].pool, "wh");
}

static void selling_what_is_there_is_no_oversell(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_scarce(&shop);

    put(&shop, report((struct event_order_line){.ordered = 2}));
    settle(&shop);

    assert_int_equal(shop.store.oversells.len, 0);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
}

static void selling_more_opens_one_that_names_the_order(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_scarce(&shop);

    put(&shop, report((struct event_order_line){.order_id = "first", .ordered = 2}));
    put(&shop, report((struct event_order_line){.order_id = "second", .ordered = 1}));
    const char *culprit = shop.id;
    put(&shop, adjusted(1, 19)); /* replaced by the count: lowers nothing */
    settle(&shop);

    assert_oversold(&shop, -1, culprit);
    assert_string_equal(shop.store.oversells.rows[0].order_id, "second");
    assert_string_equal(shop.store.oversells.rows[0].channel, "shop");
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
}

static void shipping_the_oversold_unit_is_not_blamed(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_oversell *const *changed = NULL;
    open_scarce(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));
    const char *culprit = shop.id;
    put(&shop, shipped(1, 120));
    settle(&shop);
    assert_oversold(&shop, -1, culprit);

    put(&shop, shipped(1, 130));
    stock_settle(shop.stock);

    assert_int_equal(stock_changed_oversells(shop.stock, &changed), 0);
}

static void a_deeper_shortfall_names_the_newer_event(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_scarce(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    put(&shop, report((struct event_order_line){.order_id = "second", .ordered = 4}));
    settle(&shop);

    assert_oversold(&shop, -5, shop.id);
    assert_string_equal(shop.store.oversells.rows[0].order_id, "second");
}

static void a_shallower_shortfall_keeps_its_event(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_scarce(&shop);
    put(&shop, report((struct event_order_line){.ordered = 5}));
    const char *culprit = shop.id;
    settle(&shop);

    put(&shop, received(1, 200));
    settle(&shop);

    assert_oversold(&shop, -2, culprit);
}

static void stock_that_comes_closes_it(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_oversell *const *changed = NULL;
    open_scarce(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    put(&shop, received(1, 200));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_oversells(shop.stock, &changed), 1);
    assert_false(changed[0]->open);
    settle(&shop);

    assert_int_equal(shop.store.oversells.len, 0);
}

static void a_shortfall_that_a_batch_heals_is_never_opened(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_oversell *const *changed = NULL;
    open_scarce(&shop);

    put(&shop, report((struct event_order_line){.ordered = 3}));
    put(&shop, cancelled(1, 150));
    stock_settle(shop.stock);

    assert_int_equal(stock_changed_oversells(shop.stock, &changed), 0);
}

static void a_count_or_an_adjustment_can_be_the_cause(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        SCOPED(shop) struct shop shop;
        open_scarce(&shop);
        put(&shop, report((struct event_order_line){.ordered = 2}));
        settle(&shop);

        put(&shop, i == 0 ? counted(1, 200) : adjusted(-1, 200));
        settle(&shop);

        assert_oversold(&shop, -1, shop.id);
        assert_string_equal(shop.store.oversells.rows[0].channel, "admin");
        assert_string_equal(shop.store.oversells.rows[0].order_id, "");
    }
}

static void a_late_mapping_is_the_cause_and_its_order_is_named(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, report((struct event_order_line){.ordered = 2}));
    settle(&shop);

    put(&shop, mapped(&shop, "cap", 1, 10));
    settle(&shop);

    assert_oversold(&shop, -2, shop.id);
    assert_string_equal(shop.store.oversells.rows[0].order_id, "o");
    assert_string_equal(shop.store.oversells.rows[0].channel, "shop");
}

static void other_buckets_do_not_cover_a_shortfall(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_scarce(&shop);
    put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                          (struct event_stock){.bucket = "damaged", .quantity = 50}));

    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    assert_oversold(&shop, -1, shop.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selling_what_is_there_is_no_oversell),
        cmocka_unit_test(selling_more_opens_one_that_names_the_order),
        cmocka_unit_test(shipping_the_oversold_unit_is_not_blamed),
        cmocka_unit_test(a_deeper_shortfall_names_the_newer_event),
        cmocka_unit_test(a_shallower_shortfall_keeps_its_event),
        cmocka_unit_test(stock_that_comes_closes_it),
        cmocka_unit_test(a_shortfall_that_a_batch_heals_is_never_opened),
        cmocka_unit_test(a_count_or_an_adjustment_can_be_the_cause),
        cmocka_unit_test(a_late_mapping_is_the_cause_and_its_order_is_named),
        cmocka_unit_test(other_buckets_do_not_cover_a_shortfall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
