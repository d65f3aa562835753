/* Time. Wall time is int64 milliseconds since 1970 UTC; durations come from the monotonic clock. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wall clock. */
int64_t clock_now_ms(void);
/* Monotonic, for durations and deadlines only. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);

/* Size that holds any text of clock_format(). */
enum { CLOCK_TEXT_LEN = 32 };
/* RFC 3339 in UTC with milliseconds: 2026-11-21T09:17:00.123Z. */
const char *clock_format(int64_t ms, char text[CLOCK_TEXT_LEN]);
/* RFC 3339 / ISO 8601 with an offset, 'Z', or none (then UTC: WooCommerce's *_gmt fields carry no
   zone). Fractions of a second are cut to milliseconds. False when it is no such text, no day of
   the calendar, or NULL. */
bool clock_parse(const char *text, int64_t *ret_ms);
/* RFC 2822, as mail and HTTP write it: "Wed, 05 Dec 2018 20:16:55 +0000"; the day of the week may
   be missing and is not looked at, the zone is an offset, GMT, UT, UTC or Z. */
bool clock_parse_mail(const char *text, int64_t *ret_ms);
