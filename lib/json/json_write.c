#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "lib/base/utf8.h"
#include "lib/json/json.h"

void json_begin(struct json_out *out, struct buf *buf)
{
    *out = (struct json_out){.buf = buf};
}

static void json_comma(struct json_out *out)
{
    if (out->need_comma[out->depth])
        buf_char(out->buf, ',');
    out->need_comma[out->depth] = true;
}

static void json_before_value(struct json_out *out)
{
    if (out->in_object[out->depth]) {
        assert(out->after_key);
        out->after_key = false;
        return;
    }
    assert(out->depth > 0 || !out->need_comma[0]);
    json_comma(out);
}

static void json_enter(struct json_out *out, char bracket, bool object)
{
    json_before_value(out);
    assert(out->depth < JSON_DEPTH_MAX);
    buf_char(out->buf, bracket);
    out->depth += 1;
    out->need_comma[out->depth] = false;
    out->in_object[out->depth] = object;
}

static void json_leave(struct json_out *out, char bracket, bool object)
{
    assert(out->depth > 0 && out->in_object[out->depth] == object && !out->after_key);
    out->depth -= 1;
    buf_char(out->buf, bracket);
}

void json_object(struct json_out *out)
{
    json_enter(out, '{', true);
}

void json_object_end(struct json_out *out)
{
    json_leave(out, '}', true);
}

void json_array(struct json_out *out)
{
    json_enter(out, '[', false);
}

void json_array_end(struct json_out *out)
{
    json_leave(out, ']', false);
}

static void json_escaped(struct buf *buf, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *at = letters; *at != '\0'; at += 2) {
        if (*at == c) {
            buf_char(buf, '\\');
            buf_char(buf, at[1]);
            return;
        }
    }
    buf_printf(buf, "\\u%04x", (unsigned)(unsigned char)c);
}

static bool json_is_plain(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

static void json_quoted(struct buf *buf, const char *text, size_t len)
{
    size_t i = 0;

    buf_char(buf, '"');
    while (i < len) {
        size_t plain = i;

        while (plain < len && json_is_plain(text[plain]))
            plain += 1;
        buf_append(buf, text + i, plain - i);
        i = plain;
        if (i == len)
            break;
        size_t step = utf8_char_len(text + i, len - i);
        if (step == 1)
            json_escaped(buf, text[i]);
        else if (step == 0)
            buf_text(buf, "\xEF\xBF\xBD");
        else
            buf_append(buf, text + i, step);
        i += step == 0 ? 1 : step;
    }
    buf_char(buf, '"');
}

void json_key(struct json_out *out, const char *key)
{
    assert(out->in_object[out->depth] && !out->after_key);
    json_comma(out);
    json_quoted(out->buf, key, strlen(key));
    buf_char(out->buf, ':');
    out->after_key = true;
}

void json_put_raw(struct json_out *out, const char *json)
{
    json_before_value(out);
    buf_text(out->buf, json);
}

void json_put_bytes(struct json_out *out, const char *text, size_t len)
{
    json_before_value(out);
    json_quoted(out->buf, text, len);
}

void json_put_text(struct json_out *out, const char *text)
{
    if (text == NULL)
        json_put_null(out);
    else
        json_put_bytes(out, text, strlen(text));
}

void json_put_int(struct json_out *out, int64_t value)
{
    json_before_value(out);
    buf_printf(out->buf, "%" PRId64, value);
}

void json_put_double(struct json_out *out, double value)
{
    if (!isfinite(value)) {
        json_put_null(out);
        return;
    }
    json_before_value(out);
    buf_double(out->buf, value);
}

void json_put_bool(struct json_out *out, bool value)
{
    json_put_raw(out, value ? "true" : "false");
}

void json_put_null(struct json_out *out)
{
    json_put_raw(out, "null");
}

void json_put_member(struct json_out *out, const char *key, const char *text)
{
    json_key(out, key);
    json_put_text(out, text);
}

void json_put_member_int(struct json_out *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_put_int(out, value);
}
