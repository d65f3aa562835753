#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ingest/catalog.h"

static void put(struct ingest_catalog *catalog, const char *listing, const char *address,
                const char *sku)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct catalog_entry entry = {"shop", listing, address, sku};

    ingest_catalog_put(catalog, arena_printf(arena, "shop/%s", listing), &entry);
}

static const char *sku_of_line(struct ingest_catalog *catalog, struct arena *arena,
                               const char *channel, const char *listing)
{
    struct event event;

    event_init(&event, EVENT_ORDER_LINE);
    event.source.channel = channel;
    event.order_line.listing = listing;
    return ingest_catalog_sku(catalog, arena, &event);
}

static const char *sku_of_address(struct ingest_catalog *catalog, struct arena *arena,
                                  const char *address)
{
    struct event event;

    event_init(&event, EVENT_OBSERVATION);
    event.source.channel = "shop";
    event.observation.address = address;
    return ingest_catalog_sku(catalog, arena, &event);
}

static void a_listing_is_found_on_its_own_channel_only(void **state)
{
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    put(catalog, "808", "", "RED-M");
    assert_string_equal(sku_of_line(catalog, arena, "shop", "808"), "RED-M");
    assert_null(sku_of_line(catalog, arena, "other", "808"));
    assert_null(sku_of_line(catalog, arena, "shop", "809"));
    assert_null(sku_of_line(catalog, arena, "shop", ""));
}

static void an_observation_is_found_by_its_address(void **state)
{
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    put(catalog, "808", "39072856", "RED-M");
    assert_string_equal(sku_of_address(catalog, arena, "39072856"), "RED-M");
    assert_null(sku_of_address(catalog, arena, "808"));
}

static void the_newest_entry_counts(void **state)
{
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    put(catalog, "808", "a1", "RED-M");
    put(catalog, "808", "a2", "RED-L");
    assert_int_equal(ingest_catalog_len(catalog), 1);
    assert_string_equal(sku_of_line(catalog, arena, "shop", "808"), "RED-L");
    assert_null(sku_of_address(catalog, arena, "a1"));
    assert_string_equal(sku_of_address(catalog, arena, "a2"), "RED-L");
}

static void a_tombstone_and_an_empty_sku_take_it_out(void **state)
{
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    put(catalog, "808", "a1", "RED-M");
    put(catalog, "809", "a2", "RED-L");
    ingest_catalog_put(catalog, "shop/808", NULL);
    put(catalog, "809", "a2", "");
    ingest_catalog_put(catalog, "shop/unknown", NULL);
    assert_int_equal(ingest_catalog_len(catalog), 0);
    assert_null(sku_of_address(catalog, arena, "a1"));
    assert_null(sku_of_address(catalog, arena, "a2"));
}

static void an_address_that_moved_stays_with_its_new_listing(void **state)
{
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    put(catalog, "808", "a1", "RED-M");
    put(catalog, "809", "a1", "RED-L");
    ingest_catalog_put(catalog, "shop/808", NULL);
    assert_string_equal(sku_of_address(catalog, arena, "a1"), "RED-L");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listing_is_found_on_its_own_channel_only),
        cmocka_unit_test(an_observation_is_found_by_its_address),
        cmocka_unit_test(the_newest_entry_counts),
        cmocka_unit_test(a_tombstone_and_an_empty_sku_take_it_out),
        cmocka_unit_test(an_address_that_moved_stays_with_its_new_listing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
