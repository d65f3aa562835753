/* What only eBay's adapter must know, beyond the contract that all kinds share: who may speak, and
   how keys and tokens are asked for. The vectors are eBay's own. */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/json/json.h"

#include "channels/channel.h"
#include "channels/kinds.h"

#define FIXTURES "channels/ebay/fixtures/"

static struct arena *arena;
static const char *values[16];
static struct channel_account account;

static const char *read_file(const char *name)
{
    SCOPED(buf) struct buf bytes = {0};
    FILE *file = fopen(arena_printf(arena, FIXTURES "%s", name), "re");
    char chunk[4096];
    size_t len = 0;

    assert_non_null(file);
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(&bytes, chunk, len);
    fclose(file);
    return arena_strdup(arena, buf_str(&bytes));
}

static void set(const char *name, const char *value)
{
    const struct channel_setting *settings = account.kind->settings;
    size_t at = 0;

    while (strcmp(settings[at].name, name) != 0)
        at++;
    values[at] = value;
}

static int open_account(void **state)
{
    (void)state;
    arena = arena_new();
    memset(values, 0, sizeof(values));
    account = (struct channel_account){
        .name = "ebay-1",
        .kind = channel_kinds_find("ebay"),
        .account = "",
        .base_url = "https://ebay.example",
        .api_version = "",
        .location = "",
        .secrets = {"", ""},
        .token = "USER TOKEN",
        .token_secret = "",
        .return_bucket = "quarantine",
        .settings = values,
    };
    return 0;
}

static int close_account(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- the Notification API: eBay's own vectors ---- */

static const struct json *vectors(const char *which)
{
    const char *text = read_file("signature-vectors-nodejs-sdk.json");
    struct err err = {0};

    return json_get(json_parse(arena, text, strlen(text), &err), which);
}

static bool is_verified(const char *body, const char *header, const struct channel_key *key)
{
    const struct channel_header headers[] = {
        {"Content-Type",     "application/json"},
        {"x-ebay-signature", header            },
    };

    return channel_verify(&account, &(struct channel_notification){.headers = headers,
                                                                   .headers_len = 2,
                                                                   .body = body,
                                                                   .body_len = strlen(body),
                                                                   .key = key});
}

/* As key() makes it of what getPublicKey answered. */
static struct channel_key published_key(void)
{
    struct channel_response response = {.status = 200,
                                        .body = read_file("signature-valid-publickey-200.json")};
    struct channel_fetch next = {0};
    struct channel_key key = {0};
    struct err err = {0};
    void *state = NULL;

    response.body_len = strlen(response.body);
    assert_true(account.kind->key(&account, "kid-1", NULL, &state, arena, &next, &key, &err));
    assert_true(account.kind->key(&account, "kid-1", &response, &state, arena, &next, &key, &err));
    assert_string_equal(next.request.url, "");
    return key;
}

static void the_vectors_of_ebay_are_judged_as_ebay_does(void **state)
{
    (void)state;
    const char *header = json_text(json_get(vectors("VALID"), "signature"));
    const char *body = read_file("signature-valid-body.json");
    const struct channel_key key = published_key();

    assert_true(is_verified(body, header, &key));
    assert_string_equal(header, read_file("signature-valid-header.txt"));
    assert_false(is_verified(body, header, NULL));
    assert_false(is_verified(arena_printf(arena, "%s ", body), header, &key));
    assert_false(is_verified(read_file("MARKETPLACE_ACCOUNT_DELETION.json"), header, &key));
    assert_false(is_verified(read_file("signature-invalid-body.json"), header, &key));
    assert_false(is_verified(body, read_file("signature-mismatch-header.txt"), &key));
    assert_false(
        is_verified(body, json_text(json_get(vectors("SIGNATURE_MISMATCH"), "signature")), &key));
}

static void a_key_is_asked_for_with_a_token_of_the_application(void **state)
{
    (void)state;
    struct channel_response token = {.status = 200,
                                     .body = "{\"access_token\":\"APP\",\"expires_in\":7200}"};
    struct channel_response missing = {.status = 404, .body = "{}", .body_len = 2};
    struct channel_fetch next = {0};
    struct channel_key key = {0};
    struct err err = {0};
    void *reading = NULL;

    set("client_id", "ID");
    set("client_secret", "SECRET");
    token.body_len = strlen(token.body);
    assert_true(account.kind->key(&account, "a-1", NULL, &reading, arena, &next, &key, &err));
    assert_string_equal(next.request.url, "https://ebay.example/identity/v1/oauth2/token");
    assert_string_equal(next.request.user, "ID");
    assert_string_equal(next.request.password, "SECRET");
    assert_string_equal(next.request.body, "grant_type=client_credentials&"
                                           "scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope");
    assert_true(account.kind->key(&account, "a-1", &token, &reading, arena, &next, &key, &err));
    assert_string_equal(next.request.url,
                        "https://ebay.example/commerce/notification/v1/public_key/a-1");
    assert_string_equal(next.request.headers[0].value, "Bearer APP");
    assert_false(account.kind->key(&account, "a-1", &missing, &reading, arena, &next, &key, &err));
    assert_int_equal(err.code, ERR_REJECT);
}

static void a_key_that_can_t_be_had_now_is_asked_for_again(void **state)
{
    (void)state;
    struct channel_response refused = {.status = 401, .body = "{\"error\":\"invalid_client\"}"};
    struct channel_response away = {.status = 503, .body = ""};
    struct channel_fetch next = {0};
    struct channel_key key = {0};
    struct err err = {0};
    void *reading = NULL;

    set("client_id", "ID");
    refused.body_len = strlen(refused.body);
    assert_true(account.kind->key(&account, "a-1", NULL, &reading, arena, &next, &key, &err));
    assert_false(account.kind->key(&account, "a-1", &refused, &reading, arena, &next, &key, &err));
    assert_int_equal(err.code, ERR_RETRY);
    set("client_id", "");
    reading = NULL;
    assert_true(account.kind->key(&account, "a-1", NULL, &reading, arena, &next, &key, &err));
    assert_false(account.kind->key(&account, "a-1", &away, &reading, arena, &next, &key, &err));
    assert_int_equal(err.code, ERR_RETRY);
}

/* It would go into the path of a request that carries a token. */
static void a_key_id_that_is_none_asks_for_nothing(void **state)
{
    static const char *const ids[] = {"", "../../x", "a/b", "a?b=c", "a b", "a%2fb"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct channel_fetch next = {0};
        struct channel_key key = {0};
        struct err err = {0};
        void *reading = NULL;

        assert_false(account.kind->key(&account, ids[i], NULL, &reading, arena, &next, &key, &err));
        assert_int_equal(err.code, ERR_REJECT);
    }
}

static void a_key_of_an_unknown_kind_is_refused(void **state)
{
    static const char *const bodies[] = {
        "{\"key\":\"x\",\"algorithm\":\"ECDSA\",\"digest\":\"MD5\"}",
        "{\"key\":\"x\",\"algorithm\":\"RSA\",\"digest\":\"SHA1\"}",
        "{\"key\":\"\",\"algorithm\":\"ECDSA\",\"digest\":\"SHA1\"}",
        "{}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct channel_response response = {
            .status = 200, .body = bodies[i], .body_len = strlen(bodies[i])};
        struct channel_fetch next = {0};
        struct channel_key key = {0};
        struct err err = {0};
        void *reading = NULL;

        assert_true(account.kind->key(&account, "a", NULL, &reading, arena, &next, &key, &err));
        assert_false(
            account.kind->key(&account, "a", &response, &reading, arena, &next, &key, &err));
        assert_int_equal(err.code, ERR_REJECT);
    }
}

/* ---- the endpoint's challenge ---- */

static void the_challenge_is_answered_as_the_vectors_say(void **state)
{
    (void)state;
    const char *text = read_file("challenge-vectors.json");
    struct err err = {0};
    const struct json *list = json_parse(arena, text, strlen(text), &err);

    assert_true(json_len(list) > 0);
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *one = json_at(list, i);
        const char *code = json_text(json_get(one, "challenge_code"));

        set("verification_token", json_text(json_get(one, "verificationToken")));
        set("endpoint", json_text(json_get(one, "endpoint")));
        const char *answer = account.kind->challenge(
            &account, arena_printf(arena, "a=b&challenge_code=%s", code), arena);
        assert_string_equal(answer, arena_printf(arena, "{\"challengeResponse\":\"%s\"}",
                                                 json_text(json_get(one, "challengeResponse"))));
    }
    assert_null(account.kind->challenge(&account, "", arena));
    assert_null(account.kind->challenge(&account, "challenge_code=", arena));
    assert_null(account.kind->challenge(&account, "challenge=x", arena));
}

/* ---- Platform Notifications ---- */

static const int64_t now_ms = INT64_C(1795252620000); /* 2026-11-21T09:17:00Z */

static const char *platform_body(const char *timestamp, const char *signature)
{
    return arena_printf(arena,
                        "<s:Envelope xmlns:s=\"x\"><s:Header><e:RequesterCredentials>"
                        "<e:NotificationSignature>%s</e:NotificationSignature>"
                        "</e:RequesterCredentials></s:Header><s:Body><GetItemResponse>"
                        "<Timestamp>%s</Timestamp></GetItemResponse></s:Body></s:Envelope>",
                        signature, timestamp);
}

static const char *platform_sign(const char *timestamp)
{
    SCOPED(buf) struct buf text = {0};
    unsigned char hash[16];
    const char *keys = arena_printf(arena, "%sDEVAPPCERT", timestamp);

    assert_true(EVP_Digest(keys, strlen(keys), hash, NULL, EVP_md5(), NULL));
    buf_base64(&text, hash, sizeof(hash));
    return arena_strdup(arena, buf_str(&text));
}

static bool is_platform_verified(const char *type, const char *body)
{
    const struct channel_header headers[] = {
        {"Content-Type", type}
    };

    return channel_verify(&account, &(struct channel_notification){.headers = headers,
                                                                   .headers_len = 1,
                                                                   .body = body,
                                                                   .body_len = strlen(body),
                                                                   .received_ms = now_ms});
}

static void a_platform_notification_is_verified_by_time_and_keys(void **state)
{
    (void)state;
    const char *time = "2026-11-21T09:16:59.123Z";
    const char *good = platform_body(time, platform_sign(time));

    assert_false(is_platform_verified("text/xml", good)); /* no keys */
    set("client_id", "APP");
    set("client_secret", "CERT");
    assert_false(is_platform_verified("text/xml", good)); /* not switched on */
    set("dev_id", "DEV");
    assert_int_equal(strlen(platform_sign(time)), 24);
    assert_true(is_platform_verified("text/xml;charset=utf-8", good));
    assert_true(is_platform_verified("application/soap+xml", good));
    assert_false(is_platform_verified("application/json", good));
    assert_false(is_platform_verified(
        "text/xml", platform_body("2026-11-21T09:16:58.123Z", platform_sign(time))));
    assert_false(is_platform_verified("text/xml", platform_body(time, "")));
    assert_false(is_platform_verified("text/xml", "<a/>"));
    assert_false(is_platform_verified("text/xml", "{}"));
    set("client_secret", "OTHER");
    assert_false(is_platform_verified("text/xml", good));
}

static void an_old_platform_notification_is_refused(void **state)
{
    (void)state;
    static const int64_t ages_ms[] = {0, 600000, -600000, 600001, -600001};

    set("client_id", "APP");
    set("client_secret", "CERT");
    set("dev_id", "DEV");
    for (size_t i = 0; i < ARRAY_LEN(ages_ms); i++) {
        char time[CLOCK_TEXT_LEN];

        clock_format(now_ms - ages_ms[i], time);
        assert_int_equal(is_platform_verified("text/xml", platform_body(time, platform_sign(time))),
                         i < 3);
    }
}

/* ---- tokens ---- */

static void the_seller_s_token_comes_of_the_refresh_token(void **state)
{
    (void)state;
    const char *good = "{\"access_token\":\"v^1.1#i\",\"expires_in\":7200,"
                       "\"token_type\":\"User Access Token\"}";
    const char *revoked = "{\"error\":\"invalid_grant\",\"error_description\":\"revoked\"}";
    const struct channel_response answers[] = {
        {.status = 200, .body = good,     .body_len = strlen(good)   },
        {.status = 400, .body = revoked,  .body_len = strlen(revoked)},
        {.status = 200, .body = "<html>", .body_len = 6              },
    };
    struct channel_request request = {0};
    struct channel_grant grant = {0};
    struct err err = {0};

    account.kind->login(&account, NULL, now_ms, arena, &request);
    assert_string_equal(request.url, ""); /* a token that lasts */
    set("client_id", "ID");
    set("client_secret", "SECRET");
    set("refresh_token", "v^1.1#r/=");
    account.kind->login(&account, NULL, now_ms, arena, &request);
    assert_string_equal(request.body, "grant_type=refresh_token&refresh_token=v%5E1.1%23r%2F%3D");
    assert_string_equal(request.user, "ID");
    assert_true(account.kind->granted(&account, &answers[0], now_ms, arena, &grant, &err));
    assert_string_equal(grant.token, "v^1.1#i");
    assert_int_equal(grant.life_ms, 7200000);
    assert_null(grant.refresh_token);
    assert_false(account.kind->granted(&account, &answers[1], now_ms, arena, &grant, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_false(account.kind->granted(&account, &answers[2], now_ms, arena, &grant, &err));
    assert_int_equal(err.code, ERR_RETRY);
}

/* ---- reading ---- */

static const char *poll_url(int64_t page, const char *previous)
{
    struct channel_response response = {.status = 200, .body = previous};
    struct channel_request request = {.url = "unset"};

    response.body_len = previous == NULL ? 0 : strlen(previous);
    account.kind->poll(&account, 1000000500, page, previous == NULL ? NULL : &response, arena,
                       &request);
    return request.url;
}

static void changed_orders_are_asked_for_page_by_page(void **state)
{
    (void)state;
    assert_string_equal(poll_url(1, NULL),
                        "https://ebay.example/sell/fulfillment/v1/order?filter=lastmodifieddate%3A"
                        "%5B1970-01-12T13%3A46%3A40.000Z..%5D&limit=30&offset=0");
    assert_non_null(strstr(poll_url(2, "{\"orders\":[{}],\"next\":\"x\"}"), "&offset=30"));
    assert_string_equal(poll_url(2, "{\"orders\":[{}]}"), "");
    assert_string_equal(poll_url(2, "{\"orders\":[],\"next\":\"x\"}"), "");
    assert_string_equal(poll_url(2, "<html>"), "");
}

static bool item_page(void *state, const char *body, const char **ret_url, struct err *err)
{
    struct channel_response response = {.status = 200, .body = body};
    struct channel_fetch next = {0};
    const char *bytes = NULL;
    const char *format = NULL;
    size_t len = 0;

    response.body_len = body == NULL ? 0 : strlen(body);
    if (!account.kind->snapshot(&account, body == NULL ? NULL : &response, state, arena, &next,
                                &bytes, &len, &format, err))
        return false;
    assert_ptr_equal(bytes, body);
    assert_string_equal(format, "inventory_items");
    *ret_url = next.request.url;
    return true;
}

static void inventory_items_are_fetched_until_all_came(void **state)
{
    (void)state;
    char progress[CHANNEL_SNAPSHOT_STATE_LEN] = {0};
    const char *url = NULL;
    struct err err = {0};

    set("snapshot", "inventory_items");
    assert_true(item_page(progress, NULL, &url, &err));
    assert_non_null(strstr(url, "/sell/inventory/v1/inventory_item?limit=100&offset=0"));
    assert_true(item_page(progress, read_file("items_1.json"), &url, &err));
    assert_non_null(strstr(url, "?limit=100&offset=1"));
    assert_true(item_page(progress, read_file("items_2.json"), &url, &err));
    assert_string_equal(url, "");
}

static void a_page_too_few_is_no_snapshot(void **state)
{
    (void)state;
    static const char *const ends[] = {"{\"total\":6,\"inventoryItems\":[]}", "{}", "<html>",
                                       "{\"inventoryItems\":[]}"};

    set("snapshot", "inventory_items");
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        char progress[CHANNEL_SNAPSHOT_STATE_LEN] = {0};
        const char *url = NULL;
        struct err err = {0};

        assert_true(item_page(progress, NULL, &url, &err));
        assert_true(item_page(progress, read_file("items_1.json"), &url, &err));
        assert_false(item_page(progress, ends[i], &url, &err));
        assert_int_equal(err.code, ERR_RETRY);
    }
}

/* ---- writing ---- */

static struct target target_of(const char *listing, const char *address)
{
    return (struct target){.listing = listing, .address = address, .quantity = 1};
}

static void the_quota_counts_by_the_listing_that_ebay_counts(void **state)
{
    (void)state;
    const struct target targets[] = {
        target_of("110/RED", ""),        target_of("110/BLUE", "offer:5/BLUE"),
        target_of("110", "item:110"),    target_of("111", "sku:X"),
        target_of("some-name", "sku:X"),
    };
    static const char *const keys[] = {"110", "110", "110", "111", "X"};
    static const int64_t batches[] = {4, 25, 4, 25, 25};

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        assert_string_equal(account.kind->quota.key(&account, &targets[i], arena), keys[i]);
        assert_int_equal(account.kind->batch(&account, &targets[i]), batches[i]);
    }
    assert_int_equal(account.kind->quota.per_day, 250);
}

int main(void)
{
#define fact(name) cmocka_unit_test_setup_teardown(name, open_account, close_account)
    const struct CMUnitTest tests[] = {
        fact(the_vectors_of_ebay_are_judged_as_ebay_does),
        fact(a_key_is_asked_for_with_a_token_of_the_application),
        fact(a_key_that_can_t_be_had_now_is_asked_for_again),
        fact(a_key_id_that_is_none_asks_for_nothing),
        fact(a_key_of_an_unknown_kind_is_refused),
        fact(the_challenge_is_answered_as_the_vectors_say),
        fact(a_platform_notification_is_verified_by_time_and_keys),
        fact(an_old_platform_notification_is_refused),
        fact(the_seller_s_token_comes_of_the_refresh_token),
        fact(changed_orders_are_asked_for_page_by_page),
        fact(inventory_items_are_fetched_until_all_came),
        fact(a_page_too_few_is_no_snapshot),
        fact(the_quota_counts_by_the_listing_that_ebay_counts),
    };

    return cmocka_run_group_tests_name("ebay", tests, NULL, NULL);
}
