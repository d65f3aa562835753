/* A growing byte buffer; always NUL-terminated behind len, so text needs no copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/scope.h"

struct buf {
    char *bytes; /* NULL while empty */
    size_t len;
    size_t capacity;
};

/* {0} is a valid empty buffer. Releasing one twice, or an unused one, is fine. */
void buf_release(struct buf *buf);
static inline void buf_scope_end(struct buf *buf)
{
    buf_release(buf);
}
/* Use: SCOPED(buf) struct buf text = {0}; */

void buf_clear(struct buf *buf);
void buf_append(struct buf *buf, const void *bytes, size_t len);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text so far, "" when empty. Borrowed until the next change. */
const char *buf_str(const struct buf *buf);

/* Lower-case hex and standard base64 with padding. */
void buf_hex(struct buf *buf, const void *bytes, size_t len);
void buf_base64(struct buf *buf, const void *bytes, size_t len);
/* Appends what standard base64 with padding stands for. False: it is not that, and what was
   appended is of no use. */
bool buf_unbase64(struct buf *buf, const char *text, size_t len) MUST_CHECK;
/* The shortest decimal digits that read back as the same finite value: 0.1, 1200, 1e+300. */
void buf_double(struct buf *buf, double value);
