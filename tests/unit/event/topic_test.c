/* Names of topics, and which events keep together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/event/topic.h"
#include "tests/unit/event/samples.h"

static void assert_key(const struct event *event, const char *catalog_sku, const char *key)
{
    SCOPED(arena) struct arena *arena = arena_new();

    assert_string_equal(topic_event_key(arena, event, catalog_sku), key);
}

static void topics_have_prefix_noun_and_version(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();

    assert_string_equal(topic_events(arena, "stockbus."), "stockbus.events.v1");
    assert_string_equal(topic_catalog(arena, "stockbus."), "stockbus.catalog.v1");
    assert_string_equal(topic_targets(arena, "t7.", "woo-1"), "t7.targets.woo-1.v1");
    assert_string_equal(topic_outcomes(arena, ""), "outcomes.v1");
    assert_string_equal(topic_rejected(arena, "stockbus."), "stockbus.rejected.v1");
    assert_string_equal(topic_cursors(arena, "stockbus."), "stockbus.cursors.v1");
    assert_string_equal(topic_listing_key(arena, "woo-1", "12:3"), "woo-1/12:3");
}

static void stock_facts_go_by_their_sku(void **state)
{
    (void)state;
    for (int kind = EVENT_STOCK_COUNTED; kind <= EVENT_STOCK_TRANSFERRED; kind++) {
        struct event event = sample_event((enum event_kind)kind);

        assert_key(&event, NULL, "MUG-RED");
    }
}

static void facts_of_a_listing_go_by_the_catalogs_sku_or_the_listing(void **state)
{
    (void)state;
    static const enum event_kind kinds[] = {EVENT_ORDER_LINE, EVENT_LINE_CANCELLED,
                                            EVENT_LINE_SHIPPED, EVENT_LINE_RETURNED};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct event event = sample_event(kinds[i]);

        assert_key(&event, "MUG", "MUG");
        assert_key(&event, NULL, "shopify-main/gid/808950810");
        assert_key(&event, "", "shopify-main/gid/808950810");
    }
}

static void facts_without_a_listing_go_by_the_order(void **state)
{
    (void)state;
    struct event line = sample_event(EVENT_ORDER_LINE);
    struct event part = sample_event(EVENT_LINE_SHIPPED);
    struct event voided = sample_event(EVENT_ORDER_VOIDED);

    line.order_line.listing = "";
    part.part.listing = "";

    assert_key(&line, NULL, "shopify-main/450789469000000001");
    assert_key(&part, NULL, "shopify-main/450789469000000001");
    assert_key(&voided, NULL, "shopify-main/450789469000000001");
}

static void mappings_go_by_their_only_component_or_the_listing(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_MAPPING_CHANGED);

    assert_key(&event, NULL, "shopify-main/gid/808950810");
    event.mapping.components_len = 1;
    assert_key(&event, NULL, "MUG-RED");
    event.mapping.components_len = 0;
    assert_key(&event, NULL, "shopify-main/gid/808950810");
}

static void rules_go_by_their_scope(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_RULE_CHANGED);

    assert_key(&event, NULL, "MUG-RED");
    event.rule.sku = "";
    assert_key(&event, NULL, "rules");
    event.rule.tier = "T1";
    assert_key(&event, NULL, "rules");
    event.rule.tier = "";
    event.rule.listing = "9";
    assert_key(&event, NULL, "shopify-main/9");
}

static void measurements_and_promotions_go_by_sku(void **state)
{
    (void)state;
    struct event velocity = sample_event(EVENT_VELOCITY_MEASURED);
    struct event promotion = sample_event(EVENT_PROMOTION_CHANGED);

    assert_key(&velocity, NULL, "MUG-RED");
    assert_key(&promotion, NULL, "MUG-RED");
}

static void tiers_and_latencies_go_with_the_rules(void **state)
{
    (void)state;
    struct event tier = sample_event(EVENT_TIER_DEFINED);
    struct event latency = sample_event(EVENT_LATENCY_MEASURED);

    assert_key(&tier, NULL, "rules");
    assert_key(&latency, NULL, "rules");
}

static void pools_go_together(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_POOL_CHANGED);

    assert_key(&event, NULL, "pools");
}

static void observations_go_by_sku_listing_or_address(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_OBSERVATION);

    assert_key(&event, "MUG", "MUG");
    assert_key(&event, NULL, "MUG-RED");
    event.observation.sku = "";
    assert_key(&event, NULL, "shopify-main/gid/808950810");
    event.observation.listing = "";
    assert_key(&event, NULL, "shopify-main/gid/49148385");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_have_prefix_noun_and_version),
        cmocka_unit_test(stock_facts_go_by_their_sku),
        cmocka_unit_test(facts_of_a_listing_go_by_the_catalogs_sku_or_the_listing),
        cmocka_unit_test(facts_without_a_listing_go_by_the_order),
        cmocka_unit_test(mappings_go_by_their_only_component_or_the_listing),
        cmocka_unit_test(rules_go_by_their_scope),
        cmocka_unit_test(measurements_and_promotions_go_by_sku),
        cmocka_unit_test(tiers_and_latencies_go_with_the_rules),
        cmocka_unit_test(pools_go_together),
        cmocka_unit_test(observations_go_by_sku_listing_or_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
