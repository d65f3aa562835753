#include "channels/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"

#include "channels/account.h"

enum {
    MAC_LEN_MAX = EVP_MAX_MD_SIZE,
    SHA256_LEN = 32,
    ENTRIES_MAX = 16,
    SETTING_NAME_MAX = 64,
    TIMESTAMP_LEN = 40
};

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
    size_t mac_len = 0;

    strcpy(name, digest_names[digest]); /* before its length is taken */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
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

    if (strncmp(secret, prefix, sizeof(prefix) - 1) == 0)
        secret += sizeof(prefix) - 1;
    if (!buf_unbase64(key, secret, strlen(secret)))
        buf_clear(key);
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
    case CHANNEL_SECRET_BASIC:
        buf_base64(key, secret, strlen(secret));
        break;
    }
}

/* ---- what came ---- */

static const char *header_or_empty(const struct channel_notification *notification,
                                   const char *name)
{
    const char *value = name == NULL ? NULL : channel_notification_header(notification, name);

    return value == NULL ? "" : value;
}

/* ---- lists in the header: "t=1614265330,v1=5257a8..." ---- */

/* One text of the header. */
struct entry {
    const char *text;
    size_t len;
};

/* The next text of the list, without blanks before it; moves *at behind it. False: none is left. */
static bool entry_next(const struct channel_signature *signature, const char **at,
                       struct entry *ret_entry)
{
    char separators[2] = " ";
    const char *text = *at;

    if (text == NULL)
        return false;
    if (signature->separator != NULL)
        separators[0] = signature->separator[0];
    if (signature->is_list && separators[0] != ' ')
        text += strspn(text, " ");
    size_t len = signature->is_list ? strcspn(text, separators) : strlen(text);
    *ret_entry = (struct entry){text, len};
    *at = text[len] == '\0' ? NULL : text + len + 1;
    return true;
}

static bool has_prefix(const struct entry *entry, const char *prefix)
{
    return entry->len >= strlen(prefix) && strncasecmp(entry->text, prefix, strlen(prefix)) == 0;
}

/* ---- timestamps ---- */

struct timestamp {
    char text[TIMESTAMP_LEN + 1]; /* as it came; "": none, or too long for one */
};

static struct timestamp timestamp_of(const struct channel_signature *signature,
                                     const struct channel_notification *notification)
{
    struct timestamp timestamp = {""};
    struct entry entry = {NULL, 0};

    if (signature->timestamp_prefix == NULL) {
        entry.text = header_or_empty(notification, signature->timestamp_header);
        entry.len = strlen(entry.text);
    } else {
        const char *at = header_or_empty(notification, signature->header);

        while (entry_next(signature, &at, &entry) &&
               !has_prefix(&entry, signature->timestamp_prefix))
            entry.text = NULL;
        if (entry.text != NULL) {
            entry.text += strlen(signature->timestamp_prefix);
            entry.len -= strlen(signature->timestamp_prefix);
        }
    }
    if (entry.text != NULL && entry.len <= TIMESTAMP_LEN)
        memcpy(timestamp.text, entry.text, entry.len);
    return timestamp;
}

/* Thirteen digits are milliseconds, fewer are seconds. */
static bool timestamp_ms(const struct timestamp *timestamp, int64_t *ret_ms)
{
    size_t len = strlen(timestamp->text);

    if (len == 0 || strspn(timestamp->text, "0123456789") != len)
        return clock_parse(timestamp->text, ret_ms);
    if (len > 13)
        return false;
    *ret_ms = strtoll(timestamp->text, NULL, 10) * (len == 13 ? 1 : 1000);
    return true;
}

/* An old notification must not be sent again by who saw it. */
static bool is_fresh(const struct channel_signature *signature,
                     const struct channel_notification *notification)
{
    const struct timestamp timestamp = timestamp_of(signature, notification);
    int64_t signed_ms = 0;

    if (signature->tolerance_ms == 0)
        return true;
    if (!timestamp_ms(&timestamp, &signed_ms))
        return false;
    int64_t age_ms = notification->received_ms - signed_ms;
    return (age_ms < 0 ? -age_ms : age_ms) <= signature->tolerance_ms;
}

/* ---- bytes that are signed ---- */

static void body_digest(const void *body, size_t len, struct buf *hex)
{
    unsigned char hash[SHA256_LEN];

    if (!EVP_Digest(body == NULL ? "" : body, len, hash, NULL, EVP_sha256(), NULL))
        abort();
    buf_hex(hex, hash, sizeof(hash));
}

static void put_text(struct buf *bytes, const char *text)
{
    buf_text(bytes, text == NULL ? "" : text);
}

static void put_setting(const struct channel_account *account, const char *name, size_t len,
                        struct buf *bytes)
{
    char setting[SETTING_NAME_MAX] = "";

    if (len < sizeof(setting)) {
        memcpy(setting, name, len);
        put_text(bytes, channel_account_setting(account, setting));
    }
}

/* One name of the template, whose braces are off. False: there is no such name. */
static bool put_named(const struct channel_account *account,
                      const struct channel_notification *notification, const char *name, size_t len,
                      struct buf *bytes)
{
    static const char setting[] = "setting:";
    const struct channel_signature *signature = channel_signature_of(account, notification);
    const char *id = header_or_empty(notification, signature->id_header);
    const struct timestamp timestamp = timestamp_of(signature, notification);
    const struct {
        const char *name;
        const char *text;
    } texts[] = {
        {"id",        id                  },
        {"timestamp", timestamp.text      },
        {"method",    notification->method},
        {"path",      notification->path  },
        {"account",   account->account    },
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strlen(texts[i].name) == len && memcmp(texts[i].name, name, len) == 0) {
            put_text(bytes, texts[i].text);
            return true;
        }
    }
    if (len == strlen("body") && memcmp(name, "body", len) == 0)
        buf_append(bytes, notification->body, notification->body_len);
    else if (len == strlen("body_sha256") && memcmp(name, "body_sha256", len) == 0)
        body_digest(notification->body, notification->body_len, bytes);
    else if (len > strlen(setting) && memcmp(name, setting, strlen(setting)) == 0)
        put_setting(account, name + strlen(setting), len - strlen(setting), bytes);
    else
        return false;
    return true;
}

/* What stands in braces and is no name is text. */
static void signed_bytes(const struct channel_account *account,
                         const struct channel_notification *notification, struct buf *bytes)
{
    const struct channel_signature *signature = channel_signature_of(account, notification);
    const char *at = signature->signs == NULL ? "{body}" : signature->signs;

    while (*at != '\0') {
        size_t len = *at == '{' ? strcspn(at + 1, "}") : 0;

        if (len > 0 && at[1 + len] == '}' && put_named(account, notification, at + 1, len, bytes))
            at += len + 2;
        else
            buf_char(bytes, *at++);
    }
}

/* ---- verifying ---- */

/* True: it begins as a signature must, and the prefix is off. */
static bool entry_is_signature(const struct channel_signature *signature, struct entry *entry)
{
    if (signature->prefix == NULL)
        return true;
    if (!has_prefix(entry, signature->prefix))
        return signature->prefix_is_optional;
    entry->text += strlen(signature->prefix);
    entry->len -= strlen(signature->prefix);
    return true;
}

static size_t entries_of(const struct channel_signature *signature, const char *text,
                         struct entry entries[ENTRIES_MAX])
{
    size_t count = 0;

    while (count < ENTRIES_MAX && entry_next(signature, &text, &entries[count]))
        count += entry_is_signature(signature, &entries[count]) ? 1 : 0;
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

static void mac_hex_upper(struct buf *want, const unsigned char *mac, size_t len)
{
    buf_hex(want, mac, len);
    for (size_t i = 0; i < want->len; i++) {
        if (want->bytes[i] >= 'a')
            want->bytes[i] = (char)(want->bytes[i] - 'a' + 'A');
    }
}

static void mac_hex(struct buf *want, const unsigned char *mac, size_t len)
{
    buf_hex(want, mac, len);
}

static void mac_base64(struct buf *want, const unsigned char *mac, size_t len)
{
    buf_base64(want, mac, len);
}

/* Every form that the encoding allows. */
enum { MAC_FORMS_MAX = 3 };
typedef void mac_form(struct buf *want, const unsigned char *mac, size_t len);
static mac_form *const mac_forms[][MAC_FORMS_MAX] = {
    [CHANNEL_ENCODING_BASE64] = {mac_base64, NULL,    NULL         },
    [CHANNEL_ENCODING_HEX] = {mac_hex,    NULL,    NULL         },
    [CHANNEL_ENCODING_ANY] = {mac_base64, mac_hex, mac_hex_upper},
};

static unsigned is_mac_of(const struct buf *key, const struct channel_signature *signature,
                          const struct buf *bytes, const struct entry *entries, size_t count)
{
    SCOPED(buf) struct buf want = {0};
    unsigned char mac[MAC_LEN_MAX];
    size_t mac_len = mac_sign(signature->digest, key, bytes, mac);
    unsigned found = 0;

    for (int i = 0; i < MAC_FORMS_MAX && mac_forms[signature->encoding][i] != NULL; i++) {
        buf_clear(&want);
        mac_forms[signature->encoding][i](&want, mac, mac_len);
        found |= is_among(entries, count, &want);
    }
    OPENSSL_cleanse(want.bytes, want.len);
    return found;
}

static unsigned is_signed_with(const char *secret, const struct channel_signature *signature,
                               const struct buf *bytes, const struct entry *entries, size_t count)
{
    SCOPED(buf) struct buf key = {0};
    unsigned found = 0;

    secret_key(signature, secret, &key);
    if (key.len == 0)
        return 0;
    found = signature->scheme == CHANNEL_SIGNATURE_TOKEN
                ? is_among(entries, count, &key)
                : is_mac_of(&key, signature, bytes, entries, count);
    OPENSSL_cleanse(key.bytes, key.len);
    return found;
}

/* All secrets, so that the time does not tell which one it was. */
static bool is_signed_with_any(const struct channel_account *account,
                               const struct channel_signature *signature, const char *header,
                               const struct buf *bytes)
{
    struct entry entries[ENTRIES_MAX];
    size_t count = entries_of(signature, header, entries);
    unsigned verified = 0;

    for (size_t i = 0; i < CHANNEL_SECRETS_MAX; i++) {
        if (account->secrets[i] != NULL && account->secrets[i][0] != '\0')
            verified |= is_signed_with(account->secrets[i], signature, bytes, entries, count);
    }
    return verified != 0;
}

bool channel_verify(const struct channel_account *account,
                    const struct channel_notification *notification)
{
    const struct channel_signature *signature = channel_signature_of(account, notification);
    const char *header = header_or_empty(notification, signature->header);
    SCOPED(buf) struct buf bytes = {0};

    if (signature->scheme == CHANNEL_SIGNATURE_NONE)
        return false;
    if (signature->scheme == CHANNEL_SIGNATURE_KIND)
        return account->kind->verify(account, notification);
    signed_bytes(account, notification, &bytes);
    bool verified =
        signature->scheme == CHANNEL_SIGNATURE_ECDSA
            ? notification->key != NULL && channel_ecdsa_verifies(notification->key, header, &bytes)
            : is_signed_with_any(account, signature, header, &bytes);
    return verified && is_fresh(signature, notification);
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
