/* Mappings are dated: a line draws what was in force when it was placed, whenever that is told. */
#include "tests/unit/stock/harness.h"

static struct event bundle(const struct event_component *components, size_t len, int64_t at_ms)
{
    return mapped_to(at_ms,
                     (struct event_mapping){.components = components, .components_len = len});
}

static void the_mapping_in_force_is_the_latest_before(void **state)
{
    static const struct stock_mapping rows[] = {
        {.id = "a", .valid_from_ms = 10},
        {.id = "c", .valid_from_ms = 20},
        {.id = "b", .valid_from_ms = 20},
        {.id = "d", .valid_from_ms = 30},
    };
    const struct stock_mapping *const all[] = {&rows[0], &rows[1], &rows[2], &rows[3]};

    (void)state;
    assert_null(stock_pick_mapping(all, ARRAY_LEN(all), 9));
    assert_null(stock_pick_mapping(all, 0, 9));
    assert_ptr_equal(stock_pick_mapping(all, ARRAY_LEN(all), 10), &rows[0]);
    assert_ptr_equal(stock_pick_mapping(all, ARRAY_LEN(all), 19), &rows[0]);
    assert_ptr_equal(stock_pick_mapping(all, ARRAY_LEN(all), 20), &rows[1]);
    assert_ptr_equal(stock_pick_mapping(all, ARRAY_LEN(all), 99), &rows[3]);
}

static void a_line_without_a_mapping_waits_and_is_applied_once_when_it_comes(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_line *const *released = NULL;
    shop_open(&shop);

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 3})), STOCK_PARKED);
    assert_string_equal(shop.reason, "no-mapping");
    put(&shop, shipped(1, 120));
    assert_string_equal(shop.reason, "no-mapping");
    settle(&shop);
    assert_int_equal(movements_of(&shop), 0);
    assert_string_equal(line_of(&shop, "1")->waiting, "no-mapping");
    assert_string_equal(line_of(&shop, "1")->mapping_id, "");

    put(&shop, mapped(&shop, "cap", 2, 50));
    stock_settle(shop.stock);
    assert_int_equal(stock_restated_lines(shop.stock, &released), 1);
    settle(&shop);

    assert_int_equal(committed(&shop), 4);
    assert_int_equal(sellable(&shop), -2);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "shipped");
    assert_int_equal(last_movement(&shop, "sellable")->occurred_ms, 120);
    assert_string_equal(last_movement(&shop, "committed")->reason, "placed");
    assert_string_equal(line_of(&shop, "1")->mapping_id, shop.id);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 3);
}

static void a_mapping_from_after_the_order_is_not_guessed_back(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));

    put(&shop, mapped(&shop, "cap", 2, 101));
    settle(&shop);

    assert_string_equal(line_of(&shop, "1")->waiting, "no-mapping");
    assert_int_equal(committed(&shop), 0);
}

static void a_retired_listing_parks_its_lines(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(5, 20));
    put(&shop, mapped(&shop, "", 0, 60));

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 3})), STOCK_PARKED);
    assert_string_equal(shop.reason, "retired");
    put(&shop, report((struct event_order_line){.line_id = "2", .ordered = 1, .placed_ms = 59}));
    settle(&shop);

    assert_int_equal(committed(&shop), 1);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
    assert_string_equal(stock_listing_sku(shop.stock, listing_of(&shop, "hat")), "");
}

static void a_late_mapping_takes_back_and_moves_anew(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    put(&shop, shipped(2, 120));
    put(&shop, returned(1, "damaged", 130));
    settle(&shop);

    put(&shop, mapped(&shop, "tie", 3, 50));
    settle(&shop);

    assert_int_equal(committed(&shop), 0);
    assert_int_equal(sellable(&shop), 0);
    assert_int_equal(position_in(&shop, "cap", "wh", "damaged"), 0);
    assert_int_equal(position_in(&shop, "tie", "wh", "committed"), 9);
    assert_int_equal(position_in(&shop, "tie", "wh", "sellable"), -6);
    assert_int_equal(position_in(&shop, "tie", "wh", "damaged"), 3);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "remapped");
    assert_int_equal(last_movement(&shop, "sellable")->delta, 2);
    assert_int_equal(last_movement(&shop, "sellable")->occurred_ms, 120);
    assert_int_equal(last_movement(&shop, "damaged")->occurred_ms, 130);
}

/* The count saw the shipment or it did not; the compensation must be seen the same way. */
static void a_remap_compensates_on_the_same_side_of_a_count(void **state)
{
    static const struct {
        int64_t counted_ms;
        int64_t before; /* sellable cap, once counted 10 */
        int64_t after;
    } rows[] = {
        {119, 8,  10},
        {120, 10, 10},
        {121, 10, 10}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        shop_open(&shop);
        put(&shop, mapped(&shop, "cap", 1, 10));
        put(&shop, report((struct event_order_line){.ordered = 5}));
        put(&shop, shipped(2, 120));
        put(&shop, counted(10, rows[i].counted_ms));
        settle(&shop);
        assert_int_equal(sellable(&shop), rows[i].before);

        put(&shop, mapped(&shop, "tie", 1, 50));
        settle(&shop);

        assert_int_equal(sellable(&shop), rows[i].after);
        assert_int_equal(position_in(&shop, "tie", "wh", "sellable"), -2);
    }
}

static void what_both_mappings_share_does_not_move(void **state)
{
    static const struct event_component before[] = {
        {"cap", 1},
        {"tie", 1}
    };
    static const struct event_component after[] = {
        {"sash", 1},
        {"tie",  1},
        {"cap",  2}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, bundle(before, 2, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    settle(&shop);
    size_t moved = movements_of(&shop);

    put(&shop, bundle(after, 3, 50));
    settle(&shop);

    assert_int_equal(movements_of(&shop) - moved, 2);
    assert_int_equal(committed(&shop), 10);
    assert_int_equal(last_movement(&shop, "committed")->delta, 5);
    assert_int_equal(position_in(&shop, "tie", "wh", "committed"), 5);
    assert_int_equal(position_in(&shop, "sash", "wh", "committed"), 5);
}

static void a_newer_mapping_leaves_older_orders_alone(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    settle(&shop);
    size_t moved = movements_of(&shop);

    put(&shop, mapped(&shop, "tie", 1, 101));
    put(&shop,
        report((struct event_order_line){.ordered = 5, .version_ms = 200, .status = "paid"}));
    settle(&shop);

    assert_int_equal(movements_of(&shop), moved);
    assert_int_equal(committed(&shop), 5);
    assert_string_equal(listing_of(&shop, "hat")->mapping_id,
                        "00000000-0000-0000-0000-000000000003");
}

static void a_pool_of_the_channel_counts_itself(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, pool_of("wh", EVENT_POOL_CHANNEL, 5));
    put(&shop, mapped(&shop, "cap", 1, 10));

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 5})), STOCK_APPLIED);
    put(&shop, shipped(2, 120));
    put(&shop, counted(7, 110));
    settle(&shop);

    assert_int_equal(sellable(&shop), 7);
    assert_int_equal(committed(&shop), 0);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 7);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 5);
    assert_string_equal(line_of(&shop, "1")->waiting, "");
}

static void a_changed_authority_folds_the_lines_of_the_pool_again(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    put(&shop, shipped(2, 120));
    settle(&shop);

    put(&shop, pool_of("wh", EVENT_POOL_CHANNEL, 50));
    settle(&shop);
    assert_int_equal(committed(&shop), 0);
    assert_int_equal(sellable(&shop), 0);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "remapped");

    assert_int_equal(put(&shop, pool_of("wh", EVENT_POOL_LEDGER, 40)), STOCK_NOTED);
    settle(&shop);
    assert_int_equal(committed(&shop), 0);

    assert_int_equal(put(&shop, pool_of("wh", EVENT_POOL_LEDGER, 60)), STOCK_APPLIED);
    settle(&shop);
    assert_int_equal(committed(&shop), 3);
    assert_int_equal(sellable(&shop), -2);
    assert_int_equal(shop.store.pools.len, 3);
}

static void a_mapping_that_would_overflow_changes_no_line(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_mapping *const *mappings = NULL;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    put(&shop, report((struct event_order_line){.line_id = "2", .ordered = EVENT_QUANTITY_MAX}));
    settle(&shop);

    assert_int_equal(put(&shop, mapped(&shop, "tie", EVENT_QUANTITY_MAX, 50)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    stock_settle(shop.stock);

    assert_int_equal(stock_new_mappings(shop.stock, &mappings), 0);
    settle(&shop);
    assert_int_equal(committed(&shop), EVENT_QUANTITY_MAX + 5);
    assert_int_equal(position_in(&shop, "tie", "wh", "committed"), 0);
}

static void an_authority_that_would_overflow_is_not_taken(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, pool_of("wh", EVENT_POOL_CHANNEL, 5));
    put(&shop, mapped(&shop, "cap", EVENT_QUANTITY_MAX, 10));
    put(&shop, report((struct event_order_line){.ordered = EVENT_QUANTITY_MAX}));

    assert_int_equal(put(&shop, pool_of("wh", EVENT_POOL_LEDGER, 50)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    put(&shop, report((struct event_order_line){.line_id = "2", .ordered = 1}));
    settle(&shop);

    assert_int_equal(committed(&shop), 0);
    assert_int_equal(shop.store.pools.len, 1);
}

static void a_line_that_changes_its_listing_moves_with_it(void **state)
{
    static const struct event_component tie[] = {
        {"tie", 1}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, mapped_to(10, (struct event_mapping){
                                 .listing = "suit", .components = tie, .components_len = 1}));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    settle(&shop);

    put(&shop,
        report((struct event_order_line){.listing = "suit", .ordered = 4, .version_ms = 200}));
    settle(&shop);

    assert_int_equal(committed(&shop), 0);
    assert_int_equal(position_in(&shop, "tie", "wh", "committed"), 4);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 0);
    assert_int_equal(listing_of(&shop, "suit")->sold_here, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mapping_in_force_is_the_latest_before),
        cmocka_unit_test(a_line_without_a_mapping_waits_and_is_applied_once_when_it_comes),
        cmocka_unit_test(a_mapping_from_after_the_order_is_not_guessed_back),
        cmocka_unit_test(a_retired_listing_parks_its_lines),
        cmocka_unit_test(a_late_mapping_takes_back_and_moves_anew),
        cmocka_unit_test(a_remap_compensates_on_the_same_side_of_a_count),
        cmocka_unit_test(what_both_mappings_share_does_not_move),
        cmocka_unit_test(a_newer_mapping_leaves_older_orders_alone),
        cmocka_unit_test(a_pool_of_the_channel_counts_itself),
        cmocka_unit_test(a_changed_authority_folds_the_lines_of_the_pool_again),
        cmocka_unit_test(a_mapping_that_would_overflow_changes_no_line),
        cmocka_unit_test(an_authority_that_would_overflow_is_not_taken),
        cmocka_unit_test(a_line_that_changes_its_listing_moves_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
