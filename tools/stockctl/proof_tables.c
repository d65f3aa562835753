#include "tools/stockctl/proof_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the tables ---- */

struct proof_component {
    const char *mapping_id;
    const char *sku;
    int64_t units;
};

struct proof_rule {
    const char *id;
    const char *channel;
    const char *listing;
    const char *sku;
    const char *pools; /* joined by commas: names have none */
    const char *buckets;
    int64_t buffer_units;
    int64_t buffer_percent;
    int64_t cap;
    int64_t floor;
    const char *tier;
    int64_t risk_bound_ppm;
    int64_t safety_stock;
    int64_t valid_from_ms;
};

struct proof_velocity {
    const char *sku;
    const char *id;
    int64_t as_of_ms;
    int64_t window_ms;
    const char *channels; /* joined by commas */
    const char *units;
};

struct proof_promotion {
    const char *id;
    const char *sku;
    int64_t active;
    int64_t valid_from_ms;
};

struct proof_listing {
    const char *channel;
    const char *listing;
    const char *address;
    const char *sku;
    int64_t quantity;
    int64_t sold_here;
    int64_t open_here;
    const char *mapping_id;
    const char *rule_id;
    const char *tier;
    int64_t priced;
    const char *measurement_id;
    const char *latency_id;
};

#define AS(kind, column, member)                    \
    {                                               \
        column, FIELD_##kind, offsetof(ROW, member) \
    }
#define OF(kind, member) AS(kind, #member, member)

#define ROW struct proof_conflict
static const struct stockctl_field conflict_fields[] = {
    OF(ID, event_id), OF(TEXT, content_hash), OF(INT, partition), AS(INT, "kafka_offset", offset)};
#undef ROW
#define ROW struct proof_parked
static const struct stockctl_field parked_fields[] = {OF(ID, event_id), OF(TEXT, detail),
                                                      OF(TEXT, body)};
#undef ROW
#define ROW struct proof_decision
static const struct stockctl_field decision_fields[] = {OF(ID, event_id), OF(ID, decision_id),
                                                        OF(INT, number),  OF(NAME, decision),
                                                        OF(TEXT, note),   OF(TEXT, body)};
#undef ROW
#define ROW struct proof_pool
static const struct stockctl_field pool_fields[] = {AS(ID, "pool_id", id), OF(NAME, pool),
                                                    OF(NAME, authority), OF(TEXT, title),
                                                    OF(INT, valid_from_ms)};
#undef ROW
#define ROW struct stock_mapping
static const struct stockctl_field mapping_fields[] = {
    AS(ID, "mapping_id", id), OF(NAME, channel), OF(NAME, listing),
    OF(NAME, address),        OF(NAME, pool),    OF(INT, valid_from_ms)};
#undef ROW
#define ROW struct proof_component
static const struct stockctl_field component_fields[] = {OF(ID, mapping_id), OF(NAME, sku),
                                                         OF(INT, units)};
#undef ROW
#define ROW struct proof_rule
static const struct stockctl_field rule_fields[] = {
    AS(ID, "rule_id", id), OF(NAME, channel),     OF(NAME, listing),     OF(NAME, sku),
    OF(NAME, pools),       OF(NAME, buckets),     OF(INT, buffer_units), OF(INT, buffer_percent),
    OF(INT, cap),          OF(INT, floor),        OF(NAME, tier),        OF(INT, risk_bound_ppm),
    OF(INT, safety_stock), OF(INT, valid_from_ms)};
#undef ROW
#define ROW struct stock_tier
static const struct stockctl_field tier_fields[] = {AS(ID, "tier_id", id),
                                                    AS(NAME, "tier", tier.tier),
                                                    AS(INT, "from_per_day", tier.from_per_day),
                                                    AS(INT, "latency_ms", tier.latency_ms),
                                                    AS(INT, "lead_time_days", tier.lead_time_days),
                                                    OF(INT, valid_from_ms)};
#undef ROW
#define ROW struct proof_velocity
static const struct stockctl_field velocity_fields[] = {
    OF(NAME, sku),      AS(ID, "measurement_id", id), OF(INT, as_of_ms),
    OF(INT, window_ms), OF(NAME, channels),           OF(TEXT, units)};
#undef ROW
#define ROW struct stock_latency
static const struct stockctl_field latency_fields[] = {
    AS(ID, "measurement_id", id), AS(NAME, "channel", latency.channel),
    AS(INT, "as_of_ms", latency.as_of_ms), AS(INT, "latency_ms", latency.latency_ms),
    AS(INT, "samples", latency.samples)};
#undef ROW
#define ROW struct proof_promotion
static const struct stockctl_field promotion_fields[] = {AS(ID, "promotion_id", id), OF(NAME, sku),
                                                         OF(INT, active), OF(INT, valid_from_ms)};
#undef ROW
#define ROW struct stock_voided
static const struct stockctl_field voided_fields[] = {OF(NAME, channel), OF(TEXT, order_id),
                                                      OF(INT, voided_ms), OF(ID, event_id)};
#undef ROW
#define ROW struct proof_part
static const struct stockctl_field part_fields[] = {
    OF(NAME, channel),    OF(TEXT, order_id), OF(TEXT, line_id), OF(ID, event_id),
    OF(NAME, kind),       OF(TEXT, part_id),  OF(INT, quantity), OF(NAME, bucket),
    OF(INT, occurred_ms), OF(INT, is_dropped)};
#undef ROW
#define ROW struct stock_line
static const struct stockctl_field line_fields[] = {
    OF(NAME, channel),  OF(TEXT, order_id),   OF(TEXT, line_id),
    OF(NAME, listing),  OF(INT, ordered),     OF(INT, reported_cancelled),
    OF(INT, placed_ms), OF(INT, version_ms),  OF(NAME, status),
    OF(NAME, pool),     OF(TEXT, fulfils),    OF(ID, report_id),
    OF(INT, voided_ms), OF(INT, cancelled),   OF(INT, shipped),
    OF(INT, returned),  OF(NAME, mapping_id), OF(NAME, waiting)};
#undef ROW
#define ROW struct stock_consignment_report
static const struct stockctl_field report_fields[] = {
    OF(ID, event_id),      OF(NAME, kind),      AS(TEXT, "consignment_id", id),
    OF(NAME, sku),         OF(NAME, channel),   OF(NAME, from_pool),
    OF(NAME, from_bucket), OF(NAME, to_pool),   OF(NAME, status),
    OF(INT, sent),         OF(INT, cancelled),  OF(INT, shipped),
    OF(INT, received),     OF(INT, damaged),    OF(INT, disposed),
    OF(INT, lost),         OF(INT, version_ms), OF(INT, created_ms),
    OF(INT, expected_ms)};
#undef ROW
#define ROW struct stock_receipt
static const struct stockctl_field receipt_fields[] = {
    OF(ID, event_id),  OF(NAME, kind),      AS(TEXT, "consignment_id", id),
    OF(NAME, sku),     OF(NAME, pool),      OF(NAME, bucket),
    OF(INT, quantity), OF(INT, occurred_ms)};
#undef ROW
#define ROW struct stock_consignment
static const struct stockctl_field consignment_fields[] = {
    OF(NAME, kind),        AS(TEXT, "consignment_id", id),
    OF(NAME, sku),         OF(NAME, channel),
    OF(NAME, from_pool),   OF(NAME, from_bucket),
    OF(NAME, to_pool),     OF(NAME, status),
    OF(ID, report_id),     OF(INT, sent),
    OF(INT, cancelled),    OF(INT, shipped),
    OF(INT, version_ms),   OF(INT, expected_ms),
    OF(INT, received),     OF(INT, damaged),
    OF(INT, disposed),     OF(INT, lost),
    OF(INT, missing),      OF(INT, transit),
    OF(INT, created_ms),   OF(INT, arrived_ms),
    OF(INT, receiving_ms), OF(INT, closed_ms),
    OF(NAME, waiting)};
#undef ROW
#define ROW struct stock_count
static const struct stockctl_field count_fact_fields[] = {OF(NAME, sku),       OF(NAME, pool),
                                                          OF(NAME, bucket),    OF(ID, event_id),
                                                          OF(INT, counted_ms), OF(INT, quantity)};
#undef ROW
#define ROW struct stock_position
static const struct stockctl_field position_fields[] = {OF(NAME, sku), OF(NAME, pool),
                                                        OF(NAME, bucket), OF(INT, quantity)};
#undef ROW
#define ROW struct stock_oversell
static const struct stockctl_field oversell_fields[] = {OF(NAME, sku),      OF(NAME, pool),
                                                        OF(ID, event_id),   OF(NAME, channel),
                                                        OF(TEXT, order_id), OF(INT, available)};
#undef ROW
#define ROW struct proof_listing
static const struct stockctl_field listing_fields[] = {
    OF(NAME, channel), OF(NAME, listing),  OF(NAME, address),  OF(NAME, sku),
    OF(INT, quantity), OF(INT, sold_here), OF(INT, open_here), OF(NAME, mapping_id),
    OF(NAME, rule_id), OF(NAME, tier),     OF(INT, priced),    OF(ID, measurement_id),
    OF(ID, latency_id)};
#undef ROW

#define TABLE(name, view, of, row, keys, group)                                            \
    {                                                                                      \
        name, "proof_" view, of##_fields, ARRAY_LEN(of##_fields), keys, group, sizeof(row) \
    }
const struct stockctl_table stockctl_proof_tables[PROOF_TABLES] = {
    [PROOF_CONFLICTS] = TABLE("conflicts", "conflicts", conflict, struct proof_conflict, 2, 1),
    [PROOF_PARKED_BODIES] =
        TABLE("parked_bodies", "parked_bodies", parked, struct proof_parked, 1, 1),
    [PROOF_DECISIONS] = TABLE("decisions", "decisions", decision, struct proof_decision, 2, 1),
    [PROOF_POOLS] = TABLE("pools", "pools", pool, struct proof_pool, 1, 1),
    [PROOF_MAPPINGS] = TABLE("mappings", "mappings", mapping, struct stock_mapping, 1, 1),
    [PROOF_COMPONENTS] =
        TABLE("mapping_components", "components", component, struct proof_component, 2, 1),
    [PROOF_RULES] = TABLE("rules", "rules", rule, struct proof_rule, 1, 1),
    [PROOF_TIERS] = TABLE("tiers", "tiers", tier, struct stock_tier, 1, 1),
    [PROOF_VELOCITIES] = TABLE("velocities", "velocities", velocity, struct proof_velocity, 2, 1),
    [PROOF_LATENCIES] = TABLE("latencies", "latencies", latency, struct stock_latency, 1, 1),
    [PROOF_PROMOTIONS] = TABLE("promotions", "promotions", promotion, struct proof_promotion, 1, 1),
    [PROOF_VOIDED] = TABLE("voided_orders", "voided", voided, struct stock_voided, 2, 2),
    [PROOF_PARTS] = TABLE("line_parts", "parts", part, struct proof_part, 4, 2),
    [PROOF_LINES] = TABLE("order_lines", "lines", line, struct stock_line, 3, 2),
    [PROOF_REPORTS] =
        TABLE("consignment_reports", "reports", report, struct stock_consignment_report, 1, 1),
    [PROOF_RECEIPTS] =
        TABLE("consignment_receipts", "receipts", receipt, struct stock_receipt, 1, 1),
    [PROOF_CONSIGNMENTS] =
        TABLE("consignments", "consignments", consignment, struct stock_consignment, 3, 3),
    [PROOF_COUNT_FACTS] = TABLE("count_facts", "count_facts", count_fact, struct stock_count, 4, 1),
    [PROOF_COUNTS] = TABLE("counts", "counts", count_fact, struct stock_count, 3, 3),
    [PROOF_POSITIONS] = TABLE("positions", "positions", position, struct stock_position, 3, 1),
    [PROOF_OVERSELLS] = TABLE("oversells", "oversells", oversell, struct stock_oversell, 2, 2),
    [PROOF_LISTINGS] = TABLE("listings", "listings", listing, struct proof_listing, 2, 2),
};

void stockctl_proof_tables_init(struct proof_tables *tables)
{
    tables->names = stockctl_names_new();
    tables->listed = stockctl_tracks_new(tables->names);
    for (size_t i = 0; i < PROOF_TABLES; i++)
        tables->rows[i] = stockctl_rows_new(&stockctl_proof_tables[i], tables->names);
}

void stockctl_proof_tables_release(struct proof_tables *tables)
{
    for (size_t i = 0; i < PROOF_TABLES; i++)
        stockctl_rows_free(tables->rows[i]);
    stockctl_tracks_free(tables->listed);
    stockctl_names_free(tables->names);
}

/* ---- loading ---- */

struct loading {
    const struct proof_tables *tables;
    struct arena *arena;
    struct stock *stock;
};

static size_t split(struct arena *arena, const char *joined, const char *const **ret_names)
{
    const char **names = arena_alloc(arena, EVENT_NAMES_MAX * sizeof(*names));
    size_t len = 0;

    while (*joined != '\0' && len < EVENT_NAMES_MAX) {
        size_t name_len = strcspn(joined, ",");

        names[len++] = arena_strndup(arena, joined, name_len);
        joined += name_len + (joined[name_len] == ',');
    }
    *ret_names = names;
    return len;
}

static void load_pool(const struct loading *loading, const void *values)
{
    const struct proof_pool *row = values;
    const struct stock_pool pool = {row->pool, row->id, row->valid_from_ms,
                                    strcmp(row->authority, "channel") == 0 ? EVENT_POOL_CHANNEL
                                                                           : EVENT_POOL_LEDGER};

    stock_load_pool(loading->stock, &pool);
}

static void load_mapping(const struct loading *loading, const void *values)
{
    struct stock_mapping mapping = *(const struct stock_mapping *)values;
    struct stockctl_rows *rows = loading->tables->rows[PROOF_COMPONENTS];
    struct event_component *components = NULL;
    size_t capacity = 0;
    const struct stockctl_row *row =
        stockctl_rows_first(rows, &(struct proof_component){.mapping_id = mapping.id});

    mapping.components_len = 0;
    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        struct proof_component component;

        stockctl_rows_read(rows, row, loading->arena, &component);
        components = arena_grow(loading->arena, components, mapping.components_len, &capacity,
                                sizeof(*components));
        components[mapping.components_len++] =
            (struct event_component){component.sku, component.units};
    }
    mapping.components = components;
    stock_load_mapping(loading->stock, &mapping);
}

static void load_rule(const struct loading *loading, const void *values)
{
    const struct proof_rule *row = values;
    struct stock_rule rule = {
        .id = row->id,
        .valid_from_ms = row->valid_from_ms,
        .rule = {.fact_id = "",
                 .channel = row->channel,
                 .listing = row->listing,
                 .sku = row->sku,
                 .buffer_units = row->buffer_units,
                 .buffer_percent = row->buffer_percent,
                 .cap = row->cap,
                 .floor = row->floor,
                 .tier = row->tier,
                 .risk_bound_ppm = row->risk_bound_ppm,
                 .safety_stock = row->safety_stock},
    };

    rule.rule.pools_len = split(loading->arena, row->pools, &rule.rule.pools);
    rule.rule.buckets_len = split(loading->arena, row->buckets, &rule.rule.buckets);
    stock_load_rule(loading->stock, &rule);
}

static void load_tier(const struct loading *loading, const void *values)
{
    struct stock_tier tier = *(const struct stock_tier *)values;

    tier.tier.fact_id = "";
    stock_load_tier(loading->stock, &tier);
}

static void load_latency(const struct loading *loading, const void *values)
{
    stock_load_latency(loading->stock, values);
}

static void load_promotion(const struct loading *loading, const void *values)
{
    const struct proof_promotion *row = values;
    const struct stock_promotion promotion = {
        .id = row->id,
        .valid_from_ms = row->valid_from_ms,
        .promotion = {.fact_id = "", .sku = row->sku, .active = row->active != 0}
    };

    stock_load_promotion(loading->stock, &promotion);
}

static void load_consignment(const struct loading *loading, const void *values)
{
    stock_load_consignment(loading->stock, values);
}

static void load_report(const struct loading *loading, const void *values)
{
    stock_load_consignment_report(loading->stock, values);
}

static void load_receipt(const struct loading *loading, const void *values)
{
    stock_load_receipt(loading->stock, values);
}

static void load_count(const struct loading *loading, const void *values)
{
    const struct stock_count *count = values;

    if (*count->event_id != '\0') /* else all of them are held */
        stock_load_count(loading->stock, count);
}

static void load_position(const struct loading *loading, const void *values)
{
    stock_load_position(loading->stock, values);
}

static void load_oversell(const struct loading *loading, const void *values)
{
    struct stock_oversell oversell = *(const struct stock_oversell *)values;

    oversell.open = true;
    stock_load_oversell(loading->stock, &oversell);
}

static void load_listing(const struct loading *loading, const void *values)
{
    const struct proof_listing *row = values;
    const struct stock_listing listing = {row->channel,
                                          row->listing,
                                          row->address,
                                          row->quantity,
                                          row->sold_here,
                                          row->open_here,
                                          row->mapping_id,
                                          row->rule_id,
                                          row->tier,
                                          row->priced,
                                          row->measurement_id,
                                          row->latency_id,
                                          ""};

    stock_load_listing(loading->stock, &listing);
}

static size_t load_table(const struct loading *loading, enum stockctl_proof_table table,
                         void (*load)(const struct loading *loading, const void *values))
{
    const struct stockctl_rows *rows = loading->tables->rows[table];
    const struct stockctl_row *row = NULL;

    for (size_t i = 0; (row = stockctl_rows_each(rows, &i, row)) != NULL;) {
        void *values = arena_alloc(loading->arena, stockctl_proof_tables[table].size);

        stockctl_rows_read(rows, row, loading->arena, values);
        load(loading, values);
    }
    return stockctl_rows_len(rows);
}

/* "amazon,ebay" and "31,4". */
static void load_velocity(const struct loading *loading, const struct proof_velocity *row)
{
    const char *const *channels = NULL;
    struct event_channel_units *units =
        arena_alloc(loading->arena, EVENT_CHANNELS_MAX * sizeof(*units));
    const char *numbers = row->units;
    struct stock_velocity velocity = {
        .id = row->id,
        .velocity = {.sku = row->sku, .as_of_ms = row->as_of_ms, .window_ms = row->window_ms}
    };

    velocity.velocity.units_len = split(loading->arena, row->channels, &channels);
    for (size_t i = 0; i < velocity.velocity.units_len; i++) {
        char *end = NULL;

        units[i] = (struct event_channel_units){channels[i], strtoll(numbers, &end, 10)};
        numbers = *end == ',' ? end + 1 : end;
    }
    velocity.velocity.units = units;
    stock_load_velocity(loading->stock, &velocity);
}

/* Of those of its SKU, of which it is the first. */
static const struct stockctl_row *newest_velocity(const struct stockctl_rows *rows,
                                                  const struct stockctl_row *row,
                                                  struct arena *scratch)
{
    const struct stockctl_row *found = row;
    struct proof_velocity newest;
    struct proof_velocity one;

    stockctl_rows_read(rows, row, scratch, &newest);
    while ((row = stockctl_rows_next(rows, row)) != NULL) {
        stockctl_rows_read(rows, row, scratch, &one);
        if (one.as_of_ms < newest.as_of_ms ||
            (one.as_of_ms == newest.as_of_ms && strcmp(one.id, newest.id) < 0))
            continue;
        newest = one;
        found = row;
    }
    return found;
}

/* There are many, and of a SKU only the newest counts. */
static size_t load_velocities(const struct loading *loading)
{
    struct stockctl_rows *rows = loading->tables->rows[PROOF_VELOCITIES];
    const struct stockctl_row *row = NULL;
    SCOPED(arena) struct arena *scratch = arena_new();
    size_t count = 0;

    for (size_t i = 0; (row = stockctl_rows_each(rows, &i, row)) != NULL;) {
        struct proof_velocity newest;

        arena_reset(scratch);
        stockctl_rows_read(rows, row, scratch, &newest);
        if (stockctl_rows_first(rows, &newest) != row)
            continue;
        const struct stockctl_row *found = newest_velocity(rows, row, scratch);
        stockctl_rows_read(rows, found, loading->arena, &newest);
        load_velocity(loading, &newest);
        count++;
    }
    return count;
}

size_t stockctl_proof_tables_load(const struct proof_tables *tables, struct arena *arena,
                                  struct stock *stock)
{
    static const struct {
        enum stockctl_proof_table table;
        void (*load)(const struct loading *loading, const void *values);
    } loads[] = {
        {PROOF_POOLS,        load_pool       },
        {PROOF_MAPPINGS,     load_mapping    },
        {PROOF_RULES,        load_rule       },
        {PROOF_TIERS,        load_tier       },
        {PROOF_LATENCIES,    load_latency    },
        {PROOF_PROMOTIONS,   load_promotion  },
        {PROOF_CONSIGNMENTS, load_consignment},
        {PROOF_REPORTS,      load_report     },
        {PROOF_RECEIPTS,     load_receipt    },
        {PROOF_POSITIONS,    load_position   },
        {PROOF_COUNTS,       load_count      },
        {PROOF_OVERSELLS,    load_oversell   },
        {PROOF_LISTINGS,     load_listing    },
    };
    const struct loading loading = {tables, arena, stock};
    size_t count = load_velocities(&loading);

    for (size_t i = 0; i < ARRAY_LEN(loads); i++)
        count += load_table(&loading, loads[i].table, loads[i].load);
    return count;
}

/* ---- saving ---- */

struct saving {
    const struct proof_tables *tables;
    struct arena *arena;
    const struct stock *stock;
};

static void save_all(const struct saving *saving, enum stockctl_proof_table table,
                     const void *const *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        stockctl_rows_put(saving->tables->rows[table], rows[i]);
}

/* Rows that lib/stock has in the form in which they are kept. */
#define SAVE(saving, table, type, changed)                    \
    do {                                                      \
        const type *const *rows_ = NULL;                      \
        size_t count_ = changed((saving)->stock, &rows_);     \
                                                              \
        save_all(saving, table, (const void *)rows_, count_); \
    } while (0)

static const char *joined(struct arena *arena, const char *const *names, size_t count)
{
    return arena_join(arena, names, count, ',');
}

/* A line that leaves a listing stays among its lines: whoever looks there sees that it left. */
static void save_lines(const struct saving *saving)
{
    struct stockctl_rows *rows = saving->tables->rows[PROOF_LINES];
    const struct stock_line *const *lines = NULL;
    size_t count = stock_changed_lines(saving->stock, &lines);

    for (size_t i = 0; i < count; i++) {
        const struct stockctl_row *was = stockctl_rows_find(rows, lines[i]);
        struct stock_line before = {.listing = ""};

        if (was != NULL)
            stockctl_rows_read(rows, was, saving->arena, &before);
        const struct stockctl_row *row = stockctl_rows_put(rows, lines[i]);
        if (strcmp(before.listing, lines[i]->listing) == 0)
            continue;
        uint64_t hash = stockctl_rows_hash(rows, row);
        buf_append(
            &stockctl_tracks_make(saving->tables->listed, lines[i]->listing, lines[i]->channel, "")
                 ->bytes,
            &hash, sizeof(hash));
    }
}

static void save_parts(const struct saving *saving)
{
    const struct stock_new_part *parts = NULL;
    size_t count = stock_new_parts(saving->stock, &parts);

    for (size_t i = 0; i < count; i++) {
        const struct stock_part *part = parts[i].part;
        const struct proof_part row = {parts[i].line->channel,
                                       parts[i].line->order_id,
                                       parts[i].line->line_id,
                                       part->event_id,
                                       event_kind_name(part->kind),
                                       part->part_id,
                                       part->quantity,
                                       part->bucket,
                                       part->occurred_ms,
                                       part->is_dropped};

        stockctl_rows_put(saving->tables->rows[PROOF_PARTS], &row);
    }
}

static void save_mappings(const struct saving *saving)
{
    const struct stock_mapping *const *mappings = NULL;
    size_t count = stock_new_mappings(saving->stock, &mappings);

    for (size_t i = 0; i < count; i++) {
        stockctl_rows_put(saving->tables->rows[PROOF_MAPPINGS], mappings[i]);
        for (size_t c = 0; c < mappings[i]->components_len; c++) {
            const struct proof_component row = {mappings[i]->id, mappings[i]->components[c].sku,
                                                mappings[i]->components[c].units};

            stockctl_rows_put(saving->tables->rows[PROOF_COMPONENTS], &row);
        }
    }
}

static void save_pools(const struct saving *saving,
                       const char *(*title_of)(void *opaque, const char *event_id), void *opaque)
{
    const struct stock_pool *const *pools = NULL;
    size_t count = stock_new_pools(saving->stock, &pools);

    for (size_t i = 0; i < count; i++) {
        const struct proof_pool row = {pools[i]->id, pools[i]->pool,
                                       pools[i]->authority == EVENT_POOL_CHANNEL ? "channel"
                                                                                 : "ledger",
                                       title_of(opaque, pools[i]->id), pools[i]->valid_from_ms};

        stockctl_rows_put(saving->tables->rows[PROOF_POOLS], &row);
    }
}

static void save_rules(const struct saving *saving)
{
    const struct stock_rule *const *rules = NULL;
    size_t count = stock_new_rules(saving->stock, &rules);

    for (size_t i = 0; i < count; i++) {
        const struct event_rule *rule = &rules[i]->rule;
        const struct proof_rule row = {
            .id = rules[i]->id,
            .channel = rule->channel,
            .listing = rule->listing,
            .sku = rule->sku,
            .pools = joined(saving->arena, rule->pools, rule->pools_len),
            .buckets = joined(saving->arena, rule->buckets, rule->buckets_len),
            .buffer_units = rule->buffer_units,
            .buffer_percent = rule->buffer_percent,
            .cap = rule->cap,
            .floor = rule->floor,
            .tier = rule->tier,
            .risk_bound_ppm = rule->risk_bound_ppm,
            .safety_stock = rule->safety_stock,
            .valid_from_ms = rules[i]->valid_from_ms,
        };

        stockctl_rows_put(saving->tables->rows[PROOF_RULES], &row);
    }
}

static void save_velocities(const struct saving *saving)
{
    const struct stock_velocity *const *velocities = NULL;
    size_t count = stock_new_velocities(saving->stock, &velocities);

    for (size_t i = 0; i < count; i++) {
        const struct event_velocity *fact = &velocities[i]->velocity;
        const char **channels = arena_alloc(saving->arena, fact->units_len * sizeof(*channels));
        const char **units = arena_alloc(saving->arena, fact->units_len * sizeof(*units));

        for (size_t c = 0; c < fact->units_len; c++) {
            channels[c] = fact->units[c].channel;
            units[c] = arena_printf(saving->arena, "%" PRId64, fact->units[c].units);
        }
        const struct proof_velocity row = {fact->sku,
                                           velocities[i]->id,
                                           fact->as_of_ms,
                                           fact->window_ms,
                                           joined(saving->arena, channels, fact->units_len),
                                           joined(saving->arena, units, fact->units_len)};

        stockctl_rows_put(saving->tables->rows[PROOF_VELOCITIES], &row);
    }
}

static void save_promotions(const struct saving *saving)
{
    const struct stock_promotion *const *promotions = NULL;
    size_t count = stock_new_promotions(saving->stock, &promotions);

    for (size_t i = 0; i < count; i++) {
        const struct proof_promotion row = {promotions[i]->id, promotions[i]->promotion.sku,
                                            promotions[i]->promotion.active,
                                            promotions[i]->valid_from_ms};

        stockctl_rows_put(saving->tables->rows[PROOF_PROMOTIONS], &row);
    }
}

static void save_oversells(const struct saving *saving)
{
    struct stockctl_rows *rows = saving->tables->rows[PROOF_OVERSELLS];
    const struct stock_oversell *const *oversells = NULL;
    size_t count = stock_changed_oversells(saving->stock, &oversells);

    for (size_t i = 0; i < count; i++) {
        if (oversells[i]->open)
            stockctl_rows_put(rows, oversells[i]);
        else
            stockctl_rows_remove(rows, oversells[i]);
    }
}

static void save_listings(const struct saving *saving)
{
    const struct stock_listing_change *changes = NULL;
    size_t count = stock_changed_listings(saving->stock, &changes);

    for (size_t i = 0; i < count; i++) {
        const struct stock_listing *listing = changes[i].listing;
        const struct proof_listing row = {
            listing->channel,   listing->listing,
            listing->address,   stock_listing_sku(saving->stock, listing),
            listing->quantity,  listing->sold_here,
            listing->open_here, listing->mapping_id,
            listing->rule_id,   listing->tier,
            listing->priced,    listing->measurement_id,
            listing->latency_id};

        stockctl_rows_put(saving->tables->rows[PROOF_LISTINGS], &row);
    }
}

void stockctl_proof_tables_save(const struct proof_tables *tables, struct arena *arena,
                                const struct stock *stock,
                                const char *(*title_of)(void *opaque, const char *event_id),
                                void *opaque)
{
    const struct saving saving = {tables, arena, stock};

    save_pools(&saving, title_of, opaque);
    save_mappings(&saving);
    save_rules(&saving);
    SAVE(&saving, PROOF_TIERS, struct stock_tier, stock_new_tiers);
    save_velocities(&saving);
    SAVE(&saving, PROOF_LATENCIES, struct stock_latency, stock_new_latencies);
    save_promotions(&saving);
    SAVE(&saving, PROOF_VOIDED, struct stock_voided, stock_new_voided);
    save_parts(&saving);
    save_lines(&saving);
    SAVE(&saving, PROOF_REPORTS, struct stock_consignment_report, stock_new_consignment_reports);
    SAVE(&saving, PROOF_RECEIPTS, struct stock_receipt, stock_new_receipts);
    SAVE(&saving, PROOF_CONSIGNMENTS, struct stock_consignment, stock_changed_consignments);
    SAVE(&saving, PROOF_COUNT_FACTS, struct stock_count, stock_new_count_facts);
    SAVE(&saving, PROOF_COUNTS, struct stock_count, stock_new_counts);
    SAVE(&saving, PROOF_POSITIONS, struct stock_position, stock_changed_positions);
    save_oversells(&saving);
    save_listings(&saving);
}
