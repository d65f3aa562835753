#include "tools/sandbox/signature.h"

#include <assert.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

void sandbox_signature_text(const char *secret, const void *body, size_t len,
                            char text[SANDBOX_SIGNATURE_LEN + 1])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    SCOPED(buf) struct buf out = {0};

    HMAC(EVP_sha256(), secret, (int)strlen(secret), len == 0 ? (const void *)"" : body, len, mac,
         &mac_len);
    buf_base64(&out, mac, mac_len);
    assert(out.len == SANDBOX_SIGNATURE_LEN);
    memcpy(text, out.bytes, out.len + 1);
}

void sandbox_signature_decode_secret(const char *secret, struct buf *out)
{
    static const struct {
        const char *entity;
        char c;
    } entities[] = {
        {"&amp;",  '&' },
        {"&lt;",   '<' },
        {"&gt;",   '>' },
        {"&quot;", '"' },
        {"&#039;", '\''},
        {"&#39;",  '\''},
    };

    for (const char *at = secret; *at != '\0';) {
        size_t i = 0;

        while (i < ARRAY_LEN(entities) &&
               strncmp(at, entities[i].entity, strlen(entities[i].entity)) != 0)
            i++;
        buf_char(out, i < ARRAY_LEN(entities) ? entities[i].c : *at);
        at += i < ARRAY_LEN(entities) ? strlen(entities[i].entity) : 1;
    }
}

void sandbox_signature_digest(const void *bytes, size_t bytes_len, char *text, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    SCOPED(buf) struct buf hex = {0};

    EVP_Digest(bytes_len == 0 ? (const void *)"" : bytes, bytes_len, digest, &digest_len,
               EVP_sha256(), NULL);
    buf_hex(&hex, digest, digest_len);
    assert(len <= hex.len);
    memcpy(text, hex.bytes, len);
    text[len] = '\0';
}

const char *sandbox_signature_standard(const struct buf *key, const char *id, int64_t seconds,
                                       const struct buf *body, struct arena *arena)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    SCOPED(buf) struct buf all = {0};
    SCOPED(buf) struct buf text = {0};

    buf_printf(&all, "%s.%" PRId64 ".", id, seconds);
    buf_append(&all, body->bytes, body->len);
    HMAC(EVP_sha256(), buf_str(key), (int)key->len, (const unsigned char *)all.bytes, all.len, mac,
         &mac_len);
    buf_text(&text, "v1,");
    buf_base64(&text, mac, mac_len);
    return arena_strdup(arena, buf_str(&text));
}
