/* What operators decide about parked events: lib/stock/decision.h, rule by rule. */
#include "tests/unit/stock/harness.h"

#include "lib/stock/decision.h"

static enum stock_verdict decide(struct shop *shop, const char *event_id, int64_t number,
                                 enum event_decision decision, const struct event_change *change)
{
    struct event event = event_at(EVENT_DECIDED, 500);

    event.source.channel = "admin";
    event.decided = (struct event_decided){
        event_id, number, decision, change, change == NULL ? 0 : 1, "because"};
    return put(shop, event);
}

/* The last word about an event. */
static const struct stock_status *told(const struct shop *shop, const char *event_id)
{
    const struct stock_status *statuses = NULL;
    const struct stock_status *last = NULL;
    size_t len = stock_changed_statuses(shop->stock, &statuses);

    for (size_t i = 0; i < len; i++) {
        if (strcmp(statuses[i].event_id, event_id) == 0)
            last = &statuses[i];
    }
    assert_non_null(last);
    return last;
}

static struct event counted_ahead(int64_t quantity)
{
    struct event event = counted(quantity, 100 + EVENT_COUNT_AHEAD_MS + 1);

    event.times.received_ms = 100;
    return event;
}

static void a_release_makes_a_waivable_event_count_once(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    assert_int_equal(put(&shop, counted_ahead(7)), STOCK_PARKED);
    assert_string_equal(shop.reason, "count-in-future");
    const char *id = shop.id;
    assert_int_equal(sellable(&shop), 0);

    assert_int_equal(decide(&shop, id, 1, EVENT_RELEASE, NULL), STOCK_APPLIED);
    assert_int_equal(told(&shop, id)->verdict, STOCK_APPLIED);
    assert_int_equal(decide(&shop, id, 2, EVENT_RELEASE, NULL), STOCK_NOTED);
    assert_string_equal(shop.reason, STOCK_NOT_PARKED);
    assert_int_equal(decide(&shop, id, 3, EVENT_DROP, NULL), STOCK_NOTED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 7);
}

static void what_can_not_be_waived_stays_parked_until_it_is_fixed(void **state)
{
    static const struct event_change worse = {"bucket", "rack"};
    static const struct event_change unknown = {"colour", "red"};
    static const struct event_change right = {"bucket", "sellable"};

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    struct event count = counted(7, 100);
    count.stock.bucket = "shelf";
    assert_int_equal(put(&shop, count), STOCK_PARKED);
    assert_string_equal(shop.reason, "unknown-bucket");
    const char *id = shop.id;

    assert_int_equal(decide(&shop, id, 1, EVENT_RELEASE, NULL), STOCK_NOTED);
    assert_string_equal(shop.reason, STOCK_NOT_WAIVABLE);
    decide(&shop, id, 2, EVENT_FIX, &worse);
    assert_string_equal(shop.reason, STOCK_STILL_BROKEN);
    decide(&shop, id, 3, EVENT_FIX, &unknown);
    assert_string_equal(shop.reason, STOCK_NOT_AMENDABLE);
    assert_int_equal(decide(&shop, id, 4, EVENT_FIX, &right), STOCK_APPLIED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 7);
}

/* Its reason is the one of events that the ledger could not hold, which may be released. */
static void what_is_too_large_by_itself_can_not_be_waived_in_a_later_batch_either(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    struct event large = report((struct event_order_line){.ordered = 3000000000});
    snprintf(large.id, sizeof(large.id), "77777777-0000-0000-0000-000000000000");
    assert_int_equal(put(&shop, large), STOCK_PARKED);
    assert_string_equal(shop.reason, EVENT_OVERFLOW);
    assert_int_equal(decide(&shop, large.id, 1, EVENT_RELEASE, NULL), STOCK_NOTED);
    assert_string_equal(shop.reason, STOCK_NOT_WAIVABLE);

    settle(&shop);
    stock_load_decided(shop.stock, &large, EVENT_OVERFLOW);
    assert_int_equal(decide(&shop, large.id, 1, EVENT_RELEASE, NULL), STOCK_NOTED);
    assert_string_equal(shop.reason, STOCK_NOT_WAIVABLE);
}

static void a_decision_waits_for_its_event_and_for_its_turn(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    struct event count = counted_ahead(7);
    snprintf(count.id, sizeof(count.id), "77777777-0000-0000-0000-000000000000");

    assert_int_equal(decide(&shop, count.id, 2, EVENT_DROP, NULL), STOCK_PARKED);
    assert_string_equal(shop.reason, STOCK_NO_EVENT);
    const char *second = shop.id;
    assert_int_equal(put(&shop, count), STOCK_PARKED);
    assert_string_equal(told(&shop, second)->reason, STOCK_OUT_OF_TURN);

    assert_int_equal(decide(&shop, count.id, 1, EVENT_RELEASE, NULL), STOCK_APPLIED);
    assert_string_equal(told(&shop, second)->reason, STOCK_NOT_PARKED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 7);
}

static void a_dropped_event_may_count_after_all(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, counted_ahead(7));
    const char *id = shop.id;

    assert_int_equal(decide(&shop, id, 1, EVENT_DROP, NULL), STOCK_APPLIED);
    assert_int_equal(told(&shop, id)->verdict, STOCK_DROPPED);
    assert_int_equal(decide(&shop, id, 2, EVENT_RELEASE, NULL), STOCK_APPLIED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 7);
}

static void a_sound_fact_is_not_decided_about(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, counted(7, 100));

    assert_int_equal(decide(&shop, shop.id, 1, EVENT_DROP, NULL), STOCK_NOTED);
    assert_string_equal(shop.reason, STOCK_NOT_PARKED);
    settle(&shop);
    assert_int_equal(sellable(&shop), 7);
}

static void a_dropped_report_never_moves_anything_until_a_newer_one_comes(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    assert_int_equal(put(&shop, report((struct event_order_line){.ordered = 2})), STOCK_PARKED);
    assert_int_equal(decide(&shop, shop.id, 1, EVENT_DROP, NULL), STOCK_APPLIED);

    put(&shop, mapped(&shop, "cap", 1, 10));
    settle(&shop);
    assert_int_equal(committed(&shop), 0);
    put(&shop, shipped(1, 150));
    assert_int_equal(shop.verdict, STOCK_NOTED);
    assert_string_equal(shop.reason, "dropped");

    put(&shop, report((struct event_order_line){.ordered = 3, .version_ms = 200}));
    assert_int_equal(shop.verdict, STOCK_APPLIED);
    settle(&shop);
    assert_int_equal(committed(&shop), 2);
    assert_int_equal(sellable(&shop), -1);
}

static void dropping_an_applied_report_takes_its_effects_back_by_movements(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 2}));
    const char *id = shop.id;

    decide(&shop, id, 1, EVENT_DROP, NULL);
    const char *by = shop.id;
    settle(&shop);
    assert_int_equal(committed(&shop), 0);
    assert_string_equal(last_movement(&shop, "committed")->reason, "decided");
    assert_string_equal(last_movement(&shop, "committed")->event_id, by);
}

static void a_dropped_part_is_no_part_of_its_line(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, report((struct event_order_line){.ordered = 5}));
    put(&shop, shipped(2, 150));
    const char *id = shop.id;

    decide(&shop, id, 1, EVENT_DROP, NULL);
    settle(&shop);
    assert_int_equal(sellable(&shop), 0);
    assert_int_equal(committed(&shop), 5);
    assert_int_equal(line_of(&shop, "1")->shipped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_release_makes_a_waivable_event_count_once),
        cmocka_unit_test(what_can_not_be_waived_stays_parked_until_it_is_fixed),
        cmocka_unit_test(what_is_too_large_by_itself_can_not_be_waived_in_a_later_batch_either),
        cmocka_unit_test(a_decision_waits_for_its_event_and_for_its_turn),
        cmocka_unit_test(a_dropped_event_may_count_after_all),
        cmocka_unit_test(a_sound_fact_is_not_decided_about),
        cmocka_unit_test(a_dropped_report_never_moves_anything_until_a_newer_one_comes),
        cmocka_unit_test(dropping_an_applied_report_takes_its_effects_back_by_movements),
        cmocka_unit_test(a_dropped_part_is_no_part_of_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
