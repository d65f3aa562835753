/* What the channels file says of a Shopify shop, beyond the contract's one account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/kinds.h"

static struct channel_account shop(const char *location, const char *api_version)
{
    return (struct channel_account){.name = "shop",
                                    .kind = channel_kinds_find("shopify"),
                                    .account = "",
                                    .base_url = "https://shop.example",
                                    .api_version = api_version,
                                    .location = location,
                                    .token = "TOKEN",
                                    .token_secret = "",
                                    .return_bucket = "quarantine"};
}

static bool push_one(const struct channel_account *account, const char *address,
                     struct arena *arena, struct channel_request *ret_request, struct err *err)
{
    const struct target target = {.listing = "1", .address = address, .event_id = ""};
    const struct channel_push push = {.target = &target};

    return account->kind->push(account, &push, 1, "key-1", arena, ret_request, err);
}

static void an_item_alone_is_at_the_configured_location(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = shop("77", "");
    struct channel_request request = {0};
    struct err err = {0};

    (void)state;
    assert_true(push_one(&account, "12", arena, &request, &err));
    assert_non_null(strstr(request.body, "gid://shopify/Location/77\""));
    assert_non_null(strstr(request.body, "stockbus://target/key-1\""));
    assert_true(push_one(&account, "12@34", arena, &request, &err));
    assert_non_null(strstr(request.body, "gid://shopify/Location/34\""));
}

static void another_api_version_is_in_the_address(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = shop("", "2026-10");
    struct channel_request request = {0};
    struct err err = {0};

    (void)state;
    assert_true(push_one(&account, "12@34", arena, &request, &err));
    assert_string_equal(request.url, "https://shop.example/admin/api/2026-10/graphql.json");
}

static void an_api_version_without_compare_and_set_is_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = shop("", "2026-01");
    struct channel_request request = {0};
    struct err err = {0};

    (void)state;
    assert_false(push_one(&account, "12@34", arena, &request, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, "api_version '2026-01': changeFromQuantity came with 2026-04");
}

static bool count_row(void *opaque, const struct channel_row *row, struct err *err)
{
    (void)err;
    assert_string_equal(row->address, "1@77");
    ++*(int *)opaque;
    return true;
}

static void rows_of_other_locations_are_left_out(void **state)
{
    static const char levels[] = "[{\"inventory_item_id\":1,\"location_id\":77,\"available\":1},"
                                 "{\"inventory_item_id\":1,\"location_id\":78,\"available\":1}]";
    static const char lines[] =
        "{\"location\":{\"id\":\"gid://shopify/Location/78\"},\"quantities\":[{\"name\":"
        "\"available\",\"quantity\":1}],\"__parentId\":\"gid://shopify/InventoryItem/1\"}\n"
        "{\"location\":{\"id\":\"gid://shopify/Location/77\"},\"quantities\":[{\"name\":"
        "\"available\",\"quantity\":1}],\"__parentId\":\"gid://shopify/InventoryItem/1\"}\n";
    const struct channel_account account = shop("77", "");
    struct err err = {0};
    int count = 0;

    (void)state;
    assert_true(
        account.kind->rows(&account, "levels", levels, strlen(levels), count_row, &count, &err));
    assert_true(account.kind->rows(&account, NULL, lines, strlen(lines), count_row, &count, &err));
    assert_int_equal(count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_alone_is_at_the_configured_location),
        cmocka_unit_test(another_api_version_is_in_the_address),
        cmocka_unit_test(an_api_version_without_compare_and_set_is_refused),
        cmocka_unit_test(rows_of_other_locations_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
