/* What only WooCommerce's adapter must know, beyond the contract that all kinds share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"
#include "channels/kinds.h"

/* The version and the cancelled units of the one line of an order in this status, always modified
 * in the same second. */
static int64_t version_of(const char *status, int64_t *ret_cancelled)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = {.name = "shop",
                                            .kind = channel_kinds_find("woocommerce"),
                                            .account = "",
                                            .return_bucket = "quarantine"};
    const char *body = arena_printf(
        arena,
        "{\"id\":727,\"status\":\"%s\",\"date_created_gmt\":\"2017-03-22T19:28:02\","
        "\"date_modified_gmt\":\"2017-03-22T19:28:08\",\"date_completed_gmt\":null,"
        "\"line_items\":[{\"id\":315,\"product_id\":93,\"variation_id\":0,\"quantity\":2}]}",
        status);
    const struct channel_header headers[] = {
        {"X-WC-Webhook-Topic", "order.updated"}
    };
    const struct channel_notification notification = {.captured_via = EVENT_VIA_PUSH,
                                                      .headers = headers,
                                                      .headers_len = ARRAY_LEN(headers),
                                                      .body = body,
                                                      .body_len = strlen(body),
                                                      .received_ms = 1490210889000};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    assert_true(
        channel_events(&account, &notification, "host", NULL, NULL, arena, &events, &bad, &err));
    assert_int_equal(events.len, 1);
    assert_int_equal(bad.len, 0);
    *ret_cancelled = events.events[0].order_line.cancelled;
    return events.events[0].order_line.version_ms;
}

static void a_checkout_within_one_second_ends_paid(void **state)
{
    int64_t pending_cancelled = 0;
    int64_t paid_cancelled = 0;
    int64_t pending = version_of("pending", &pending_cancelled);
    int64_t paid = version_of("processing", &paid_cancelled);

    (void)state;
    assert_true(paid > pending);
    assert_int_equal(pending_cancelled, 2);
    assert_int_equal(paid_cancelled, 0);
}

static void the_rank_stays_within_the_second(void **state)
{
    static const char *const statuses[] = {"checkout-draft", "pending",    "on-hold",
                                           "processing",     "in-transit", "failed",
                                           "refunded",       "cancelled",  "trash"};
    int64_t second = 1490210888000;
    int64_t ignored = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        assert_in_range(version_of(statuses[i], &ignored), second, second + 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkout_within_one_second_ends_paid),
        cmocka_unit_test(the_rank_stays_within_the_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
