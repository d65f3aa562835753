#include "lib/http/sigv4.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/base/mem.h"

enum { HASH_LEN = 32, DATE_LEN = 8, PARAMS_MAX = 64 };

struct digest {
    unsigned char bytes[HASH_LEN];
};

/* Without a working OpenSSL nothing could be signed: better no process than that. */
static struct digest hash(const void *bytes, size_t len)
{
    struct digest digest;

    if (EVP_Digest(bytes, len, digest.bytes, NULL, EVP_sha256(), NULL) != 1)
        abort();
    return digest;
}

static struct digest mac(const void *key, size_t key_len, const char *text)
{
    struct digest digest;
    unsigned len = 0;

    if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text, strlen(text),
             digest.bytes, &len) == NULL ||
        len != HASH_LEN)
        abort();
    return digest;
}

const char *sigv4_time(int64_t now_ms, char text[SIGV4_TIME_LEN])
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm at;

    gmtime_r(&seconds, &at);
    strftime(text, SIGV4_TIME_LEN, "%Y%m%dT%H%M%SZ", &at);
    return text;
}

/* ---- the canonical request ---- */

static void put_encoded(struct buf *out, const char *text, size_t len, const char *kept)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isalnum(c) || (c != '\0' && strchr(kept, c) != NULL))
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is encoded already stays so; sorting "name=value" sorts by name, then by value, as long as
   names hold none of the few bytes below '='. */
static void put_query(struct buf *out, struct arena *arena, const char *query)
{
    const char *params[PARAMS_MAX];
    size_t len = 0;

    while (*query != '\0' && len < PARAMS_MAX) {
        SCOPED(buf) struct buf param = {0};
        size_t param_len = strcspn(query, "&");
        size_t name_len = strcspn(query, "=&");

        put_encoded(&param, query, name_len, "-._~%");
        buf_char(&param, '=');
        if (name_len < param_len)
            put_encoded(&param, query + name_len + 1, param_len - name_len - 1, "-._~%");
        if (param_len > 0)
            params[len++] = arena_strdup(arena, buf_str(&param));
        query += param_len + (query[param_len] == '&');
    }
    qsort(params, len, sizeof(params[0]), compare_texts);
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : "&", params[i]);
}

struct signed_header {
    const char *name; /* lower case */
    const char *value;
    size_t place; /* in the request */
};

static int compare_headers(const void *a, const void *b)
{
    const struct signed_header *first = a;
    const struct signed_header *second = b;
    int order = strcmp(first->name, second->name);

    if (order != 0)
        return order;
    return first->place < second->place ? -1 : 1;
}

static const char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *at = copy; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* Without blanks at the ends, and one for several within. */
static void put_value(struct buf *out, const char *value)
{
    bool is_first = true;

    while (*(value += strspn(value, " \t\r\n")) != '\0') {
        size_t len = strcspn(value, " \t\r\n");

        if (!is_first)
            buf_char(out, ' ');
        is_first = false;
        buf_append(out, value, len);
        value += len;
    }
}

/* The headers as signed; their names go to ret_names. Equal names share a line. */
static void put_headers(struct buf *out, struct buf *ret_names, struct arena *arena,
                        const struct sigv4_request *request)
{
    struct signed_header headers[SIGV4_HEADERS_MAX];
    size_t len = 0;

    for (size_t i = 0; i < request->headers_len && len < SIGV4_HEADERS_MAX; i++, len++)
        headers[len] = (struct signed_header){lower(arena, request->headers[i].name),
                                              request->headers[i].value, i};
    qsort(headers, len, sizeof(headers[0]), compare_headers);
    for (size_t i = 0; i < len; i++) {
        bool is_more = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;

        if (is_more) {
            buf_char(out, ',');
        } else {
            buf_printf(out, "%s%s:", i == 0 ? "" : "\n", headers[i].name);
            buf_printf(ret_names, "%s%s", i == 0 ? "" : ";", headers[i].name);
        }
        put_value(out, headers[i].value);
    }
    buf_char(out, '\n');
}

static void put_hex(struct buf *out, const struct digest *digest)
{
    buf_hex(out, digest->bytes, sizeof(digest->bytes));
}

static void put_request(struct buf *out, struct buf *ret_names, const struct sigv4_request *request)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct digest body = hash(request->body_len == 0 ? "" : request->body, request->body_len);
    const char *path = request->path[0] == '\0' ? "/" : request->path;

    buf_printf(out, "%s\n", request->method);
    put_encoded(out, path, strlen(path), "-._~/");
    buf_char(out, '\n');
    put_query(out, arena, request->query);
    buf_char(out, '\n');
    put_headers(out, ret_names, arena, request);
    buf_printf(out, "\n%s\n", buf_str(ret_names));
    put_hex(out, &body);
}

/* ---- the signature ---- */

static struct digest signing_key(const struct sigv4_key *key, const char *date)
{
    SCOPED(buf) struct buf secret = {0};

    buf_printf(&secret, "AWS4%s", key->secret);
    const struct digest day = mac(buf_str(&secret), secret.len, date);
    const struct digest region = mac(day.bytes, HASH_LEN, key->region);
    const struct digest service = mac(region.bytes, HASH_LEN, key->service);
    return mac(service.bytes, HASH_LEN, "aws4_request");
}

void sigv4_authorize(const struct sigv4_key *key, const struct sigv4_request *request,
                     int64_t now_ms, struct buf *ret_value)
{
    SCOPED(buf) struct buf canonical = {0};
    SCOPED(buf) struct buf names = {0};
    SCOPED(buf) struct buf scope = {0};
    SCOPED(buf) struct buf to_sign = {0};
    char time_text[SIGV4_TIME_LEN];
    char date[DATE_LEN + 1];

    sigv4_time(now_ms, time_text);
    snprintf(date, sizeof(date), "%.*s", DATE_LEN, time_text);
    put_request(&canonical, &names, request);
    buf_printf(&scope, "%s/%s/%s/aws4_request", date, key->region, key->service);
    const struct digest digest = hash(buf_str(&canonical), canonical.len);
    buf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n", time_text, buf_str(&scope));
    put_hex(&to_sign, &digest);
    const struct digest signer = signing_key(key, date);
    const struct digest signature = mac(signer.bytes, HASH_LEN, buf_str(&to_sign));
    buf_printf(ret_value, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=",
               key->access_key_id, buf_str(&scope), buf_str(&names));
    put_hex(ret_value, &signature);
}
