/* What is peculiar to TikTok Shop: signatures of both directions, tokens, pages of orders.
   Expected: the vector that TikTok publishes; for requests Python's hmac over the documented text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"
#include "channels/kinds.h"

static const char *const settings[] = {"key", "GCP_a+/=", "ROT_1", "https://auth.test", NULL, NULL};

static struct channel_account account_of(const char *base_url)
{
    return (struct channel_account){
        .name = "tiktok-1",
        .kind = channel_kinds_find("tiktok"),
        .account = "",
        .base_url = base_url,
        .location = "",
        .secrets = {"s3cret", ""},
        .token = "TTP_1",
        .settings = settings,
    };
}

/* ---- notifications ---- */

static const char vector[] =
    "{\"type\":1,\"tts_notification_id\":\"7380066284010030890\",\"shop_id\":\"74955"
    "40735365777507\",\"timestamp\":1718305585,\"data\":{\"is_on_hold_order\":true"
    ",\"order_id\":\"576653688135258178\",\"order_status\":\"UNPAID\",\"update_time\""
    ":1718305585}}";

static bool is_verified(const char *signature, const char *app_key, const char *secret)
{
    const char *const keys[] = {app_key, "c", "r", NULL, NULL, NULL};
    struct channel_account account = account_of("https://api.test");
    const struct channel_header header = {"authorization", signature};
    const struct channel_notification notification = {
        .headers = &header, .headers_len = 1, .body = vector, .body_len = strlen(vector)};

    account.settings = keys;
    account.secrets[0] = secret;
    return channel_verify(&account, &notification);
}

static void the_published_signature_is_good(void **state)
{
    static const char good[] = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05";

    (void)state;
    assert_true(is_verified(good, "abcdef", "123"));
    assert_false(is_verified(good, "abcdeg", "123"));
    assert_false(is_verified(good, "", "123"));
    assert_false(is_verified(good, "abcdef", "124"));
}

static void another_shop_of_the_app_is_refused(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_account account = account_of("https://api.test");
    const struct channel_notification notification = {.body = vector, .body_len = strlen(vector)};
    struct event_list events = {0};
    struct channel_bad_lines bad = {0};
    struct err err = {0};

    (void)state;
    account.account = "7495540735365777507";
    assert_true(account.kind->normalize(&account, &notification, arena, &events, &bad, &err));
    account.account = "7495540735365777508";
    assert_false(account.kind->normalize(&account, &notification, arena, &events, &bad, &err));
    assert_int_equal(err.code, ERR_REJECT);
}

/* ---- requests ---- */

enum { NOW_S = 1718305585 };

static const char *sealed(const char *base_url, const char *path, const char *body,
                          struct arena *arena)
{
    const struct channel_account account = account_of(base_url);
    struct channel_request request = {
        .method = "POST",
        .url = arena_printf(arena, "%s%s", base_url, path),
        .body = body,
        .body_len = strlen(body),
    };

    account.kind->seal(&account, INT64_C(1000) * NOW_S + 999, arena, &request);
    return request.url;
}

static void requests_are_signed_with_time_path_and_body(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(
        sealed("https://api.test",
               "/product/202309/products/1/inventory/update?shop_cipher=GCP_a%2B%2F%3D&app_key=key",
               "{\"skus\":[{\"id\":\"2\",\"inventory\":[{\"quantity\":7}]}]}", arena),
        "https://api.test/product/202309/products/1/inventory/update?shop_cipher=GCP_a%2B%2F%3D"
        "&app_key=key&timestamp=1718305585&sign=f43587ce7de6aa75a525d54b67940be8c7fda04cc74f2be5"
        "f1fa79ea050814b2");
    assert_string_equal(
        sealed("http://localhost:1/base",
               "/order/202507/orders?ids=576461413038785752&app_key=key&shop_cipher=GCP_a%2B%2F%3D",
               "", arena),
        "http://localhost:1/base/order/202507/orders?ids=576461413038785752&app_key=key"
        "&shop_cipher=GCP_a%2B%2F%3D&timestamp=1718305585&sign=4859d3e0dc7f28a36c11efe747482660a"
        "9c45b625d051f370af44e218cee55b7");
}

/* ---- tokens ---- */

static bool granted(const char *body, int status, struct channel_grant *ret_grant,
                    struct arena *arena, struct err *err)
{
    const struct channel_account account = account_of("https://api.test");
    const struct channel_response response = {
        .status = status, .body = body, .body_len = strlen(body)};

    return account.kind->granted(&account, &response, INT64_C(1000) * NOW_S, arena, ret_grant, err);
}

static void tokens_end_at_a_time_not_after_a_span(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct channel_account account = account_of("https://api.test");
    struct channel_request request = {0};
    struct channel_grant grant = {0};
    struct err err = {0};

    (void)state;
    account.kind->login(&account, "ROT_2", INT64_C(1000) * NOW_S, arena, &request);
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.url,
                        "https://auth.test/api/v2/token/refresh?app_key=key&app_secret=s3cret"
                        "&refresh_token=ROT_2&grant_type=refresh_token");
    account.kind->seal(&account, 1, arena, &request);
    assert_null(strstr(request.url, "sign="));
    assert_true(granted("{\"code\":0,\"message\":\"success\",\"data\":{\"access_token\":\"TTP_2\","
                        "\"access_token_expire_in\":1718910385,\"refresh_token\":\"ROT_3\","
                        "\"refresh_token_expire_in\":1750000000}}",
                        200, &grant, arena, &err));
    assert_string_equal(grant.token, "TTP_2");
    assert_string_equal(grant.refresh_token, "ROT_3");
    assert_int_equal(grant.life_ms, INT64_C(604800000));
    assert_true(
        granted("{\"code\":0,\"data\":{\"access_token\":\"T\",\"access_token_expire_in\":60}}", 200,
                &grant, arena, &err));
    assert_int_equal(grant.life_ms, 60000);
    assert_null(grant.refresh_token);
}

static void a_refused_login_is_told_from_a_broken_one(void **state)
{
    /* clang-format off */
    static const struct {
        const char *body;
        int status;
        enum err_code code;
    } cases[] = {
        {"{\"code\":105002,\"message\":\"expired\",\"data\":null}", 200, ERR_REJECT},
        {"{\"code\":36004004,\"message\":\"invalid refresh_token\"}", 200, ERR_REJECT},
        {"{\"code\":36009003,\"message\":\"internal\"}", 200, ERR_RETRY},
        {"{\"code\":0,\"data\":{}}", 200, ERR_RETRY},
        {"{\"code\":0,\"data\":{\"access_token\":\"T\",\"access_token_expire_in\":1718305585}}",
         200, ERR_RETRY},
        {"<html>", 200, ERR_RETRY},
        {"", 0, ERR_RETRY},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        SCOPED(arena) struct arena *arena = arena_new();
        struct channel_grant grant = {0};
        struct err err = {0};

        assert_false(granted(cases[i].body, cases[i].status, &grant, arena, &err));
        assert_int_equal(err.code, cases[i].code);
    }
}

/* ---- polls ---- */

static struct channel_request poll(const char *previous, struct arena *arena)
{
    const struct channel_account account = account_of("https://api.test");
    struct channel_request request = {.url = "unset"};
    const struct channel_response response = {
        .status = 200, .body = previous, .body_len = previous == NULL ? 0 : strlen(previous)};

    account.kind->poll(&account, INT64_C(1718305585999), previous == NULL ? 1 : 2,
                       previous == NULL ? NULL : &response, arena, &request);
    return request;
}

static void changed_orders_are_asked_for_page_by_page(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct channel_request first = poll(NULL, arena);

    (void)state;
    assert_string_equal(first.method, "POST");
    assert_string_equal(first.body, "{\"update_time_ge\":1718305585}");
    assert_string_equal(first.url, "https://api.test/order/202309/orders/search?page_size=30"
                                   "&sort_field=update_time&sort_order=ASC&app_key=key"
                                   "&shop_cipher=GCP_a%2B%2F%3D");
    assert_non_null(strstr(poll("{\"code\":0,\"data\":{\"next_page_token\":\"a+=\"}}", arena).url,
                           "&page_token=a%2B%3D&"));
    assert_string_equal(poll("{\"code\":0,\"data\":{\"next_page_token\":\"\"}}", arena).url, "");
    assert_string_equal(poll("{\"code\":36009002,\"data\":null}", arena).url, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_signature_is_good),
        cmocka_unit_test(another_shop_of_the_app_is_refused),
        cmocka_unit_test(requests_are_signed_with_time_path_and_body),
        cmocka_unit_test(tokens_end_at_a_time_not_after_a_span),
        cmocka_unit_test(a_refused_login_is_told_from_a_broken_one),
        cmocka_unit_test(changed_orders_are_asked_for_page_by_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
