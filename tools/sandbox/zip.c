#include <string.h>

#include "tools/sandbox/ebay.h"

/* Bitwise: reports of a sandbox are small. */
static uint32_t crc32_of(const unsigned char *bytes, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

static void put_number(struct buf *out, uint32_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(out, (char)(number >> (8 * i) & 0xFF));
}

/* What the local and the central header have in common. */
static void put_entry(struct buf *out, const char *name, const void *bytes, size_t len)
{
    put_number(out, 20, 2);         /* version needed */
    put_number(out, 0, 2);          /* flags */
    put_number(out, 0, 2);          /* stored */
    put_number(out, 0x5B750000, 4); /* a day of 2025 */
    put_number(out, crc32_of(bytes, len), 4);
    put_number(out, (uint32_t)len, 4);
    put_number(out, (uint32_t)len, 4);
    put_number(out, (uint32_t)strlen(name), 2);
    put_number(out, 0, 2); /* extra */
}

void sandbox_zip(const char *name, const void *bytes, size_t len, struct buf *out)
{
    buf_append(out, "PK\x03\x04", 4);
    put_entry(out, name, bytes, len);
    buf_text(out, name);
    buf_append(out, bytes, len);
    size_t central = out->len;
    buf_append(out, "PK\x01\x02", 4);
    put_number(out, 20, 2); /* made by */
    put_entry(out, name, bytes, len);
    put_number(out, 0, 2); /* comment */
    put_number(out, 0, 2); /* disk */
    put_number(out, 0, 2); /* internal attributes */
    put_number(out, 0, 4); /* external attributes */
    put_number(out, 0, 4); /* where the entry begins */
    buf_text(out, name);
    size_t end = out->len;
    buf_append(out, "PK\x05\x06", 4);
    put_number(out, 0, 2);
    put_number(out, 0, 2);
    put_number(out, 1, 2);
    put_number(out, 1, 2);
    put_number(out, (uint32_t)(end - central), 4);
    put_number(out, (uint32_t)central, 4);
    put_number(out, 0, 2);
}
