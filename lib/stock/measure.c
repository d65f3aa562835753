#include "lib/stock/measure.h"

#include <assert.h>
#include <string.h>

#include "lib/stock/internal.h"
#include "lib/stock/risk.h"
#include "lib/stock/velocity.h"

/* ---- of each name the newest ---- */

/* False when there is a newer one. */
static bool measure_take(struct stock *stock, struct stock_table *table, const char *name,
                         const struct measure *measure)
{
    struct measure *known = stock_table_get(table, name, "", "");

    if (known == NULL) {
        known = arena_alloc(stock->arena, sizeof(*known));
        stock_table_add(table, stock->arena, (const char *[]){name, "", ""}, known);
    } else if (!stock_is_later(measure->at_ms, measure->id, known->at_ms, known->id)) {
        return false;
    }
    *known = *measure;
    known->changed = stock->cause;
    return true;
}

static bool measure_take_tier(struct stock *stock, const struct stock_tier *row)
{
    return measure_take(stock, &stock->tiers, row->tier.tier,
                        &(struct measure){row->valid_from_ms, row->id, .tier = &row->tier});
}

static bool measure_take_velocity(struct stock *stock, const struct stock_velocity *row)
{
    return measure_take(
        stock, &stock->velocities, row->velocity.sku,
        &(struct measure){row->velocity.as_of_ms, row->id, .velocity = &row->velocity});
}

static bool measure_take_latency(struct stock *stock, const struct stock_latency *row)
{
    return measure_take(
        stock, &stock->latencies, row->latency.channel,
        &(struct measure){row->latency.as_of_ms, row->id, .latency = &row->latency});
}

static bool measure_take_promotion(struct stock *stock, const struct stock_promotion *row)
{
    return measure_take(
        stock, &stock->promotions, row->promotion.sku,
        &(struct measure){row->valid_from_ms, row->id, .promotion = &row->promotion});
}

/* ---- loading and new ones ---- */

/* The rows that the tables point to must live as long. */
#define MEASURE_KEPT(stock, row) arena_memdup((stock)->arena, row, sizeof(*(row)))

void stock_load_tier(struct stock *stock, const struct stock_tier *tier)
{
    assert(!stock->is_loaded);
    measure_take_tier(stock, MEASURE_KEPT(stock, tier));
}

void stock_load_velocity(struct stock *stock, const struct stock_velocity *velocity)
{
    assert(!stock->is_loaded);
    measure_take_velocity(stock, MEASURE_KEPT(stock, velocity));
}

void stock_load_latency(struct stock *stock, const struct stock_latency *latency)
{
    assert(!stock->is_loaded);
    measure_take_latency(stock, MEASURE_KEPT(stock, latency));
}

void stock_load_promotion(struct stock *stock, const struct stock_promotion *promotion)
{
    assert(!stock->is_loaded);
    measure_take_promotion(stock, MEASURE_KEPT(stock, promotion));
}

static bool measure_apply_tier(struct stock *stock, const struct event *event)
{
    const struct stock_tier row = {stock->cause.event_id, event->times.occurred_ms, event->tier};
    struct stock_tier *kept = MEASURE_KEPT(stock, &row);

    stock_list_add(stock, &stock->new_tiers, kept);
    return measure_take_tier(stock, kept);
}

static bool measure_apply_velocity(struct stock *stock, const struct event *event)
{
    const struct stock_velocity row = {stock->cause.event_id, event->velocity};
    struct stock_velocity *kept = MEASURE_KEPT(stock, &row);

    stock_list_add(stock, &stock->new_velocities, kept);
    return measure_take_velocity(stock, kept);
}

static bool measure_apply_latency(struct stock *stock, const struct event *event)
{
    const struct stock_latency row = {stock->cause.event_id, event->latency};
    struct stock_latency *kept = MEASURE_KEPT(stock, &row);

    stock_list_add(stock, &stock->new_latencies, kept);
    return measure_take_latency(stock, kept);
}

static bool measure_apply_promotion(struct stock *stock, const struct event *event)
{
    const struct stock_promotion row = {stock->cause.event_id, event->times.occurred_ms,
                                        event->promotion};
    struct stock_promotion *kept = MEASURE_KEPT(stock, &row);

    stock_list_add(stock, &stock->new_promotions, kept);
    return measure_take_promotion(stock, kept);
}

enum stock_verdict stock_measure_apply(struct stock *stock, const struct event *event)
{
    bool is_newest = event->kind == EVENT_TIER_DEFINED        ? measure_apply_tier(stock, event)
                     : event->kind == EVENT_VELOCITY_MEASURED ? measure_apply_velocity(stock, event)
                     : event->kind == EVENT_LATENCY_MEASURED
                         ? measure_apply_latency(stock, event)
                         : measure_apply_promotion(stock, event);

    return is_newest ? STOCK_APPLIED : STOCK_NOTED;
}

size_t stock_new_tiers(const struct stock *stock, const struct stock_tier *const **ret_tiers)
{
    *ret_tiers = (const void *)stock->new_tiers.items;
    return stock->new_tiers.len;
}

size_t stock_new_velocities(const struct stock *stock,
                            const struct stock_velocity *const **ret_velocities)
{
    *ret_velocities = (const void *)stock->new_velocities.items;
    return stock->new_velocities.len;
}

size_t stock_new_latencies(const struct stock *stock,
                           const struct stock_latency *const **ret_latencies)
{
    *ret_latencies = (const void *)stock->new_latencies.items;
    return stock->new_latencies.len;
}

size_t stock_new_promotions(const struct stock *stock,
                            const struct stock_promotion *const **ret_promotions)
{
    *ret_promotions = (const void *)stock->new_promotions.items;
    return stock->new_promotions.len;
}

const struct event_velocity *stock_newest_velocity(const struct stock *stock, const char *sku)
{
    const struct measure *newest = stock_table_get(&stock->velocities, sku, "", "");

    return newest == NULL ? NULL : newest->velocity;
}

const struct event_latency *stock_newest_latency(const struct stock *stock, const char *channel)
{
    const struct measure *newest = stock_table_get(&stock->latencies, channel, "", "");

    return newest == NULL ? NULL : newest->latency;
}

/* ---- what follows for a listing ---- */

/* The defaults that nobody defined anew, and all that are defined. */
static const struct event_tier **measure_tiers(const struct stock *stock, size_t *ret_len)
{
    const struct event_tier **tiers =
        arena_alloc(stock->arena, (STOCK_TIERS_DEFAULT + stock->tiers.len) * sizeof(*tiers));
    size_t len = 0;

    for (size_t i = 0; i < STOCK_TIERS_DEFAULT; i++) {
        if (stock_table_get(&stock->tiers, stock_velocity_tiers[i].tier, "", "") == NULL)
            tiers[len++] = &stock_velocity_tiers[i];
    }
    for (size_t i = 0; i < stock->tiers.len; i++)
        tiers[len++] = ((const struct measure *)stock->tiers.entries[i].value)->tier;
    *ret_len = len;
    return tiers;
}

void stock_measure_settle(struct stock *stock)
{
    stock->tiers_now = measure_tiers(stock, &stock->tiers_now_len);
    stock->tiers_changed = (struct cause){0};
    for (size_t i = 0; i < stock->tiers.len; i++)
        stock_measure_note(&stock->tiers_changed, stock->tiers.entries[i].value);
}

void stock_measure_note(struct cause *changed, const struct measure *measure)
{
    if (measure != NULL && measure->changed.seq > changed->seq)
        *changed = measure->changed;
}

struct pace stock_measure_pace(const struct stock *stock, const char *sku)
{
    const struct measure *velocity = stock_table_get(&stock->velocities, sku, "", "");
    const struct measure *promotion = stock_table_get(&stock->promotions, sku, "", "");
    struct pace pace = {.tier = "", .measurement_id = "", .changed = stock->tiers_changed};

    if (*sku == '\0')
        return pace;
    const struct event_tier *tier = stock_velocity_tier(
        stock->tiers_now, stock->tiers_now_len, velocity == NULL ? NULL : velocity->velocity,
        promotion != NULL && promotion->promotion->active);

    if (tier != NULL)
        pace.tier = tier->tier;
    if (velocity != NULL)
        pace.measurement_id = velocity->id;
    stock_measure_note(&pace.changed, velocity);
    stock_measure_note(&pace.changed, promotion);
    return pace;
}

/* In sets of the listing: b units of a component are at most so many. */
static int64_t measure_price_component(const struct mapping *mapping, size_t component,
                                       const struct measure *velocity,
                                       const struct measure *latency, int64_t bound_ppm)
{
    if (velocity == NULL)
        return 0;
    const struct stock_risk risk = {
        .units = stock_velocity_units(velocity->velocity, mapping->row.channel),
        .window_ms = velocity->velocity->window_ms,
        .latency_ms = latency->latency->latency_ms,
        .bound_ppm = bound_ppm,
        .shares = (int64_t)mapping->row.components_len,
    };
    int64_t units = mapping->row.components[component].units;

    return (stock_risk_buffer(&risk) + units - 1) / units;
}

struct price stock_measure_price(const struct stock *stock, const struct mapping *mapping,
                                 int64_t bound_ppm)
{
    const struct measure *latency =
        stock_table_get(&stock->latencies, mapping->row.channel, "", "");
    struct price price = {.measurement_id = "", .latency_id = ""};
    const char *dearest = "";

    if (bound_ppm == 0 || latency == NULL)
        return price;
    if (mapping->row.components_len > 0)
        price.latency_id = latency->id;
    stock_measure_note(&price.changed, latency);
    for (size_t i = 0; i < mapping->row.components_len; i++) {
        const char *sku = mapping->row.components[i].sku;
        const struct measure *velocity = stock_table_get(&stock->velocities, sku, "", "");
        int64_t sets = measure_price_component(mapping, i, velocity, latency, bound_ppm);

        stock_measure_note(&price.changed, velocity);
        /* Components come in any order: of equally dear ones the smaller name counts. */
        if (sets == 0 || sets < price.sets || (sets == price.sets && strcmp(sku, dearest) > 0))
            continue;
        dearest = sku;
        price.sets = sets;
        price.measurement_id = velocity->id;
    }
    return price;
}
