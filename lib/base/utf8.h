/* UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the one character that text begins with, 1 to 4; 0 when it is none, or cut off by len.
 */
size_t utf8_char_len(const void *text, size_t len);
bool utf8_is_valid(const void *text, size_t len);
