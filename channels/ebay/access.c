#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include "channels/account.h"
#include "channels/address.h"
#include "channels/ebay/internal.h"
#include "channels/url.h"

enum { KEY_ID_LEN_MAX = 64, MD5_LEN = 16, SHA256_LEN = 32, TOKEN_LIFE_S = 7200 };

/* ---- tokens [eb-dev]: Basic with the application's keys; a form goes out, JSON comes back ---- */

static struct channel_request token_call(const struct channel_account *account, const char *grant,
                                         const char *name, const char *value, struct arena *arena)
{
    static const struct channel_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"}
    };
    const char *body =
        arena_printf(arena, "grant_type=%s&%s=%s", grant, name, channel_url_encoded(arena, value));

    return (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/identity/v1/oauth2/token", account->base_url),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = strlen(body),
        .user = channel_account_setting(account, "client_id"),
        .password = channel_account_setting(account, "client_secret"),
        .cost = 1,
    };
}

void channel_ebay_login(const struct channel_account *account, const char *refresh_token,
                        int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    const char *own = channel_account_setting(account, "refresh_token");

    (void)refresh_token; /* it stays the same for its 18 months */
    (void)now_ms;
    *ret_request = (struct channel_request){.url = ""};
    if (own[0] != '\0')
        *ret_request = token_call(account, "refresh_token", "refresh_token", own, arena);
}

/* {"error":"invalid_grant","error_description":"..."}: these stay wrong. */
static bool is_refused_for_ever(const char *error)
{
    static const char *const names[] = {
        "invalid_grant",
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], error) == 0)
            return true;
    }
    return false;
}

bool channel_ebay_granted(const struct channel_account *account,
                          const struct channel_response *response, int64_t now_ms,
                          struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    struct err why = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &why);
    const char *token = channel_address_text(json, "access_token");
    const char *error = channel_address_text(json, "error");
    int64_t life_s = TOKEN_LIFE_S;

    (void)account;
    (void)now_ms;
    if (response->status != 200 || token[0] == '\0')
        return err_set(err, is_refused_for_ever(error) ? ERR_REJECT : ERR_RETRY,
                       "no token, status %d: %.60s %.200s", response->status, error,
                       channel_address_text(json, "error_description"));
    json_int(json_get(json, "expires_in"), 1, INT32_MAX, &life_s);
    *ret_grant = (struct channel_grant){.token = token, .life_ms = life_s * 1000};
    return true;
}

/* ---- public keys [eb-sdk]: an application token, then the key that the header names ---- */

static struct channel_fetch fetch_key(const struct channel_account *account, const char *token,
                                      const char *key_id, struct arena *arena)
{
    struct channel_account as_application = *account;

    as_application.token = token;
    return (struct channel_fetch){
        .request = channel_ebay_call(
            &as_application, "GET",
            arena_printf(arena, "/commerce/notification/v1/public_key/%s", key_id), NULL, arena)};
}

static bool digest_of(const char *name, enum channel_signature_digest *ret_digest)
{
    static const struct {
        const char *name;
        enum channel_signature_digest digest;
    } digests[] = {
        {"SHA1",    CHANNEL_DIGEST_SHA1  },
        {"SHA-1",   CHANNEL_DIGEST_SHA1  },
        {"SHA256",  CHANNEL_DIGEST_SHA256},
        {"SHA-256", CHANNEL_DIGEST_SHA256},
        {"SHA512",  CHANNEL_DIGEST_SHA512},
        {"SHA-512", CHANNEL_DIGEST_SHA512},
    };

    for (size_t i = 0; i < ARRAY_LEN(digests); i++) {
        if (strcasecmp(digests[i].name, name) == 0) {
            *ret_digest = digests[i].digest;
            return true;
        }
    }
    return false;
}

static bool read_key(const struct channel_response *response, struct arena *arena,
                     struct channel_key *ret_key, struct err *err)
{
    struct err why = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &why);
    const char *pem = channel_address_text(json, "key");
    const char *algorithm = channel_address_text(json, "algorithm");
    const char *digest = channel_address_text(json, "digest");

    if (response->status == 400 || response->status == 404) /* 195001: no such key */
        return err_set(err, ERR_REJECT, "there is no such key");
    if (response->status != 200 || json == NULL)
        return err_set(err, ERR_RETRY, "no key, status %d: %.200s", response->status, why.text);
    if (pem[0] == '\0' || strcasecmp(algorithm, "ECDSA") != 0 ||
        !digest_of(digest, &ret_key->digest))
        return err_set(err, ERR_REJECT, "a key of algorithm '%.30s' and digest '%.30s'", algorithm,
                       digest);
    ret_key->pem = pem;
    return true;
}

bool channel_ebay_key(const struct channel_account *account, const char *key_id,
                      const struct channel_response *previous, void **state, struct arena *arena,
                      struct channel_fetch *ret_next, struct channel_key *ret_key, struct err *err)
{
    static const char scope[] = "https://api.ebay.com/oauth/api_scope";
    bool has_keys = channel_account_setting(account, "client_id")[0] != '\0';
    struct channel_grant grant = {0};
    struct err why = {0};

    if (!channel_ebay_is_plain(key_id, KEY_ID_LEN_MAX))
        return err_set(err, ERR_REJECT, "key id '%.64s' is malformed", key_id);
    if (previous == NULL && has_keys) {
        *ret_next = (struct channel_fetch){
            .request = token_call(account, "client_credentials", "scope", scope, arena)};
        return true;
    }
    if (*state == NULL) {
        if (previous != NULL && !channel_ebay_granted(account, previous, 0, arena, &grant, &why))
            return err_set(err, ERR_RETRY, "the application: %s", why.text);
        *state = arena_alloc(arena, 1); /* the key is asked for */
        *ret_next =
            fetch_key(account, previous == NULL ? account->token : grant.token, key_id, arena);
        return true;
    }
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    return read_key(previous, arena, ret_key, err);
}

/* ---- the question whether the endpoint is ours [eb-oas, eb-sdk] ---- */

const char *channel_ebay_challenge(const struct channel_account *account, const char *query,
                                   struct arena *arena)
{
    unsigned char hash[SHA256_LEN];
    SCOPED(buf) struct buf hex = {0};
    size_t len = 0;
    const struct channel_url_parameter *parameters =
        channel_url_parameters(arena, arena_printf(arena, "?%s", query), &len);
    const char *code = NULL;

    for (size_t i = 0; i < len; i++) {
        if (strcmp(parameters[i].name, "challenge_code") == 0)
            code = parameters[i].value;
    }
    if (code == NULL || code[0] == '\0')
        return NULL;
    const char *text =
        arena_printf(arena, "%s%s%s", code, channel_account_setting(account, "verification_token"),
                     channel_account_setting(account, "endpoint"));
    if (!EVP_Digest(text, strlen(text), hash, NULL, EVP_sha256(), NULL))
        abort();
    buf_hex(&hex, hash, sizeof(hash));
    return arena_printf(arena, "{\"challengeResponse\":\"%s\"}", buf_str(&hex));
}

/* ---- Platform Notifications: base64 of MD5 over time and keys; the body is not covered ---- */

static bool is_xml(const struct channel_notification *notification)
{
    const char *type = channel_notification_header(notification, "Content-Type");

    return type != NULL && (strncasecmp(type, "text/xml", 8) == 0 ||
                            strncasecmp(type, "application/soap", 16) == 0);
}

const struct channel_signature *
channel_ebay_signature_of(const struct channel_account *account,
                          const struct channel_notification *notification)
{
    static const struct channel_signature platform = {.scheme = CHANNEL_SIGNATURE_KIND};

    return is_xml(notification) ? &platform : &account->kind->signature;
}

static bool is_fresh(const struct channel_account *account, const char *timestamp,
                     int64_t received_ms)
{
    int64_t age_ms =
        1000 * strtoll(channel_account_setting(account, "notification_age_s"), NULL, 10);
    int64_t sent_ms = 0;

    return clock_parse(timestamp, &sent_ms) && llabs(received_ms - sent_ms) <= age_ms;
}

static const char *platform_signature(const struct channel_account *account, const char *timestamp,
                                      struct arena *arena)
{
    unsigned char hash[MD5_LEN];
    SCOPED(buf) struct buf text = {0};
    const char *keys =
        arena_printf(arena, "%s%s%s%s", timestamp, channel_account_setting(account, "dev_id"),
                     channel_account_setting(account, "client_id"),
                     channel_account_setting(account, "client_secret"));

    if (!EVP_Digest(keys, strlen(keys), hash, NULL, EVP_md5(), NULL))
        abort();
    buf_base64(&text, hash, sizeof(hash));
    return arena_strdup(arena, buf_str(&text));
}

/* Whoever saw one can alter it while it is fresh: so it is worth a hint and nothing more. */
bool channel_ebay_verify(const struct channel_account *account,
                         const struct channel_notification *notification)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};

    if (channel_account_setting(account, "dev_id")[0] == '\0' ||
        channel_account_setting(account, "client_secret")[0] == '\0')
        return false;
    const struct xml *root = xml_parse(arena, notification->body, notification->body_len, &err);
    const char *given =
        xml_text(xml_path(root, "Header", "RequesterCredentials", "NotificationSignature", NULL));
    const char *timestamp = xml_text(xml_get(channel_ebay_response(root), "Timestamp"));
    if (given == NULL || timestamp == NULL)
        return false;
    const char *want = platform_signature(account, timestamp, arena);
    return strlen(given) == strlen(want) && CRYPTO_memcmp(given, want, strlen(want)) == 0 &&
           is_fresh(account, timestamp, notification->received_ms);
}
