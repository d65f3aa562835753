/*
 * Ids, texts and times as payloads have them, and the addresses that kinds make of ids. An id is
 * digits without a leading zero, kept as text: numbers above 2^53 are real.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/mem.h"

struct json;

enum { CHANNEL_ID_LEN_MAX = 32 };

/* The id that was sent as number or as text; NULL for everything else, 0 too. Borrowed from the
   node's arena. */
const char *channel_address_id(const struct json *node);
bool channel_address_is_id(const char *text);
/* "12@34" with '@' gives "12" and "34"; "12" gives "12" and "". In the arena. False for everything
   else. */
bool channel_address_split(struct arena *arena, const char *address, char separator,
                           const char **ret_first, const char **ret_second);
/* A member's text or digits; "" when it is absent or holds something else. */
const char *channel_address_text(const struct json *object, const char *key);
/* A time in any form that is published: ISO 8601, RFC 2822, or whole seconds or milliseconds since
   1970 as number or text. False when absent, before 1970 or no time. */
bool channel_address_time(const struct json *node, int64_t *ret_ms);
/* A whole number in [min, max] in any form that is published: 2, "2", 2.0 and "2.00". False, and
   *ret_units untouched, for everything else. */
bool channel_address_units(const struct json *node, int64_t min, int64_t max, int64_t *ret_units);
