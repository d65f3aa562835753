/* Every form of signature that a descriptor or a spec can say. Expected: the published vector of
   Standard Webhooks; for the others Python's hmac, hmac.new(b"key", text, digest). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "channels/channel.h"

enum { NOW_S = 1614265330 };

struct sent {
    struct channel_header headers[3];
    const char *body;
    int64_t received_ms;
};

static struct sent sent(const char *signature)
{
    return (struct sent){
        .headers = {{"S", signature},
                    {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
                    {"webhook-timestamp", "1614265330"}},
        .body = "{\"test\": 2432232314}",
        .received_ms = NOW_S * INT64_C(1000),
    };
}

static bool is_verified(const struct channel_signature *signature, const char *secret,
                        const struct sent *sent)
{
    const struct channel_kind kind = {.name = "any", .signature = *signature};
    const struct channel_account account = {
        .kind = &kind, .secrets = {secret, ""}
    };
    const struct channel_notification notification = {.headers = sent->headers,
                                                      .headers_len = 3,
                                                      .body = sent->body,
                                                      .body_len = strlen(sent->body),
                                                      .received_ms = sent->received_ms};

    return channel_verify(&account, &notification);
}

static const struct channel_signature standard_webhooks = {
    .scheme = CHANNEL_SIGNATURE_HMAC,
    .header = "S",
    .secret = CHANNEL_SECRET_BASE64,
    .prefix = "v1,",
    .is_list = true,
    .signs = "{id}.{timestamp}.{body}",
    .id_header = "webhook-id",
    .timestamp_header = "webhook-timestamp",
    .tolerance_ms = 300000,
};
static const char standard_secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
#define STANDARD_SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static void the_published_vector_verifies(void **state)
{
    static const char *const good[] = {
        STANDARD_SIGNATURE,
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7Ad " STANDARD_SIGNATURE,
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= " STANDARD_SIGNATURE,
    };
    static const char *const bad[] = {
        "",
        "v1,",
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE",
        "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const struct sent one = sent(good[i]);

        assert_true(is_verified(&standard_webhooks, standard_secret, &one));
        assert_true(is_verified(&standard_webhooks, standard_secret + strlen("whsec_"), &one));
        assert_false(is_verified(&standard_webhooks, "whsec_AAAA", &one));
        assert_false(is_verified(&standard_webhooks, "no base64", &one));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct sent one = sent(bad[i]);

        assert_false(is_verified(&standard_webhooks, standard_secret, &one));
    }
}

static void id_timestamp_and_body_are_all_signed(void **state)
{
    struct sent one = sent(STANDARD_SIGNATURE);

    (void)state;
    one.headers[1].value = "msg_another";
    assert_false(is_verified(&standard_webhooks, standard_secret, &one));
    one = sent(STANDARD_SIGNATURE);
    one.headers[2].value = "1614265331";
    assert_false(is_verified(&standard_webhooks, standard_secret, &one));
    one = sent(STANDARD_SIGNATURE);
    one.body = "{\"test\": 2432232315}";
    assert_false(is_verified(&standard_webhooks, standard_secret, &one));
}

static void a_replay_outside_the_window_is_refused(void **state)
{
    static const struct {
        int64_t after_ms;
        bool good;
    } cases[] = {
        {0,       true },
        {299999,  true },
        {300000,  true },
        {300001,  false},
        {-300000, true },
        {-300001, false},
    };
    struct sent one = sent(STANDARD_SIGNATURE);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        one.received_ms = NOW_S * INT64_C(1000) + cases[i].after_ms;
        assert_int_equal(is_verified(&standard_webhooks, standard_secret, &one), cases[i].good);
    }
}

static const struct {
    struct channel_signature signature;
    const char *sent;
} forms[] = {
    {{.digest = CHANNEL_DIGEST_SHA256, .encoding = CHANNEL_ENCODING_HEX, .prefix = "sha256="},
     "sha256=ad1a616fa5d45e0552fd84752e21f775525a9caa345c9b14fa23d8435584f7e9"},
    {{.digest = CHANNEL_DIGEST_SHA1, .encoding = CHANNEL_ENCODING_HEX},
     "8e26225c9a1fc38c1e51967540ccd8f7b7b87d39"},
    {{.digest = CHANNEL_DIGEST_SHA512},
     "pWissoHhP2xo98MUKVkXs92gDW2wMt9ha1APqgeY8Lqp"
     "3YXfN5NogU+Ppi2W1vx6MfawBOncmPAZF39Iu1LfaA=="},
    {{.signs = "{timestamp}:{body}", .timestamp_header = "webhook-timestamp"},
     "AQvJmiPe3cT2OF+YU7ptUSDjjO2LvBmi7gwDZX7TdOQ="},
};

static void digests_encodings_and_prefixes_are_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct channel_signature signature = forms[i].signature;
        const struct sent one = sent(forms[i].sent);

        signature.scheme = CHANNEL_SIGNATURE_HMAC;
        signature.header = "S";
        assert_true(is_verified(&signature, "key", &one));
        assert_false(is_verified(&signature, "Key", &one));
    }
}

/* The header holds the secret itself. */
static void a_token_is_compared_as_it_is(void **state)
{
    const struct channel_signature signature = {.scheme = CHANNEL_SIGNATURE_TOKEN,
                                                .header = "S",
                                                .prefix = "Bearer "};
    const struct sent good = sent("Bearer s3cret");
    const struct sent bare = sent("s3cret");
    const struct sent longer = sent("Bearer s3crets");

    (void)state;
    assert_true(is_verified(&signature, "s3cret", &good));
    assert_false(is_verified(&signature, "s3cre", &good));
    assert_false(is_verified(&signature, "", &good));
    assert_false(is_verified(&signature, "s3cret", &bare));
    assert_false(is_verified(&signature, "s3cret", &longer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_verifies),
        cmocka_unit_test(id_timestamp_and_body_are_all_signed),
        cmocka_unit_test(a_replay_outside_the_window_is_refused),
        cmocka_unit_test(digests_encodings_and_prefixes_are_data),
        cmocka_unit_test(a_token_is_compared_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
