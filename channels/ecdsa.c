#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>
#include <string.h>

#include "lib/json/json.h"

#include "channels/signature.h"

enum { ECDSA_HEADER_MAX = 4096, ECDSA_PEM_MAX = 4096, ECDSA_GROUP_LEN = 32 };

static void key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}
SCOPE_DEFINE(key, EVP_PKEY, key_free)

static void digest_context_free(EVP_MD_CTX *context)
{
    EVP_MD_CTX_free(context);
}
SCOPE_DEFINE(digest_context, EVP_MD_CTX, digest_context_free)

/* The JSON that the header's base64 holds; NULL: none. */
static const struct json *header_read(const char *header, struct arena *arena)
{
    SCOPED(buf) struct buf text = {0};
    size_t len = strlen(header);
    struct err ignored = {0};

    if (len > ECDSA_HEADER_MAX || !buf_unbase64(&text, header, len))
        return NULL;
    return json_parse(arena, text.bytes, text.len, &ignored);
}

const char *channel_key_id(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena)
{
    const struct channel_signature *signature = channel_signature_of(account, notification);

    if (signature->scheme != CHANNEL_SIGNATURE_ECDSA)
        return NULL;
    const char *header = channel_notification_header(notification, signature->header);
    return header == NULL ? NULL : json_text(json_get(header_read(header, arena), "kid"));
}

/* What stands between the lines "-----BEGIN ...-----" and "-----END ...-----", without the blanks:
   eBay's PEM has no line breaks, which readers of PEM insist on. */
static bool pem_decode(const char *pem, struct buf *der)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----";
    SCOPED(buf) struct buf text = {0};
    const char *at = strstr(pem, begin);
    const char *end = at == NULL ? NULL : strstr(at, "-----END PUBLIC KEY-----");

    if (end == NULL || end - at > ECDSA_PEM_MAX)
        return false;
    for (at += strlen(begin); at < end; at++) {
        if (strchr(" \t\r\n", *at) == NULL)
            buf_char(&text, *at);
    }
    return buf_unbase64(der, buf_str(&text), text.len);
}

/* Of the curve P-256 and no other. */
static EVP_PKEY *key_read(const char *pem)
{
    SCOPED(buf) struct buf der = {0};
    char group[ECDSA_GROUP_LEN] = "";

    if (!pem_decode(pem, &der))
        return NULL;
    const unsigned char *at = (const unsigned char *)der.bytes;
    SCOPED(key) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);
    if (key == NULL || !EVP_PKEY_is_a(key, "EC") ||
        !EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) ||
        strcmp(group, SN_X9_62_prime256v1) != 0)
        return NULL;
    return STEAL(key);
}

static const EVP_MD *digest_of(enum channel_signature_digest digest)
{
    switch (digest) {
    case CHANNEL_DIGEST_SHA256:
        return EVP_sha256();
    case CHANNEL_DIGEST_SHA1:
        return EVP_sha1();
    case CHANNEL_DIGEST_SHA512:
        return EVP_sha512();
    }
    return NULL;
}

bool channel_ecdsa_verifies(const struct channel_key *key, const char *header,
                            const struct buf *bytes)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf signature = {0};
    SCOPED(key) EVP_PKEY *public_key = key_read(key->pem);
    SCOPED(digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *text = json_text(json_get(header_read(header, arena), "signature"));

    if (public_key == NULL || context == NULL || text == NULL ||
        !buf_unbase64(&signature, text, strlen(text)))
        return false;
    return EVP_DigestVerifyInit(context, NULL, digest_of(key->digest), NULL, public_key) == 1 &&
           EVP_DigestVerify(context, (const unsigned char *)buf_str(&signature), signature.len,
                            (const unsigned char *)buf_str(bytes), bytes->len) == 1;
}
