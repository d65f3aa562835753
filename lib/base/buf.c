#include "lib/base/buf.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"

enum { BUF_CAPACITY_MIN = 64 };

void buf_release(struct buf *buf)
{
    mem_free(buf->bytes);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    if (buf->bytes != NULL)
        buf->bytes[0] = '\0';
}

static void buf_reserve(struct buf *buf, size_t more)
{
    size_t need = buf->len + more + 1;

    if (need <= buf->capacity)
        return;
    size_t capacity = buf->capacity == 0 ? BUF_CAPACITY_MIN : buf->capacity;
    while (capacity < need)
        capacity *= 2;
    buf->bytes = mem_realloc(buf->bytes, capacity, 1);
    buf->capacity = capacity;
}

void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    buf_reserve(buf, len);
    if (len > 0)
        memcpy(buf->bytes + buf->len, bytes, len);
    buf->len += len;
    buf->bytes[buf->len] = '\0';
}

void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    buf_reserve(buf, (size_t)len);
    vsnprintf(buf->bytes + buf->len, (size_t)len + 1, format, again);
    buf->len += (size_t)len;
    va_end(again);
    va_end(args);
}

const char *buf_str(const struct buf *buf)
{
    return buf->bytes == NULL ? "" : buf->bytes;
}

void buf_hex(struct buf *buf, const void *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *in = bytes;

    buf_reserve(buf, 2 * len);
    for (size_t i = 0; i < len; i++) {
        buf->bytes[buf->len++] = digits[in[i] >> 4];
        buf->bytes[buf->len++] = digits[in[i] & 15];
    }
    buf->bytes[buf->len] = '\0';
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_base64(struct buf *buf, const void *bytes, size_t len)
{
    const unsigned char *in = bytes;

    buf_reserve(buf, 4 * ((len + 2) / 3));
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;

        group |= left > 1 ? (uint32_t)in[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)in[i + 2] : 0;
        buf->bytes[buf->len++] = base64_digits[group >> 18];
        buf->bytes[buf->len++] = base64_digits[(group >> 12) & 63];
        buf->bytes[buf->len++] = left > 1 ? base64_digits[(group >> 6) & 63] : '=';
        buf->bytes[buf->len++] = left > 2 ? base64_digits[group & 63] : '=';
    }
    buf->bytes[buf->len] = '\0';
}

bool buf_unbase64(struct buf *buf, const char *text, size_t len)
{
    size_t padding = len > 1 && text[len - 1] == '=' ? 1 + (text[len - 2] == '=') : 0;
    uint32_t bits = 0;

    if (len % 4 != 0)
        return false;
    for (size_t i = 0; i < len - padding; i++) {
        const char *digit = memchr(base64_digits, text[i], sizeof(base64_digits) - 1);

        if (digit == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(digit - base64_digits);
        if (i % 4 != 0) /* the first digit of four completes no byte */
            buf_char(buf, (char)(bits >> (6 - 2 * (i % 4)) & 255));
    }
    return true;
}

void buf_double(struct buf *buf, double value)
{
    char text[32];

    assert(isfinite(value));
    /* With few digits %g would write 10 as 1e+01. */
    if (fabs(value) < 1e15 && value == trunc(value)) {
        buf_printf(buf, "%.0f", value);
        return;
    }
    /* 17 significant digits are always enough (DBL_DECIMAL_DIG); most values need few. */
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_text(buf, text);
}
