#include <assert.h>

#include "lib/stock/internal.h"

/* ---- rules ---- */

int stock_rule_closeness(const struct event_rule *rule, const char *channel, const char *listing,
                         const char *sku, const char *tier)
{
    bool is_channel = stock_is_same(rule->channel, channel);

    if (*rule->channel != '\0' && !is_channel)
        return 0;
    if (*rule->listing != '\0')
        return is_channel && stock_is_same(rule->listing, listing) ? 7 : 0;
    if (*rule->sku != '\0')
        return !stock_is_same(rule->sku, sku) ? 0 : is_channel ? 6 : 5;
    if (*rule->tier != '\0')
        return !stock_is_same(rule->tier, tier) ? 0 : is_channel ? 4 : 3;
    return is_channel ? 2 : 1;
}

const struct stock_rule *stock_pick_rule(const struct stock_rule *const *rules, size_t count,
                                         const char *channel, const char *listing, const char *sku,
                                         const char *tier)
{
    const struct stock_rule *best = NULL;
    int best_closeness = 0;

    for (size_t i = 0; i < count; i++) {
        const struct stock_rule *rule = rules[i];
        int closeness = stock_rule_closeness(&rule->rule, channel, listing, sku, tier);

        if (closeness == 0 || closeness < best_closeness)
            continue;
        if (closeness > best_closeness ||
            stock_is_later(rule->valid_from_ms, rule->id, best->valid_from_ms, best->id)) {
            best = rule;
            best_closeness = closeness;
        }
    }
    return best;
}

/* False when there is a newer one of its scope. */
static bool allocation_take_rule(struct stock *stock, const struct stock_rule *row)
{
    const struct event_rule *scope = &row->rule;
    bool is_of_tier = *scope->tier != '\0';
    struct stock_table *table = is_of_tier ? &stock->tier_rules : &stock->rules;
    const char *const names[STOCK_TABLE_TEXTS] = {
        scope->channel, is_of_tier ? scope->tier : scope->listing, scope->sku};
    struct rule *rule = stock_table_get(table, names[0], names[1], names[2]);

    if (rule == NULL) {
        rule = arena_alloc(stock->arena, sizeof(*rule));
        stock_table_add(table, stock->arena, names, rule);
    } else if (!stock_is_later(row->valid_from_ms, row->id, rule->row.valid_from_ms,
                               rule->row.id)) {
        return false;
    }
    rule->row = *row;
    rule->changed = stock->cause;
    return true;
}

void stock_load_rule(struct stock *stock, const struct stock_rule *rule)
{
    assert(!stock->is_loaded);
    allocation_take_rule(stock, rule);
}

enum stock_verdict stock_allocation_apply_rule(struct stock *stock, const struct event *event)
{
    struct stock_rule *row = arena_alloc(stock->arena, sizeof(*row));

    *row = (struct stock_rule){stock->cause.event_id, event->times.occurred_ms, event->rule};
    stock_list_add(stock, &stock->new_rules, row);
    return allocation_take_rule(stock, row) ? STOCK_APPLIED : STOCK_NOTED;
}

/* One rule per scope that the listing is in. */
static const struct rule *allocation_rule(const struct stock *stock, const struct listing *listing,
                                          const char *sku, const char *tier)
{
    const char *channel = listing->row.channel;
    const char *name = listing->row.listing;
    const struct {
        const struct stock_table *table;
        const char *names[STOCK_TABLE_TEXTS];
    } scopes[] = {
        {&stock->rules,      {channel, name, ""}},
        {&stock->rules,      {channel, "", sku} },
        {&stock->rules,      {"", "", sku}      },
        {&stock->tier_rules, {channel, tier, ""}},
        {&stock->tier_rules, {"", tier, ""}     },
        {&stock->rules,      {channel, "", ""}  },
        {&stock->rules,      {"", "", ""}       },
    };
    const struct stock_rule *rules[ARRAY_LEN(scopes)];
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        const struct rule *rule = stock_table_get(scopes[i].table, scopes[i].names[0],
                                                  scopes[i].names[1], scopes[i].names[2]);

        if (rule != NULL)
            rules[len++] = &rule->row;
    }
    _Static_assert(offsetof(struct rule, row) == 0, "the row comes first");
    return (const struct rule *)stock_pick_rule(rules, len, channel, name, sku, tier);
}

/* ---- quantities ---- */

/* percent of units, rounded up, without the product that could overflow. */
static int64_t allocation_percent(int64_t units, int64_t percent)
{
    return units / 100 * percent + (units % 100 * percent + 99) / 100;
}

int64_t stock_buffer_under_rule(int64_t sets, const struct event_rule *rule, int64_t priced)
{
    int64_t buffer = priced;

    if (rule == NULL)
        return 0;
    if (buffer < rule->buffer_units)
        buffer = rule->buffer_units;
    int64_t percent = sets > 0 ? allocation_percent(sets, rule->buffer_percent) : 0;
    return buffer < percent ? percent : buffer;
}

int64_t stock_quantity_under_rule(int64_t sellable_sets, const struct event_rule *rule,
                                  int64_t priced)
{
    int64_t quantity = sellable_sets > 0 ? sellable_sets : 0;

    if (rule != NULL) {
        int64_t buffer = stock_buffer_under_rule(quantity, rule, priced);

        quantity = quantity > buffer ? quantity - buffer : 0;
        if (rule->cap > 0 && quantity > rule->cap)
            quantity = rule->cap;
        if (quantity < rule->floor)
            quantity = 0;
    }
    return quantity < EVENT_QUANTITY_MAX ? quantity : EVENT_QUANTITY_MAX;
}

/* What one listing's quantity is computed from, and the last event that changed any of it. */
struct inputs {
    const struct stock *stock;
    const struct event_rule *rule; /* NULL: the default */
    struct cause changed;
};

static void inputs_note(struct inputs *inputs, const struct cause *cause)
{
    if (cause->seq > inputs->changed.seq)
        inputs->changed = *cause;
}

/* Sums of many positions, each within the limit, may only saturate in theory. */
static void inputs_add(struct inputs *inputs, const struct position *position, int64_t sign,
                       int64_t *available)
{
    if (position == NULL)
        return;
    inputs_note(inputs, &position->changed);
    if (__builtin_add_overflow(*available, sign * position->row.quantity, available))
        *available = sign * position->row.quantity < 0 ? INT64_MIN : INT64_MAX;
}

/* A name given twice counts once. */
static bool inputs_has_before(const char *const *names, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (stock_is_same(names[i], names[at]))
            return true;
    }
    return false;
}

static void inputs_add_shelf(struct inputs *inputs, const struct shelf *shelf, int64_t *available)
{
    const struct event_rule *rule = inputs->rule;

    if (shelf == NULL)
        return;
    if (rule == NULL || rule->buckets_len == 0)
        inputs_add(inputs, shelf->sellable, 1, available);
    for (size_t i = 0; rule != NULL && i < rule->buckets_len; i++) {
        if (!inputs_has_before(rule->buckets, i))
            inputs_add(inputs, stock_position_find(shelf, rule->buckets[i]), 1, available);
    }
    inputs_add(inputs, shelf->committed, -1, available);
}

static int64_t inputs_available(struct inputs *inputs, const struct mapping *mapping,
                                size_t component)
{
    const struct event_rule *rule = inputs->rule;
    int64_t available = 0;

    if (rule == NULL || rule->pools_len == 0)
        inputs_add_shelf(inputs, mapping->shelves[component], &available);
    for (size_t i = 0; rule != NULL && i < rule->pools_len; i++) {
        if (!inputs_has_before(rule->pools, i))
            inputs_add_shelf(inputs,
                             stock_table_get(&inputs->stock->shelves,
                                             mapping->row.components[component].sku, rule->pools[i],
                                             ""),
                             &available);
    }
    return available;
}

/* A retired listing has no component, and shows nothing. How far it is below zero shows as little,
   so division may round towards zero. */
static int64_t allocation_sets(struct inputs *inputs, const struct mapping *mapping)
{
    int64_t sets = mapping->row.components_len == 0 ? 0 : INT64_MAX;

    for (size_t i = 0; i < mapping->row.components_len; i++) {
        int64_t available = inputs_available(inputs, mapping, i);
        int64_t some = available / mapping->row.components[i].units;

        if (some < sets)
            sets = some;
    }
    return sets;
}

/* ---- targets ---- */

static void allocation_keep(struct stock *stock, struct listing *listing,
                            const struct stock_listing *now)
{
    const struct stock_listing *was = &listing->row;
    /* A sale here lowered what the channel shows: when the target stays where it was (a cap, units
       received meanwhile), it must be pushed again all the same. */
    bool is_target = !listing->is_stored || was->quantity != now->quantity ||
                     listing->sold_stored != now->sold_here ||
                     listing->open_stored != now->open_here ||
                     !stock_is_same(was->address, now->address);

    bool is_pace = was->priced != now->priced || !stock_is_same(was->tier, now->tier);

    if (!is_target && !is_pace && stock_is_same(was->mapping_id, now->mapping_id) &&
        stock_is_same(was->rule_id, now->rule_id) &&
        stock_is_same(was->measurement_id, now->measurement_id) &&
        stock_is_same(was->latency_id, now->latency_id))
        return;
    stock->changed_listings =
        arena_grow(stock->arena, stock->changed_listings, stock->changed_listings_len,
                   &stock->changed_listings_capacity, sizeof(*stock->changed_listings));
    stock->changed_listings[stock->changed_listings_len++] = (struct stock_listing_change){
        arena_memdup(stock->arena, now, sizeof(*now)), is_target, is_pace};
}

/* Who retires a listing need not repeat its address, but showing zero there takes one: the newest
   that a mapping named. */
static const char *allocation_address(const struct listing *listing)
{
    const struct stock_mapping *named = NULL;

    if (listing->newest->row.components_len > 0 || *listing->newest->row.address != '\0')
        return listing->newest->row.address;
    for (size_t i = 0; i < listing->mappings_len; i++) {
        const struct stock_mapping *row = &listing->mappings[i]->row;

        if (*row->address != '\0' && (named == NULL || stock_mapping_is_later(row, named)))
            named = row;
    }
    return named == NULL ? "" : named->address;
}

static void allocation_settle_listing(struct stock *stock, struct listing *listing)
{
    const struct mapping *mapping = listing->newest;
    struct stock_listing now = listing->row;
    const char *sku = stock_listing_sku(stock, &listing->row);
    const struct pace pace = stock_measure_pace(stock, sku);
    const struct rule *rule = allocation_rule(stock, listing, sku, pace.tier);
    struct inputs inputs = {.stock = stock, .rule = rule == NULL ? NULL : &rule->row.rule};
    const struct price price =
        stock_measure_price(stock, mapping, rule == NULL ? 0 : rule->row.rule.risk_bound_ppm);

    inputs_note(&inputs, &listing->changed);
    inputs_note(&inputs, &price.changed);
    if (rule != NULL)
        inputs_note(&inputs, &rule->changed);
    if (!stock_is_same(pace.tier, now.tier))
        inputs_note(&inputs, &pace.changed);
    now.tier = pace.tier;
    now.priced = price.sets;
    now.measurement_id = *sku != '\0' ? pace.measurement_id : price.measurement_id;
    now.latency_id = price.latency_id;
    now.quantity =
        stock_quantity_under_rule(allocation_sets(&inputs, mapping), inputs.rule, price.sets);
    now.address = allocation_address(listing);
    now.mapping_id = mapping->row.id;
    now.rule_id = rule == NULL ? "" : rule->row.id;
    if (inputs.changed.seq > 0)
        now.event_id = inputs.changed.event_id;
    allocation_keep(stock, listing, &now);
}

void stock_allocation_settle(struct stock *stock)
{
    for (size_t i = 0; i < stock->listings.len; i++) {
        struct listing *listing = stock->listings.entries[i].value;

        if (listing->newest != NULL)
            allocation_settle_listing(stock, listing);
    }
}
