/* Tiers, measurements and promotions as facts: which rule they bring into force, what the risk of
   overselling costs a listing, and that pools are shared by nobody who is not told to (F57). */
#include "lib/stock/velocity.h"

#include "tests/unit/stock/harness.h"

static struct event tiered(const char *tier, int64_t from_per_day, int64_t at_ms)
{
    struct event event = event_at(EVENT_TIER_DEFINED, at_ms);

    event.tier = (struct event_tier){"f", tier, from_per_day, 0, 0};
    return event;
}

/* So many units within a day, on another channel than the default one. */
static struct event sold_elsewhere(struct shop *shop, const char *sku, int64_t units,
                                   int64_t as_of_ms)
{
    const struct event_channel_units sold[] = {
        {"mall", units},
        {"shop", 0    }
    };
    struct event event = event_at(EVENT_VELOCITY_MEASURED, as_of_ms);

    event.velocity = (struct event_velocity){
        sku, as_of_ms, STOCK_DAY_MS, arena_memdup(shop->store.arena, sold, sizeof(sold)), 2};
    return event;
}

static struct event late(const char *channel, int64_t latency_ms, int64_t as_of_ms)
{
    struct event event = event_at(EVENT_LATENCY_MEASURED, as_of_ms);

    event.latency = (struct event_latency){channel, as_of_ms, latency_ms, 100};
    return event;
}

static struct event promoted(const char *sku, bool active, int64_t at_ms)
{
    struct event event = event_at(EVENT_PROMOTION_CHANGED, at_ms);

    event.promotion = (struct event_promotion){"f", sku, active};
    return event;
}

/* A hat of one cap, 100 caps, and the default buffers of the tiers. */
static void shop_open_with_tiers(struct shop *shop)
{
    static const struct {
        const char *tier;
        int64_t percent;
    } rules[] = {
        {"T1", 20},
        {"T2", 15},
        {"T3", 10},
        {"T4", 5 }
    };

    shop_open(shop);
    put(shop, mapped(shop, "cap", 1, 10));
    put(shop, counted(100, 20));
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        put(shop, ruled(30, (struct event_rule){.tier = rules[i].tier,
                                                .buffer_percent = rules[i].percent}));
    settle(shop);
}

static void assert_hat(const struct shop *shop, const char *tier, int64_t quantity)
{
    assert_string_equal(listing_of(shop, "hat")->tier, tier);
    assert_int_equal(listing_of(shop, "hat")->quantity, quantity);
}

/* ---- tiers ---- */

static void a_sku_that_sells_faster_is_held_back_more(void **state)
{
    static const struct {
        int64_t per_day;
        const char *tier;
        int64_t quantity;
    } rows[] = {
        {4,   "T4", 95},
        {5,   "T3", 90},
        {19,  "T3", 90},
        {20,  "T2", 85},
        {99,  "T2", 85},
        {100, "T1", 80},
        {0,   "T4", 95},
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open_with_tiers(&shop);
    assert_hat(&shop, "T4", 95);
    assert_string_equal(listing_of(&shop, "hat")->measurement_id, "");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        put(&shop, sold_elsewhere(&shop, "cap", rows[i].per_day, 100 + (int64_t)i));
        settle(&shop);

        assert_hat(&shop, rows[i].tier, rows[i].quantity);
        assert_string_equal(listing_of(&shop, "hat")->measurement_id, shop.id);
        if (i > 0 && strcmp(rows[i].tier, rows[i - 1].tier) != 0)
            assert_string_equal(listing_of(&shop, "hat")->event_id, shop.id);
    }
}

static void an_older_measurement_is_noted_and_changes_nothing(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open_with_tiers(&shop);
    put(&shop, sold_elsewhere(&shop, "cap", 100, 100));
    settle(&shop);

    assert_int_equal(put(&shop, sold_elsewhere(&shop, "cap", 0, 99)), STOCK_NOTED);
    settle(&shop);

    assert_hat(&shop, "T1", 80);
    assert_int_equal(shop.store.velocities.len, 2);
}

static void a_promotion_lifts_to_the_fastest_tier_until_it_ends(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open_with_tiers(&shop);

    put(&shop, promoted("cap", true, 50));
    settle(&shop);
    assert_hat(&shop, "T1", 80);
    assert_string_equal(listing_of(&shop, "hat")->event_id, shop.id);
    put(&shop, promoted("cap", false, 60));
    put(&shop, promoted("cap", true, 55));
    settle(&shop);

    assert_hat(&shop, "T4", 95);
}

static void a_defined_tier_replaces_the_default_of_its_name(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open_with_tiers(&shop);
    put(&shop, sold_elsewhere(&shop, "cap", 30, 100));
    settle(&shop);
    assert_hat(&shop, "T2", 85);

    put(&shop, tiered("T1", 30, 110));
    settle(&shop);
    assert_hat(&shop, "T1", 80);
    put(&shop, tiered("T1", 31, 120));
    settle(&shop);
    assert_hat(&shop, "T2", 85);
    put(&shop, tiered("T0", 29, 130)); /* no rule is of it */
    settle(&shop);
    assert_hat(&shop, "T0", 100);
}

static void a_listing_row_changes_without_a_target_when_only_the_tier_does(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_listing_change *changes = NULL;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(100, 20));
    settle(&shop);

    put(&shop, sold_elsewhere(&shop, "cap", 5, 100));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_listings(shop.stock, &changes), 1);
    assert_false(changes[0].quantity_changed);
    assert_true(changes[0].pace_changed);
    settle(&shop);
    put(&shop, sold_elsewhere(&shop, "cap", 6, 101));
    stock_settle(shop.stock);

    assert_int_equal(stock_changed_listings(shop.stock, &changes), 1);
    assert_false(changes[0].pace_changed);
    assert_string_equal(changes[0].listing->measurement_id, shop.id);
}

/* ---- the risk of overselling ---- */

/* 8640 a day and 4.2 s of latency: lambda 0.42, P(N > 3) = 0.00094, P(N > 2) = 0.0091. */
static void a_rule_with_a_bound_prices_the_risk_from_measured_facts(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(100, 20));
    put(&shop, ruled(30, (struct event_rule){.buffer_units = 1, .risk_bound_ppm = 1000}));
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 99);
    assert_string_equal(listing_of(&shop, "hat")->latency_id, "");

    put(&shop, sold_elsewhere(&shop, "cap", 8640, 100));
    const char *velocity = shop.id;
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 99); /* the latency is not known yet */
    put(&shop, late("shop", 4200, 100));
    const char *latency = shop.id;
    put(&shop, late("mall", 86400000, 200));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 97);
    assert_int_equal(listing_of(&shop, "hat")->priced, 3);
    assert_string_equal(listing_of(&shop, "hat")->measurement_id, velocity);
    assert_string_equal(listing_of(&shop, "hat")->latency_id, latency);
    assert_string_equal(listing_of(&shop, "hat")->event_id, latency);
}

/* What the channel sells itself it takes off what it shows. */
static void sales_on_the_channel_itself_cost_nothing(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct event_channel_units here = {"shop", 8640};
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(100, 20));
    put(&shop, ruled(30, (struct event_rule){.risk_bound_ppm = 1000}));
    put(&shop, late("shop", 4200, 100));
    struct event event = event_at(EVENT_VELOCITY_MEASURED, 100);
    event.velocity = (struct event_velocity){"cap", 100, STOCK_DAY_MS, &here, 1};

    put(&shop, event);
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 100);
    assert_int_equal(listing_of(&shop, "hat")->priced, 0);
}

/* The price is in sets; of a bundle the dearest component counts, and the bound is shared. */
static void a_bundle_is_priced_by_its_dearest_component(void **state)
{
    static const struct event_component set[] = {
        {"cap", 2},
        {"tie", 1}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 2, 10));
    put(&shop, mapped_to(10, (struct event_mapping){
                                 .listing = "set", .components = set, .components_len = 2}));
    put(&shop, counted(100, 20));
    put(&shop,
        stock_fact(EVENT_STOCK_COUNTED, 20, (struct event_stock){.sku = "tie", .quantity = 90}));
    put(&shop, ruled(30, (struct event_rule){.risk_bound_ppm = 1000}));
    put(&shop, late("shop", 4200, 100));
    put(&shop, sold_elsewhere(&shop, "cap", 8640, 100));
    const char *of_caps = shop.id;
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->priced, 2); /* 3 caps are at most 2 hats */
    assert_int_equal(listing_of(&shop, "set")->priced, 2); /* 4 caps, as each has half the bound */
    assert_string_equal(listing_of(&shop, "set")->measurement_id, of_caps);
    assert_string_equal(listing_of(&shop, "set")->tier, "");

    put(&shop, sold_elsewhere(&shop, "tie", 8640, 100));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "set")->priced, 4);
    assert_int_equal(listing_of(&shop, "set")->quantity, 46); /* of 50 */
    assert_string_equal(listing_of(&shop, "set")->measurement_id, shop.id);
}

static void the_safety_stock_of_a_rule_is_kept_and_never_shown(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(10, 20));

    put(&shop, ruled(30, (struct event_rule){.channel = "shop", .safety_stock = 4}));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 10);
    assert_int_equal(shop.store.rules.rows[0].rule.safety_stock, 4);
}

/* ---- F57 ---- */

static void sell(struct shop *shop, const char *listing, const char *order_id, int64_t units)
{
    put(shop, report((struct event_order_line){
                  .order_id = order_id, .listing = listing, .ordered = units}));
}

/* Merchant and FBA stock of one SKU: neither shows, or is lowered by, what the other has. */
static void fba_and_merchant_stock_are_never_one_unless_a_rule_names_both(void **state)
{
    static const char *const both[] = {"wh", "fba"};

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    struct event fba = mapped(&shop, "cap", 1, 10);
    fba.mapping.listing = "fba-hat";
    fba.mapping.pool = "fba";
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, fba);
    put(&shop, counted(3, 20));
    put(&shop,
        stock_fact(EVENT_STOCK_COUNTED, 20, (struct event_stock){.pool = "fba", .quantity = 5}));
    put(&shop, ruled(30, (struct event_rule){.channel = "shop"}));
    put(&shop, ruled(30, (struct event_rule){.sku = "cap"}));
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 3);
    assert_int_equal(listing_of(&shop, "fba-hat")->quantity, 5);

    sell(&shop, "hat", "merchant", 4);
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
    assert_int_equal(listing_of(&shop, "fba-hat")->quantity, 5);
    assert_int_equal(shop.store.oversells.len, 1);
    assert_string_equal(shop.store.oversells.rows[0].pool, "wh");
    sell(&shop, "fba-hat", "by amazon", 5);
    settle(&shop);
    assert_int_equal(listing_of(&shop, "fba-hat")->quantity, 0);
    assert_int_equal(shop.store.oversells.len, 1);

    put(&shop,
        stock_fact(EVENT_STOCK_RECEIVED, 110, (struct event_stock){.pool = "fba", .quantity = 7}));
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
    put(&shop, ruled(120, (struct event_rule){
                              .channel = "shop", .listing = "hat", .pools = both, .pools_len = 2}));
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 6); /* 3 - 4 and 12 - 5 */
    assert_int_equal(listing_of(&shop, "fba-hat")->quantity, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sku_that_sells_faster_is_held_back_more),
        cmocka_unit_test(an_older_measurement_is_noted_and_changes_nothing),
        cmocka_unit_test(a_promotion_lifts_to_the_fastest_tier_until_it_ends),
        cmocka_unit_test(a_defined_tier_replaces_the_default_of_its_name),
        cmocka_unit_test(a_listing_row_changes_without_a_target_when_only_the_tier_does),
        cmocka_unit_test(a_rule_with_a_bound_prices_the_risk_from_measured_facts),
        cmocka_unit_test(sales_on_the_channel_itself_cost_nothing),
        cmocka_unit_test(a_bundle_is_priced_by_its_dearest_component),
        cmocka_unit_test(the_safety_stock_of_a_rule_is_kept_and_never_shown),
        cmocka_unit_test(fba_and_merchant_stock_are_never_one_unless_a_rule_names_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
