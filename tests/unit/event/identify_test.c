/* Ids and hashes: what they depend on, what not, and that they never change by accident. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/event/codec.h"
#include "tests/unit/event/samples.h"

/* That of order lines and mappings were also computed by another program, from the description in
   identify.c. */
static const char *const golden_ids[EVENT_KIND_COUNT] = {
    [EVENT_ORDER_LINE] = "4bd51a01-8812-5ebf-9b5a-20b080e42e9a",
    [EVENT_ORDER_VOIDED] = "dd32de31-47cb-557f-9ec8-24fb53803c2b",
    [EVENT_LINE_CANCELLED] = "0c45b278-3c08-5c07-8985-c10746832b60",
    [EVENT_LINE_SHIPPED] = "469da3ac-87ef-5df7-bcdb-b7281364976b",
    [EVENT_LINE_RETURNED] = "957527d7-a4a2-5e3a-b53e-7e6f008bfa4b",
    [EVENT_STOCK_COUNTED] = "ceab8d8a-792a-57c0-8732-705fc0fe5bee",
    [EVENT_STOCK_RECEIVED] = "5010cc02-5513-5d18-942c-6510f19ad5ed",
    [EVENT_STOCK_ADJUSTED] = "1ad6a298-b88a-51e4-9669-09677898058c",
    [EVENT_STOCK_TRANSFERRED] = "283e8210-18c4-5e99-8123-e3247b2d45c9",
    [EVENT_MAPPING_CHANGED] = "e5cde0c5-5df2-5494-9341-ff5d848544aa",
    [EVENT_POOL_CHANGED] = "004e08ec-562f-577b-8103-fca8ff06ec9d",
    [EVENT_RULE_CHANGED] = "9f216445-8cf4-59db-ab11-e77e2ef18daa",
    [EVENT_OBSERVATION] = "d4103661-10aa-52b4-88cf-8556bcf819b8",
    [EVENT_TIER_DEFINED] = "cd8d320b-c27e-5b57-a692-bbf34b7838a2",
    [EVENT_VELOCITY_MEASURED] = "3172eeef-9100-51df-a737-fbb9cef76f48",
    [EVENT_LATENCY_MEASURED] = "ecb6657e-2589-5b3d-9307-2e45f8be61e7",
    [EVENT_PROMOTION_CHANGED] = "2b07dbf5-338b-5f2a-b05e-795457a58739",
    [EVENT_INBOUND_REPORTED] = "b502e1e7-13b6-583a-9d71-65f2d82881ea",
    [EVENT_REMOVAL_REPORTED] = "837e0485-11e3-5abb-8177-8de247c457d8",
    [EVENT_DECIDED] = "2f712d61-5a8f-55b4-86b9-58f98a7c55be",
};

static const char *const golden_hashes[EVENT_KIND_COUNT] = {
    [EVENT_ORDER_LINE] =
        "b142b55f1e396b307eee3f60fd42485b7549481839b55a4bd51cd94c2b8cd7ca",
    [EVENT_ORDER_VOIDED] =
        "04b154bd42e10572d8bda3a29ed647309cb18e1de126846bb7acbc025e60bca7",
    [EVENT_LINE_CANCELLED] =
        "62b4be5f3a4a80cb38a48c3468b898d35e403f65b14b34fd2c8b034fb810a72f",
    [EVENT_LINE_SHIPPED] =
        "ce55ce176a70a61d64cef365545316087284f0b21db593077487c7bcef96f746",
    [EVENT_LINE_RETURNED] =
        "1ae20ea2484e269f91e2701a52ef49c56777ca018a6debe103da87a323723f0b",
    [EVENT_STOCK_COUNTED] =
        "62741a40ae3f5ad83135da6cbb889472ca5363a93df5e1dfdac04b8b5aac07dd",
    [EVENT_STOCK_RECEIVED] =
        "55dfebae9abc632760ab62badc89350906fb0ea22bb4a51d0aee35c68f2b5f4d",
    [EVENT_STOCK_ADJUSTED] =
        "85cecfb31620a3f3d581896929787f27816bf9852dd35ee459e14d96edef3263",
    [EVENT_STOCK_TRANSFERRED] =
        "a4c9cd730b27d2e95b9f57ef85dc12dec3b57eff058521134a96bc7c364b1266",
    [EVENT_MAPPING_CHANGED] =
        "6fa1e97771854cc79dddcce94a592a27c86c9af679f89fc17a6c45e3e5db78d6",
    [EVENT_POOL_CHANGED] =
        "f32ee257d971266f942891062e4fab942494ef76a9c298cd9d3e59bfe3e358db",
    [EVENT_RULE_CHANGED] =
        "f7b32e813d575b1dd56685e10246f370a4695fcbc5839a5932a555f09958f47d",
    [EVENT_OBSERVATION] =
        "a6f94d02d0a5d28021987ca86f36cd2222312402d9e8543a91aa87efa4820880",
    [EVENT_TIER_DEFINED] =
        "15ddf70b21f8290d0843476f9d73ec909c3e1b04b7e05f5344f46db0fcebe0c5",
    [EVENT_VELOCITY_MEASURED] =
        "d04b8bf9c6c1ed154bc5bdd55707d8a34dd6120c9e939eed91268ca9e000cf04",
    [EVENT_LATENCY_MEASURED] =
        "ca439cf14885bf6b20517b5ec5c083044404ab80e3caaef6aa3ac60a2f34e02a",
    [EVENT_PROMOTION_CHANGED] =
        "fe5a5a104ed3f863ea2c5574be62237011a3eb3dfc2a03b66d157392cbeacfbd",
    [EVENT_INBOUND_REPORTED] =
        "77dabea06b9ebad7f9fc4efef2d2d7809a6801dc02d6e937a28c890136677294",
    [EVENT_REMOVAL_REPORTED] =
        "c4d6c8f93c2becd90bf7c639a18bd7663ebcc6f46439daf6701cf98cff9de7de",
    [EVENT_DECIDED] = "fe6c103f1ae9f5e1aa4f0a594a969196b48d0f6fe3af68fa69a9169fd1da1a74",
};

static void hash_text_of(const struct event *event, struct buf *out)
{
    unsigned char hash[EVENT_HASH_LEN];

    event_content_hash(event, hash);
    buf_clear(out);
    buf_hex(out, hash, sizeof(hash));
}

static void assert_same_fact(const struct event *a, const struct event *b)
{
    unsigned char hash_a[EVENT_HASH_LEN];
    unsigned char hash_b[EVENT_HASH_LEN];

    event_content_hash(a, hash_a);
    event_content_hash(b, hash_b);
    assert_string_equal(a->id, b->id);
    assert_memory_equal(hash_a, hash_b, sizeof(hash_a));
}

static bool same_hash(const struct event *a, const struct event *b)
{
    unsigned char hash_a[EVENT_HASH_LEN];
    unsigned char hash_b[EVENT_HASH_LEN];

    event_content_hash(a, hash_a);
    event_content_hash(b, hash_b);
    return memcmp(hash_a, hash_b, sizeof(hash_a)) == 0;
}

static bool same_id(struct event *a, struct event *b)
{
    event_identify(a);
    event_identify(b);
    return strcmp(a->id, b->id) == 0;
}

static void ids_and_hashes_are_what_they_always_were(void **state)
{
    (void)state;
    SCOPED(buf) struct buf hash = {0};

    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event event = sample_event((enum event_kind)kind);

        hash_text_of(&event, &hash);
        assert_string_equal(event.id, golden_ids[kind]);
        assert_string_equal(buf_str(&hash), golden_hashes[kind]);
    }
}

static void one_fact_from_two_notifications_is_one(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event pushed = sample_event((enum event_kind)kind);
        struct event polled = sample_event((enum event_kind)kind);

        polled.source = (struct event_source){pushed.source.channel, "", "other", EVENT_VIA_POLL,
                                              "shopify/2", "poller-1", ""};
        polled.times.received_ms += 60000;
        polled.times.applied_ms = 0;
        polled.traceparent = "";
        polled.raw = (struct event_raw){"", "", NULL, 0, ""};
        event_identify(&polled);

        assert_same_fact(&pushed, &polled);
    }
}

static void one_fact_survives_the_topic(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        SCOPED(arena) struct arena *arena = arena_new();
        SCOPED(buf) struct buf bytes = {0};
        struct event sent = sample_event((enum event_kind)kind);
        struct event read;
        struct err err = {0};

        event_encode(&sent, &bytes);
        assert_true(event_decode(arena, bytes.bytes, bytes.len, &read, &err));
        event_identify(&read);

        assert_same_fact(&sent, &read);
    }
}

static void other_channels_make_other_ids(void **state)
{
    (void)state;
    for (int kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++) {
        struct event here = sample_event((enum event_kind)kind);
        struct event there = sample_event((enum event_kind)kind);

        there.source.channel = "shopify-outlet";

        assert_false(same_id(&here, &there));
        assert_false(same_hash(&here, &there));
    }
}

static void kinds_with_the_same_fields_have_their_own_ids(void **state)
{
    (void)state;
    struct event cancelled = sample_event(EVENT_LINE_CANCELLED);
    struct event shipped = sample_event(EVENT_LINE_SHIPPED);

    assert_false(same_id(&cancelled, &shipped));
    assert_false(same_hash(&cancelled, &shipped));
}

static void same_id_with_other_content_is_seen_in_the_hash(void **state)
{
    (void)state;
    struct event said = sample_event(EVENT_STOCK_COUNTED);
    struct event said_again = sample_event(EVENT_STOCK_COUNTED);

    said_again.stock.quantity++;

    assert_true(same_id(&said, &said_again));
    assert_false(same_hash(&said, &said_again));
}

static void another_occurred_time_is_other_content(void **state)
{
    (void)state;
    struct event early = sample_event(EVENT_STOCK_COUNTED);
    struct event late = sample_event(EVENT_STOCK_COUNTED);

    late.times.occurred_ms++;

    assert_true(same_id(&early, &late));
    assert_false(same_hash(&early, &late));
}

static void two_states_of_a_line_within_one_tick_are_two_facts(void **state)
{
    (void)state;
    struct event before = sample_event(EVENT_ORDER_LINE);
    struct event after = sample_event(EVENT_ORDER_LINE);
    struct event later = sample_event(EVENT_ORDER_LINE);

    after.order_line.cancelled++;
    later.order_line.version_ms++;

    assert_false(same_id(&before, &after));
    assert_false(same_id(&before, &later));
}

static void an_order_can_be_voided_again(void **state)
{
    (void)state;
    struct event first = sample_event(EVENT_ORDER_VOIDED);
    struct event second = sample_event(EVENT_ORDER_VOIDED);

    second.order_voided.version_ms += 1000;

    assert_false(same_id(&first, &second));
}

static void texts_do_not_run_into_each_other(void **state)
{
    (void)state;
    struct event left = sample_event(EVENT_ORDER_LINE);
    struct event right = sample_event(EVENT_ORDER_LINE);

    left.order_line.order_id = "a";
    left.order_line.line_id = "bc";
    right.order_line.order_id = "ab";
    right.order_line.line_id = "c";

    assert_false(same_id(&left, &right));
    assert_false(same_hash(&left, &right));
}

static void empty_fields_do_not_move_their_neighbours(void **state)
{
    (void)state;
    struct event by_listing = sample_event(EVENT_OBSERVATION);
    struct event by_address = sample_event(EVENT_OBSERVATION);

    by_listing.observation = (struct event_observation){"x", "", "", true, 1, 5, ""};
    by_address.observation = (struct event_observation){"", "x", "", true, 1, 5, ""};
    assert_false(same_id(&by_listing, &by_address));

    struct event by_sale = by_listing;
    by_sale.observation.origin = "sale";
    assert_false(same_id(&by_listing, &by_sale));
    by_sale.observation.origin = NULL; /* from before there was such a field */
    assert_true(same_id(&by_listing, &by_sale));
}

static void entries_of_lists_do_not_run_into_each_other(void **state)
{
    (void)state;
    static const char *const ab_c[] = {"ab", "c"};
    static const char *const a_bc[] = {"a", "bc"};
    struct event left = sample_event(EVENT_RULE_CHANGED);
    struct event right = sample_event(EVENT_RULE_CHANGED);

    left.rule.pools = ab_c;
    right.rule.pools = a_bc;
    assert_false(same_hash(&left, &right));

    /* One pool more and one bucket less is not the same list of names. */
    left.rule.pools_len = 1;
    right.rule.pools = ab_c;
    right.rule.pools_len = 2;
    assert_false(same_hash(&left, &right));
}

static void order_of_components_is_content(void **state)
{
    (void)state;
    static const struct event_component turned[] = {{"BOX-S", 1}, {"MUG-RED", 2}};
    struct event left = sample_event(EVENT_MAPPING_CHANGED);
    struct event right = sample_event(EVENT_MAPPING_CHANGED);

    right.mapping.components = turned;

    assert_true(same_id(&left, &right));
    assert_false(same_hash(&left, &right));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_hashes_are_what_they_always_were),
        cmocka_unit_test(one_fact_from_two_notifications_is_one),
        cmocka_unit_test(one_fact_survives_the_topic),
        cmocka_unit_test(other_channels_make_other_ids),
        cmocka_unit_test(kinds_with_the_same_fields_have_their_own_ids),
        cmocka_unit_test(same_id_with_other_content_is_seen_in_the_hash),
        cmocka_unit_test(another_occurred_time_is_other_content),
        cmocka_unit_test(two_states_of_a_line_within_one_tick_are_two_facts),
        cmocka_unit_test(an_order_can_be_voided_again),
        cmocka_unit_test(texts_do_not_run_into_each_other),
        cmocka_unit_test(empty_fields_do_not_move_their_neighbours),
        cmocka_unit_test(entries_of_lists_do_not_run_into_each_other),
        cmocka_unit_test(order_of_components_is_content),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
