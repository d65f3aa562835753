/* A stock count at T replaces what moved up to T and keeps what moved later, whichever is first. */
#include "tests/unit/stock/harness.h"

static void a_count_replaces_earlier_movements_and_keeps_later_ones(void **state)
{
    static const struct {
        int64_t moved_ms;
        int64_t sellable;
        int64_t effect; /* of the movement, when the count was there before */
    } rows[] = {
        {99,  20, 0 },
        {100, 20, 0 },
        {101, 17, -3}
    };

    (void)state;
    for (size_t i = 0; i < 4 * ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        bool count_first = i % 2 == 0;
        shop_open(&shop);

        put(&shop, count_first ? counted(20, 100) : adjusted(-3, rows[i / 4].moved_ms));
        if (i % 4 >= 2)
            settle(&shop);
        put(&shop, count_first ? adjusted(-3, rows[i / 4].moved_ms) : counted(20, 100));
        settle(&shop);

        assert_int_equal(sellable(&shop), rows[i / 4].sellable);
        assert_int_equal(last_movement(&shop, "sellable")->balance, rows[i / 4].sellable);
        if (!count_first)
            continue;
        assert_int_equal(last_movement(&shop, "sellable")->delta, -3);
        assert_int_equal(last_movement(&shop, "sellable")->effect, rows[i / 4].effect);
    }
}

static void a_count_writes_one_movement_that_replaces(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, received(8, 50));

    assert_int_equal(put(&shop, counted(6, 100)), STOCK_APPLIED);
    settle(&shop);

    assert_int_equal(movements_of(&shop), 2);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "counted");
    assert_int_equal(last_movement(&shop, "sellable")->delta, 0);
    assert_int_equal(last_movement(&shop, "sellable")->effect, -2);
    assert_int_equal(last_movement(&shop, "sellable")->balance, 6);
    assert_int_equal(last_movement(&shop, "sellable")->occurred_ms, 100);
}

static void an_older_count_is_noted(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, counted(6, 100));

    assert_int_equal(put(&shop, counted(60, 99)), STOCK_NOTED);
    settle(&shop);
    assert_int_equal(put(&shop, counted(60, 98)), STOCK_NOTED);
    settle(&shop);

    assert_int_equal(sellable(&shop), 6);
    assert_int_equal(movements_of(&shop), 1);
}

static void of_two_counts_at_one_time_the_greater_id_counts(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        SCOPED(shop) struct shop shop;
        shop_open(&shop);

        put(&shop, with_id(counted(first == 0 ? 5 : 7, 100), first == 0 ? 'a' : 'b'));
        put(&shop, with_id(counted(first == 0 ? 7 : 5, 100), first == 0 ? 'b' : 'a'));
        settle(&shop);

        assert_int_equal(sellable(&shop), 7);
    }
}

static void counts_and_movements_of_one_batch_see_each_other(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_count *const *counts = NULL;
    shop_open(&shop);

    put(&shop, received(5, 150));
    put(&shop, counted(10, 100)); /* 10 + 5 */
    put(&shop, adjusted(-1, 120));
    put(&shop, received(2, 250));
    put(&shop, counted(20, 200)); /* 20 + 2 */
    put(&shop, adjusted(-4, 199));
    put(&shop, adjusted(-8, 201)); /* 22 - 8 */
    put(&shop, counted(1, 201));   /* 1 + 2 */
    stock_settle(shop.stock);

    assert_int_equal(stock_new_counts(shop.stock, &counts), 1);
    assert_int_equal(counts[0]->counted_ms, 201);
    settle(&shop);
    assert_int_equal(sellable(&shop), 3);
}

static void many_late_counts_keep_exactly_the_later_movements(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);

    for (int64_t i = 0; i < 300; i++)
        put(&shop, received(1, 1 + i * 7919 % 300)); /* each of 1..300 once */
    for (int64_t at_ms = 3; at_ms <= 300; at_ms += 3) {
        put(&shop, counted(1000, at_ms));
        if (at_ms % 100 == 0)
            settle(&shop);
        if (at_ms % 30 == 0)
            put(&shop, counted(7, at_ms - 1));
    }
    put(&shop, received(1, 301));
    settle(&shop);

    assert_int_equal(sellable(&shop), 1001);
}

static void a_shipment_after_the_count_counts_and_one_before_does_not(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    put(&shop, shipped(1, 120));
    put(&shop, shipped(2, 140));
    settle(&shop);

    put(&shop, counted(10, 130));
    settle(&shop);

    assert_int_equal(sellable(&shop), 8);
    assert_int_equal(committed(&shop), 2);
}

static void a_count_never_touches_what_is_committed(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(10, 500));

    put(&shop, report((struct event_order_line){.ordered = 5}));
    settle(&shop);

    assert_int_equal(committed(&shop), 5);
    assert_int_equal(sellable(&shop), 10);
}

static void stock_moves_by_receipt_adjustment_and_transfer(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);

    put(&shop, received(9, 50));
    put(&shop, adjusted(-2, 60));
    put(&shop, transferred(3, "east", "inbound", 70));
    settle(&shop);

    assert_int_equal(sellable(&shop), 4);
    assert_int_equal(position_in(&shop, "cap", "east", "inbound"), 3);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "transferred");
    assert_int_equal(movements_of(&shop), 4);
}

static void a_position_that_moved_is_changed_also_when_it_ends_where_it_was(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_position *const *changed = NULL;
    shop_open(&shop);
    put(&shop, received(9, 50));
    settle(&shop);

    put(&shop, adjusted(-2, 60));
    put(&shop, adjusted(2, 61));
    stock_settle(shop.stock);

    assert_int_equal(stock_changed_positions(shop.stock, &changed), 1);
    assert_int_equal(changed[0]->quantity, 9);
}

static void a_position_beyond_the_limit_parks_its_event(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const int64_t limit = INT64_C(1) << 53;
    shop_open(&shop);
    const struct stock_position row = {"cap", "wh", "sellable", limit - 5};
    stock_load_position(shop.stock, &row);

    assert_int_equal(put(&shop, received(6, 50)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    assert_int_equal(put(&shop, received(5, 50)), STOCK_APPLIED);
    assert_int_equal(put(&shop, transferred(1, "east", "sellable", 60)), STOCK_APPLIED);
    settle(&shop);

    assert_int_equal(sellable(&shop), limit - 1);
}

static void a_transfer_is_parked_whole(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_movement *const *movements = NULL;
    shop_open(&shop);
    const struct stock_position row = {"cap", "east", "sellable", INT64_C(1) << 53};
    stock_load_position(shop.stock, &row);

    assert_int_equal(put(&shop, transferred(1, "east", "sellable", 60)), STOCK_PARKED);
    stock_settle(shop.stock);

    assert_int_equal(stock_new_movements(shop.stock, &movements), 0);
}

static void a_count_that_overflows_forgets_no_movement(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const int64_t limit = INT64_C(1) << 53;
    shop_open(&shop);
    const struct stock_position row = {"cap", "wh", "sellable", limit};
    const struct stock_movement late = {
        .sku = "cap", .pool = "wh", .bucket = "sellable", .delta = limit, .occurred_ms = 90};
    stock_load_position(shop.stock, &row);
    stock_load_movement(shop.stock, &late);

    put(&shop, adjusted(-7, 40));
    assert_int_equal(put(&shop, counted(8, 50)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    put(&shop, adjusted(-9, 95));
    assert_int_equal(put(&shop, counted(8, 30)), STOCK_APPLIED); /* limit - 7 - 9 + 8 */
    settle(&shop);

    assert_int_equal(sellable(&shop), limit - 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_replaces_earlier_movements_and_keeps_later_ones),
        cmocka_unit_test(a_count_writes_one_movement_that_replaces),
        cmocka_unit_test(an_older_count_is_noted),
        cmocka_unit_test(of_two_counts_at_one_time_the_greater_id_counts),
        cmocka_unit_test(counts_and_movements_of_one_batch_see_each_other),
        cmocka_unit_test(many_late_counts_keep_exactly_the_later_movements),
        cmocka_unit_test(a_shipment_after_the_count_counts_and_one_before_does_not),
        cmocka_unit_test(a_count_never_touches_what_is_committed),
        cmocka_unit_test(stock_moves_by_receipt_adjustment_and_transfer),
        cmocka_unit_test(a_position_that_moved_is_changed_also_when_it_ends_where_it_was),
        cmocka_unit_test(a_position_beyond_the_limit_parks_its_event),
        cmocka_unit_test(a_transfer_is_parked_whole),
        cmocka_unit_test(a_count_that_overflows_forgets_no_movement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
