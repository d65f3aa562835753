/* JSON of facts, targets and outcomes: golden lines out, exact and strict in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/event/codec.h"
#include "tests/unit/event/samples.h"

static struct arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct json *parsed(const char *text)
{
    struct err err = {0};
    const struct json *root = json_parse(arena, text, strlen(text), &err);

    if (root == NULL)
        fail_msg("%s: %s", text, err.text);
    return root;
}

static struct event event_of(const char *text)
{
    struct event event = {.kind = EVENT_NONE};
    struct err err = {0};

    if (!event_from_json(arena, parsed(text), &event, &err))
        fail_msg("%s: %s", text, err.text);
    return event;
}

static void assert_refused(const char *text, const char *reason)
{
    struct event event;
    struct err err = {0};

    assert_false(event_from_json(arena, parsed(text), &event, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, reason);
}

/* ---- out ---- */

static const char *const golden_facts[EVENT_KIND_COUNT] = {
    [EVENT_ORDER_LINE] =
        "{\"order_id\":\"450789469000000001\",\"line_id\":\"466157049000000002\","
        "\"listing\":\"gid/808950810\",\"ordered\":3,\"cancelled\":1,"
        "\"placed_at\":\"2026-11-21T09:15:00.000Z\",\"version_at\":\"2026-11-21T09:17:00.123Z\","
        "\"status\":\"paid\"}",
    [EVENT_ORDER_VOIDED] =
        "{\"order_id\":\"450789469000000001\",\"version_at\":\"2026-11-21T09:17:00.123Z\"}",
    [EVENT_LINE_CANCELLED] =
        "{\"order_id\":\"450789469000000001\",\"line_id\":\"466157049000000002\","
        "\"part_id\":\"1071823172\",\"listing\":\"gid/808950810\",\"quantity\":2,\"bucket\":\"\"}",
    [EVENT_LINE_SHIPPED] =
        "{\"order_id\":\"450789469000000001\",\"line_id\":\"466157049000000002\","
        "\"part_id\":\"1071823172\",\"listing\":\"gid/808950810\",\"quantity\":2,\"bucket\":\"\"}",
    [EVENT_LINE_RETURNED] =
        "{\"order_id\":\"450789469000000001\",\"line_id\":\"466157049000000002\","
        "\"part_id\":\"1071823172\",\"listing\":\"gid/808950810\",\"quantity\":2,"
        "\"bucket\":\"quarantine\"}",
    [EVENT_STOCK_COUNTED] =
        "{\"fact_id\":\"count-2026-11-21-7\",\"sku\":\"MUG-RED\",\"pool\":\"main\","
        "\"bucket\":\"sellable\",\"quantity\":41,\"reason\":\"shelf count\"}",
    [EVENT_STOCK_RECEIVED] =
        "{\"fact_id\":\"count-2026-11-21-7\",\"sku\":\"MUG-RED\",\"pool\":\"main\","
        "\"bucket\":\"sellable\",\"quantity\":41,\"reason\":\"shelf count\"}",
    [EVENT_STOCK_ADJUSTED] =
        "{\"fact_id\":\"count-2026-11-21-7\",\"sku\":\"MUG-RED\",\"pool\":\"main\","
        "\"bucket\":\"sellable\",\"delta\":-3,\"reason\":\"shelf count\"}",
    [EVENT_STOCK_TRANSFERRED] =
        "{\"fact_id\":\"move-1\",\"sku\":\"MUG-RED\",\"from_pool\":\"main\","
        "\"from_bucket\":\"sellable\",\"to_pool\":\"main\",\"to_bucket\":\"damaged\","
        "\"quantity\":4,\"reason\":\"dropped\"}",
    [EVENT_MAPPING_CHANGED] =
        "{\"fact_id\":\"map-1\",\"channel\":\"shopify-main\",\"listing\":\"gid/808950810\","
        "\"address\":\"gid/49148385\",\"components\":[{\"sku\":\"MUG-RED\",\"units\":2},"
        "{\"sku\":\"BOX-S\",\"units\":1}],\"pool\":\"main\"}",
    [EVENT_POOL_CHANGED] =
        "{\"fact_id\":\"pool-1\",\"pool\":\"main\",\"authority\":\"ledger\","
        "\"title\":\"Warehouse \xC3\xA9\"}",
    [EVENT_RULE_CHANGED] =
        "{\"fact_id\":\"rule-1\",\"channel\":\"shopify-main\",\"listing\":\"\","
        "\"sku\":\"MUG-RED\",\"pools\":[\"main\",\"overflow\"],"
        "\"buckets\":[\"sellable\",\"quarantine\"],\"buffer_units\":2,\"buffer_percent\":5,"
        "\"cap\":100,\"floor\":1}",
    [EVENT_OBSERVATION] =
        "{\"listing\":\"gid/808950810\",\"address\":\"gid/49148385\",\"sku\":\"MUG-RED\","
        "\"tracked\":true,\"quantity\":-1,\"version_at\":\"2026-11-21T09:17:00.123Z\"}",
    [EVENT_TIER_DEFINED] =
        "{\"fact_id\":\"tier-1\",\"tier\":\"T2\",\"from_per_day\":20,\"latency_ms\":120000,"
        "\"lead_time_days\":5}",
    [EVENT_VELOCITY_MEASURED] =
        "{\"sku\":\"MUG-RED\",\"as_of_at\":\"2026-11-21T09:17:00.000Z\",\"window_ms\":604800000,"
        "\"units\":[{\"channel\":\"shopify-main\",\"units\":31},"
        "{\"channel\":\"ebay\",\"units\":4}]}",
    [EVENT_LATENCY_MEASURED] =
        "{\"channel\":\"shopify-main\",\"as_of_at\":\"2026-11-21T09:17:00.000Z\","
        "\"latency_ms\":4200,\"samples\":312}",
    [EVENT_PROMOTION_CHANGED] =
        "{\"fact_id\":\"promo-1\",\"sku\":\"MUG-RED\",\"active\":true}",
    [EVENT_INBOUND_REPORTED] =
        "{\"shipment_id\":\"FBA15DQ9XYZ\",\"sku\":\"MUG-RED\",\"from_pool\":\"main\","
        "\"to_pool\":\"fba-us\",\"status\":\"receiving\",\"sent\":24,\"received\":20,"
        "\"damaged\":1,\"lost\":1,\"version_at\":\"2026-11-21T09:17:00.123Z\","
        "\"created_at\":\"2026-11-21T09:15:00.000Z\",\"expected_at\":\"2026-11-22T13:01:40.000Z\"}",
    [EVENT_REMOVAL_REPORTED] =
        "{\"removal_id\":\"RMV-77\",\"sku\":\"MUG-RED\",\"from_pool\":\"fba-us\","
        "\"bucket\":\"unfulfillable\",\"to_pool\":\"main\",\"requested\":12,\"cancelled\":2,"
        "\"shipped\":8,\"disposed\":1,\"received\":3,\"lost\":1,\"status\":\"Processing\","
        "\"version_at\":\"2026-11-21T09:17:00.123Z\",\"created_at\":\"2026-11-21T09:15:00.000Z\"}",
    [EVENT_DECIDED] =
        "{\"event_id\":\"4bd51a01-8812-5ebf-9b5a-20b080e42e9a\",\"number\":2,"
        "\"decision\":\"fix\",\"changes\":[{\"field\":\"bucket\",\"value\":\"damaged\"},"
        "{\"field\":\"quantity\",\"value\":\"3\"}],\"note\":\"counted in the damaged rack\"}",
};

static void facts_of_every_kind_make_their_golden_object(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        SCOPED(buf) struct buf line = {0};
        struct event event = sample_event((enum event_kind)kind);

        event_to_json(&event, &line);
        const char *fact = strstr(buf_str(&line), "\"fact\":");

        assert_non_null(fact);
        assert_string_equal(arena_printf(arena, "%s}", golden_facts[kind]),
                            fact + strlen("\"fact\":"));
    }
}

/* What an older rule has not is left out, so that its line stays as it was. */
static void a_rule_of_a_tier_says_what_it_adds(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    struct event event = sample_event(EVENT_RULE_CHANGED);

    event.rule.tier = "T1";
    event.rule.risk_bound_ppm = 1000;
    event.rule.safety_stock = 4;
    event_to_json(&event, &line);

    assert_non_null(strstr(buf_str(&line), "\"cap\":100,\"floor\":1,\"tier\":\"T1\","
                                           "\"risk_bound_ppm\":1000,\"safety_stock\":4}"));
}

static void an_event_makes_its_golden_line(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    struct event event = sample_event(EVENT_ORDER_VOIDED);

    event.times = (struct event_times){1795252620123, 1795252620456, 0, 0, 0};
    event_to_json(&event, &line);

    assert_string_equal(
        buf_str(&line),
        "{\"event_id\":\"dd32de31-47cb-557f-9ec8-24fb53803c2b\",\"kind\":\"order_voided\","
        "\"channel\":\"shopify-main\",\"account\":\"mugs.example\","
        "\"notification_id\":\"b54557e4-bdd9-4b37-8a5f-bf7d70bcd043\",\"captured_via\":\"push\","
        "\"adapter\":\"shopify/1\",\"actor\":\"anna\",\"occurred_at\":\"2026-11-21T09:17:00.123Z\","
        "\"received_at\":\"2026-11-21T09:17:00.456Z\","
        "\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\","
        "\"raw\":{\"in_event\":\"5e1c0f8a-0000-5000-8000-000000000000\"},"
        "\"fact\":{\"order_id\":\"450789469000000001\","
        "\"version_at\":\"2026-11-21T09:17:00.123Z\"}}");
}

static void unset_members_are_left_out(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    struct event event;

    event_init(&event, EVENT_POOL_CHANGED);
    event.raw.body = "{}";
    event.raw.body_len = 2;
    event.raw.content_type = "application/json";
    event_to_json(&event, &line);

    assert_string_equal(buf_str(&line),
                        "{\"event_id\":\"\",\"kind\":\"pool_changed\",\"channel\":\"\","
                        "\"account\":\"\",\"notification_id\":\"\",\"captured_via\":\"none\","
                        "\"adapter\":\"\",\"occurred_at\":null,\"received_at\":null,"
                        "\"raw\":{\"content_type\":\"application/json\",\"topic\":\"\","
                        "\"bytes\":2},\"fact\":{\"fact_id\":\"\",\"pool\":\"\","
                        "\"authority\":\"none\",\"title\":\"\"}}");
}

static void targets_and_outcomes_make_their_golden_lines(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    const struct target target = {"woo-1", "12", "12:3", 38, 7, "e", "r", "m", -2,
                                  {1795252620123, 0, 1795252620456, 0, 0}, "", "shopify-main", 0};
    const struct outcome outcome = {"woo-1", "12", "12:3", 7, 38, OUTCOME_RETRYING, 2, 503,
                                    "http_500", "a \"word\"", "00ff", 1200, "e", {0}, "00-1"};

    target_to_json(&target, &line);
    assert_string_equal(buf_str(&line),
                        "{\"channel\":\"woo-1\",\"listing\":\"12\",\"address\":\"12:3\","
                        "\"quantity\":38,\"version\":7,\"event_id\":\"e\",\"rule_id\":\"r\","
                        "\"mapping_id\":\"m\",\"sold_here\":-2,"
                        "\"occurred_at\":\"2026-11-21T09:17:00.123Z\",\"received_at\":null,"
                        "\"applied_at\":\"2026-11-21T09:17:00.456Z\","
                        "\"cause_channel\":\"shopify-main\"}");
    buf_clear(&line);
    outcome_to_json(&outcome, &line);
    assert_string_equal(buf_str(&line),
                        "{\"channel\":\"woo-1\",\"listing\":\"12\",\"version\":7,\"quantity\":38,"
                        "\"result\":\"retrying\",\"attempt\":2,\"http_status\":503,"
                        "\"error_class\":\"http_500\",\"error_text\":\"a \\\"word\\\"\","
                        "\"request_hash\":\"00ff\",\"request_us\":1200,\"event_id\":\"e\","
                        "\"occurred_at\":null,\"received_at\":null,\"traceparent\":\"00-1\","
                        "\"address\":\"12:3\"}");
}

static void rejected_records_tell_their_length_but_not_their_body(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    static const struct rejected_header headers[] = {{"X-Id", "7"}};
    struct rejected rejected = {.reason = "bad signature", .content_type = "text/plain",
                                .body = "secret", .body_len = 6, .headers = headers,
                                .headers_len = 1, .topic = ""};

    rejected.source = sample_event(EVENT_ORDER_LINE).source;
    rejected_to_json(&rejected, &line);

    assert_null(strstr(buf_str(&line), "secret"));
    assert_non_null(strstr(buf_str(&line),
                           "\"reason\":\"bad signature\",\"content_type\":\"text/plain\","
                           "\"bytes\":6,\"headers\":[{\"name\":\"X-Id\",\"value\":\"7\"}],"
                           "\"partition\":0,\"offset\":0}"));
}

/* ---- in ---- */

static void facts_of_every_kind_read_back(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event sent = sample_event((enum event_kind)kind);
        bool scoped = kind == EVENT_MAPPING_CHANGED || kind == EVENT_RULE_CHANGED ||
                      kind == EVENT_LATENCY_MEASURED;
        struct event read = event_of(arena_printf(
            arena, "{\"kind\":\"%s\",\"occurred_at\":\"2026-11-21T09:17:00.123Z\",%s%s",
            event_kind_name((enum event_kind)kind),
            scoped ? "" : "\"channel\":\"shopify-main\",", golden_facts[kind] + 1));
        unsigned char hash_sent[EVENT_HASH_LEN];
        unsigned char hash_read[EVENT_HASH_LEN];

        assert_string_equal(read.source.channel, scoped ? "admin" : "shopify-main");
        read.source.channel = sent.source.channel;
        event_identify(&read);
        event_content_hash(&sent, hash_sent);
        event_content_hash(&read, hash_read);
        assert_string_equal(read.id, sent.id);
        assert_memory_equal(hash_read, hash_sent, EVENT_HASH_LEN);
    }
}

static void manual_facts_are_the_admins(void **state)
{
    (void)state;
    struct event event = event_of(
        "{\"kind\":\"stock_counted\",\"fact_id\":\"c1\",\"actor\":\"anna\",\"sku\":\"MUG\","
        "\"pool\":\"main\",\"bucket\":\"sellable\",\"quantity\":0,\"reason\":null}");

    assert_int_equal(event.kind, EVENT_STOCK_COUNTED);
    assert_string_equal(event.source.channel, "admin");
    assert_string_equal(event.source.actor, "anna");
    assert_int_equal(event.source.captured_via, EVENT_VIA_MANUAL);
    assert_int_equal(event.times.occurred_ms, 0);
    assert_string_equal(event.stock.reason, "");
    assert_string_equal(event.id, "");
}

static void long_ids_stay_exact_both_ways(void **state)
{
    (void)state;
    SCOPED(buf) struct buf line = {0};
    struct event event = event_of(
        "{\"kind\":\"order_voided\",\"channel\":\"s\",\"order_id\":987654321098765433,"
        "\"version_ms\":1795252620123}");

    assert_string_equal(event.order_voided.order_id, "987654321098765433");
    event_to_json(&event, &line);
    assert_non_null(strstr(buf_str(&line), "\"order_id\":\"987654321098765433\""));
    assert_non_null(strstr(buf_str(&line), "\"version_at\":\"2026-11-21T09:17:00.123Z\""));
}

static void times_come_as_text_or_as_milliseconds(void **state)
{
    (void)state;
    struct event text = event_of("{\"kind\":\"pool_changed\",\"fact_id\":\"p\",\"pool\":\"main\","
                                 "\"authority\":\"channel\","
                                 "\"occurred_at\":\"2026-11-21T10:17:00+01:00\"}");
    struct event number = event_of("{\"kind\":\"pool_changed\",\"fact_id\":\"p\","
                                   "\"pool\":\"main\",\"authority\":\"channel\","
                                   "\"occurred_ms\":1795252620000}");

    assert_int_equal(text.times.occurred_ms, 1795252620000);
    assert_int_equal(number.times.occurred_ms, 1795252620000);
    assert_int_equal(text.pool.authority, EVENT_POOL_CHANNEL);
}

static void a_mapping_of_one_sku_has_a_short_form(void **state)
{
    (void)state;
    struct event one = event_of("{\"kind\":\"mapping_changed\",\"fact_id\":\"m\","
                                "\"channel\":\"woo-1\",\"listing\":\"12\",\"sku\":\"MUG\","
                                "\"pool\":\"main\"}");
    struct event six = event_of("{\"kind\":\"mapping_changed\",\"fact_id\":\"m\","
                                "\"channel\":\"woo-1\",\"listing\":\"12\",\"sku\":\"MUG\","
                                "\"units\":6,\"pool\":\"main\"}");
    struct event retired = event_of("{\"kind\":\"mapping_changed\",\"fact_id\":\"m\","
                                    "\"channel\":\"woo-1\",\"listing\":\"12\","
                                    "\"components\":[]}");

    assert_string_equal(one.source.channel, "admin");
    assert_string_equal(one.mapping.channel, "woo-1");
    assert_int_equal(one.mapping.components_len, 1);
    assert_string_equal(one.mapping.components[0].sku, "MUG");
    assert_int_equal(one.mapping.components[0].units, 1);
    assert_int_equal(six.mapping.components[0].units, 6);
    assert_int_equal(retired.mapping.components_len, 0);
}

static void what_is_wrong_with_a_fact_is_said_by_key(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } bad[] = {
        {"[]", "fact: kind array, want object"},
        {"{}", "fact: kind is missing, want one like 'stock_counted'"},
        {"{\"kind\":\"none\"}", "fact: kind is 'none', want one like 'stock_counted'"},
        {"{\"kind\":\"pool_changed\",\"sku\":\"x\"}", "pool_changed: unknown key 'sku'"},
        {"{\"kind\":\"pool_changed\",\"part\":\"x\"}", "pool_changed: unknown key 'part'"},
        {"{\"kind\":\"pool_changed\",\"pool\":\"x\"}", "pool_changed: fact_id is missing"},
        {"{\"kind\":\"pool_changed\",\"fact_id\":[]}",
         "pool_changed: fact_id is of kind array, want text"},
        {"{\"kind\":\"pool_changed\",\"fact_id\":\"x\",\"pool\":\"x\",\"authority\":\"boss\"}",
         "pool_changed: authority is 'boss', which is none of its names"},
        {"{\"kind\":\"pool_changed\",\"fact_id\":\"x\",\"pool\":\"x\",\"authority\":{}}",
         "pool_changed: authority is 'object', which is none of its names"},
        {"{\"kind\":\"pool_changed\",\"fact_id\":\"x\",\"occurred_at\":\"soon\"}",
         "pool_changed: occurred_at is no time, want one like 2026-11-21T09:17:00Z"},
        {"{\"kind\":\"pool_changed\",\"occurred_at\":5}",
         "pool_changed: occurred_at is no time, want one like 2026-11-21T09:17:00Z"},
        {"{\"kind\":\"pool_changed\",\"occurred_at\":\"2026-11-21T09:17:00Z\",\"occurred_ms\":5}",
         "pool_changed: occurred_at and occurred_ms are both given"},
        {"{\"kind\":\"stock_counted\",\"fact_id\":\"c\",\"sku\":\"s\",\"pool\":\"p\","
         "\"bucket\":\"b\"}",
         "stock_counted: quantity is missing"},
        {"{\"kind\":\"stock_counted\",\"fact_id\":\"c\",\"sku\":\"s\",\"pool\":\"p\","
         "\"bucket\":\"b\",\"quantity\":1.5}",
         "stock_counted: quantity is no whole number, or out of range"},
        {"{\"kind\":\"observation\",\"channel\":\"c\",\"listing\":\"l\",\"tracked\":1}",
         "observation: tracked is of kind number, want true or false"},
        {"{\"kind\":\"order_voided\",\"order_id\":\"1\",\"version_ms\":5}",
         "order_voided: channel is missing"},
        {"{\"kind\":\"order_voided\",\"channel\":\"c\",\"order_id\":\"1\"}",
         "order_voided: version_at is missing"},
        {"{\"kind\":\"rule_changed\",\"fact_id\":\"r\",\"pools\":\"main\"}",
         "rule_changed: pools is of kind string, want array"},
        {"{\"kind\":\"rule_changed\",\"fact_id\":\"r\",\"pools\":[true]}",
         "rule_changed: pools is of kind true, want text"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\"}",
         "mapping_changed: components is missing, and so is sku"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\","
         "\"components\":null}",
         "mapping_changed: components is missing, and so is sku"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\","
         "\"components\":[],\"sku\":\"s\"}",
         "mapping_changed: unknown key 'sku'"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\","
         "\"components\":[{\"sku\":\"s\",\"units\":1},{\"sku\":\"s\"}]}",
         "mapping_changed: components[1]: units is missing"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\","
         "\"components\":[{\"sku\":\"s\",\"units\":1,\"unit\":1}]}",
         "mapping_changed: components[0]: unknown key 'unit'"},
        {"{\"kind\":\"mapping_changed\",\"fact_id\":\"m\",\"channel\":\"c\",\"listing\":\"l\","
         "\"components\":[7]}",
         "mapping_changed: components[0]: kind number, want object"},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_refused(bad[i].text, bad[i].reason);
}

static void targets_read_from_json(void **state)
{
    (void)state;
    struct target target;
    struct err err = {0};

    assert_true(target_from_json(arena,
                                 parsed("{\"channel\":\"woo-1\",\"listing\":12,\"quantity\":5,"
                                        "\"occurred_at\":\"2026-11-21T09:17:00Z\"}"),
                                 &target, &err));
    assert_string_equal(target.listing, "12");
    assert_string_equal(target.address, "");
    assert_int_equal(target.quantity, 5);
    assert_int_equal(target.times.occurred_ms, 1795252620000);
    assert_false(target_from_json(
        arena, parsed("{\"channel\":\"woo-1\",\"listing\":\"12\",\"quantity\":-5}"), &target,
        &err));
    assert_string_equal(err.text, "target: quantity is -5, want 0 to 1000000000");
    assert_false(target_from_json(arena, parsed("{\"channel\":\"woo-1\",\"times\":1}"), &target,
                                  &err));
    assert_string_equal(err.text, "target: unknown key 'times'");
    assert_false(target_from_json(arena, parsed("7"), &target, &err));
    assert_string_equal(err.text, "target: kind number, want object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(facts_of_every_kind_make_their_golden_object, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_rule_of_a_tier_says_what_it_adds, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(an_event_makes_its_golden_line, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(unset_members_are_left_out, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(targets_and_outcomes_make_their_golden_lines, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(rejected_records_tell_their_length_but_not_their_body,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(facts_of_every_kind_read_back, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(manual_facts_are_the_admins, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(long_ids_stay_exact_both_ways, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(times_come_as_text_or_as_milliseconds, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_mapping_of_one_sku_has_a_short_form, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_fact_is_said_by_key, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(targets_read_from_json, open_arena, close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
