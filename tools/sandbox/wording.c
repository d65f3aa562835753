#include "tools/sandbox/wording.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/utf8.h"

static size_t time_text(char text[SANDBOX_TIME_LEN], int64_t ms, int64_t offset_minutes)
{
    time_t seconds = (time_t)(ms / 1000 + offset_minutes * 60);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return strftime(text, SANDBOX_TIME_LEN, "%Y-%m-%dT%H:%M:%S", &tm);
}

const char *sandbox_time_offset(char text[SANDBOX_TIME_LEN], int64_t ms, int64_t offset_minutes)
{
    size_t len = time_text(text, ms, offset_minutes);
    int minutes = (int)(offset_minutes < 0 ? -offset_minutes : offset_minutes);

    snprintf(text + len, SANDBOX_TIME_LEN - len, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+',
             minutes / 60, minutes % 60);
    return text;
}

const char *sandbox_time_plain(char text[SANDBOX_TIME_LEN], int64_t ms, int64_t offset_minutes)
{
    time_text(text, ms, offset_minutes);
    return text;
}

const char *sandbox_time_zulu(char text[SANDBOX_TIME_LEN], int64_t ms)
{
    size_t len = time_text(text, ms, 0);

    snprintf(text + len, SANDBOX_TIME_LEN - len, "Z");
    return text;
}

const char *sandbox_time_nanos(char text[SANDBOX_TIME_LEN], int64_t ms)
{
    size_t len = time_text(text, ms, 0);

    snprintf(text + len, SANDBOX_TIME_LEN - len, ".%03d000000Z", (int)(ms % 1000));
    return text;
}

const char *sandbox_time_mail(char text[SANDBOX_TIME_LEN], int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, SANDBOX_TIME_LEN, "%a, %d %b %Y %H:%M:%S +0000", &tm);
    return text;
}

void sandbox_put_money(struct json_out *json, const char *key, int64_t cents)
{
    char text[32];
    int64_t size = cents < 0 ? -cents : cents;

    snprintf(text, sizeof(text), "%s%" PRId64 ".%02d", cents < 0 ? "-" : "", size / 100,
             (int)(size % 100));
    json_put_member(json, key, text);
}

void sandbox_put_null(struct json_out *json, const char *key)
{
    json_key(json, key);
    json_put_null(json);
}

void sandbox_put_bool(struct json_out *json, const char *key, bool value)
{
    json_key(json, key);
    json_put_bool(json, value);
}

void sandbox_put_id(struct json_out *json, const char *key, const char *id)
{
    json_key(json, key);
    json_put_raw(json, id);
}

void sandbox_put_gid(struct json_out *json, const char *key, const char *type, const char *id)
{
    char text[160];

    snprintf(text, sizeof(text), "gid://shopify/%s/%s", type, id);
    json_put_member(json, key, text);
}

void sandbox_put_empty_array(struct json_out *json, const char *key)
{
    json_key(json, key);
    json_array(json);
    json_array_end(json);
}

static unsigned code_point(const unsigned char *at, size_t len)
{
    unsigned code = at[0] & (0xFFu >> (len + 1));

    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    return code;
}

static void escape_beyond_ascii(unsigned code, struct buf *out)
{
    if (code >= 0x10000)
        buf_printf(out, "\\u%04x\\u%04x", 0xD7C0u + (code >> 10), 0xDC00u + (code & 0x3FF));
    else
        buf_printf(out, "\\u%04x", code);
}

/* In JSON, a slash and what is beyond ASCII stand within strings only. */
void sandbox_escape_json(const struct buf *json, bool ascii, struct buf *out)
{
    for (size_t i = 0; i < json->len;) {
        const unsigned char *at = (const unsigned char *)json->bytes + i;
        size_t len = utf8_char_len(at, json->len - i);

        if (*at == '/')
            buf_text(out, "\\/");
        else if (len < 2 || !ascii)
            buf_append(out, at, len == 0 ? 1 : len);
        else
            escape_beyond_ascii(code_point(at, len), out);
        i += len == 0 ? 1 : len;
    }
}

static void put_members(struct json_out *json, const struct json *node)
{
    json_object(json);
    for (size_t i = 0; i < json_len(node); i++) {
        json_key(json, json_key_at(node, i));
        sandbox_put_json(json, json_at(node, i));
    }
    json_object_end(json);
}

static void put_elements(struct json_out *json, const struct json *node)
{
    json_array(json);
    for (size_t i = 0; i < json_len(node); i++)
        sandbox_put_json(json, json_at(node, i));
    json_array_end(json);
}

void sandbox_put_json(struct json_out *json, const struct json *node)
{
    switch (json_kind(node)) {
    case JSON_NULL:
        json_put_null(json);
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        json_put_bool(json, json_kind(node) == JSON_TRUE);
        return;
    case JSON_NUMBER:
        json_put_raw(json, json_text(node));
        return;
    case JSON_STRING:
        json_put_text(json, json_text(node));
        return;
    case JSON_ARRAY:
        put_elements(json, node);
        return;
    case JSON_OBJECT:
        put_members(json, node);
        return;
    }
}
