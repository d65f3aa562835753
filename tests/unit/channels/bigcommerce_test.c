/* What only BigCommerce's adapter must know, beyond the contract that all kinds share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"
#include "channels/kinds.h"

static struct channel_account account_of(struct arena *arena, const char *setting,
                                         const char *value)
{
    const struct channel_kind *kind = channel_kinds_find("bigcommerce");
    const char **values = arena_alloc(arena, 16 * sizeof(*values));

    for (size_t i = 0; kind->settings[i].name != NULL; i++) {
        if (strcmp(kind->settings[i].name, setting) == 0)
            values[i] = value;
    }
    return (struct channel_account){
        .name = "store",
        .kind = kind,
        .account = "abc123",
        .base_url = "https://api.test/stores/abc123",
        .location = "",
        .secrets = {"client secret", ""},
        .token = "token",
        .settings = values,
        .return_bucket = "quarantine"
    };
}

/* ---- orders ---- */

static const struct event_order_line *line_of(struct arena *arena,
                                              const struct channel_account *account, int status,
                                              int shipped, int refunded)
{
    const char *body = arena_printf(
        arena,
        "{\"id\":118,\"status_id\":%d,\"date_created\":\"Wed, 05 Dec 2018 20:10:30 +0000\","
        "\"date_modified\":\"Wed, 05 Dec 2018 20:16:55 +0000\",\"consignments\":{\"shipping\":[{"
        "\"line_items\":[{\"id\":65,\"product_id\":77,\"variant_id\":1105,\"quantity\":3,"
        "\"quantity_shipped\":%d,\"quantity_refunded\":%d}]}]}}",
        status, shipped, refunded);
    const struct channel_notification notification = {.captured_via = EVENT_VIA_POLL,
                                                      .body = body,
                                                      .body_len = strlen(body),
                                                      .received_ms = 1544041016000};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    if (!channel_events(account, &notification, "host", NULL, NULL, arena, &events, &bad, &err))
        fail_msg("%s", err.text);
    assert_int_equal(events.len, 1);
    assert_int_equal(bad.len, 0);
    return &events.events[0].order_line;
}

static void cancelled_units_are_those_that_will_not_go_out(void **state)
{
    static const struct {
        int status;
        int shipped;
        int refunded;
        const char *setting;
        const char *value;
        int64_t cancelled; /* of 3 */
    } cases[] = {
        {0,  0, 0, "",              "",      3}, /* incomplete: never placed */
        {1,  0, 0, "",              "",      3},
        {1,  0, 0, "idle_statuses", "0",     0},
        {7,  0, 0, "",              "",      0}, /* awaiting payment: the units are held */
        {7,  0, 0, "idle_statuses", "0,1,7", 3},
        {11, 0, 0, "",              "",      0},
        {3,  1, 0, "",              "",      0},
        {5,  1, 0, "",              "",      2}, /* cancelled: what has gone out has gone out */
        {6,  0, 0, "",              "",      3},
        {4,  1, 3, "",              "",      2},
        {4,  1, 3, "refunds",       "money", 0},
        {14, 0, 1, "",              "",      1},
        {14, 3, 1, "",              "",      0}, /* all had gone out: money only */
        {14, 0, 1, "refunds",       "money", 0},
        {5,  1, 3, "refunds",       "money", 2},
        {14, 2, 9, "",              "",      1}, /* never more than there are */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct channel_account account = account_of(arena, cases[i].setting, cases[i].value);
        int64_t cancelled =
            line_of(arena, &account, cases[i].status, cases[i].shipped, cases[i].refunded)
                ->cancelled;

        if (cancelled != cases[i].cancelled)
            fail_msg("case %zu: %lld cancelled", i, (long long)cancelled);
    }
}

static void a_checkout_within_one_second_ends_paid(void **state)
{
    static const int steps[] = {0, 1, 12, 7, 11, 9, 3, 2, 10, 14, 4, 6, 5};
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");
    int64_t second = 1544041015000;
    int64_t before = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int64_t version = line_of(arena, &account, steps[i], 0, 0)->version_ms;

        assert_in_range(version, second, second + 999);
        assert_true(version > before);
        before = version;
    }
}

/* ---- webhooks ---- */

static bool is_verified(const struct channel_account *account, const char *header,
                        const char *value)
{
    const struct channel_header headers[] = {
        {header,              value       },
        {"webhook-id",        "msg_1"     },
        {"webhook-timestamp", "1544041016"},
    };
    const struct channel_notification notification = {.headers = headers,
                                                      .headers_len = ARRAY_LEN(headers),
                                                      .body = "{}",
                                                      .body_len = 2,
                                                      .received_ms = 1544041016000};

    return channel_verify(account, &notification);
}

/* printf 'msg_1.1544041016.{}' | openssl dgst -sha256 -hmac 'client secret' -binary | base64 */
#define SIGNATURE "v1,6TvntKhziIuT/WpApqWScjkchl9EMi0IZSEFzMCABrA="

static void webhooks_are_signed_or_have_the_custom_header(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_true(is_verified(&account, "webhook-signature", SIGNATURE));
    assert_true(is_verified(&account, "webhook-signature", "v1,bm8= " SIGNATURE));
    assert_false(is_verified(&account, "x-stockbus-token", "client secret"));
    account = account_of(arena, "signature", "token");
    assert_true(is_verified(&account, "x-stockbus-token", "client secret"));
    assert_false(is_verified(&account, "x-stockbus-token", "client secret "));
    assert_false(is_verified(&account, "webhook-signature", SIGNATURE));
}

static bool is_understood(const struct channel_account *account, const char *producer,
                          struct arena *arena)
{
    const char *body = arena_printf(arena,
                                    "{\"scope\":\"store/order/updated\",\"data\":{\"type\":"
                                    "\"order\",\"id\":250},\"producer\":\"%s\"}",
                                    producer);
    const struct channel_notification notification = {
        .captured_via = EVENT_VIA_PUSH, .body = body, .body_len = strlen(body), .received_ms = 1};
    struct channel_hints hints = {0};
    struct err err = {0};

    return account->kind->hints(account, &notification, arena, &hints, &err) && hints.len == 1 &&
           strcmp(hints.hints[0], "order:250") == 0;
}

static void webhooks_of_another_store_are_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_true(is_understood(&account, "stores/abc123", arena));
    assert_true(is_understood(&account, "", arena));
    assert_false(is_understood(&account, "stores/abc1234", arena));
}

/* ---- polls ---- */

static const char *poll(const struct channel_account *account, int64_t page, int status,
                        size_t orders, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct channel_response previous = {.status = status};
    struct channel_request request = {.url = "unset"};

    buf_char(&body, '[');
    for (size_t i = 0; i < orders; i++)
        buf_text(&body, i == 0 ? "{}" : ",{}");
    buf_char(&body, ']');
    previous.body = status == 204 ? "" : arena_strdup(arena, buf_str(&body));
    previous.body_len = strlen(previous.body);
    account->kind->poll(account, 1544041015500, page, page == 1 ? NULL : &previous, arena,
                        &request);
    return request.url;
}

static void polls_ask_until_a_page_is_not_full(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(poll(&account, 1, 0, 0, arena),
                        "https://api.test/stores/abc123/v2/orders?min_date_modified="
                        "2018-12-05T20:16:55.000Z&sort=id:asc&limit=20&page=1"
                        "&include=consignments.line_items&consignment_structure=object");
    assert_non_null(strstr(poll(&account, 2, 200, 20, arena), "&page=2&"));
    assert_string_equal(poll(&account, 2, 200, 19, arena), "");
    assert_string_equal(poll(&account, 2, 204, 0, arena), "");
    account = account_of(arena, "lines", "products");
    assert_null(strstr(poll(&account, 1, 0, 0, arena), "include"));
}

/* ---- echoes ---- */

static void levels_say_what_brought_them_about(void **state)
{
    static const struct {
        const char *hint;
        const char *origin;
    } cases[] = {
        {"product:113",         ""     },
        {"product:113+sale",    "sale" },
        {"variant:127@2+write", "write"},
    };
    static const char body[] =
        "{\"data\":[{\"identity\":{\"sku\":\"S\",\"variant_id\":127,\"product_id\":113},"
        "\"locations\":[{\"location_id\":1,\"available_to_sell\":20,\"total_inventory_onhand\":30,"
        "\"settings\":{\"safety_stock\":10}}]}]}";

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct channel_account account = account_of(arena, "", "");
        const struct channel_notification notification = {.captured_via = EVENT_VIA_PUSH,
                                                          .body = body,
                                                          .body_len = strlen(body),
                                                          .hint = cases[i].hint,
                                                          .received_ms = 1544041016000};
        struct event_list events = {0};
        struct channel_bad_lines bad = {0};
        struct channel_fetch next = {0};
        const char *bytes = NULL;
        void *reading = NULL;
        size_t len = 0;
        struct err err = {0};

        if (!channel_events(&account, &notification, "host", NULL, NULL, arena, &events, &bad,
                            &err))
            fail_msg("%s", err.text);
        assert_int_equal(events.len, 1);
        assert_string_equal(events.events[0].observation.origin, cases[i].origin);
        if (!account.kind->read(&account, cases[i].hint, NULL, &reading, arena, &next, &bytes, &len,
                                &err))
            fail_msg("%s", err.text);
        assert_null(strchr(next.request.url, '+'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cancelled_units_are_those_that_will_not_go_out),
        cmocka_unit_test(a_checkout_within_one_second_ends_paid),
        cmocka_unit_test(webhooks_are_signed_or_have_the_custom_header),
        cmocka_unit_test(webhooks_of_another_store_are_refused),
        cmocka_unit_test(polls_ask_until_a_page_is_not_full),
        cmocka_unit_test(levels_say_what_brought_them_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
