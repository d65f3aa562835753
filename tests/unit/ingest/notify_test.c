#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/ingest/notify.h"
#include "services/ingest/refused.h"

static void an_account_is_the_same_in_any_case_and_with_a_slash(void **state)
{
    (void)state;
    assert_true(ingest_notify_is_account("a.myshopify.com", "A.myshopify.com"));
    assert_true(ingest_notify_is_account("https://shop.example", "https://shop.example/"));
    assert_true(ingest_notify_is_account("https://shop.example/", "https://shop.example"));
    assert_false(ingest_notify_is_account("a.myshopify.com", "b.myshopify.com"));
    assert_false(ingest_notify_is_account("a.myshopify.com", "a.myshopify.com.evil.example"));
    assert_false(ingest_notify_is_account("a.myshopify.com", ""));
    assert_false(ingest_notify_is_account("a.myshopify.com", NULL));
}

static void headers_with_secrets_stay_out_of_the_topic(void **state)
{
    static const char *const secret[] = {"X-Shopify-Hmac-Sha256", "x-wc-webhook-signature",
                                         "Authorization",         "Cookie",
                                         "Proxy-Authorization",   "X-Access-Token",
                                         "X-Api-Key",             "X-Own"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(secret); i++)
        assert_false(ingest_refused_keeps_header(secret[i], "x-own"));
    assert_true(ingest_refused_keeps_header("X-Shopify-Topic", "x-own"));
    assert_true(ingest_refused_keeps_header("Content-Type", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_the_same_in_any_case_and_with_a_slash),
        cmocka_unit_test(headers_with_secrets_stay_out_of_the_topic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
