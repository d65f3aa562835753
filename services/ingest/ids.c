#include "services/ingest/ids.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/buf.h"

/* version-trace-parent-flags, each of so many hex digits */
enum { TRACE_LEN = 55, TRACE_BYTES = 16, PARENT_BYTES = 8, UUID_BYTES = 16 };

static const struct ids_part {
    size_t at;
    size_t len;
    bool nonzero;
} traceparent_parts[] = {{0, 2, false}, {3, 32, true}, {36, 16, true}, {53, 2, false}};

/* Up to 256 bytes come whole and without an error once the kernel's pool is ready. */
static void ids_random(unsigned char *bytes, size_t len)
{
    while (getrandom(bytes, len, 0) != (ssize_t)len)
        continue;
}

char *ingest_ids_uuid(struct arena *arena)
{
    unsigned char bytes[UUID_BYTES];
    SCOPED(buf) struct buf text = {0};

    ids_random(bytes, sizeof(bytes));
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80); /* RFC 9562's variant */
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            buf_char(&text, '-');
        buf_hex(&text, &bytes[i], 1);
    }
    return arena_strdup(arena, buf_str(&text));
}

static bool ids_is_part(const char *text, const struct ids_part *part)
{
    const char *from = text + part->at;

    return strspn(from, "0123456789abcdef") >= part->len &&
           (!part->nonzero || strspn(from, "0") < part->len);
}

bool ingest_ids_is_traceparent(const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (len < TRACE_LEN || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return false;
    for (size_t i = 0; i < ARRAY_LEN(traceparent_parts); i++)
        if (!ids_is_part(text, &traceparent_parts[i]))
            return false;
    if (strncmp(text, "ff", 2) == 0)
        return false;
    if (strncmp(text, "00", 2) == 0)
        return len == TRACE_LEN;
    return len == TRACE_LEN || text[TRACE_LEN] == '-'; /* later versions may say more */
}

const char *ingest_ids_traceparent(struct arena *arena, const char *header)
{
    unsigned char bytes[TRACE_BYTES + PARENT_BYTES];
    SCOPED(buf) struct buf text = {0};

    /* A later version is cut to what version 00 says. */
    if (ingest_ids_is_traceparent(header))
        return arena_strndup(arena, header, TRACE_LEN);
    do {
        buf_clear(&text);
        ids_random(bytes, sizeof(bytes));
        buf_text(&text, "00-");
        buf_hex(&text, bytes, TRACE_BYTES);
        buf_char(&text, '-');
        buf_hex(&text, bytes + TRACE_BYTES, PARENT_BYTES);
        buf_text(&text, "-01");
    } while (!ingest_ids_is_traceparent(buf_str(&text))); /* zero ids */
    return arena_strdup(arena, buf_str(&text));
}
