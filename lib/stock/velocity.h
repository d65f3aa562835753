/*
 * How fast a SKU sells, and the tier that follows. Pure: the measurement is a function of the order
 * lines, the tier one of the newest measurement, the tiers defined and the promotion flag. All
 * comparisons are of fractions, multiplied out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event/event.h"

#define STOCK_DAY_MS INT64_C(86400000)

/* Units of one SKU that an order line took: (ordered - cancelled) times the units in a listing.
   What came back later was sold all the same: returns are no part of it. */
struct stock_sale {
    const char *channel;
    int64_t units;
    int64_t placed_ms;
};

/* Units by channel of the sales placed within window_ms up to as_of_ms (the end is in, the start is
   not), sorted by channel; channels without any are left out, as is what does not fit. */
size_t stock_velocity_measure(const struct stock_sale *sales, size_t count, int64_t as_of_ms,
                              int64_t window_ms,
                              struct event_channel_units ret_units[EVENT_CHANNELS_MAX]);

/* Over all channels but one; "" leaves none out. */
int64_t stock_velocity_units(const struct event_velocity *velocity, const char *except);

/* -1, 0, 1: a sells slower than, as fast as, faster than b, over all channels. */
int stock_velocity_compare(const struct event_velocity *a, const struct event_velocity *b);

/* Whether a measurement says anything new beside the one in force (NULL: none, as if nothing were
   sold). What falls waits until that is hold_ms old, so that a rate at a bound does not flicker. */
bool stock_velocity_is_news(const struct event_velocity *now, const struct event_velocity *measured,
                            int64_t hold_ms);
/* The same; less than a tenth more or less is nothing new. */
bool stock_latency_is_news(const struct event_latency *now, const struct event_latency *measured,
                           int64_t hold_ms);

/* The tiers until others are defined: T1 from 100 units a day, T2 from 20, T3 from 5, T4. */
enum { STOCK_TIERS_DEFAULT = 4 };
extern const struct event_tier stock_velocity_tiers[STOCK_TIERS_DEFAULT];

/* The tier with the greatest from_per_day that the velocity reaches (NULL: nothing was measured,
   as if nothing were sold), under a promotion the one with the greatest of all; of equal ones the
   smaller name. NULL: none is so slow. */
const struct event_tier *stock_velocity_tier(const struct event_tier *const *tiers, size_t count,
                                             const struct event_velocity *velocity, bool promoted);
