/*
 * The dated facts about speed that targets follow from: how fast SKUs sell, how late channels are,
 * which tiers there are, what is promoted. Of each the newest counts. Part of stock.h, which tells
 * how its functions are used.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/event/event.h"

struct stock;

struct stock_tier {
    const char *id; /* its event */
    int64_t valid_from_ms;
    struct event_tier tier;
};

struct stock_velocity {
    const char *id;
    struct event_velocity velocity;
};

struct stock_latency {
    const char *id;
    struct event_latency latency;
};

struct stock_promotion {
    const char *id;
    int64_t valid_from_ms;
    struct event_promotion promotion;
};

/* Loading: all tiers; of a SKU or channel at least the newest. */
void stock_load_tier(struct stock *stock, const struct stock_tier *tier);
void stock_load_velocity(struct stock *stock, const struct stock_velocity *velocity);
void stock_load_latency(struct stock *stock, const struct stock_latency *latency);
void stock_load_promotion(struct stock *stock, const struct stock_promotion *promotion);

/* In force, as far as loaded and applied; NULL: none. Borrowed. */
const struct event_velocity *stock_newest_velocity(const struct stock *stock, const char *sku);
const struct event_latency *stock_newest_latency(const struct stock *stock, const char *channel);

/* After settling: all that the batch brought, those that an earlier one outdates too. */
size_t stock_new_tiers(const struct stock *stock, const struct stock_tier *const **ret_tiers);
size_t stock_new_velocities(const struct stock *stock,
                            const struct stock_velocity *const **ret_velocities);
size_t stock_new_latencies(const struct stock *stock,
                           const struct stock_latency *const **ret_latencies);
size_t stock_new_promotions(const struct stock *stock,
                            const struct stock_promotion *const **ret_promotions);
