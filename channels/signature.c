#include "channels/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/channel.h"

enum { MAC_LEN_MAX = EVP_MAX_MD_SIZE, SHA256_LEN = 32, ENTRIES_MAX = 16, SECRET_LEN_MAX = 1024 };

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

static const char *const digest_names[] = {
    [CHANNEL_DIGEST_SHA256] = "SHA256",
    [CHANNEL_DIGEST_SHA1] = "SHA1",
    [CHANNEL_DIGEST_SHA512] = "SHA512",
};

/* Without a working OpenSSL nothing could be told from a forgery: better no process than that. */
static size_t mac_sign(enum channel_signature_digest digest, const struct buf *key,
                       const struct buf *text, unsigned char mac[MAC_LEN_MAX])
{
    EVP_MAC_CTX *context = mac_context();
    char name[8];
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t mac_len = 0;

    strcpy(name, digest_names[digest]);
    if (!EVP_MAC_init(context, (const unsigned char *)buf_str(key), key->len, params) ||
        !EVP_MAC_update(context, (const unsigned char *)buf_str(text), text->len) ||
        !EVP_MAC_final(context, mac, &mac_len, MAC_LEN_MAX) || mac_len == 0)
        abort();
    return mac_len;
}

/* ---- secrets ---- */

/* What WordPress' wp_specialchars_decode(ENT_QUOTES) knows; WooCommerce signs with its result
   (class-wc-webhook.php, generate_signature). */
static const struct {
    const char *entity;
    char means;
} entities[] = {
    {"&amp;",  '&' },
    {"&#038;", '&' },
    {"&#x26;", '&' },
    {"&lt;",   '<' },
    {"&#060;", '<' },
    {"&gt;",   '>' },
    {"&#062;", '>' },
    {"&quot;", '"' },
    {"&#034;", '"' },
    {"&#x22;", '"' },
    {"&#039;", '\''},
    {"&#x27;", '\''},
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

static void secret_from_html(const char *secret, struct buf *key)
{
    while (*secret != '\0') {
        char means = '\0';

        secret += secret_entity(secret, &means);
        buf_char(key, means);
    }
}

/* Standard Webhooks' form of a symmetric secret. A text that is no base64 makes no key. */
static void secret_from_base64(const char *secret, struct buf *key)
{
    static const char prefix[] = "whsec_";
    size_t len = 0;

    if (strncmp(secret, prefix, sizeof(prefix) - 1) == 0)
        secret += sizeof(prefix) - 1;
    len = strlen(secret);
    if (len % 4 != 0 || len > SECRET_LEN_MAX)
        return;
    unsigned char bytes[SECRET_LEN_MAX];
    int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)secret, (int)len);
    for (size_t i = len; i > 0 && secret[i - 1] == '=' && decoded > 0; i--)
        decoded--;
    if (decoded > 0)
        buf_append(key, bytes, (size_t)decoded);
    OPENSSL_cleanse(bytes, sizeof(bytes));
}

static void secret_key(const struct channel_signature *signature, const char *secret,
                       struct buf *key)
{
    switch (signature->secret) {
    case CHANNEL_SECRET_TEXT:
        buf_text(key, secret);
        break;
    case CHANNEL_SECRET_HTML:
        secret_from_html(secret, key);
        break;
    case CHANNEL_SECRET_BASE64:
        secret_from_base64(secret, key);
        break;
    }
}

/* ---- what is signed ---- */

static const char *header_or_empty(const struct channel_notification *notification,
                                   const char *name)
{
    const char *value = name == NULL ? NULL : channel_notification_header(notification, name);

    return value == NULL ? "" : value;
}

static void signed_bytes(const struct channel_signature *signature,
                         const struct channel_notification *notification, struct buf *bytes)
{
    static const char body[] = "{body}";
    static const char id[] = "{id}";
    static const char timestamp[] = "{timestamp}";
    const char *at = signature->signs == NULL ? body : signature->signs;

    while (*at != '\0') {
        if (strncmp(at, body, sizeof(body) - 1) == 0) {
            buf_append(bytes, notification->body, notification->body_len);
            at += sizeof(body) - 1;
        } else if (strncmp(at, id, sizeof(id) - 1) == 0) {
            buf_text(bytes, header_or_empty(notification, signature->id_header));
            at += sizeof(id) - 1;
        } else if (strncmp(at, timestamp, sizeof(timestamp) - 1) == 0) {
            buf_text(bytes, header_or_empty(notification, signature->timestamp_header));
            at += sizeof(timestamp) - 1;
        } else {
            buf_char(bytes, *at++);
        }
    }
}

/* An old notification must not be sent again by who saw it. */
static bool is_fresh(const struct channel_signature *signature,
                     const struct channel_notification *notification)
{
    const char *text = header_or_empty(notification, signature->timestamp_header);
    size_t len = strlen(text);

    if (signature->tolerance_ms == 0)
        return true;
    if (len == 0 || len > 12 || strspn(text, "0123456789") != len)
        return false;
    int64_t age_ms = notification->received_ms - strtoll(text, NULL, 10) * 1000;
    return (age_ms < 0 ? -age_ms : age_ms) <= signature->tolerance_ms;
}

/* ---- verifying ---- */

/* One text of the header. */
struct entry {
    const char *text;
    size_t len;
};

static size_t entries_of(const struct channel_signature *signature, const char *text,
                         struct entry entries[ENTRIES_MAX])
{
    size_t prefix_len = signature->prefix == NULL ? 0 : strlen(signature->prefix);
    size_t count = 0;

    while (count < ENTRIES_MAX) {
        size_t len = signature->is_list ? strcspn(text, " ") : strlen(text);

        if (len >= prefix_len &&
            strncmp(text, signature->prefix == NULL ? "" : signature->prefix, prefix_len) == 0)
            entries[count++] = (struct entry){text + prefix_len, len - prefix_len};
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    return count;
}

/* The same work for every text of the wanted length, wherever it differs. */
static unsigned is_among(const struct entry *entries, size_t count, const struct buf *want)
{
    unsigned found = 0;

    for (size_t i = 0; i < count; i++) {
        if (entries[i].len == want->len)
            found |= (unsigned)(CRYPTO_memcmp(entries[i].text, want->bytes, want->len) == 0);
    }
    return found;
}

static unsigned is_signed_with(const char *secret, const struct channel_signature *signature,
                               const struct buf *bytes, const struct entry *entries, size_t count)
{
    SCOPED(buf) struct buf key = {0};
    SCOPED(buf) struct buf want = {0};
    unsigned char mac[MAC_LEN_MAX];
    unsigned found = 0;

    secret_key(signature, secret, &key);
    if (key.len == 0)
        return 0;
    if (signature->scheme == CHANNEL_SIGNATURE_TOKEN) {
        buf_append(&want, key.bytes, key.len);
    } else {
        size_t mac_len = mac_sign(signature->digest, &key, bytes, mac);

        if (signature->encoding == CHANNEL_ENCODING_HEX)
            buf_hex(&want, mac, mac_len);
        else
            buf_base64(&want, mac, mac_len);
    }
    found = is_among(entries, count, &want);
    OPENSSL_cleanse(key.bytes, key.len);
    OPENSSL_cleanse(want.bytes, want.len);
    return found;
}

bool channel_verify(const struct channel_account *account,
                    const struct channel_notification *notification)
{
    const struct channel_signature *signature = channel_signature_of(account, notification);
    struct entry entries[ENTRIES_MAX];
    SCOPED(buf) struct buf bytes = {0};
    unsigned verified = 0;

    if (signature->scheme == CHANNEL_SIGNATURE_NONE)
        return false;
    size_t count = entries_of(signature, header_or_empty(notification, signature->header), entries);
    signed_bytes(signature, notification, &bytes);
    /* All secrets, so that the time does not tell which one it was. */
    for (size_t i = 0; i < CHANNEL_SECRETS_MAX; i++) {
        if (account->secrets[i] != NULL && account->secrets[i][0] != '\0')
            verified |= is_signed_with(account->secrets[i], signature, &bytes, entries, count);
    }
    return verified != 0 && is_fresh(signature, notification);
}

/* ---- digests ---- */

const char *channel_signature_digest(struct arena *arena, const char *const *texts,
                                     size_t texts_len, const void *body, size_t body_len)
{
    SCOPED(buf) struct buf all = {0};
    SCOPED(buf) struct buf hex = {0};
    unsigned char hash[SHA256_LEN];

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
