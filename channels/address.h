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
/* A time sent as text; false when absent, before 1970 or no time. */
bool channel_address_time(const struct json *node, int64_t *ret_ms);
