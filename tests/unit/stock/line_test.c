/* Order lines: which report counts, what is cancelled and open, and what moves when. */
#include "tests/unit/stock/harness.h"

/* cap times 1, counted 10 at 50: before everything else. */
static void open_mapped(struct shop *shop)
{
    shop_open(shop);
    put(shop, mapped(shop, "cap", 1, 10));
    put(shop, counted(10, 50));
}

static void assert_line(const struct shop *shop, int64_t cancelled_units, int64_t shipped_units,
                        int64_t open_units)
{
    const struct stock_line *line = line_of(shop, "1");

    assert_int_equal(line->cancelled, cancelled_units);
    assert_int_equal(line->shipped, shipped_units);
    assert_int_equal(committed(shop), open_units);
}

static void a_placed_line_commits_its_units(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 3})), STOCK_APPLIED);
    settle(&shop);

    assert_line(&shop, 0, 0, 3);
    assert_int_equal(sellable(&shop), 10);
    assert_string_equal(last_movement(&shop, "committed")->reason, "placed");
    assert_string_equal(last_movement(&shop, "committed")->event_id, shop.id);
    assert_int_equal(last_movement(&shop, "committed")->occurred_ms, 100);
    assert_int_equal(last_movement(&shop, "committed")->balance, 3);
}

static void shipping_moves_units_from_committed_and_sellable(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));

    put(&shop, shipped(2, 120));
    settle(&shop);

    assert_line(&shop, 0, 2, 1);
    assert_int_equal(sellable(&shop), 8);
    assert_string_equal(last_movement(&shop, "committed")->reason, "shipped");
    assert_string_equal(last_movement(&shop, "sellable")->reason, "shipped");
    assert_int_equal(last_movement(&shop, "sellable")->delta, -2);
    assert_int_equal(last_movement(&shop, "sellable")->occurred_ms, 120);
}

/* ordered, reported cancelled, cancelled by parts, shipped, void -> cancelled, open */
static void cancelled_is_the_greatest_word_within_what_was_not_shipped(void **state)
{
    static const struct {
        int64_t ordered;
        int64_t reported;
        int64_t by_parts;
        int64_t shipped;
        bool is_void;
        int64_t cancelled;
        int64_t open;
    } rows[] = {
        {5, 0, 0, 0, false, 0, 5},
        {5, 2, 0, 0, false, 2, 3},
        {5, 0, 2, 0, false, 2, 3},
        {5, 2, 1, 0, false, 2, 3}, /* the report has it already */
        {5, 1, 2, 0, false, 2, 3},
        {5, 2, 2, 2, false, 2, 1},
        {5, 4, 0, 3, false, 2, 0}, /* shipped units can't be cancelled */
        {5, 0, 9, 0, false, 5, 0},
        {5, 0, 0, 7, false, 0, 0}, /* more shipped than ordered */
        {5, 5, 0, 7, false, 0, 0},
        {5, 0, 0, 0, true,  5, 0},
        {5, 0, 0, 2, true,  3, 0},
        {5, 1, 1, 5, true,  0, 0},
        {0, 0, 1, 0, false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        open_mapped(&shop);

        put(&shop, report((struct event_order_line){.ordered = rows[i].ordered,
                                                    .cancelled = rows[i].reported}));
        if (rows[i].by_parts > 0)
            put(&shop, cancelled(rows[i].by_parts, 110));
        if (rows[i].shipped > 0)
            put(&shop, shipped(rows[i].shipped, 120));
        if (rows[i].is_void)
            put(&shop, voided(130));
        settle(&shop);

        assert_line(&shop, rows[i].cancelled, rows[i].shipped, rows[i].open);
        assert_int_equal(sellable(&shop), 10 - rows[i].shipped);
        assert_int_equal(listing_of(&shop, "hat")->sold_here, rows[i].ordered - rows[i].cancelled);
    }
}

static void the_newest_report_wins_whenever_it_comes(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);

    put(&shop, report((struct event_order_line){.ordered = 2, .version_ms = 200}));
    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 9})), STOCK_NOTED);
    assert_string_equal(shop.reason, "");
    settle(&shop);

    assert_line(&shop, 0, 0, 2);
    assert_int_equal(line_of(&shop, "1")->version_ms, 200);
}

/* Of two equal versions the one with more cancelled wins, then fewer ordered, then the greater id.
 */
static void equal_versions_are_told_apart_by_content(void **state)
{
    static const struct {
        struct event_order_line winner;
        struct event_order_line loser;
    } rows[] = {
        {{.ordered = 5, .cancelled = 2},   {.ordered = 4, .cancelled = 1}  },
        {{.ordered = 4, .cancelled = 1},   {.ordered = 5, .cancelled = 1}  },
        {{.ordered = 4, .status = "paid"}, {.ordered = 4, .status = "open"}},
    };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        struct event winner = with_id(report(rows[i / 2].winner), 'b');
        struct event loser = with_id(report(rows[i / 2].loser), 'a');
        open_mapped(&shop);

        put(&shop, i % 2 == 0 ? winner : loser);
        put(&shop, i % 2 == 0 ? loser : winner);
        settle(&shop);

        assert_string_equal(line_of(&shop, "1")->report_id, winner.id);
        assert_int_equal(line_of(&shop, "1")->ordered, winner.order_line.ordered);
        assert_int_equal(shop.verdict, i % 2 == 0 ? STOCK_NOTED : STOCK_APPLIED);
    }
}

static void a_cancel_before_its_order_waits_and_is_applied_with_it(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_line *const *released = NULL;
    open_mapped(&shop);

    assert_int_equal(put(&shop, cancelled(1, 90)), STOCK_PARKED);
    assert_string_equal(shop.reason, "not-reported");
    settle(&shop);
    assert_string_equal(line_of(&shop, "1")->waiting, "not-reported");
    assert_int_equal(committed(&shop), 0);

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 3})), STOCK_APPLIED);
    stock_settle(shop.stock);
    assert_int_equal(stock_restated_lines(shop.stock, &released), 1);
    assert_string_equal(released[0]->line_id, "1");
    settle(&shop);
    assert_line(&shop, 1, 0, 2);
    assert_string_equal(line_of(&shop, "1")->waiting, "");
}

static void a_return_before_its_shipment_before_its_order_counts_once_all_are_there(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);

    assert_int_equal(put(&shop, returned(1, "damaged", 300)), STOCK_PARKED);
    settle(&shop);
    assert_int_equal(put(&shop, shipped(2, 200)), STOCK_PARKED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 10);
    assert_int_equal(line_of(&shop, "1")->shipped, 2);
    assert_int_equal(line_of(&shop, "1")->returned, 1);
    put(&shop, report((struct event_order_line){.ordered = 2}));
    settle(&shop);

    assert_line(&shop, 0, 2, 0);
    assert_int_equal(sellable(&shop), 8);
    assert_int_equal(position_in(&shop, "cap", "wh", "damaged"), 1);
    assert_string_equal(last_movement(&shop, "damaged")->reason, "returned");
    assert_int_equal(last_movement(&shop, "damaged")->occurred_ms, 300);
}

static void a_return_goes_where_its_grade_says(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));
    put(&shop, shipped(3, 120));

    put(&shop, returned(1, "sellable", 130));
    put(&shop, returned(1, "quarantine", 131));
    settle(&shop);

    assert_int_equal(sellable(&shop), 8);
    assert_int_equal(position_in(&shop, "cap", "wh", "quarantine"), 1);
    assert_int_equal(committed(&shop), 0);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 3);
}

static void a_void_is_lifted_by_a_newer_report(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));

    assert_int_equal(put(&shop, voided(150)), STOCK_APPLIED);
    settle(&shop);
    assert_line(&shop, 3, 0, 0);
    assert_string_equal(last_movement(&shop, "committed")->reason, "cancelled");
    put(&shop, report((struct event_order_line){.ordered = 3, .version_ms = 160}));
    settle(&shop);

    assert_line(&shop, 0, 0, 3);
    assert_string_equal(last_movement(&shop, "committed")->reason, "placed");
}

static void a_void_as_old_as_the_report_changes_nothing(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3, .version_ms = 150}));

    put(&shop, voided(150));
    settle(&shop);

    assert_line(&shop, 0, 0, 3);
}

static void a_void_holds_for_all_lines_of_the_order_and_for_later_ones(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 1}));
    put(&shop, report((struct event_order_line){.line_id = "2", .ordered = 1}));
    put(&shop,
        report((struct event_order_line){.order_id = "other", .line_id = "9", .ordered = 5}));

    put(&shop, voided(150));
    put(&shop, report((struct event_order_line){.line_id = "3", .ordered = 1}));
    settle(&shop);
    put(&shop, report((struct event_order_line){.line_id = "4", .ordered = 1}));
    settle(&shop);

    for (const char *id = "1\0"
                          "2\0"
                          "3\0"
                          "4\0";
         *id != '\0'; id += 2) {
        assert_int_equal(line_of(&shop, id)->cancelled, 1);
        assert_int_equal(line_of(&shop, id)->voided_ms, 150);
    }
    assert_int_equal(committed(&shop), 5);
}

static void a_void_of_an_unknown_order_is_noted_and_kept(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_voided *const *kept = NULL;
    open_mapped(&shop);

    assert_int_equal(put(&shop, voided(150)), STOCK_NOTED);
    assert_int_equal(put(&shop, voided(140)), STOCK_NOTED);
    stock_settle(shop.stock);

    assert_int_equal(stock_new_voided(shop.stock, &kept), 1);
    assert_string_equal(kept[0]->order_id, "o");
    assert_int_equal(kept[0]->voided_ms, 150);
}

static void a_line_keeps_its_listing_when_the_source_forgets_it(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.ordered = 3}));

    put(&shop, report((struct event_order_line){.listing = "", .ordered = 2, .version_ms = 150}));
    settle(&shop);

    assert_string_equal(line_of(&shop, "1")->listing, "hat");
    assert_int_equal(committed(&shop), 2);
}

static void a_listing_that_an_older_report_names_late_is_taken(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, report((struct event_order_line){.listing = "", .ordered = 2, .version_ms = 150}));
    assert_string_equal(shop.reason, "no-mapping");
    settle(&shop);

    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    assert_int_equal(committed(&shop), 2);
    assert_string_equal(line_of(&shop, "1")->waiting, "");
}

static void what_a_part_says_of_the_listing_ends_with_the_first_report(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);
    put(&shop, part_at(EVENT_LINE_SHIPPED, 120,
                       (struct event_line_part){.quantity = 1, .listing = "zebra"}));
    settle(&shop);
    assert_string_equal(line_of(&shop, "1")->listing, "zebra");

    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    assert_string_equal(line_of(&shop, "1")->listing, "hat");
    assert_int_equal(committed(&shop), 2);
}

static void sold_here_is_the_sum_over_lines_that_do_not_wait(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);

    put(&shop, report((struct event_order_line){.ordered = 5, .cancelled = 1}));
    put(&shop, report((struct event_order_line){.line_id = "2", .ordered = 2}));
    put(&shop, report((struct event_order_line){.line_id = "3", .ordered = 9, .placed_ms = 5}));
    assert_string_equal(shop.reason, "no-mapping");
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 6);
    put(&shop, shipped(5, 200));
    put(&shop, cancelled(2, 210));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->sold_here, 7);
}

static void an_effect_beyond_the_limit_parks_and_leaves_nothing(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_line *const *lines = NULL;
    const struct stock_movement *const *movements = NULL;
    const struct stock_new_part *parts = NULL;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", EVENT_QUANTITY_MAX, 10));
    settle(&shop);

    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = EVENT_QUANTITY_MAX})),
                     STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_lines(shop.stock, &lines), 0);
    assert_int_equal(stock_new_movements(shop.stock, &movements), 0);
    settle(&shop);

    put(&shop, report((struct event_order_line){.ordered = 1}));
    assert_int_equal(put(&shop, shipped(EVENT_QUANTITY_MAX, 120)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    stock_settle(shop.stock);
    assert_int_equal(stock_new_parts(shop.stock, &parts), 0);
    settle(&shop);
    assert_int_equal(line_of(&shop, "1")->shipped, 0);
    assert_int_equal(committed(&shop), EVENT_QUANTITY_MAX);
}

/* Though a later count makes it 0: nobody could add the delta up again. */
static void a_delta_beyond_the_limit_parks_even_without_effect(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", EVENT_QUANTITY_MAX, 10));
    put(&shop, counted(5, 500));

    put(&shop, report((struct event_order_line){.ordered = 1}));
    assert_int_equal(put(&shop, shipped(EVENT_QUANTITY_MAX, 120)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
}

static void only_lines_that_waited_are_released(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_line *const *released = NULL;
    open_mapped(&shop);

    put(&shop, report((struct event_order_line){.ordered = 3}));
    put(&shop, report((struct event_order_line){.line_id = "2", .listing = "coat", .ordered = 3}));
    put(&shop,
        part_at(EVENT_LINE_SHIPPED, 120, (struct event_line_part){.line_id = "3", .quantity = 1}));
    put(&shop, report((struct event_order_line){.line_id = "3", .ordered = 3}));
    stock_settle(shop.stock);

    assert_int_equal(stock_restated_lines(shop.stock, &released), 1);
    assert_string_equal(released[0]->line_id, "3");
}

static void many_parts_of_one_line_add_up(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    open_mapped(&shop);

    for (int64_t i = 0; i < 100; i++) {
        put(&shop, shipped(1, 200 + i));
        if (i == 30)
            settle(&shop);
        if (i == 60)
            put(&shop, report((struct event_order_line){.ordered = 120}));
    }
    settle(&shop);

    assert_line(&shop, 0, 100, 20);
    assert_int_equal(sellable(&shop), -90);
}

/* ---- units that another pool ships ---- */

struct shipped_elsewhere {
    const char *pool;
    const char *fulfils;
    enum event_pool_authority fba;
    int64_t wh_committed;
    int64_t fba_committed;
    int64_t sold;
};

static const struct shipped_elsewhere shipped_elsewhere[] = {
    {"",    "",       EVENT_POOL_LEDGER,  3, 0, 3},
    {"wh",  "",       EVENT_POOL_LEDGER,  3, 0, 3},
    {"fba", "",       EVENT_POOL_LEDGER,  0, 3, 3},
    {"fba", "",       EVENT_POOL_CHANNEL, 0, 0, 3},
    {"fba", "shop/o", EVENT_POOL_LEDGER,  0, 0, 0},
};

static void units_are_taken_from_the_pool_that_ships_them_and_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shipped_elsewhere); i++) {
        const struct shipped_elsewhere *row = &shipped_elsewhere[i];
        SCOPED(shop) struct shop shop;

        shop_open(&shop);
        put(&shop, mapped(&shop, "cap", 1, 10));
        put(&shop, pool_of("fba", row->fba, 10));
        put(&shop, report((struct event_order_line){
                       .ordered = 3, .pool = row->pool, .fulfils = row->fulfils}));
        settle(&shop);
        assert_int_equal(committed(&shop), row->wh_committed);
        assert_int_equal(position_in(&shop, "cap", "fba", "committed"), row->fba_committed);
        assert_int_equal(listing_of(&shop, "hat")->sold_here, row->sold);
    }
}

static void a_later_report_may_say_that_another_pool_ships_it(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);

    put(&shop, mapped(&shop, "cap", 2, 10));
    put(&shop, counted(20, 10));
    put(&shop, report((struct event_order_line){.ordered = 3}));
    put(&shop, shipped(1, 110));
    settle(&shop);
    assert_int_equal(sellable(&shop), 18);
    put(&shop, report((struct event_order_line){.ordered = 3, .pool = "fba", .version_ms = 120}));
    settle(&shop);
    assert_int_equal(sellable(&shop), 20);
    assert_int_equal(committed(&shop), 0);
    assert_int_equal(position_in(&shop, "cap", "fba", "sellable"), -2);
    assert_int_equal(position_in(&shop, "cap", "fba", "committed"), 4);
    put(&shop, pool_of("fba", EVENT_POOL_CHANNEL, 10));
    settle(&shop);
    assert_int_equal(position_in(&shop, "cap", "fba", "sellable"), 0);
    assert_int_equal(position_in(&shop, "cap", "fba", "committed"), 0);
    assert_int_equal(sellable(&shop), 20);
}

/* ---- what comes back ---- */

struct came_back {
    const char *bucket;
    const char *pool; /* that shipped it */
    int64_t shown;    /* of the 10 in "wh", after 3 were sold and shipped and 2 came back */
    int64_t fba;
};

static const struct came_back came_back[] = {
    {"sellable",      "",    9,  0 },
    {"damaged",       "",    7,  0 },
    {"quarantine",    "",    7,  0 },
    {"unfulfillable", "",    7,  0 },
    {"sellable",      "fba", 10, -1},
    {"damaged",       "fba", 10, -3},
};

/* A refund of money alone is no event: nothing of it can move stock. */
static void only_units_that_come_back_sellable_are_sold_again_where_they_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(came_back); i++) {
        for (int return_first = 0; return_first < 2; return_first++) {
            const struct came_back *row = &came_back[i];
            SCOPED(shop) struct shop shop;

            shop_open(&shop);
            put(&shop, mapped(&shop, "cap", 1, 10));
            put(&shop, counted(10, 20));
            if (return_first)
                put(&shop, returned(2, row->bucket, 140));
            put(&shop, report((struct event_order_line){.ordered = 3, .pool = row->pool}));
            put(&shop, shipped(3, 120));
            if (!return_first)
                put(&shop, returned(2, row->bucket, 140));
            settle(&shop);
            assert_int_equal(listing_of(&shop, "hat")->quantity, row->shown);
            assert_int_equal(position_in(&shop, "cap", "fba", "sellable"), row->fba);
            assert_int_equal(position_in(&shop, "cap", *row->pool == '\0' ? "wh" : row->pool,
                                         row->bucket),
                             strcmp(row->bucket, "sellable") != 0 ? 2
                             : *row->pool == '\0'                ? 9
                                                                 : -1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_taken_from_the_pool_that_ships_them_and_once),
        cmocka_unit_test(a_later_report_may_say_that_another_pool_ships_it),
        cmocka_unit_test(only_units_that_come_back_sellable_are_sold_again_where_they_left),
        cmocka_unit_test(a_placed_line_commits_its_units),
        cmocka_unit_test(shipping_moves_units_from_committed_and_sellable),
        cmocka_unit_test(cancelled_is_the_greatest_word_within_what_was_not_shipped),
        cmocka_unit_test(the_newest_report_wins_whenever_it_comes),
        cmocka_unit_test(equal_versions_are_told_apart_by_content),
        cmocka_unit_test(a_cancel_before_its_order_waits_and_is_applied_with_it),
        cmocka_unit_test(a_return_before_its_shipment_before_its_order_counts_once_all_are_there),
        cmocka_unit_test(a_return_goes_where_its_grade_says),
        cmocka_unit_test(a_void_is_lifted_by_a_newer_report),
        cmocka_unit_test(a_void_as_old_as_the_report_changes_nothing),
        cmocka_unit_test(a_void_holds_for_all_lines_of_the_order_and_for_later_ones),
        cmocka_unit_test(a_void_of_an_unknown_order_is_noted_and_kept),
        cmocka_unit_test(a_line_keeps_its_listing_when_the_source_forgets_it),
        cmocka_unit_test(a_listing_that_an_older_report_names_late_is_taken),
        cmocka_unit_test(what_a_part_says_of_the_listing_ends_with_the_first_report),
        cmocka_unit_test(sold_here_is_the_sum_over_lines_that_do_not_wait),
        cmocka_unit_test(an_effect_beyond_the_limit_parks_and_leaves_nothing),
        cmocka_unit_test(a_delta_beyond_the_limit_parks_even_without_effect),
        cmocka_unit_test(only_lines_that_waited_are_released),
        cmocka_unit_test(many_parts_of_one_line_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
