/* The JSON of each write command, word for word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/stockctl/facts.h"

#define HEAD(kind)                                                                                 \
    "{\"kind\":\"" kind "\",\"fact_id\":\"f-1\",\"occurred_at\":\"2026-11-21T09:17:00.000Z\","     \
    "\"actor\":\"ann@desk\","

static const struct stockctl_fact fact = {"f-1", "ann@desk", 1795252620000};

static struct stockctl_options given(void)
{
    return (struct stockctl_options){.buffer = -1,
                                     .cancelled = -1,
                                     .cap = -1,
                                     .damaged = -1,
                                     .disposed = -1,
                                     .expected_ms = -1,
                                     .floor = -1,
                                     .latency_ms = -1,
                                     .lead_days = -1,
                                     .lost = -1,
                                     .per_day = -1,
                                     .percent = -1,
                                     .received = -1,
                                     .risk_bound = -1,
                                     .safety_stock = -1,
                                     .shipped = -1};
}

static void assert_built(stockctl_fact_build *build, const struct stockctl_options *options,
                         const char *json)
{
    SCOPED(buf) struct buf out = {0};
    struct err err = {0};

    if (!build(options, &fact, &out, &err))
        fail_msg("%s", err.text);
    assert_string_equal(buf_str(&out), json);
}

static void assert_refused(stockctl_fact_build *build, const struct stockctl_options *options,
                           const char *why)
{
    SCOPED(buf) struct buf out = {0};
    struct err err = {0};

    assert_false(build(options, &fact, &out, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, why);
}

static void listing_of_a_bundle(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "shopify-main";
    options.arguments[1] = "gid/1";
    options.skus = (struct stockctl_texts){{"MUG:2", "BOX", "A:B"}, 3};
    options.pool = "main";
    options.address = "gid/9";
    assert_built(stockctl_facts_listing, &options,
                 HEAD("mapping_changed") "\"channel\":\"shopify-main\",\"listing\":\"gid/1\","
                 "\"address\":\"gid/9\",\"components\":[{\"sku\":\"MUG\",\"units\":2},"
                 "{\"sku\":\"BOX\",\"units\":1},{\"sku\":\"A:B\",\"units\":1}],\"pool\":\"main\"}");
}

static void listing_that_is_retired(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "shopify-main";
    options.arguments[1] = "gid/1";
    options.retire = true;
    assert_built(stockctl_facts_listing, &options,
                 HEAD("mapping_changed")
                 "\"channel\":\"shopify-main\",\"listing\":\"gid/1\",\"components\":[]}");
}

static void listing_says_what_it_lacks(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "shopify-main";
    options.arguments[1] = "gid/1";
    assert_refused(stockctl_facts_listing, &options,
                   "want --sku with what the listing sells, or --retire");
    options.skus = (struct stockctl_texts){{"MUG:0"}, 1};
    assert_refused(stockctl_facts_listing, &options,
                   "--pool is missing: say which pool its orders draw from");
    options.pool = "main";
    assert_refused(stockctl_facts_listing, &options,
                   "mapping_changed: components[0]: units is 0, want 1 to 1000000000");
    options.skus = (struct stockctl_texts){{":2"}, 1};
    assert_refused(stockctl_facts_listing, &options, "--sku is ':2': want SKU or SKU:UNITS");
    options.retire = true;
    assert_refused(stockctl_facts_listing, &options,
                   "want --sku with what the listing sells, or --retire");
}

static void pool_is_the_ledgers_unless_said(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "wh-east";
    assert_built(stockctl_facts_pool, &options,
                 HEAD("pool_changed") "\"pool\":\"wh-east\",\"authority\":\"ledger\"}");
    options.authority = "channel";
    options.title = "East \"1\"";
    assert_built(stockctl_facts_pool, &options,
                 HEAD("pool_changed") "\"pool\":\"wh-east\",\"authority\":\"channel\","
                                      "\"title\":\"East \\\"1\\\"\"}");
    options.authority = "none";
    assert_refused(stockctl_facts_pool, &options,
                   "--authority is 'none': want ledger or channel");
}

static void a_rule_of_a_tier_has_a_risk_bound_and_a_safety_stock(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.tier = "T1";
    options.risk_bound = 1000;
    options.safety_stock = 4;
    assert_built(stockctl_facts_rule, &options,
                 HEAD("rule_changed") "\"tier\":\"T1\",\"risk_bound_ppm\":1000,"
                                      "\"safety_stock\":4}");
    options.sku = "MUG";
    assert_refused(stockctl_facts_rule, &options,
                   "rule_changed: tier and sku are both given, want one scope");
}

static void a_tier_is_told_by_its_rate(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "T0";
    assert_refused(stockctl_facts_tier, &options,
                   "--per-day is missing: say from which rate on it is");
    options.per_day = 500;
    options.latency_ms = 5000;
    options.lead_days = 1;
    assert_built(stockctl_facts_tier, &options,
                 HEAD("tier_defined") "\"tier\":\"T0\",\"from_per_day\":500,"
                                      "\"latency_ms\":5000,\"lead_time_days\":1}");
}

#define FACT_OF(name)                                                                              \
    "\"fact_id\":\"f-1-" name "\",\"occurred_at\":\"2026-11-21T09:17:00.000Z\","                   \
    "\"actor\":\"ann@desk\",\"tier\":\"" name "\","
#define DEFAULT_TIER(name, rate, latency, days, percent)                                           \
    "{\"kind\":\"tier_defined\"," FACT_OF(name) "\"from_per_day\":" rate ","                       \
    "\"latency_ms\":" latency ",\"lead_time_days\":" days "},"                                     \
    "{\"kind\":\"rule_changed\"," FACT_OF(name) "\"buffer_percent\":" percent ","                  \
    "\"risk_bound_ppm\":1000}"

static void the_default_tiers_hold_back_20_15_10_5_percent(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    assert_built(stockctl_facts_tiers, &options,
                 "[" DEFAULT_TIER("T1", "100", "30000", "3", "20") ","
                     DEFAULT_TIER("T2", "20", "120000", "5", "15") ","
                     DEFAULT_TIER("T3", "5", "900000", "7", "10") ","
                     DEFAULT_TIER("T4", "0", "3600000", "14", "5") "]");
}

static void a_promotion_is_on_or_off(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "MUG";
    options.arguments[1] = "on";
    assert_built(stockctl_facts_promotion, &options,
                 HEAD("promotion_changed") "\"sku\":\"MUG\",\"active\":true}");
    options.arguments[1] = "off";
    assert_built(stockctl_facts_promotion, &options,
                 HEAD("promotion_changed") "\"sku\":\"MUG\",\"active\":false}");
    options.arguments[1] = "maybe";
    assert_refused(stockctl_facts_promotion, &options, "it is 'maybe': want on or off");
}

static void rule_holds_what_was_given(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    assert_built(stockctl_facts_rule, &options,
                 "{\"kind\":\"rule_changed\",\"fact_id\":\"f-1\","
                 "\"occurred_at\":\"2026-11-21T09:17:00.000Z\",\"actor\":\"ann@desk\"}");
    options.channel = "woo-main";
    options.sku = "MUG";
    options.pools = (struct stockctl_texts){{"main", "spare"}, 2};
    options.buckets = (struct stockctl_texts){{"sellable"}, 1};
    options.buffer = 2;
    options.percent = 10;
    options.cap = 0;
    options.floor = 1;
    assert_built(stockctl_facts_rule, &options,
                 HEAD("rule_changed") "\"channel\":\"woo-main\",\"sku\":\"MUG\","
                 "\"pools\":[\"main\",\"spare\"],\"buckets\":[\"sellable\"],\"buffer_units\":2,"
                 "\"buffer_percent\":10,\"cap\":0,\"floor\":1}");
    options.listing = "7";
    assert_refused(stockctl_facts_rule, &options,
                   "rule_changed: sku and listing are both given, want one scope");
}

static void count_and_receive_and_adjust(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "MUG";
    options.arguments[1] = "main";
    options.arguments[2] = "41";
    assert_built(stockctl_facts_count, &options,
                 HEAD("stock_counted")
                 "\"sku\":\"MUG\",\"pool\":\"main\",\"bucket\":\"sellable\",\"quantity\":41}");
    options.bucket = "damaged";
    options.reason = "shelf";
    assert_built(stockctl_facts_receive, &options,
                 HEAD("stock_received") "\"sku\":\"MUG\",\"pool\":\"main\",\"bucket\":\"damaged\","
                                        "\"quantity\":41,\"reason\":\"shelf\"}");
    options.arguments[2] = "-3";
    assert_built(stockctl_facts_adjust, &options,
                 HEAD("stock_adjusted") "\"sku\":\"MUG\",\"pool\":\"main\",\"bucket\":\"damaged\","
                                        "\"delta\":-3,\"reason\":\"shelf\"}");
    options.arguments[2] = "+3";
    assert_built(stockctl_facts_adjust, &options,
                 HEAD("stock_adjusted") "\"sku\":\"MUG\",\"pool\":\"main\",\"bucket\":\"damaged\","
                                        "\"delta\":3,\"reason\":\"shelf\"}");
}

static void quantities_have_bounds(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "MUG";
    options.arguments[1] = "main";
    options.arguments[2] = "-1";
    assert_refused(stockctl_facts_count, &options,
                   "quantity is '-1': want a whole number from 0 to 1000000000");
    options.arguments[2] = "0";
    assert_refused(stockctl_facts_receive, &options,
                   "quantity is '0': want a whole number from 1 to 1000000000");
    assert_refused(stockctl_facts_adjust, &options,
                   "--reason is missing: say why the stock changed");
    options.reason = "lost";
    assert_refused(stockctl_facts_adjust, &options,
                   "stock_adjusted: delta is 0, want another number");
}

static void transfer_between_pools_and_buckets(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "MUG";
    options.arguments[1] = "main";
    options.arguments[2] = "spare";
    options.arguments[3] = "4";
    assert_refused(stockctl_facts_transfer, &options,
                   "--reason is missing: say why the stock moved");
    options.reason = "relocation";
    options.note = "shelf 7";
    assert_built(stockctl_facts_transfer, &options,
                 HEAD("stock_transferred") "\"sku\":\"MUG\",\"from_pool\":\"main\","
                 "\"from_bucket\":\"sellable\",\"to_pool\":\"spare\","
                 "\"to_bucket\":\"sellable\",\"quantity\":4,\"reason\":\"relocation\","
                 "\"note\":\"shelf 7\"}");
    options.note = NULL;
    options.arguments[2] = "main";
    assert_refused(stockctl_facts_transfer, &options,
                   "stock_transferred: to_pool and to_bucket are where it comes from, "
                   "'main' 'sellable'");
    options.from_bucket = "quarantine";
    assert_built(stockctl_facts_transfer, &options,
                 HEAD("stock_transferred") "\"sku\":\"MUG\",\"from_pool\":\"main\","
                 "\"from_bucket\":\"quarantine\",\"to_pool\":\"main\","
                 "\"to_bucket\":\"sellable\",\"quantity\":4,\"reason\":\"relocation\"}");
}

static void receipts_name_their_shipment_or_removal(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "MUG";
    options.arguments[1] = "main";
    options.arguments[2] = "4";
    options.removal = "RMV-77";
    assert_built(stockctl_facts_receive, &options,
                 HEAD("stock_received") "\"sku\":\"MUG\",\"pool\":\"main\","
                 "\"bucket\":\"sellable\",\"quantity\":4,\"removal_id\":\"RMV-77\"}");
    options.shipment = "FBA15";
    assert_refused(stockctl_facts_receive, &options,
                   "stock_received: shipment_id and removal_id are both given, want one");
}

#define REPORT(kind)                                                             \
    "{\"kind\":\"" kind "\",\"occurred_at\":\"2026-11-21T09:17:00.000Z\","       \
    "\"version_at\":\"2026-11-21T09:17:00.000Z\",\"actor\":\"ann@desk\","

static void reports_of_units_on_their_way(void **state)
{
    (void)state;
    struct stockctl_options options = given();

    options.arguments[0] = "FBA15";
    options.arguments[1] = "MUG";
    options.arguments[2] = "24";
    assert_refused(stockctl_facts_inbound, &options,
                   "inbound_reported: to_pool is missing");
    options.from_pool = "main";
    options.to_pool = "fba-us";
    options.status = "RECEIVING";
    options.received = 20;
    options.damaged = 1;
    assert_built(stockctl_facts_inbound, &options,
                 REPORT("inbound_reported") "\"shipment_id\":\"FBA15\",\"sku\":\"MUG\","
                 "\"sent\":24,\"from_pool\":\"main\",\"to_pool\":\"fba-us\",\"received\":20,"
                 "\"status\":\"RECEIVING\",\"damaged\":1}");
    options.from_pool = "fba-us";
    options.to_pool = "main";
    options.shipped = 22;
    assert_built(stockctl_facts_removal, &options,
                 REPORT("removal_reported") "\"removal_id\":\"FBA15\",\"sku\":\"MUG\","
                 "\"requested\":24,\"from_pool\":\"fba-us\",\"to_pool\":\"main\","
                 "\"received\":20,\"bucket\":\"sellable\",\"status\":\"RECEIVING\","
                 "\"shipped\":22}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing_of_a_bundle),
        cmocka_unit_test(listing_that_is_retired),
        cmocka_unit_test(listing_says_what_it_lacks),
        cmocka_unit_test(pool_is_the_ledgers_unless_said),
        cmocka_unit_test(rule_holds_what_was_given),
        cmocka_unit_test(a_rule_of_a_tier_has_a_risk_bound_and_a_safety_stock),
        cmocka_unit_test(a_tier_is_told_by_its_rate),
        cmocka_unit_test(the_default_tiers_hold_back_20_15_10_5_percent),
        cmocka_unit_test(a_promotion_is_on_or_off),
        cmocka_unit_test(count_and_receive_and_adjust),
        cmocka_unit_test(quantities_have_bounds),
        cmocka_unit_test(transfer_between_pools_and_buckets),
        cmocka_unit_test(receipts_name_their_shipment_or_removal),
        cmocka_unit_test(reports_of_units_on_their_way),
    };

    return cmocka_run_group_tests_name("stockctl facts", tests, NULL, NULL);
}
