#include "channels/signature.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "lib/base/buf.h"

enum { MAC_LEN = 32, BASE64_LEN = 44 };

/* ---- one context per thread: making one costs as much as signing a kilobyte ---- */

static pthread_once_t mac_once = PTHREAD_ONCE_INIT;
static pthread_key_t mac_key;

static void mac_forget(void *context)
{
    EVP_MAC_CTX_free(context);
}

static void mac_prepare(void)
{
    if (pthread_key_create(&mac_key, mac_forget) != 0)
        abort();
}

static EVP_MAC_CTX *mac_context(void)
{
    pthread_once(&mac_once, mac_prepare);
    EVP_MAC_CTX *context = pthread_getspecific(mac_key);
    if (context != NULL)
        return context;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    context = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac); /* the context holds its own reference */
    if (context == NULL || pthread_setspecific(mac_key, context) != 0)
        abort();
    return context;
}

/* Without a working OpenSSL nothing could be told from a forgery: better no process than that. */
static void mac_sign(const struct buf *key, const void *body, size_t len,
                     unsigned char mac[MAC_LEN])
{
    EVP_MAC_CTX *context = mac_context();
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t mac_len = 0;

    if (!EVP_MAC_init(context, (const unsigned char *)buf_str(key), key->len, params) ||
        !EVP_MAC_update(context, body, len) || !EVP_MAC_final(context, mac, &mac_len, MAC_LEN) ||
        mac_len != MAC_LEN)
        abort();
}

/* ---- secrets ---- */

/* What WordPress' wp_specialchars_decode(ENT_QUOTES) knows; WooCommerce signs with its result
   (class-wc-webhook.php, generate_signature). */
static const struct {
    const char *entity;
    char means;
} entities[] = {
    {"&amp;",  '&' }, {"&#038;", '&' }, {"&#x26;", '&' }, {"&lt;",   '<' }, {"&#060;", '<' },
    {"&gt;",   '>' }, {"&#062;", '>' }, {"&quot;", '"' }, {"&#034;", '"' }, {"&#x22;", '"' },
    {"&#039;", '\''}, {"&#x27;", '\''},
};

static size_t secret_entity(const char *at, char *ret_means)
{
    for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
        size_t len = strlen(entities[i].entity);

        if (strncmp(at, entities[i].entity, len) == 0) {
            *ret_means = entities[i].means;
            return len;
        }
    }
    *ret_means = *at;
    return 1;
}

static void secret_key(const struct channel_signature *signature, const char *secret,
                       struct buf *key)
{
    if (!signature->secret_in_html) {
        buf_text(key, secret);
        return;
    }
    while (*secret != '\0') {
        char means = '\0';

        secret += secret_entity(secret, &means);
        buf_char(key, means);
    }
}

/* ---- verifying ---- */

/* The same work for every text, whatever its length and wherever it differs. */
static unsigned is_equal(const char given[BASE64_LEN], size_t given_len, const struct buf *want)
{
    assert(want->len == BASE64_LEN);
    return (unsigned)(CRYPTO_memcmp(given, want->bytes, BASE64_LEN) == 0) &
           (unsigned)(given_len == BASE64_LEN);
}

static unsigned is_signed_with(const char *secret, const struct channel_notification *notification,
                               const struct channel_signature *signature,
                               const char given[BASE64_LEN], size_t given_len)
{
    SCOPED(buf) struct buf key = {0};
    SCOPED(buf) struct buf want = {0};
    unsigned char mac[MAC_LEN];

    secret_key(signature, secret, &key);
    mac_sign(&key, notification->body, notification->body_len, mac);
    OPENSSL_cleanse(key.bytes, key.len);
    buf_base64(&want, mac, sizeof(mac));
    return is_equal(given, given_len, &want);
}

bool channel_verify(const struct channel_account *account,
                    const struct channel_notification *notification)
{
    const struct channel_signature *signature = &account->kind->signature;
    char given[BASE64_LEN] = {0};
    unsigned verified = 0;

    if (signature->scheme == CHANNEL_SIGNATURE_NONE)
        return false;
    const char *text = channel_notification_header(notification, signature->header);
    size_t len = text == NULL ? 0 : strlen(text);
    if (len > 0)
        memcpy(given, text, len < BASE64_LEN ? len : BASE64_LEN);
    /* All secrets, so that the time does not tell which one it was. */
    for (size_t i = 0; i < CHANNEL_SECRETS_MAX; i++) {
        if (account->secrets[i] != NULL && account->secrets[i][0] != '\0')
            verified |= is_signed_with(account->secrets[i], notification, signature, given, len);
    }
    return verified != 0;
}

/* ---- digests ---- */

const char *channel_signature_digest(struct arena *arena, const char *const *texts,
                                     size_t texts_len, const void *body, size_t body_len)
{
    SCOPED(buf) struct buf all = {0};
    SCOPED(buf) struct buf hex = {0};
    unsigned char hash[MAC_LEN];

    for (size_t i = 0; i < texts_len; i++) {
        buf_text(&all, texts[i] == NULL ? "" : texts[i]);
        buf_char(&all, '\0');
    }
    buf_append(&all, body, body_len);
    if (!EVP_Digest(all.bytes == NULL ? "" : all.bytes, all.len, hash, NULL, EVP_sha256(), NULL))
        abort();
    buf_hex(&hex, hash, sizeof(hash));
    return arena_strdup(arena, buf_str(&hex));
}
