/*
 * How often a listing may still be written today, where the channel limits that. A day is any 25
 * hours, counted by the hour: no calendar day is longer, whatever the channel's time zone. The last
 * writes are kept for what prevents oversells. Pure: time comes from the caller. What was written
 * before this process started is not known: then the channel's own refusal holds the listing.
 */
#pragma once

#include <stdint.h>

#include "lib/base/scope.h"

enum publisher_urgency {
    PUBLISHER_RAISES, /* leaves the whole reserve */
    PUBLISHER_LOWERS, /* leaves half of it */
    PUBLISHER_ZEROES, /* may take all */
};

struct publisher_quota;

struct publisher_quota *publisher_quota_new(int64_t per_day, int64_t reserve);
void publisher_quota_free(struct publisher_quota *quota);
SCOPE_DEFINE(publisher_quota, struct publisher_quota, publisher_quota_free)

/* When what the key names may be written: now_ms, or later. */
int64_t publisher_quota_when_ms(const struct publisher_quota *quota, const char *key,
                                enum publisher_urgency urgency, int64_t now_ms);
/* It is written now. */
void publisher_quota_take(struct publisher_quota *quota, const char *key, int64_t now_ms);
