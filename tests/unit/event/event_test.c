/* Names, lists, and every bound that event_check() keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "tests/unit/event/samples.h"

#define TEXT_512                                                                                   \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void assert_passes(const struct event *event)
{
    struct err err = {0};

    if (!event_check(event, &err))
        fail_msg("%s", err.text);
}

static void assert_refused(const struct event *event, const char *reason)
{
    struct err err = {0};

    assert_false(event_check(event, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, reason);
}

/* ---- one text or number of a valid event, replaced by a bad one ---- */

struct bad_text {
    enum event_kind kind;
    size_t offset; /* in struct event */
    const char *text;
    const char *reason;
};

static const struct bad_text bad_texts[] = {
    {EVENT_ORDER_LINE, offsetof(struct event, source.channel), "",
     "order_line: channel is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.channel), "shop/main",
     "order_line: channel is 'shop/main', want 1 to 64 of A-Z a-z 0-9 . _ -"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.account), "a\nb",
     "order_line: account has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.notification_id), TEXT_512 "x",
     "order_line: notification_id is longer than 512 bytes"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.adapter), "\xFF",
     "order_line: adapter is not valid utf-8"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.host), "\x7F",
     "order_line: host has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, source.actor), "\xC2\x85",
     "order_line: actor has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, traceparent), "\x01",
     "order_line: traceparent has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, raw.content_type), "\t",
     "order_line: content_type has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, raw.topic_header), "\xC0\x80",
     "order_line: topic_header is not valid utf-8"},
    {EVENT_ORDER_LINE, offsetof(struct event, raw.in_event_id), "\xED\xA0\x80",
     "order_line: in_event_id is not valid utf-8"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.order_id), "",
     "order_line: order_id is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.order_id), TEXT_512 "x",
     "order_line: order_id is longer than 512 bytes"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.line_id), "",
     "order_line: line_id is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.listing), "\x1F",
     "order_line: listing has a control character"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.pool), "f b a",
     "order_line: pool is 'f b a', want 1 to 64 of A-Z a-z 0-9 . _ -"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.status), "\xC3",
     "order_line: status is not valid utf-8"},
    {EVENT_ORDER_VOIDED, offsetof(struct event, order_voided.order_id), "",
     "order_voided: order_id is missing"},
    {EVENT_LINE_SHIPPED, offsetof(struct event, part.order_id), "",
     "line_shipped: order_id is missing"},
    {EVENT_LINE_SHIPPED, offsetof(struct event, part.line_id), "",
     "line_shipped: line_id is missing"},
    {EVENT_LINE_CANCELLED, offsetof(struct event, part.part_id), "",
     "line_cancelled: part_id is missing"},
    {EVENT_LINE_CANCELLED, offsetof(struct event, part.bucket), "sellable",
     "line_cancelled: bucket is 'sellable', but only returned units go to one"},
    {EVENT_LINE_RETURNED, offsetof(struct event, part.bucket), "",
     "line_returned: bucket is missing"},
    {EVENT_LINE_RETURNED, offsetof(struct event, part.bucket), "committed",
     "line_returned: bucket is 'committed', which is derived and not for facts"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.fact_id), "",
     "stock_counted: fact_id is missing"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.sku), "", "stock_counted: sku is missing"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.pool), "", "stock_counted: pool is missing"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.pool), "ma in",
     "stock_counted: pool is 'ma in', want 1 to 64 of A-Z a-z 0-9 . _ -"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.bucket), "",
     "stock_counted: bucket is missing"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.bucket), "Sellable",
     "stock_counted: bucket is 'Sellable', want 1 to 32 of a-z _"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.bucket), "abcdefghijklmnopqrstuvwxyz_______",
     "stock_counted: bucket is 'abcdefghijklmnopqrstuvwxyz_______', want 1 to 32 of a-z _"},
    {EVENT_STOCK_RECEIVED, offsetof(struct event, stock.bucket), "committed",
     "stock_received: bucket is 'committed', which is derived and not for facts"},
    {EVENT_STOCK_ADJUSTED, offsetof(struct event, stock.reason), "",
     "stock_adjusted: reason is missing"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.reason), "",
     "stock_transferred: reason is missing"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.note), "\n",
     "stock_transferred: note has a control character"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.shipment_id), "",
     "inbound_reported: shipment_id is missing"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.status), "lost at sea",
     "inbound_reported: status is 'lost at sea', want one like 'receiving'"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.to_pool), "",
     "inbound_reported: to_pool is missing"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.from_pool), "fba-us",
     "inbound_reported: to_pool is where it comes from, 'fba-us'"},
    {EVENT_REMOVAL_REPORTED, offsetof(struct event, removal.removal_id), "",
     "removal_reported: removal_id is missing"},
    {EVENT_REMOVAL_REPORTED, offsetof(struct event, removal.bucket), "in_removal",
     "removal_reported: bucket is 'in_removal', want one that units leave"},
    {EVENT_REMOVAL_REPORTED, offsetof(struct event, removal.to_pool), "fba-us",
     "removal_reported: to_pool is where it comes from, 'fba-us'"},
    {EVENT_REMOVAL_REPORTED, offsetof(struct event, removal.to_pool), "",
     "removal_reported: to_pool is missing beside 3 received"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.from_bucket), "committed",
     "stock_transferred: from_bucket is 'committed', which is derived and not for facts"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.to_bucket), "sellable",
     "stock_transferred: to_pool and to_bucket are where it comes from, 'main' 'sellable'"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.to_pool), "",
     "stock_transferred: to_pool is missing"},
    {EVENT_MAPPING_CHANGED, offsetof(struct event, mapping.channel), "",
     "mapping_changed: channel is missing"},
    {EVENT_MAPPING_CHANGED, offsetof(struct event, mapping.listing), "",
     "mapping_changed: listing is missing"},
    {EVENT_MAPPING_CHANGED, offsetof(struct event, mapping.pool), "",
     "mapping_changed: pool is missing"},
    {EVENT_POOL_CHANGED, offsetof(struct event, pool.pool), "", "pool_changed: pool is missing"},
    {EVENT_POOL_CHANGED, offsetof(struct event, pool.title), "\r",
     "pool_changed: title has a control character"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.fact_id), "",
     "rule_changed: fact_id is missing"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.channel), "a b",
     "rule_changed: channel is 'a b', want 1 to 64 of A-Z a-z 0-9 . _ -"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.listing), "x",
     "rule_changed: sku and listing are both given, want one scope"},
};

static void bad_texts_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++) {
        struct event event = sample_event(bad_texts[i].kind);

        *(const char **)(void *)((char *)&event + bad_texts[i].offset) = bad_texts[i].text;
        assert_refused(&event, bad_texts[i].reason);
    }
}

struct bad_number {
    enum event_kind kind;
    size_t offset; /* in struct event */
    int64_t number;
    const char *reason;
};

static const struct bad_number bad_numbers[] = {
    {EVENT_ORDER_LINE, offsetof(struct event, times.occurred_ms), 0,
     "order_line: occurred_ms is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, times.received_ms), -1,
     "order_line: received_ms is -1, want 0 to 253402300799999"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.ordered), -2,
     "order_line: ordered is -2, want 0 to 1000000000"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.ordered), 1000000001,
     "order_line: ordered is 1000000001, want 0 to 1000000000"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.ordered), INT64_MIN,
     "order_line: ordered is -9223372036854775808, want 0 to 1000000000"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.cancelled), -1,
     "order_line: cancelled is -1, want 0 to 1000000000"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.cancelled), 4,
     "order_line: cancelled is 4, want at most the 3 ordered"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.placed_ms), 0,
     "order_line: placed_ms is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.version_ms), 0,
     "order_line: version_ms is missing"},
    {EVENT_ORDER_LINE, offsetof(struct event, order_line.version_ms), INT64_MAX,
     "order_line: version_ms is 9223372036854775807, want 0 to 253402300799999"},
    {EVENT_ORDER_VOIDED, offsetof(struct event, order_voided.version_ms), 0,
     "order_voided: version_ms is missing"},
    {EVENT_LINE_CANCELLED, offsetof(struct event, part.quantity), 0,
     "line_cancelled: quantity is 0, want 1 to 1000000000"},
    {EVENT_LINE_SHIPPED, offsetof(struct event, part.quantity), -1,
     "line_shipped: quantity is -1, want 1 to 1000000000"},
    {EVENT_LINE_RETURNED, offsetof(struct event, part.quantity), 1000000001,
     "line_returned: quantity is 1000000001, want 1 to 1000000000"},
    {EVENT_STOCK_COUNTED, offsetof(struct event, stock.quantity), -1,
     "stock_counted: quantity is -1, want 0 to 1000000000"},
    {EVENT_STOCK_RECEIVED, offsetof(struct event, stock.quantity), 0,
     "stock_received: quantity is 0, want 1 to 1000000000"},
    {EVENT_STOCK_ADJUSTED, offsetof(struct event, stock.quantity), 0,
     "stock_adjusted: delta is 0, want another number"},
    {EVENT_STOCK_ADJUSTED, offsetof(struct event, stock.quantity), -1000000001,
     "stock_adjusted: delta is -1000000001, want -1000000000 to 1000000000"},
    {EVENT_STOCK_TRANSFERRED, offsetof(struct event, transfer.quantity), 0,
     "stock_transferred: quantity is 0, want 1 to 1000000000"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.sent), -1,
     "inbound_reported: sent is -1, want 0 to 1000000000"},
    {EVENT_INBOUND_REPORTED, offsetof(struct event, inbound.version_ms), 0,
     "inbound_reported: version_ms is missing"},
    {EVENT_REMOVAL_REPORTED, offsetof(struct event, removal.cancelled), 13,
     "removal_reported: cancelled is 13, want at most the 12 requested"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.buffer_units), -1,
     "rule_changed: buffer_units is -1, want 0 to 1000000000"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.buffer_percent), 101,
     "rule_changed: buffer_percent is 101, want 0 to 100"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.cap), -1,
     "rule_changed: cap is -1, want 0 to 1000000000"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.floor), -1,
     "rule_changed: floor is -1, want 0 to 1000000000"},
    {EVENT_OBSERVATION, offsetof(struct event, observation.quantity), -1000000001,
     "observation: quantity is -1000000001, want -1000000000 to 1000000000"},
    {EVENT_OBSERVATION, offsetof(struct event, observation.version_ms), 0,
     "observation: version_ms is missing"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.risk_bound_ppm), 100001,
     "rule_changed: risk_bound_ppm is 100001, want 0 to 100000"},
    {EVENT_RULE_CHANGED, offsetof(struct event, rule.safety_stock), -1,
     "rule_changed: safety_stock is -1, want 0 to 1000000000"},
    {EVENT_TIER_DEFINED, offsetof(struct event, tier.from_per_day), -1,
     "tier_defined: from_per_day is -1, want 0 to 1000000000"},
    {EVENT_TIER_DEFINED, offsetof(struct event, tier.latency_ms), 86400001,
     "tier_defined: latency_ms is 86400001, want 0 to 86400000"},
    {EVENT_TIER_DEFINED, offsetof(struct event, tier.lead_time_days), 3661,
     "tier_defined: lead_time_days is 3661, want 0 to 3660"},
    {EVENT_VELOCITY_MEASURED, offsetof(struct event, velocity.as_of_ms), 0,
     "velocity_measured: as_of_ms is missing"},
    {EVENT_VELOCITY_MEASURED, offsetof(struct event, velocity.window_ms), 0,
     "velocity_measured: window_ms is 0, want 1 to 31622400000"},
    {EVENT_LATENCY_MEASURED, offsetof(struct event, latency.latency_ms), 86400001,
     "latency_measured: latency_ms is 86400001, want 0 to 86400000"},
    {EVENT_LATENCY_MEASURED, offsetof(struct event, latency.samples), -1,
     "latency_measured: samples is -1, want 0 to 1000000000"},
};

static void bad_numbers_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_numbers); i++) {
        struct event event = sample_event(bad_numbers[i].kind);

        *(int64_t *)(void *)((char *)&event + bad_numbers[i].offset) = bad_numbers[i].number;
        assert_refused(&event, bad_numbers[i].reason);
    }
}

/* ---- the rest ---- */

static void good_events_of_every_kind_pass(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event event = sample_event((enum event_kind)kind);

        assert_passes(&event);
    }
}

static void bounds_themselves_pass(void **state)
{
    (void)state;
    struct event line = sample_event(EVENT_ORDER_LINE);
    struct event adjusted = sample_event(EVENT_STOCK_ADJUSTED);
    struct event counted = sample_event(EVENT_STOCK_COUNTED);

    line.order_line.order_id = TEXT_512;
    line.order_line.ordered = EVENT_QUANTITY_MAX;
    line.order_line.cancelled = EVENT_QUANTITY_MAX;
    assert_passes(&line);
    line.order_line.ordered = 0;
    line.order_line.cancelled = 0;
    assert_passes(&line);
    adjusted.stock.quantity = -EVENT_QUANTITY_MAX;
    assert_passes(&adjusted);
    counted.stock.quantity = 0;
    counted.stock.reason = "\xC2\xA0 \xF0\x9F\x98\x80"; /* the first that is no control character */
    assert_passes(&counted);
}

static void events_without_a_kind_or_id_are_refused(void **state)
{
    (void)state;
    static const char *const bad_ids[] = {"", "x", "4bd51a01-8812-5ebf-9b5a-20b080e42e9",
                                          "4BD51A01-8812-5ebf-9b5a-20b080e42e9a",
                                          "4bd51a01088120 ebf-9b5a-20b080e42e9a"};
    struct event event = sample_event(EVENT_STOCK_COUNTED);

    for (size_t i = 0; i < ARRAY_LEN(bad_ids); i++) {
        SCOPED(buf) struct buf reason = {0};

        strcpy(event.id, bad_ids[i]);
        buf_printf(&reason, "stock_counted: event_id is '%s', want a uuid", bad_ids[i]);
        assert_refused(&event, buf_str(&reason));
    }
    event.kind = EVENT_NONE;
    assert_refused(&event, "event: kind is missing");
    event.kind = EVENT_KIND_COUNT;
    assert_refused(&event, "event: kind is missing");
}

static void mappings_with_bad_components_are_refused(void **state)
{
    (void)state;
    static const struct event_component no_sku[] = {{"A", 1}, {"", 1}};
    static const struct event_component no_units[] = {{"A", 0}};
    static const struct event_component twice[] = {{"A", 1}, {"B", 1}, {"A", 2}};
    static const struct event_component many[EVENT_COMPONENTS_MAX + 1] = {{"A", 1}};
    struct event event = sample_event(EVENT_MAPPING_CHANGED);

    event.mapping.components = no_sku;
    event.mapping.components_len = 2;
    assert_refused(&event, "mapping_changed: components[1]: sku is missing");
    event.mapping.components = no_units;
    event.mapping.components_len = 1;
    assert_refused(&event, "mapping_changed: components[0]: units is 0, want 1 to 1000000000");
    event.mapping.components = twice;
    event.mapping.components_len = 3;
    assert_refused(&event, "mapping_changed: components name sku 'A' twice");
    event.mapping.components = many;
    event.mapping.components_len = ARRAY_LEN(many);
    assert_refused(&event, "mapping_changed: components has 65 entries, want at most 64");
}

static void retired_listings_need_no_pool(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_MAPPING_CHANGED);

    event.mapping.components_len = 0;
    event.mapping.pool = "";

    assert_passes(&event);
}

static void pools_need_an_authority(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_POOL_CHANGED);

    event.pool.authority = EVENT_POOL_NONE;
    assert_refused(&event, "pool_changed: authority is missing");
}

static void rules_with_bad_lists_are_refused(void **state)
{
    (void)state;
    static const char *const empty[] = {""};
    static const char *const twice[] = {"main", "main"};
    static const char *const derived[] = {"sellable", "committed"};
    struct event event = sample_event(EVENT_RULE_CHANGED);

    event.rule.pools = empty;
    event.rule.pools_len = 1;
    assert_refused(&event, "rule_changed: pools is missing");
    event.rule.pools = twice;
    event.rule.pools_len = 2;
    assert_refused(&event, "rule_changed: pools names 'main' twice");
    event.rule.pools_len = EVENT_NAMES_MAX + 1;
    assert_refused(&event, "rule_changed: pools has 33 entries, want at most 32");
    event.rule.pools_len = 0;
    event.rule.buckets = derived;
    assert_refused(&event,
                   "rule_changed: buckets is 'committed', which is derived and not for facts");
}

static void rules_have_one_scope(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_RULE_CHANGED);

    event.rule.channel = "";
    assert_passes(&event); /* a sku everywhere */
    event.rule.sku = "";
    assert_passes(&event); /* everything */
    event.rule.listing = "x";
    assert_refused(&event, "rule_changed: channel is missing beside listing 'x'");
    event.rule.channel = "shopify-main";
    assert_passes(&event);
    event.rule.tier = "T1";
    assert_refused(&event, "rule_changed: tier and listing are both given, want one scope");
    event.rule.listing = "";
    assert_passes(&event); /* a tier on a channel */
    event.rule.sku = "MUG-RED";
    assert_refused(&event, "rule_changed: tier and sku are both given, want one scope");
    event.rule.sku = "";
    event.rule.channel = "";
    assert_passes(&event); /* a tier everywhere */
    event.rule.tier = "";
    event.rule.channel = "shopify-main";
    assert_passes(&event); /* a channel */
}

static void a_velocity_names_a_channel_once(void **state)
{
    static const struct event_channel_units twice[] = {{"a", 1}, {"b", 2}, {"a", 0}};

    (void)state;
    struct event event = sample_event(EVENT_VELOCITY_MEASURED);

    event.velocity.units_len = 0;
    assert_passes(&event); /* nothing was sold */
    event.velocity.units = twice;
    event.velocity.units_len = 2;
    assert_passes(&event);
    event.velocity.units_len = 3;
    assert_refused(&event, "velocity_measured: units name channel 'a' twice");
}

static void observations_say_of_what(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_OBSERVATION);

    event.observation.listing = "";
    event.observation.sku = "";
    assert_passes(&event);
    event.observation.address = "";
    assert_refused(&event, "observation: listing, address and sku are all missing");
}

static void transfers_between_buckets_or_pools_pass(void **state)
{
    (void)state;
    struct event event = sample_event(EVENT_STOCK_TRANSFERRED);

    event.transfer.to_bucket = event.transfer.from_bucket;
    event.transfer.to_pool = "overflow";

    assert_passes(&event);
}

static void names_of_kinds_read_back(void **state)
{
    (void)state;
    enum event_kind read = EVENT_NONE;

    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        assert_true(event_kind_parse(event_kind_name((enum event_kind)kind), &read));
        assert_int_equal(read, kind);
    }
    assert_false(event_kind_parse("none", &read));
    assert_false(event_kind_parse("", &read));
    assert_false(event_kind_parse("order_line ", &read));
    assert_string_equal(event_kind_name(EVENT_NONE), "none");
    assert_string_equal(event_kind_name((enum event_kind)99), "none");
    assert_string_equal(event_via_name(EVENT_VIA_SNAPSHOT), "snapshot");
    assert_string_equal(event_via_name(EVENT_VIA_READ), "read");
    assert_string_equal(event_via_name((enum event_captured_via)99), "none");
}

static void lists_grow_and_start_with_empty_texts(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct event_list list = {0};

    for (int i = 0; i < 100; i++) {
        struct event *event = event_list_add(&list, arena, EVENT_STOCK_COUNTED);

        assert_string_equal(event->stock.reason, "");
        assert_string_equal(event->source.actor, "");
        assert_string_equal(event->raw.in_event_id, "");
        assert_string_equal(event->traceparent, "");
        event->stock.quantity = i;
    }
    assert_int_equal(list.len, 100);
    assert_int_equal(list.events[0].stock.quantity, 0);
    assert_int_equal(list.events[99].stock.quantity, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_events_of_every_kind_pass),
        cmocka_unit_test(bounds_themselves_pass),
        cmocka_unit_test(bad_texts_are_refused_by_name),
        cmocka_unit_test(bad_numbers_are_refused_by_name),
        cmocka_unit_test(events_without_a_kind_or_id_are_refused),
        cmocka_unit_test(mappings_with_bad_components_are_refused),
        cmocka_unit_test(retired_listings_need_no_pool),
        cmocka_unit_test(pools_need_an_authority),
        cmocka_unit_test(rules_with_bad_lists_are_refused),
        cmocka_unit_test(rules_have_one_scope),
        cmocka_unit_test(a_velocity_names_a_channel_once),
        cmocka_unit_test(observations_say_of_what),
        cmocka_unit_test(transfers_between_buckets_or_pools_pass),
        cmocka_unit_test(names_of_kinds_read_back),
        cmocka_unit_test(lists_grow_and_start_with_empty_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
