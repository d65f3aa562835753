/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "tools/sandbox/signature.h"

/* Constants from `openssl dgst -sha256 -hmac` and Python's hmac; the first is also widely known. */

static void a_known_text_has_its_known_signature(void **state)
{
    (void)state;
    const char *body = "The quick brown fox jumps over the lazy dog";
    char text[SANDBOX_SIGNATURE_LEN + 1];

    sandbox_signature_text("key", body, strlen(body), text);

    assert_string_equal(text, "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=");
}

static void an_empty_body_has_one_too(void **state)
{
    (void)state;
    char text[SANDBOX_SIGNATURE_LEN + 1];

    sandbox_signature_text("s", NULL, 0, text);

    assert_string_equal(text, "ZOygfM5nkpw1fWPQpK7CB+d0gAQDKYkU/ATojOAqxJ8=");
}

static void woocommerce_signs_with_the_decoded_secret(void **state)
{
    (void)state;
    const char *body = "{\"id\":727}";
    SCOPED(buf) struct buf secret = {0};
    char text[SANDBOX_SIGNATURE_LEN + 1];

    sandbox_signature_decode_secret("a&amp;b&quot;c&#039;&lt;d&gt;", &secret);
    sandbox_signature_text(buf_str(&secret), body, strlen(body), text);

    assert_string_equal(buf_str(&secret), "a&b\"c'<d>");
    assert_string_equal(text, "zDe+7NqpWGIwgMCNznlg4uE/klH9ber1u+vCA/EsnVM=");
}

static void a_bare_ampersand_stays(void **state)
{
    (void)state;
    SCOPED(buf) struct buf secret = {0};

    sandbox_signature_decode_secret("a&b&ampc&", &secret);

    assert_string_equal(buf_str(&secret), "a&b&ampc&");
}

static void a_digest_is_cut_to_length(void **state)
{
    (void)state;
    char text[65];

    sandbox_signature_digest("abc", 3, text, 64);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sandbox_signature_digest("abc", 3, text, 8);
    assert_string_equal(text, "ba7816bf");
}

/* The vector that Standard Webhooks publishes. */
static void standard_webhooks_sign_id_time_and_body(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf key = {0};
    SCOPED(buf) struct buf body = {0};

    (void)state;
    buf_text(&body, "{\"test\": 2432232314}");
    assert_true(buf_unbase64(&key, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32));
    assert_string_equal(sandbox_signature_standard(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                                                   &body, arena),
                        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_text_has_its_known_signature),
        cmocka_unit_test(an_empty_body_has_one_too),
        cmocka_unit_test(woocommerce_signs_with_the_decoded_secret),
        cmocka_unit_test(a_bare_ampersand_stays),
        cmocka_unit_test(a_digest_is_cut_to_length),
        cmocka_unit_test(standard_webhooks_sign_id_time_and_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
