/* What only Etsy's adapter must know, beyond the contract that all kinds share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"

#include "channels/channel.h"
#include "channels/kinds.h"

#define SECRET "whsec_a2V5IG9mIHRoZSB0ZXN0cw=="

static struct channel_account account_of(struct arena *arena, const char *setting,
                                         const char *value)
{
    const struct channel_kind *kind = channel_kinds_find("etsy");
    const char **values = arena_alloc(arena, 32 * sizeof(*values));

    for (size_t i = 0; kind->settings[i].name != NULL; i++) {
        if (strcmp(kind->settings[i].name, "api_key") == 0)
            values[i] = "key string:shared";
        if (strcmp(kind->settings[i].name, setting) == 0)
            values[i] = value;
    }
    return (struct channel_account){
        .name = "shop",
        .kind = kind,
        .account = "123456",
        .base_url = "https://api.test",
        .location = "",
        .secrets = {SECRET, ""},
        .token = "token",
        .settings = values,
        .return_bucket = "quarantine"
    };
}

static struct channel_response answer_of(int status, const char *body)
{
    return (struct channel_response){.status = status, .body = body, .body_len = strlen(body)};
}

/* ---- whole-listing overwrite ---- */

static unsigned random_state;

static int random_below(size_t limit)
{
    random_state = random_state * 1103515245U + 12345U;
    return (int)((random_state >> 8) % (unsigned)limit);
}

/* An inventory as Etsy tells it, and beside it what is to be written back, both made by hand. */
struct told {
    struct buf read;
    struct buf write;
    bool is_deleted; /* what comes now is not to be written */
};

static void put(struct told *told, const char *read, const char *write)
{
    buf_text(&told->read, read);
    if (!told->is_deleted)
        buf_text(&told->write, write);
}

static void put_both(struct told *told, const char *text)
{
    put(told, text, text);
}

static void put_price(struct told *told)
{
    static const struct {
        const char *money;
        const char *number;
    } prices[] = {
        {"{\"amount\":2499,\"divisor\":100,\"currency_code\":\"USD\"}",   "24.99"   },
        {"{\"amount\":5,\"divisor\":100,\"currency_code\":\"EUR\"}",      "0.05"    },
        {"{\"divisor\":1,\"amount\":1500,\"currency_code\":\"JPY\"}",     "1500"    },
        {"{\"amount\":1234567,\"divisor\":1000,\"currency_code\":\"X\"}", "1234.567"},
        {"{\"amount\":300,\"divisor\":100}",                              "3.00"    },
        {"17.50",                                                         "17.50"   },
    };
    int at = random_below(ARRAY_LEN(prices));

    put(told, ",\"price\":", ",\"price\":");
    put(told, prices[at].money, prices[at].number);
}

static void put_values(struct told *told, int product)
{
    static const char *const words[] = {"Teal", "7 1/2 \\\"", "gr\xc3\xbcn", "a\\\\b", "", "<&>"};

    put_both(told, "\"property_values\":[");
    for (int i = 0; i < 2; i++) {
        SCOPED(buf) struct buf text = {0};

        buf_printf(&text,
                   "%s{\"property_id\":%d,\"property_name\":\"%s\",\"scale_id\":%s,\"value_ids\":"
                   "[%d7187834659688%02d],\"values\":[\"%s\"]",
                   i == 0 ? "" : ",", 200 + i, words[random_below(ARRAY_LEN(words))],
                   random_below(2) == 0 ? "null" : "327", 2 + i, product,
                   words[random_below(ARRAY_LEN(words))]);
        put_both(told, buf_str(&text));
        put(told, ",\"scale_name\":\"US/Canada\"}", "}");
    }
    put_both(told, "]");
}

static void put_product(struct told *told, int product, int64_t quantity, int64_t wanted)
{
    SCOPED(buf) struct buf read = {0};
    SCOPED(buf) struct buf write = {0};

    buf_printf(&read, "{\"product_id\":73417969%02d,\"sku\":\"SKU %02d\",\"is_deleted\":%s,",
               product, product, told->is_deleted ? "true" : "false");
    buf_printf(&write, "{\"sku\":\"SKU %02d\",", product);
    put(told, buf_str(&read), buf_str(&write));
    put_values(told, product);
    buf_clear(&read);
    buf_clear(&write);
    buf_printf(&read,
               ",\"offerings\":[{\"offering_id\":75726812%02d,\"quantity\":%lld,\"is_enabled\":%s,"
               "\"is_deleted\":false",
               product, (long long)quantity, product % 3 == 0 ? "false" : "true");
    buf_printf(&write, ",\"offerings\":[{\"quantity\":%lld,\"is_enabled\":%s", (long long)wanted,
               product % 3 == 0 ? "false" : "true");
    put(told, buf_str(&read), buf_str(&write));
    put_price(told);
    put_both(told, product % 2 == 0 ? ",\"readiness_state_id\":18201076875"
                                    : ",\"readiness_state_id\":null");
    put_both(told, "}],\"weird\":[1.50,{\"deep\":[true,null,1e400]},18446744073709551617]}");
}

static void put_inventory(struct told *told, int products, int target, int64_t wanted)
{
    static const char on_properties[] =
        "],\"price_on_property\":[200,201],\"quantity_on_property\":[201,200],"
        "\"sku_on_property\":[200,201],\"readiness_state_on_property\":[]";
    bool has_one = false;

    put_both(told, "{\"products\":[");
    for (int i = 0; i < products; i++) {
        int64_t quantity = random_below(50);

        told->is_deleted = i != target && random_below(4) == 0;
        if (i > 0)
            buf_char(&told->read, ',');
        if (has_one && !told->is_deleted)
            buf_char(&told->write, ',');
        has_one = has_one || !told->is_deleted;
        put_product(told, i, i == target ? wanted + 1 : quantity, i == target ? wanted : quantity);
    }
    told->is_deleted = false;
    put_both(told, on_properties);
    put(told, ",\"listing\":null}", "}");
}

static struct channel_request write_of(const struct channel_account *account, const char *listing,
                                       int64_t quantity, const char *read, struct arena *arena)
{
    const struct target target = {
        .listing = listing, .address = "", .quantity = quantity, .event_id = ""};
    const struct channel_push push = {.target = &target};
    const struct channel_response answer = answer_of(200, read);
    struct channel_fetch next = {.request = {.url = "unset"}};
    struct err err = {0};
    void *state = NULL;

    assert_true(
        account->kind->push_next(account, &push, 1, "key", &answer, &state, arena, &next, &err));
    return next.request;
}

/* Every byte of what is written is known beforehand: all of every sibling, and of the product all
   but its quantity. */
static void only_the_quantity_of_the_product_changes(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct channel_account account = account_of(arena, "", "");
        struct told told = {0};

        random_state = seed;
        int products = 1 + random_below(8);
        int target = random_below((size_t)products);
        int64_t wanted = random_below(20);
        put_inventory(&told, products, target, wanted);
        const struct channel_request request =
            write_of(&account, arena_printf(arena, "99/SKU %02d", target), wanted,
                     buf_str(&told.read), arena);
        assert_string_equal(request.method, "PUT");
        if (strcmp(request.body, buf_str(&told.write)) != 0)
            fail_msg("seed %u:\n%s\ninstead of\n%s", seed, request.body, buf_str(&told.write));
        buf_release(&told.read);
        buf_release(&told.write);
    }
}

#define SHOE(id, color, size, quantity)                                                           \
    "{\"product_id\":" id ",\"sku\":\"SHOE\",\"property_values\":[{\"property_id\":200,"          \
    "\"value_ids\":[" color "]},{\"property_id\":100,\"value_ids\":[" size "]}],\"offerings\":[{" \
    "\"quantity\":" quantity ",\"is_enabled\":true,\"price\":1}]}"
#define SHOES(on)                                                        \
    "{\"products\":[" SHOE("1", "8", "11", "3") "," SHOE("2", "8", "12", \
                                                         "3") "],"       \
                                                              "\"quantity_on_property\":[" on "]}"

static void a_quantity_that_is_shared_is_written_to_all_or_to_none(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(write_of(&account, "99/100=11+200=8", 4, SHOES("200"), arena).url, "");
    assert_string_equal(write_of(&account, "99/100=11+200=8", 4, SHOES(""), arena).url, "");
    assert_string_not_equal(write_of(&account, "99/100=11+200=8", 4, SHOES("100"), arena).url, "");
    assert_string_not_equal(write_of(&account, "99/SHOE", 4, SHOES("200"), arena).url, "");
    assert_string_equal(write_of(&account, "99/SHOE", 4, SHOES("100"), arena).url, "");
    assert_string_not_equal(write_of(&account, "99", 4, SHOES(""), arena).url, "");
    account = account_of(arena, "shared_quantity", "write");
    const char *body = write_of(&account, "99/100=11+200=8", 4, SHOES("200"), arena).body;
    assert_non_null(strstr(strstr(body, "\"quantity\":4") + 1, "\"quantity\":4"));
    assert_null(strstr(body, "\"quantity\":3"));
}

/* Tried again after an answer got lost, a zero is not written a second time: a listing that was
   restocked and is sold out once more costs its fee again. */
static void what_is_shown_already_is_not_written_again(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(write_of(&account, "99/SHOE", 3, SHOES("200"), arena).url, "");
    assert_string_equal(write_of(&account, "99/NO SHOE", 4, SHOES("200"), arena).url, "");
    assert_string_equal(write_of(&account, "99/SHOE", 4, "{}", arena).url, "");
    assert_string_equal(write_of(&account, "99/SHOE", 4, "nonsense", arena).url, "");
}

/* What is left out is removed: a listing that is not understood whole stays as it is. */
static void what_is_not_understood_is_not_written(void **state)
{
    static const char *const odd[] = {
        "{\"sku\":\"B\",\"offerings\":[[1]]}",
        "{\"sku\":\"B\",\"offerings\":{\"quantity\":1}}",
        "{\"sku\":\"B\",\"offerings\":[],\"property_values\":[[1]]}",
        "[\"B\"]",
        "\"B\"",
    };

    (void)state;
    for (size_t i = 0; i <= sizeof(odd) / sizeof(*odd); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct channel_account account = account_of(arena, "", "");
        const char *sibling =
            i == 0 ? "{\"sku\":\"B\",\"offerings\":[{\"quantity\":1}]}" : odd[i - 1];
        const char *read = arena_printf(
            arena,
            "{\"products\":[{\"sku\":\"A\",\"offerings\":[{\"quantity\":3}],\"property_values\":"
            "[{\"property_id\":200,\"value_ids\":[1]}]},%s],\"quantity_on_property\":[200]}",
            sibling);

        assert_string_equal(write_of(&account, "99/A", 2, read, arena).url[0] == '\0' ? "" : "PUT",
                            i == 0 ? "PUT" : "");
    }
}

static void the_query_keeps_processing_profiles(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(write_of(&account, "99/SHOE", 4, SHOES("200"), arena).url,
                        "https://api.test/v3/application/listings/99/inventory?legacy=false");
    account = account_of(arena, "inventory_query", "");
    assert_string_equal(write_of(&account, "99/SHOE", 4, SHOES("200"), arena).url,
                        "https://api.test/v3/application/listings/99/inventory");
}

/* ---- receipts ---- */

static const struct event *line_of(struct arena *arena, const struct channel_account *account,
                                   const char *status, const char *line)
{
    const char *body =
        arena_printf(arena,
                     "{\"receipt_id\":1,\"status\":\"%s\",\"created_timestamp\":1695659962,"
                     "\"updated_timestamp\":1695989398,\"transactions\":[{\"transaction_id\":2,"
                     "\"listing_id\":99,\"quantity\":3,\"sku\":\"RED\",\"product_data\":[{"
                     "\"property_id\":200,\"value_ids\":[8]}]%s}]}",
                     status, line);
    const struct channel_notification notification = {.captured_via = EVENT_VIA_POLL,
                                                      .body = body,
                                                      .body_len = strlen(body),
                                                      .received_ms = 1695989399000};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    if (!channel_events(account, &notification, "host", NULL, NULL, arena, &events, &bad, &err))
        fail_msg("%s", err.text);
    assert_true(events.len > 0);
    return &events.events[0];
}

static void cancelled_units_are_those_that_will_not_go_out(void **state)
{
    static const char shipped[] = ",\"shipped_timestamp\":1695989397";
    static const struct {
        const char *status;
        const char *line;
        const char *setting;
        const char *value;
        int64_t cancelled; /* of 3 */
    } cases[] = {
        {"open",               "",      "",              "",                         0},
        {"Payment Processing", "",      "",              "",                         0},
        {"payment_processing", "",      "idle_statuses", "open, payment processing", 3},
        {"Paid",               "",      "",              "",                         0},
        {"Canceled",           "",      "",              "",                         3},
        {"cancelled",          "",      "",              "",                         3},
        {"canceled",           shipped, "",              "",                         0},
        {"Fully Refunded",     "",      "",              "",                         3},
        {"Fully Refunded",     "",      "refunds",       "money",                    0},
        {"Fully Refunded",     shipped, "",              "",                         0},
        {"partially refunded", "",      "",              "",                         0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        const struct channel_account account = account_of(arena, cases[i].setting, cases[i].value);
        int64_t cancelled =
            line_of(arena, &account, cases[i].status, cases[i].line)->order_line.cancelled;

        if (cancelled != cases[i].cancelled)
            fail_msg("case %zu: %lld cancelled", i, (long long)cancelled);
    }
}

static void later_steps_win_within_one_second(void **state)
{
    static const char *const steps[] = {"open",      "payment processing", "paid",
                                        "completed", "partially refunded", "fully refunded",
                                        "canceled"};
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");
    int64_t second = 1695989398000;
    int64_t before = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        int64_t version = line_of(arena, &account, steps[i], "")->order_line.version_ms;

        assert_in_range(version, second, second + 999);
        assert_true(version > before);
        before = version;
    }
}

static void the_listing_key_says_what_names_a_product(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(line_of(arena, &account, "Paid", "")->order_line.listing, "99/RED");
    account = account_of(arena, "listing_key", "variation");
    assert_string_equal(line_of(arena, &account, "Paid", "")->order_line.listing, "99/200=8");
}

/* ---- signatures ---- */

static bool is_verified(const struct channel_account *account, const char *signature)
{
    const struct channel_header headers[] = {
        {"webhook-signature", signature   },
        {"webhook-id",        "msg_1"     },
        {"webhook-timestamp", "1695989399"},
    };
    const struct channel_notification notification = {.headers = headers,
                                                      .headers_len = ARRAY_LEN(headers),
                                                      .body = "{}",
                                                      .body_len = 2,
                                                      .received_ms = 1695989399000};

    return channel_verify(account, &notification);
}

/* printf 'msg_1.1695989399.{}' | openssl dgst -sha256 -hmac 'key of the tests' -binary | base64 */
#define SIGNATURE "O1g+Ky33d7OC0Frfgr50emh7YYRuBddKV2T3Zm5gHZk="

static void signatures_have_their_prefix_or_not(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_true(is_verified(&account, "v1," SIGNATURE));
    assert_true(is_verified(&account, SIGNATURE));
    assert_true(is_verified(&account, "v1a,bm8= v1," SIGNATURE));
    assert_false(is_verified(&account, "v1a," SIGNATURE));
    assert_false(is_verified(&account, "v1,"));
    assert_false(is_verified(&account, ""));
}

/* ---- webhooks ---- */

static const char *hint_of(struct arena *arena, const char *account_name, const char *shop)
{
    struct channel_account account = account_of(arena, "", "");
    const char *body = arena_printf(
        arena,
        "{\"event_type\":\"order.paid\",\"resource_url\":\"https://evil.test/shops/777/"
        "receipts/234567890\",\"shop_id\":%s}",
        shop);
    const struct channel_notification notification = {
        .captured_via = EVENT_VIA_PUSH, .body = body, .body_len = strlen(body), .received_ms = 1};
    struct channel_hints hints = {0};
    struct err err = {0};

    account.account = account_name;
    if (!account.kind->hints(&account, &notification, arena, &hints, &err))
        return err_code_name(err.code);
    return hints.len == 1 ? hints.hints[0] : "";
}

static void webhooks_of_another_shop_are_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(hint_of(arena, "777", "777"), "receipt:777/234567890");
    assert_string_equal(hint_of(arena, "777", "\"777\""), "receipt:777/234567890");
    assert_string_equal(hint_of(arena, "777", "null"), "receipt:777/234567890");
    assert_string_equal(hint_of(arena, "", "778"), "receipt:778/234567890");
    assert_string_equal(hint_of(arena, "", "null"), "receipt:777/234567890");
    assert_string_equal(hint_of(arena, "777", "778"), "reject");
}

/* ---- tokens ---- */

static void tokens_are_refreshed_for_the_keystring(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of(arena, "", "");
    struct channel_request request = {.url = "unset"};

    (void)state;
    account.kind->login(&account, "123.a+b/c", 0, arena, &request);
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "https://api.etsy.com/v3/public/oauth/token");
    assert_string_equal(request.headers[0].value, "application/x-www-form-urlencoded");
    assert_string_equal(request.body, "grant_type=refresh_token&client_id=key%20string"
                                      "&refresh_token=123.a%2Bb%2Fc");
    account.kind->login(&account, "", 0, arena, &request);
    assert_string_equal(request.url, "");
}

static enum err_code grant(struct arena *arena, int status, const char *body,
                           struct channel_grant *ret_grant)
{
    const struct channel_account account = account_of(arena, "", "");
    const struct channel_response answer = answer_of(status, body);
    struct err err = {0};

    *ret_grant = (struct channel_grant){0};
    return account.kind->granted(&account, &answer, 0, arena, ret_grant, &err) ? ERR_NONE
                                                                               : err.code;
}

static void every_refresh_token_is_good_once(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_grant granted;

    (void)state;
    assert_int_equal(grant(arena, 200,
                           "{\"access_token\":\"1.x\",\"token_type\":\"Bearer\","
                           "\"expires_in\":3600,\"refresh_token\":\"1.y\"}",
                           &granted),
                     ERR_NONE);
    assert_string_equal(granted.token, "1.x");
    assert_string_equal(granted.refresh_token, "1.y");
    assert_int_equal(granted.life_ms, 3600000);
    assert_int_equal(grant(arena, 400, "{\"error\":\"invalid_grant\"}", &granted), ERR_REJECT);
    assert_int_equal(grant(arena, 401, "", &granted), ERR_REJECT);
    assert_int_equal(grant(arena, 200, "{\"access_token\":\"1.x\"}", &granted), ERR_RETRY);
    assert_int_equal(grant(arena, 200, "<html>", &granted), ERR_RETRY);
}

/* ---- polls ---- */

static const char *poll(const struct channel_account *account, int64_t page, size_t receipts,
                        struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct channel_request request = {.url = "unset"};

    buf_text(&body, "{\"count\":99,\"results\":[");
    for (size_t i = 0; i < receipts; i++)
        buf_text(&body, i == 0 ? "{}" : ",{}");
    buf_text(&body, "]}");
    const struct channel_response previous = answer_of(200, buf_str(&body));
    account->kind->poll(account, 1695989398500, page, page == 1 ? NULL : &previous, arena,
                        &request);
    return request.url;
}

static void polls_ask_until_a_page_is_not_full(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of(arena, "", "");

    (void)state;
    assert_string_equal(poll(&account, 1, 0, arena),
                        "https://api.test/v3/application/shops/123456/receipts"
                        "?min_last_modified=1695989398&sort_on=created&sort_order=asc&limit=20"
                        "&offset=0");
    assert_non_null(strstr(poll(&account, 3, 20, arena), "&offset=40"));
    assert_string_equal(poll(&account, 2, 19, arena), "");
    account = account_of(arena, "modified_since", "min_updated");
    assert_non_null(strstr(poll(&account, 1, 0, arena), "?min_updated=1695989398&"));
    account.account = "";
    assert_string_equal(poll(&account, 1, 0, arena), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_quantity_of_the_product_changes),
        cmocka_unit_test(a_quantity_that_is_shared_is_written_to_all_or_to_none),
        cmocka_unit_test(what_is_shown_already_is_not_written_again),
        cmocka_unit_test(what_is_not_understood_is_not_written),
        cmocka_unit_test(the_query_keeps_processing_profiles),
        cmocka_unit_test(cancelled_units_are_those_that_will_not_go_out),
        cmocka_unit_test(later_steps_win_within_one_second),
        cmocka_unit_test(the_listing_key_says_what_names_a_product),
        cmocka_unit_test(signatures_have_their_prefix_or_not),
        cmocka_unit_test(webhooks_of_another_shop_are_refused),
        cmocka_unit_test(tokens_are_refreshed_for_the_keystring),
        cmocka_unit_test(every_refresh_token_is_good_once),
        cmocka_unit_test(polls_ask_until_a_page_is_not_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
