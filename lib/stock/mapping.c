#include <assert.h>

#include "lib/stock/internal.h"

/* ---- finding ---- */

struct listing *stock_mapping_listing(struct stock *stock, const char *channel, const char *listing)
{
    struct listing *found = stock_table_get(&stock->listings, channel, listing, "");

    if (found != NULL)
        return found;
    found = arena_alloc(stock->arena, sizeof(*found));
    found->row = (struct stock_listing){
        .channel = channel,
        .listing = listing,
        .address = "",
        .quantity = -1,
        .mapping_id = "",
        .rule_id = "",
        .tier = "",
        .measurement_id = "",
        .latency_id = "",
        .event_id = "",
    };
    stock_table_add(&stock->listings, stock->arena, (const char *[]){channel, listing, ""}, found);
    return found;
}

struct pool *stock_mapping_pool(struct stock *stock, const char *pool)
{
    struct pool *found = stock_table_get(&stock->pools, pool, "", "");

    if (found != NULL)
        return found;
    found = arena_alloc(stock->arena, sizeof(*found));
    found->row.pool = pool;
    stock_table_add(&stock->pools, stock->arena, (const char *[]){pool, "", ""}, found);
    return found;
}

bool stock_mapping_is_later(const struct stock_mapping *a, const struct stock_mapping *b)
{
    return stock_is_later(a->valid_from_ms, a->id, b->valid_from_ms, b->id);
}

const struct stock_mapping *stock_pick_mapping(const struct stock_mapping *const *mappings,
                                               size_t count, int64_t at_ms)
{
    const struct stock_mapping *best = NULL;

    for (size_t i = 0; i < count; i++) {
        if (mappings[i]->valid_from_ms <= at_ms &&
            (best == NULL || stock_mapping_is_later(mappings[i], best)))
            best = mappings[i];
    }
    return best;
}

/* struct mapping begins with its row, so an array of the one is an array of the other. */
_Static_assert(offsetof(struct mapping, row) == 0, "the row comes first");

const struct mapping *stock_mapping_at(const struct listing *listing, int64_t at_ms)
{
    return (const struct mapping *)stock_pick_mapping((const void *)listing->mappings,
                                                      listing->mappings_len, at_ms);
}

const char *stock_listing_sku(const struct stock *stock, const struct stock_listing *listing)
{
    const struct listing *found =
        stock_table_get(&stock->listings, listing->channel, listing->listing, "");

    if (found == NULL || found->newest == NULL || found->newest->row.components_len != 1)
        return "";
    return found->newest->row.components[0].sku;
}

/* ---- loading and new ones ---- */

static struct mapping *mapping_new(struct stock *stock, const struct stock_mapping *row)
{
    struct mapping *mapping = arena_alloc(stock->arena, sizeof(*mapping));

    mapping->row = *row;
    mapping->pool = stock_mapping_pool(stock, row->pool);
    mapping->shelves = arena_alloc(stock->arena, row->components_len * sizeof(struct shelf *));
    for (size_t i = 0; i < row->components_len; i++)
        mapping->shelves[i] = stock_position_shelf(stock, row->components[i].sku, row->pool);
    return mapping;
}

const struct mapping *stock_mapping_in_pool(struct stock *stock, const struct mapping *mapping,
                                            const char *pool)
{
    struct stock_mapping row = mapping->row;
    struct mapping *found = stock_table_get(&stock->elsewhere, row.id, pool, "");

    if (stock_is_same(row.pool, pool))
        return mapping;
    if (found != NULL)
        return found;
    row.pool = pool;
    found = mapping_new(stock, &row);
    stock_table_add(&stock->elsewhere, stock->arena, (const char *[]){row.id, pool, ""}, found);
    return found;
}

static void mapping_keep(struct stock *stock, struct listing *listing,
                         const struct mapping *mapping)
{
    listing->mappings = arena_grow(stock->arena, listing->mappings, listing->mappings_len,
                                   &listing->mappings_capacity, sizeof(*listing->mappings));
    listing->mappings[listing->mappings_len++] = mapping;
    if (listing->newest == NULL || stock_mapping_is_later(&mapping->row, &listing->newest->row))
        listing->newest = mapping;
}

void stock_load_mapping(struct stock *stock, const struct stock_mapping *mapping)
{
    assert(!stock->is_loaded);
    mapping_keep(stock, stock_mapping_listing(stock, mapping->channel, mapping->listing),
                 mapping_new(stock, mapping));
}

void stock_load_listing(struct stock *stock, const struct stock_listing *listing)
{
    struct listing *loaded = stock_mapping_listing(stock, listing->channel, listing->listing);

    assert(!stock->is_loaded);
    loaded->row = *listing;
    loaded->is_stored = true;
    loaded->sold_stored = listing->sold_here;
    loaded->open_stored = listing->open_here;
}

static void mapping_take_pool(struct pool *pool, const struct stock_pool *row)
{
    if (pool->row.id == NULL ||
        stock_is_later(row->valid_from_ms, row->id, pool->row.valid_from_ms, pool->row.id))
        pool->row = *row;
}

void stock_load_pool(struct stock *stock, const struct stock_pool *pool)
{
    assert(!stock->is_loaded);
    mapping_take_pool(stock_mapping_pool(stock, pool->pool), pool);
}

/* ---- events ---- */

static bool mapping_takes_over(const struct mapping *mapping, const struct line_state *line)
{
    return line->row.version_ms > 0 && line->row.placed_ms >= mapping->row.valid_from_ms &&
           (line->in_force == NULL || stock_mapping_is_later(&mapping->row, &line->in_force->row));
}

static void mapping_plan_lines(struct stock *stock, const struct listing *listing,
                               const struct mapping *mapping)
{
    stock_plan_begin(stock);
    for (size_t i = 0; i < listing->lines_len; i++) {
        struct line_state after = listing->lines[i]->now;

        if (!mapping_takes_over(mapping, &after))
            continue;
        after.in_force = mapping;
        stock_line_plan(stock, listing->lines[i], &after);
    }
}

enum stock_verdict stock_mapping_apply(struct stock *stock, const struct event *event,
                                       const char **ret_reason)
{
    const struct event_mapping *fact = &event->mapping;
    struct listing *listing = stock_mapping_listing(stock, fact->channel, fact->listing);
    const struct stock_mapping row = {
        .id = stock->cause.event_id,
        .channel = fact->channel,
        .listing = fact->listing,
        .address = fact->address,
        .components = fact->components,
        .components_len = fact->components_len,
        .pool = fact->pool,
        .valid_from_ms = event->times.occurred_ms,
    };
    struct mapping *mapping = mapping_new(stock, &row);

    mapping_plan_lines(stock, listing, mapping);
    if (!stock_plan_commit(stock))
        return stock_overflows(ret_reason);
    mapping_keep(stock, listing, mapping);
    if (listing->newest == mapping)
        listing->changed = stock->cause;
    stock_list_add(stock, &stock->new_mappings, &mapping->row);
    return STOCK_APPLIED;
}

static const char *mapping_pool_of(const struct line_state *line)
{
    return *line->row.pool != '\0' ? line->row.pool : line->in_force->row.pool;
}

/* Whether lines that draw from the pool count changes for all of them at once. */
static bool mapping_refold_pool(struct stock *stock, const struct pool *pool)
{
    stock_plan_begin(stock);
    stock_consignment_refresh_pool(stock, pool->row.pool);
    for (size_t i = 0; i < stock->lines.len; i++) {
        struct line *line = stock->lines.entries[i].value;
        struct line_state after = line->now;

        if (line->now.in_force != NULL &&
            stock_is_same(mapping_pool_of(&line->now), pool->row.pool))
            stock_line_plan(stock, line, &after);
    }
    return stock_plan_commit(stock);
}

enum stock_verdict stock_mapping_apply_pool(struct stock *stock, const struct event *event,
                                            const char **ret_reason)
{
    struct pool *pool = stock_mapping_pool(stock, event->pool.pool);
    const struct stock_pool was = pool->row;
    struct stock_pool *row = arena_alloc(stock->arena, sizeof(*row));

    *row = (struct stock_pool){event->pool.pool, stock->cause.event_id, event->times.occurred_ms,
                               event->pool.authority};
    mapping_take_pool(pool, row);
    if ((was.authority == EVENT_POOL_CHANNEL) != (pool->row.authority == EVENT_POOL_CHANNEL) &&
        !mapping_refold_pool(stock, pool)) {
        pool->row = was;
        return stock_overflows(ret_reason);
    }
    stock_list_add(stock, &stock->new_pools, row);
    return pool->row.id == row->id ? STOCK_APPLIED : STOCK_NOTED;
}
