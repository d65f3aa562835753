#include "lib/stock/velocity.h"

#include <string.h>

const struct event_tier stock_velocity_tiers[STOCK_TIERS_DEFAULT] = {
    {"", "T1", 100, 30 * 1000,      3 },
    {"", "T2", 20,  2 * 60 * 1000,  5 },
    {"", "T3", 5,   15 * 60 * 1000, 7 },
    {"", "T4", 0,   60 * 60 * 1000, 14},
};

/* ---- measuring ---- */

static void velocity_add(int64_t *units, int64_t more)
{
    *units = *units > EVENT_QUANTITY_MAX - more ? EVENT_QUANTITY_MAX : *units + more;
}

/* Where the channel stands, or would. */
static size_t velocity_find(const struct event_channel_units *units, size_t len,
                            const char *channel)
{
    size_t at = 0;

    while (at < len && strcmp(units[at].channel, channel) < 0)
        at++;
    return at;
}

size_t stock_velocity_measure(const struct stock_sale *sales, size_t count, int64_t as_of_ms,
                              int64_t window_ms,
                              struct event_channel_units ret_units[EVENT_CHANNELS_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        const struct stock_sale *sale = &sales[i];
        size_t at = velocity_find(ret_units, len, sale->channel);
        bool is_known = at < len && strcmp(ret_units[at].channel, sale->channel) == 0;

        if (sale->units <= 0 || sale->placed_ms > as_of_ms ||
            sale->placed_ms <= as_of_ms - window_ms || (!is_known && len == EVENT_CHANNELS_MAX))
            continue;
        if (!is_known) {
            memmove(&ret_units[at + 1], &ret_units[at], (len++ - at) * sizeof(*ret_units));
            ret_units[at] = (struct event_channel_units){sale->channel, 0};
        }
        velocity_add(&ret_units[at].units, sale->units);
    }
    return len;
}

int64_t stock_velocity_units(const struct event_velocity *velocity, const char *except)
{
    int64_t sum = 0;

    for (size_t i = 0; i < velocity->units_len; i++) {
        if (strcmp(velocity->units[i].channel, except) != 0)
            sum += velocity->units[i].units;
    }
    return sum;
}

int stock_velocity_compare(const struct event_velocity *a, const struct event_velocity *b)
{
    __int128 left = (__int128)stock_velocity_units(a, "") * b->window_ms;
    __int128 right = (__int128)stock_velocity_units(b, "") * a->window_ms;

    return (left > right) - (left < right);
}

/* ---- news ---- */

static bool velocity_is_same(const struct event_velocity *a, const struct event_velocity *b)
{
    if (a->window_ms != b->window_ms || a->units_len != b->units_len)
        return false;
    for (size_t i = 0; i < a->units_len; i++) {
        if (strcmp(a->units[i].channel, b->units[i].channel) != 0 ||
            a->units[i].units != b->units[i].units)
            return false;
    }
    return true;
}

bool stock_velocity_is_news(const struct event_velocity *now, const struct event_velocity *measured,
                            int64_t hold_ms)
{
    if (now == NULL)
        return measured->units_len > 0;
    if (measured->as_of_ms <= now->as_of_ms || velocity_is_same(measured, now))
        return false;
    return stock_velocity_compare(measured, now) >= 0 ||
           measured->as_of_ms - now->as_of_ms >= hold_ms;
}

bool stock_latency_is_news(const struct event_latency *now, const struct event_latency *measured,
                           int64_t hold_ms)
{
    if (now == NULL)
        return true;
    int64_t more = measured->latency_ms - now->latency_ms;

    if (measured->as_of_ms <= now->as_of_ms || (more < 0 ? -more : more) * 10 <= now->latency_ms)
        return false;
    return more > 0 || measured->as_of_ms - now->as_of_ms >= hold_ms;
}

/* ---- tiers ---- */

static bool velocity_reaches(const struct event_velocity *velocity, int64_t per_day)
{
    if (velocity == NULL)
        return per_day == 0;
    return (__int128)stock_velocity_units(velocity, "") * STOCK_DAY_MS >=
           (__int128)per_day * velocity->window_ms;
}

static bool velocity_is_faster(const struct event_tier *a, const struct event_tier *b)
{
    return a->from_per_day != b->from_per_day ? a->from_per_day > b->from_per_day
                                              : strcmp(a->tier, b->tier) < 0;
}

const struct event_tier *stock_velocity_tier(const struct event_tier *const *tiers, size_t count,
                                             const struct event_velocity *velocity, bool promoted)
{
    const struct event_tier *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if ((promoted || velocity_reaches(velocity, tiers[i]->from_per_day)) &&
            (best == NULL || velocity_is_faster(tiers[i], best)))
            best = tiers[i];
    }
    return best;
}
