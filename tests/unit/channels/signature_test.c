/* Every form of signature that a descriptor or a spec can say. Expected: the published vector of
   Standard Webhooks and those of TikTok Shop and eBay; for the others Python's hmac,
   hmac.new(b"key", text, digest). */
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

/* "t=<time>,v1=<hex>", as Stripe has it; others write "ts=<time>;h1=<hex>". */
#define LISTED "e072942fa4edb85c6ffa1c52b27567eb3d1cdc7d03704cdd5ad5487eefb4b2f3"
static void a_timestamp_may_stand_in_the_list(void **state)
{
    static const char *const good[] = {
        "t=1614265330,v1=" LISTED,
        "v1=" LISTED ", t=1614265330",
        "t=1614265330,v0=aa,v1=00,v1=" LISTED,
    };
    static const char *const bad[] = {
        "",
        "t=1614265330",
        "v1=" LISTED,
        "t=1614265331,v1=" LISTED,
        "t=1614265330,v0=" LISTED,
        "t=1614265330;v1=" LISTED,
        "t=,v1=" LISTED,
        "t=16142653300000000000000000000000000000000000000000000000,v1=" LISTED,
    };
    struct channel_signature signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                                          .header = "S",
                                          .encoding = CHANNEL_ENCODING_HEX,
                                          .prefix = "v1=",
                                          .is_list = true,
                                          .separator = ",",
                                          .timestamp_prefix = "t=",
                                          .signs = "{timestamp}.{body}",
                                          .tolerance_ms = 300000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct sent one = sent(good[i]);

        assert_true(is_verified(&signature, "key", &one));
        one.received_ms += 300001;
        assert_false(is_verified(&signature, "key", &one));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct sent one = sent(bad[i]);

        assert_false(is_verified(&signature, "key", &one));
    }
    const struct sent semicolons = sent("ts=1614265330;h1=" LISTED);
    signature.separator = ";";
    signature.prefix = "h1=";
    signature.timestamp_prefix = "ts=";
    assert_true(is_verified(&signature, "key", &semicolons));
}

/* Senders write the time in one of three ways; what is signed is its text. */
static void a_timestamp_is_seconds_milliseconds_or_rfc_3339(void **state)
{
    static const struct {
        const char *timestamp;
        const char *signature;
    } times[] = {
        {"1614265330000",
         "d3e14d5aa68ee5b21f4c2f6c1eb587127c37f6f53c2c9587eb4c00514fe96539"},
        {"2021-02-25T15:02:10Z",
         "cdad329f3b031e5ce6d47e93c49f057c3f20b4a9960023c15d7cd36395b4f3c9"},
    };
    const struct channel_signature signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                                                .header = "S",
                                                .encoding = CHANNEL_ENCODING_HEX,
                                                .timestamp_header = "webhook-timestamp",
                                                .signs = "{timestamp}{body}",
                                                .tolerance_ms = 300000};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct sent one = sent(times[i].signature);

        one.headers[2].value = times[i].timestamp;
        assert_true(is_verified(&signature, "key", &one));
        one.received_ms -= 300001;
        assert_false(is_verified(&signature, "key", &one));
    }
}

/* Text that is no name stands for itself: the address that the sender knows, and the body. */
static void an_address_and_the_body_are_signed(void **state)
{
    const struct channel_kind kind = {
        .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                      .header = "S",
                      .encoding = CHANNEL_ENCODING_HEX,
                      .signs = "https://hooks.example{path}{body}"},
    };
    const struct channel_account account = {
        .kind = &kind, .secrets = {"key", ""}
    };
    const struct sent one =
        sent("987742ff68da2946a1508a14b99dcf8bbb7d945bae2aea3127b39c40b0d82fe8");
    struct channel_notification notification = {.headers = one.headers,
                                                .headers_len = 3,
                                                .body = one.body,
                                                .body_len = strlen(one.body),
                                                .path = "/v1/notify/shop?a=1"};

    (void)state;
    assert_true(channel_verify(&account, &notification));
    notification.path = "/v1/notify/shop?a=2";
    assert_false(channel_verify(&account, &notification));
}

/* The header holds the secret itself. */
static void a_token_is_compared_as_it_is(void **state)
{
    const struct channel_signature signature = {
        .scheme = CHANNEL_SIGNATURE_TOKEN, .header = "S", .prefix = "Bearer "};
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

/* The published vector of TikTok Shop: the app's key before the body, of which it is a setting. */
static void settings_of_the_channel_are_signed(void **state)
{
    static const char body[] =
        "{\"type\":1,\"tts_notification_id\":\"7380066284010030890\",\"shop_id\":\"7495540735365777"
        "507\",\"timestamp\":1718305585,\"data\":{\"is_on_hold_order\":true,\"order_id\":\"57665368"
        "8135258178\",\"order_status\":\"UNPAID\",\"update_time\":1718305585}}";
    static const struct channel_setting settings[] = {
        {.name = "app_key", .what = "key of the app"},
        {0},
    };
    const struct channel_kind kind = {
        .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                      .header = "Authorization",
                      .encoding = CHANNEL_ENCODING_HEX,
                      .signs = "{setting:app_key}{body}"},
        .settings = settings,
    };
    const char *values[] = {"abcdef"};
    struct channel_account account = {
        .kind = &kind, .secrets = {"123", ""},
             .settings = values
    };
    const struct channel_header headers[] = {
        {"authorization", "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"}
    };
    const struct channel_notification notification = {
        .headers = headers, .headers_len = 1, .body = body, .body_len = strlen(body)};

    (void)state;
    assert_true(channel_verify(&account, &notification));
    values[0] = "abcdeg";
    assert_false(channel_verify(&account, &notification));
}

/* Every name of a template, and text that is none. */
static void the_request_and_the_account_are_signed(void **state)
{
    static const struct channel_setting settings[] = {
        {.name = "own", .what = "text"},
        {0            },
    };
    const struct channel_kind kind = {
        .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                      .header = "S",
                      .signs = "{method}\n{path}\n{account}\n{body_sha256}\n{setting:own}\n{no}{"},
        .settings = settings,
    };
    const char *values[] = {"value"};
    const struct channel_account account = {
        .kind = &kind, .account = "acct", .secrets = {"key", ""},
                .settings = values
    };
    const struct sent one = sent("z/aJO12r8kR//3RZ0LYLuSAwasNhBDWsldUlxHh2/+E=");
    struct channel_notification notification = {
        .headers = one.headers,
        .headers_len = 3,
        .body = one.body,
        .body_len = strlen(one.body),
        .method = "POST",
        .path = "/v1/notify/x?a=1",
    };

    (void)state;
    assert_true(channel_verify(&account, &notification));
    notification.path = "/v1/notify/x?a=2";
    assert_false(channel_verify(&account, &notification));
}

/* Senders whose form nobody could confirm. */
static void any_encoding_and_an_optional_prefix_are_taken(void **state)
{
    static const char *const good[] = {
        "ad1a616fa5d45e0552fd84752e21f775525a9caa345c9b14fa23d8435584f7e9",
        "AD1A616FA5D45E0552FD84752E21F775525A9CAA345C9B14FA23D8435584F7E9",
        "rRphb6XUXgVS/YR1LiH3dVJanKo0XJsU+iPYQ1WE9+k=",
        "sha256=ad1a616fa5d45e0552fd84752e21f775525a9caa345c9b14fa23d8435584f7e9",
        "SHA256=rRphb6XUXgVS/YR1LiH3dVJanKo0XJsU+iPYQ1WE9+k=",
    };
    static const char *const bad[] = {
        "bd1a616fa5d45e0552fd84752e21f775525a9caa345c9b14fa23d8435584f7e9",
        "sha1=ad1a616fa5d45e0552fd84752e21f775525a9caa345c9b14fa23d8435584f7e9",
        "",
    };
    const struct channel_signature signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                                                .header = "S",
                                                .encoding = CHANNEL_ENCODING_ANY,
                                                .prefix = "sha256=",
                                                .prefix_is_optional = true};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const struct sent one = sent(good[i]);

        assert_true(is_verified(&signature, "key", &one));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct sent one = sent(bad[i]);

        assert_false(is_verified(&signature, "key", &one));
    }
}

static void user_and_password_come_as_http_basic_with_its_word_or_without(void **state)
{
    const struct channel_signature signature = {.scheme = CHANNEL_SIGNATURE_TOKEN,
                                                .header = "S",
                                                .secret = CHANNEL_SECRET_BASIC,
                                                .prefix = "Basic ",
                                                .prefix_is_optional = true};
    const struct sent good = sent("Basic bWU6czNjcmV0");
    const struct sent bare = sent("bWU6czNjcmV0");
    const struct sent plain = sent("me:s3cret");

    (void)state;
    assert_true(is_verified(&signature, "me:s3cret", &good));
    assert_true(is_verified(&signature, "me:s3cret", &bare));
    assert_false(is_verified(&signature, "me:s3cret", &plain));
    assert_false(is_verified(&signature, "me:s3crets", &good));
}

/* The vector of eBay's event-notification-nodejs-sdk, test/test.json. */
static const char ecdsa_body[] =
    "{\"metadata\":{\"topic\":\"MARKETPLACE_ACCOUNT_DELETION\",\"schemaVersion\":\"1.0\",\"depr"
    "ecated\":false},\"notification\":{\"notificationId\":\"49feeaeb-4982-42d9-a377-9645b847941"
    "1_33f7e043-fed8-442b-9d44-791923bd9a6d\",\"eventDate\":\"2021-03-19T20:43:59.462Z\",\"publ"
    "ishDate\":\"2021-03-19T20:43:59.679Z\",\"publishAttemptCount\":1,\"data\":{\"username\":\""
    "test_user\",\"userId\":\"ma8vp1jySJC\",\"eiasToken\":\"nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+"
    "gAZGEpwmdj6x9nY+seQ==\"}}}";
static const char ecdsa_good[] =
    "eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2Y2NiNDI4YWY0OSIsInNpZ25hdH"
    "VyZSI6Ik1FWUNJUUNmeGZJV3V4bVdjSUJRSjljNS9YN2lHREpxczJSQ0dzQkVhQWppbnlycmZBSWhBSVY2d0djVGlC"
    "dVY1S0pVaWYyaG9reXJMK1E5c3NIa2FkK214Mm5FRTI1dyIsImRpZ2VzdCI6IlNIQTEifQ==";
static const char ecdsa_mismatch[] =
    "eyJhbGciOiJlY2RzYSIsImtpZCI6Ijk5MzYyNjFhLTdkN2ItNDYyMS1hMGYxLTk2Y2NiNDI4YWY0OSIsInNpZ25hdH"
    "VyZSI6Ik1FVUNJUUNHY1NubUFrVGZyK1paMlZnMGJXRW9zOGEvdGVCcWk3UGU2OCtoR21MTUNRSWdlRnZrcnRvKzhk"
    "czhSVndJM0dnbjFtTUdDck5NRVpKM1NSbE8yZngveHFJPSIsImRpZ2VzdCI6IlNIQTEifQ==";
static const char ecdsa_pem[] =
    "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgB"
    "B7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==-----END PUBLIC KEY-----";

static bool is_verified_with(const char *header, const char *body, const struct channel_key *key)
{
    const struct channel_kind kind = {
        .signature = {.scheme = CHANNEL_SIGNATURE_ECDSA, .header = "X-EBAY-SIGNATURE"}
    };
    const struct channel_account account = {.kind = &kind};
    const struct channel_header headers[] = {
        {"x-ebay-signature", header}
    };
    const struct channel_notification notification = {
        .headers = headers, .headers_len = 1, .body = body, .body_len = strlen(body), .key = key};

    return channel_verify(&account, &notification);
}

static void an_ecdsa_signature_verifies_with_the_key_that_it_names(void **state)
{
    static const char broken[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgB\n"
        "B7IsYOyf76ilExJ/upAa/vKIKheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==\n"
        "-----END PUBLIC KEY-----\n";
    static const char other[] =
        "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC9dqPCHGdYG/YwB88zPVch1U+lGl"
        "YN5h7MlPlFrV8PxZseUIUMFPCb5OwxQi5K96Acb7Mv5n3Qb9/ixpBolPag==-----END PUBLIC KEY-----";
    const struct channel_key key = {.pem = ecdsa_pem, .digest = CHANNEL_DIGEST_SHA1};
    const struct channel_key lines = {.pem = broken, .digest = CHANNEL_DIGEST_SHA1};
    const struct channel_key sha256 = {.pem = ecdsa_pem, .digest = CHANNEL_DIGEST_SHA256};
    const struct channel_key stranger = {.pem = other, .digest = CHANNEL_DIGEST_SHA1};
    const struct channel_key none = {.pem = "", .digest = CHANNEL_DIGEST_SHA1};

    (void)state;
    assert_true(is_verified_with(ecdsa_good, ecdsa_body, &key));
    assert_true(is_verified_with(ecdsa_good, ecdsa_body, &lines));
    assert_false(is_verified_with(ecdsa_good, ecdsa_body, &sha256));
    assert_false(is_verified_with(ecdsa_good, ecdsa_body, &stranger));
    assert_false(is_verified_with(ecdsa_good, ecdsa_body, &none));
    assert_false(is_verified_with(ecdsa_good, ecdsa_body, NULL));
    assert_false(is_verified_with(ecdsa_good, ecdsa_body + 1, &key));
    assert_false(is_verified_with(ecdsa_mismatch, ecdsa_body, &key));
    assert_false(is_verified_with("", ecdsa_body, &key));
    assert_false(is_verified_with("e30=", ecdsa_body, &key)); /* {} */
    assert_false(is_verified_with("no base64", ecdsa_body, &key));
}

static const char *key_id_of(const struct channel_kind *kind, const char *header,
                             struct arena *arena)
{
    const struct channel_account account = {.kind = kind};
    const struct channel_header headers[] = {
        {"S", header}
    };
    const struct channel_notification notification = {.headers = headers, .headers_len = 1};

    return channel_key_id(&account, &notification, arena);
}

static void only_an_ecdsa_header_names_a_key(void **state)
{
    const struct channel_kind ecdsa = {
        .signature = {.scheme = CHANNEL_SIGNATURE_ECDSA, .header = "S"}
    };
    const struct channel_kind hmac = {
        .signature = {.scheme = CHANNEL_SIGNATURE_HMAC, .header = "S"}
    };
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(key_id_of(&ecdsa, ecdsa_good, arena),
                        "9936261a-7d7b-4621-a0f1-96ccb428af49");
    assert_null(key_id_of(&ecdsa, "", arena));
    assert_null(key_id_of(&ecdsa, "e30=", arena));
    assert_null(key_id_of(&hmac, ecdsa_good, arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_verifies),
        cmocka_unit_test(id_timestamp_and_body_are_all_signed),
        cmocka_unit_test(a_replay_outside_the_window_is_refused),
        cmocka_unit_test(digests_encodings_and_prefixes_are_data),
        cmocka_unit_test(a_timestamp_may_stand_in_the_list),
        cmocka_unit_test(a_timestamp_is_seconds_milliseconds_or_rfc_3339),
        cmocka_unit_test(an_address_and_the_body_are_signed),
        cmocka_unit_test(a_token_is_compared_as_it_is),
        cmocka_unit_test(settings_of_the_channel_are_signed),
        cmocka_unit_test(the_request_and_the_account_are_signed),
        cmocka_unit_test(any_encoding_and_an_optional_prefix_are_taken),
        cmocka_unit_test(user_and_password_come_as_http_basic_with_its_word_or_without),
        cmocka_unit_test(an_ecdsa_signature_verifies_with_the_key_that_it_names),
        cmocka_unit_test(only_an_ecdsa_header_names_a_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
