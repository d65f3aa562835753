/*
 * Packed and foreign text, as reports come in: gzip, zip archives of one file, and character sets
 * other than UTF-8. Pure; the one door to zlib and iconv. What comes out lives in the arena, ends
 * with a NUL, and is never more than `max` bytes, however small it was packed: nothing is kept
 * before its whole size is known. ERR_REJECT: broken, cut, larger, or packed in another way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { PACK_BYTES_MAX = 256 * 1024 * 1024 }; /* for callers that know no better limit */

/* One gzip member, or several one after another. */
bool pack_gunzip(struct arena *arena, const void *bytes, size_t len, size_t max,
                 const char **ret_bytes, size_t *ret_len, struct err *err) MUST_CHECK;
/* The only file of an archive, stored or deflated, its checksum checked; folders do not count. */
bool pack_unzip(struct arena *arena, const void *bytes, size_t len, size_t max,
                const char **ret_bytes, size_t *ret_len, struct err *err) MUST_CHECK;
/* As its first bytes tell: unpacked, or borrowed as it is (then without a NUL of ours). */
bool pack_open(struct arena *arena, const void *bytes, size_t len, size_t max,
               const char **ret_bytes, size_t *ret_len, struct err *err) MUST_CHECK;

/*
 * Text as UTF-8, without a byte order mark. charset as HTTP and Java name it, case-insensitive:
 * "Cp1252", "Shift_JIS", "UTF-16"; NULL or "": UTF-8. Bytes that mean nothing in it become U+FFFD:
 * one of them shall not cost a whole report. ERR_REJECT: no such charset.
 */
bool pack_to_utf8(struct arena *arena, const char *charset, const void *bytes, size_t len,
                  size_t max, const char **ret_text, size_t *ret_len, struct err *err) MUST_CHECK;
