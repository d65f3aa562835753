/* Units on their way: what reports and receipts of shipments and removals do to stock, and which
   counts wait for them. */
#include "tests/unit/stock/harness.h"

static int64_t fba(const struct shop *shop, const char *bucket)
{
    return position_in(shop, "cap", "fba", bucket);
}

static struct event receipt(int64_t quantity, int64_t at_ms, struct event_stock fact)
{
    fact.quantity = quantity;
    return stock_fact(EVENT_STOCK_RECEIVED, at_ms, fact);
}

/* ---- inbound ---- */

/* After 30 caps were counted in "wh": one report, and where they stand then. */
struct inbound_row {
    const char *status;
    struct event_inbound report;
    int64_t wh;
    int64_t on_the_way;
    int64_t sellable;
    int64_t damaged;
    int64_t missing;
    int64_t cancelled;
};

static const struct inbound_row inbound_rows[] = {
    {"working",    {.sent = 10},                                            20, 10, 0,  0, 0,  0 },
    {"SHIPPED",    {.sent = 10},                                            20, 10, 0,  0, 0,  0 },
    {"error",      {.sent = 10},                                            20, 10, 0,  0, 0,  0 },
    {"delivered",  {.sent = 10},                                            20, 10, 0,  0, 0,  0 },
    {"receiving",  {.sent = 10, .received = 4},                             20, 6,  4,  0, 0,  0 },
    {"receiving",  {.sent = 10, .received = 4, .damaged = 2},               20, 4,  4,  2, 0,  0 },
    {"receiving",  {.sent = 10, .received = 4, .damaged = 2, .lost = 3},    20, 1,  4,  2, 0,  0 },
    {"receiving",  {.sent = 10, .received = 12},                            20, 0,  12, 0, -2, 0 },
    {"closed",     {.sent = 10, .received = 10},                            20, 0,  10, 0, 0,  0 },
    {"closed",     {.sent = 10, .received = 6, .damaged = 1},               20, 0,  6,  1, 3,  0 },
    {"closed",     {.sent = 10, .received = 6, .damaged = 1, .lost = 3},    20, 0,  6,  1, 0,  0 },
    {"closed",     {.sent = 10, .received = 11},                            20, 0,  11, 0, -1, 0 },
    {"INBOUND_RECEIVING_COMPLETE", {.sent = 10, .received = 9},             20, 0,  9,  0, 1,  0 },
    {"cancelled",  {.sent = 10},                                            30, 0,  0,  0, 0,  10},
    {"deleted",    {.sent = 10, .received = 3},                             27, 0,  3,  0, 0,  7 },
    {"receiving",  {.sent = 10, .received = 4, .from_pool = ""},            30, 6,  4,  0, 0,  0 },
};

static void a_report_puts_its_units_where_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(inbound_rows); i++) {
        const struct inbound_row *row = &inbound_rows[i];
        SCOPED(shop) struct shop shop;

        shop_open(&shop);
        put(&shop, counted(30, 10));
        assert_int_equal(put(&shop, inbound(row->status, 20, row->report)), STOCK_APPLIED);
        settle(&shop);
        const struct stock_consignment *end = consignment_of(&shop, STOCK_INBOUND);

        assert_int_equal(sellable(&shop), row->wh);
        assert_int_equal(fba(&shop, "inbound"), row->on_the_way);
        assert_int_equal(fba(&shop, "sellable"), row->sellable);
        assert_int_equal(fba(&shop, "damaged"), row->damaged);
        assert_int_equal(end->missing, row->missing);
        assert_int_equal(end->cancelled, row->cancelled);
        assert_int_equal(end->sent, end->cancelled + end->received + end->damaged + end->lost +
                                        end->missing + end->transit);
    }
}

static void only_units_received_become_sellable_and_what_is_missing_leaves_as_lost(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, counted(30, 10));
    put(&shop, inbound("shipped", 20, (struct event_inbound){0}));
    put(&shop, inbound("receiving", 30, (struct event_inbound){.received = 4}));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 4);
    assert_int_equal(fba(&shop, "inbound"), 6);
    put(&shop, inbound("closed", 40, (struct event_inbound){.received = 7}));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 7);
    assert_int_equal(fba(&shop, "inbound"), 0);
    const struct stock_movement *last = &shop.store.movements.rows[shop.store.movements.len - 1];
    bool lost = false;

    for (size_t i = 0; i < shop.store.movements.len; i++) {
        const struct stock_movement *row = &shop.store.movements.rows[i];

        if (same(row->reason, "lost") && same(row->bucket, "inbound") && row->delta == -3)
            lost = true;
    }
    assert_true(lost);
    assert_string_equal(last->event_id, shop.id);
    assert_int_equal(consignment_of(&shop, STOCK_INBOUND)->closed_ms, 40);
    assert_int_equal(consignment_of(&shop, STOCK_INBOUND)->receiving_ms, 30);
}

static void a_cancelled_shipment_gives_back_as_of_then(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, counted(30, 10));
    put(&shop, inbound("working", 20, (struct event_inbound){0}));
    put(&shop, counted(18, 30)); /* two are gone beside the ten that are set aside */
    put(&shop, inbound("cancelled", 40, (struct event_inbound){0}));
    settle(&shop);
    assert_int_equal(sellable(&shop), 28);
    assert_string_equal(last_movement(&shop, "sellable")->reason, "cancelled");
}

static void a_report_that_comes_late_moves_what_it_tells_to_its_own_time(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, inbound("receiving", 40, (struct event_inbound){.from_pool = "", .received = 7}));
    put(&shop, stock_fact(EVENT_STOCK_COUNTED, 30,
                          (struct event_stock){.pool = "fba", .quantity = 5}));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 12);
    assert_int_equal(put(&shop, inbound("delivered", 20,
                                        (struct event_inbound){.from_pool = "", .received = 4})),
                     STOCK_NOTED);
    settle(&shop);
    /* Four of the seven were there when it was counted. */
    assert_int_equal(fba(&shop, "sellable"), 8);
    assert_int_equal(fba(&shop, "inbound"), 3);
}

static void reports_of_one_version_are_told_apart_by_how_far_they_are(void **state)
{
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        const struct event events[] = {
            inbound("receiving", 20, (struct event_inbound){.received = 4}),
            inbound("closed", 20, (struct event_inbound){.received = 4}),
        };
        SCOPED(shop) struct shop shop;

        shop_open(&shop);
        put(&shop, events[turned]);
        put(&shop, events[1 - turned]);
        settle(&shop);
        assert_string_equal(consignment_of(&shop, STOCK_INBOUND)->status, "closed");
        assert_int_equal(fba(&shop, "inbound"), 0);
    }
}

static void receipts_and_reports_of_the_same_units_count_once(void **state)
{
    SCOPED(shop) struct shop shop;
    const struct event_stock at_fba = {.pool = "fba", .shipment_id = "s"};

    (void)state;
    shop_open(&shop);
    put(&shop, inbound("shipped", 20, (struct event_inbound){0}));
    put(&shop, receipt(3, 25, at_fba));
    put(&shop, receipt(2, 26, at_fba));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 5);
    assert_int_equal(fba(&shop, "inbound"), 5);
    put(&shop, inbound("receiving", 30, (struct event_inbound){.received = 5}));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 5);
    put(&shop, inbound("closed", 40, (struct event_inbound){.received = 9}));
    settle(&shop);
    assert_int_equal(fba(&shop, "sellable"), 9);
    assert_int_equal(consignment_of(&shop, STOCK_INBOUND)->missing, 1);
}

static void a_receipt_waits_for_the_first_report_and_is_told_so(void **state)
{
    SCOPED(shop) struct shop shop;
    const struct stock_status *statuses = NULL;

    (void)state;
    shop_open(&shop);
    assert_int_equal(put(&shop, receipt(3, 25, (struct event_stock){.shipment_id = "s"})),
                     STOCK_PARKED);
    assert_string_equal(shop.reason, "not-reported");
    const char *waiting = shop.id;
    settle(&shop);
    assert_int_equal(sellable(&shop), 0);
    put(&shop,
        inbound("shipped", 20, (struct event_inbound){.from_pool = "", .to_pool = "wh"}));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_statuses(shop.stock, &statuses), 1);
    assert_string_equal(statuses[0].event_id, waiting);
    assert_int_equal(statuses[0].verdict, STOCK_APPLIED);
    store_save(&shop.store, shop.stock);
    assert_int_equal(sellable(&shop), 3);
    assert_int_equal(position_in(&shop, "cap", "wh", "inbound"), 7);
}

/* ---- removals ---- */

struct removal_row {
    struct event_removal report;
    int64_t received; /* by a receipt with the removal's id */
    int64_t left;     /* sellable in "fba", of 20 */
    int64_t in_removal;
    int64_t wh;
    bool is_closed;
};

static const struct removal_row removal_rows[] = {
    {{.requested = 6},                                  0, 14, 6, 0, false},
    {{.requested = 6, .shipped = 6},                    0, 14, 6, 0, false},
    {{.requested = 6, .cancelled = 2},                  0, 16, 4, 0, false},
    {{.requested = 6, .cancelled = 6},                  0, 20, 0, 0, true },
    {{.requested = 6, .disposed = 6},                   0, 14, 0, 0, true },
    {{.requested = 6, .shipped = 6},                    6, 14, 0, 6, true },
    {{.requested = 6, .shipped = 6},                    5, 14, 1, 5, false},
    {{.requested = 6, .shipped = 6, .lost = 1},         5, 14, 0, 5, true },
    {{.requested = 6, .received = 5},                   5, 14, 1, 5, false},
    {{.requested = 6, .received = 5},                   2, 14, 1, 5, false},
    {{.requested = 6, .received = 2, .disposed = 3},    3, 14, 0, 3, true },
    {{.requested = 6},                                  8, 14, 0, 8, true },
};

static void units_in_removal_can_be_sold_nowhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(removal_rows); i++) {
        const struct removal_row *row = &removal_rows[i];
        SCOPED(shop) struct shop shop;

        shop_open(&shop);
        put(&shop, stock_fact(EVENT_STOCK_COUNTED, 10,
                              (struct event_stock){.pool = "fba", .quantity = 20}));
        put(&shop, removal(20, row->report));
        if (row->received > 0)
            put(&shop, receipt(row->received, 30, (struct event_stock){.removal_id = "r"}));
        settle(&shop);
        assert_int_equal(fba(&shop, "sellable"), row->left);
        assert_int_equal(fba(&shop, "in_removal"), row->in_removal);
        assert_int_equal(sellable(&shop), row->wh);
        assert_int_equal(consignment_of(&shop, STOCK_REMOVAL)->closed_ms != 0, row->is_closed);
    }
}

static void units_of_a_removal_may_leave_another_bucket(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, removal(20, (struct event_removal){.bucket = "unfulfillable", .requested = 4}));
    put(&shop, receipt(4, 30, (struct event_stock){.removal_id = "r", .bucket = "damaged"}));
    settle(&shop);
    assert_int_equal(fba(&shop, "unfulfillable"), -4);
    assert_int_equal(fba(&shop, "sellable"), 0);
    assert_int_equal(fba(&shop, "in_removal"), 0);
    assert_int_equal(position_in(&shop, "cap", "wh", "damaged"), 4);
    assert_int_equal(consignment_of(&shop, STOCK_REMOVAL)->damaged, 4);
}

static void a_receipt_of_a_removal_that_it_does_not_name_is_parked(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, removal(20, (struct event_removal){0}));
    assert_int_equal(put(&shop, receipt(6, 30, (struct event_stock){.reason = "removal"})),
                     STOCK_PARKED);
    assert_string_equal(shop.reason, "removal-missing");
    settle(&shop);
    assert_int_equal(sellable(&shop), 0);
    assert_int_equal(fba(&shop, "in_removal"), 6);
    put(&shop, receipt(6, 30, (struct event_stock){.reason = "removal", .removal_id = "r"}));
    settle(&shop);
    assert_int_equal(sellable(&shop), 6);
    assert_int_equal(fba(&shop, "in_removal"), 0);
}

/* ---- counts ---- */

static struct event into_wh(const char *status, int64_t at_ms, int64_t received)
{
    return inbound(status, at_ms, (struct event_inbound){
                                      .from_pool = "", .to_pool = "wh", .received = received});
}

static void a_count_during_receiving_is_held_until_the_shipment_is_closed(void **state)
{
    static const char *const closings[] = {"closed", "cancelled"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(closings); i++) {
        SCOPED(shop) struct shop shop;
        const struct stock_status *statuses = NULL;

        shop_open(&shop);
        put(&shop, counted(8, 10));
        put(&shop, into_wh("receiving", 30, 2));
        settle(&shop);
        assert_int_equal(put(&shop, counted(3, 35)), STOCK_PARKED);
        assert_string_equal(shop.reason, "receiving");
        const char *held = shop.id;
        settle(&shop);
        assert_int_equal(sellable(&shop), 10);
        put(&shop, into_wh("receiving", 40, 6));
        settle(&shop);
        assert_int_equal(sellable(&shop), 14);
        put(&shop, into_wh(closings[i], 50, 6));
        stock_settle(shop.stock);
        assert_int_equal(stock_changed_statuses(shop.stock, &statuses), 1);
        assert_string_equal(statuses[0].event_id, held);
        assert_string_equal(statuses[0].reason, "");
        store_save(&shop.store, shop.stock);
        assert_int_equal(sellable(&shop), 3 + 4);
    }
}

/* What is counted, and when, beside a shipment that is received into "wh" since 30. */
struct hold_row {
    const char *what;
    const char *pool;
    int64_t at_ms;
    enum event_pool_authority authority;
    enum stock_verdict verdict;
};

static const struct hold_row hold_rows[] = {
    {"before it began",        "wh",   29, EVENT_POOL_LEDGER,  STOCK_APPLIED},
    {"when it began",          "wh",   30, EVENT_POOL_LEDGER,  STOCK_PARKED },
    {"a pool nobody declared", "wh",   31, EVENT_POOL_NONE,    STOCK_PARKED },
    {"another pool",           "shop", 31, EVENT_POOL_LEDGER,  STOCK_APPLIED},
    {"by the channel",         "wh",   31, EVENT_POOL_CHANNEL, STOCK_APPLIED},
};

static void counts_are_held_in_that_pool_since_then_where_we_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hold_rows); i++) {
        const struct hold_row *row = &hold_rows[i];
        SCOPED(shop) struct shop shop;

        shop_open(&shop);
        if (row->authority != EVENT_POOL_NONE)
            put(&shop, pool_of("wh", row->authority, 1));
        put(&shop, into_wh("receiving", 30, 0));
        assert_int_equal(put(&shop, stock_fact(EVENT_STOCK_COUNTED, row->at_ms,
                                               (struct event_stock){.pool = row->pool})),
                         row->verdict);
    }
}

static void a_report_that_comes_late_takes_a_count_out_of_force(void **state)
{
    SCOPED(shop) struct shop shop;
    const struct stock_status *statuses = NULL;

    (void)state;
    shop_open(&shop);
    put(&shop, counted(8, 10));
    put(&shop, adjusted(1, 20));
    put(&shop, counted(3, 35));
    const char *held = shop.id;
    put(&shop, adjusted(5, 40));
    settle(&shop);
    assert_int_equal(sellable(&shop), 8);
    put(&shop, into_wh("receiving", 30, 2));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_statuses(shop.stock, &statuses), 1);
    assert_string_equal(statuses[0].event_id, held);
    assert_string_equal(statuses[0].reason, "receiving");
    store_save(&shop.store, shop.stock);
    assert_int_equal(sellable(&shop), 8 + 1 + 2 + 5);
}

static void when_all_counts_are_held_the_position_is_what_moved(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, adjusted(4, 20));
    put(&shop, counted(3, 35));
    settle(&shop);
    assert_int_equal(sellable(&shop), 3);
    put(&shop, into_wh("receiving", 30, 2));
    settle(&shop);
    assert_int_equal(sellable(&shop), 6);
    assert_string_equal(shop.store.counts.rows[0].event_id, "");
    put(&shop, into_wh("closed", 50, 2));
    settle(&shop);
    assert_int_equal(sellable(&shop), 3);
}

static void who_counts_a_pool_decides_whether_its_counts_are_held(void **state)
{
    SCOPED(shop) struct shop shop;

    (void)state;
    shop_open(&shop);
    put(&shop, counted(8, 10));
    put(&shop, into_wh("receiving", 30, 2));
    put(&shop, counted(3, 35));
    settle(&shop);
    assert_int_equal(sellable(&shop), 10);
    put(&shop, pool_of("wh", EVENT_POOL_CHANNEL, 1));
    settle(&shop);
    assert_int_equal(sellable(&shop), 3);
    put(&shop, pool_of("wh", EVENT_POOL_LEDGER, 2));
    settle(&shop);
    assert_int_equal(sellable(&shop), 10);
}

/* ---- bounds ---- */

static void a_shipment_beyond_what_a_position_holds_leaves_nothing_behind(void **state)
{
    SCOPED(shop) struct shop shop;
    const int64_t most = INT64_C(1) << 53;
    const struct stock_position full = {"cap", "wh", "sellable", most};

    (void)state;
    shop_open(&shop);
    store_put_positions(&shop.store, &full);
    shop.stock = stock_new(shop.store.arena);
    store_load_all(&shop.store, shop.stock);
    assert_int_equal(put(&shop, into_wh("receiving", 30, 1)), STOCK_PARKED);
    assert_string_equal(shop.reason, "overflow");
    settle(&shop);
    assert_int_equal(sellable(&shop), most);
    assert_int_equal(position_in(&shop, "cap", "wh", "inbound"), 0);
    assert_int_equal(shop.store.reports.len, 0);
    assert_int_equal(shop.store.consignments.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_puts_its_units_where_they_are),
        cmocka_unit_test(only_units_received_become_sellable_and_what_is_missing_leaves_as_lost),
        cmocka_unit_test(a_cancelled_shipment_gives_back_as_of_then),
        cmocka_unit_test(a_report_that_comes_late_moves_what_it_tells_to_its_own_time),
        cmocka_unit_test(reports_of_one_version_are_told_apart_by_how_far_they_are),
        cmocka_unit_test(receipts_and_reports_of_the_same_units_count_once),
        cmocka_unit_test(a_receipt_waits_for_the_first_report_and_is_told_so),
        cmocka_unit_test(units_in_removal_can_be_sold_nowhere),
        cmocka_unit_test(units_of_a_removal_may_leave_another_bucket),
        cmocka_unit_test(a_receipt_of_a_removal_that_it_does_not_name_is_parked),
        cmocka_unit_test(a_count_during_receiving_is_held_until_the_shipment_is_closed),
        cmocka_unit_test(counts_are_held_in_that_pool_since_then_where_we_count),
        cmocka_unit_test(a_report_that_comes_late_takes_a_count_out_of_force),
        cmocka_unit_test(when_all_counts_are_held_the_position_is_what_moved),
        cmocka_unit_test(who_counts_a_pool_decides_whether_its_counts_are_held),
        cmocka_unit_test(a_shipment_beyond_what_a_position_holds_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
