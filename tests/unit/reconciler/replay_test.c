/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "services/reconciler/replay.h"

enum { AT = 1000000, SETTLE = 10000, EVENTS_MAX = 64 };

static const struct event_component one_red[] = {{"RED-M", 1}};
static const struct event_component two_red[] = {{"RED-M", 2}};

/* Hand-made events, and the order in which they are added. */
struct story {
    struct arena *arena;
    struct event events[EVENTS_MAX];
    size_t len;
};

static struct event *story_add(struct story *story, enum event_kind kind, const char *channel,
                               int64_t ms)
{
    struct event *event = &story->events[story->len++];

    assert_true(story->len <= EVENTS_MAX);
    event_init(event, kind);
    event->source.channel = channel;
    event->times.occurred_ms = ms;
    event->times.received_ms = ms;
    return event;
}

static void story_map(struct story *story, const char *channel, const char *listing,
                      const struct event_component *components, size_t len, int64_t ms)
{
    struct event *event = story_add(story, EVENT_MAPPING_CHANGED, "admin", ms);

    event->mapping = (struct event_mapping){
        arena_printf(story->arena, "map-%s-%d", listing, (int)ms), channel, listing,
        arena_printf(story->arena, "address-%s", listing), components, len, "main"};
    event_identify(event);
}

static void story_count(struct story *story, int64_t quantity, int64_t ms)
{
    struct event *event = story_add(story, EVENT_STOCK_COUNTED, "admin", ms);

    event->stock =
        (struct event_stock){.fact_id = arena_printf(story->arena, "count-%d", (int)ms),
                             .sku = "RED-M",
                             .pool = "main",
                             .bucket = "sellable",
                             .quantity = quantity,
                             .reason = ""};
    event_identify(event);
}

static struct event *story_sell(struct story *story, const char *channel, const char *listing,
                                const char *order, int64_t units, int64_t ms)
{
    struct event *event = story_add(story, EVENT_ORDER_LINE, channel, ms);

    event->order_line =
        (struct event_order_line){order, "1", listing, units, 0, ms, ms, "paid", "", ""};
    event_identify(event);
    return event;
}

static void story_tell(struct story *story)
{
    story_map(story, "shop", "S1", one_red, 1, 1000);
    story_map(story, "woo", "W1", two_red, 1, 1000);
    story_count(story, 20, 2000);
    story_sell(story, "shop", "S1", "o-1", 3, 3000);
    story_sell(story, "woo", "W1", "o-2", 1, 4000);
    story_sell(story, "shop", "S1", "o-3", 1, 5000);
}

static struct reconciler_expected story_replay(struct story *story, const char *channel,
                                               const size_t *order)
{
    struct reconciler_replay *replay =
        reconciler_replay_new(story->arena, channel, AT, SETTLE);
    SCOPED(reconciler_history) struct reconciler_history *history =
        reconciler_history_new(story->arena, channel, AT);

    for (size_t i = 0; i < story->len; i++)
        reconciler_replay_add(replay, &story->events[order == NULL ? i : order[i]]);
    return reconciler_replay_run(replay, history);
}

/* Everything that a comparison sees of the expected rows. */
static char *expected_text(struct arena *arena, const struct reconciler_expected *expected)
{
    SCOPED(buf) struct buf text = {0};

    for (size_t i = 0; i < expected->listings_len; i++) {
        const struct reconciler_listing *listing = &expected->listings[i];
        int64_t sold = 0;

        for (size_t sale = 0; sale < listing->sales_len; sale++)
            sold += listing->sales[sale].units;
        buf_printf(&text, "%s %s %s %d %d %s %s %d sold %d late %d\n", listing->listing,
                   listing->address, listing->sku, listing->is_retired, (int)listing->quantity,
                   listing->event_id, listing->event_name, (int)listing->changed_ms, (int)sold,
                   (int)listing->late_ms);
    }
    return arena_printf(arena, "%s%zu events\n", buf_str(&text), expected->events);
}

static void the_topic_says_what_each_listing_should_show(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};

    (void)state;
    story_tell(&story);
    struct reconciler_expected shop = story_replay(&story, "shop", NULL);
    struct reconciler_expected woo = story_replay(&story, "woo", NULL);

    assert_int_equal(shop.events, 6);
    assert_int_equal(shop.listings_len, 1);
    assert_string_equal(shop.listings[0].listing, "S1");
    assert_string_equal(shop.listings[0].address, "address-S1");
    assert_string_equal(shop.listings[0].sku, "RED-M");
    assert_int_equal(shop.listings[0].quantity, 20 - 3 - 2 - 1);
    assert_int_equal(shop.listings[0].sales_len, 2);
    assert_string_equal(shop.listings[0].event_name, "order_line of shop");
    assert_int_equal(shop.listings[0].changed_ms, 5000);
    assert_int_equal(woo.listings[0].quantity, 7);
    assert_string_equal(woo.listings[0].event_id, shop.listings[0].event_id);
}

/* A small generator, so that the same permutations are tried each time. */
static size_t next_random(uint64_t *seed, size_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(*seed >> 33) % below;
}

static void order_and_repetition_do_not_matter(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};
    uint64_t seed = 7;

    (void)state;
    story_tell(&story);
    struct reconciler_expected once = story_replay(&story, "shop", NULL);
    const char *wanted = expected_text(arena, &once);
    size_t told = story.len;
    for (size_t i = 0; i < told; i++) {
        story.events[story.len] = story.events[i];
        story.events[story.len++].times.received_ms += 7; /* delivered again */
    }
    for (int round = 0; round < 200; round++) {
        size_t order[EVENTS_MAX];

        for (size_t i = 0; i < story.len; i++) {
            size_t at = next_random(&seed, i + 1);

            order[i] = order[at];
            order[at] = i;
        }
        struct reconciler_expected again = story_replay(&story, "shop", order);
        assert_string_equal(expected_text(arena, &again), wanted);
    }
}

static void what_came_after_the_snapshot_is_not_folded(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};

    (void)state;
    story_tell(&story);
    story_sell(&story, "woo", "W1", "o-4", 1, AT + 1);
    struct reconciler_expected shop = story_replay(&story, "shop", NULL);

    assert_int_equal(shop.events, 6);
    assert_int_equal(shop.listings[0].quantity, 14);
    assert_int_equal(shop.listings[0].late_ms, 0);
}

static void an_order_that_was_told_late_is_noted(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};

    (void)state;
    story_tell(&story);
    story_sell(&story, "shop", "S1", "o-4", 1, AT - 10)->times.received_ms = AT + 3 * SETTLE;
    struct reconciler_expected shop = story_replay(&story, "shop", NULL);

    assert_int_equal(shop.listings[0].quantity, 14);
    assert_int_equal(shop.listings[0].late_ms, AT + 3 * SETTLE);
}

static void a_retired_listing_is_known_as_such(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};

    (void)state;
    story_tell(&story);
    story_map(&story, "shop", "S1", NULL, 0, 6000);
    struct reconciler_expected shop = story_replay(&story, "shop", NULL);

    assert_true(shop.listings[0].is_retired);
    assert_int_equal(shop.listings[0].quantity, 0);
    assert_string_equal(shop.listings[0].sku, "");
}

static void nothing_replayed_is_nothing_expected(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct story story = {.arena = arena};

    (void)state;
    assert_int_equal(story_replay(&story, "shop", NULL).listings_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_topic_says_what_each_listing_should_show),
        cmocka_unit_test(order_and_repetition_do_not_matter),
        cmocka_unit_test(what_came_after_the_snapshot_is_not_folded),
        cmocka_unit_test(an_order_that_was_told_late_is_noted),
        cmocka_unit_test(a_retired_listing_is_known_as_such),
        cmocka_unit_test(nothing_replayed_is_nothing_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
