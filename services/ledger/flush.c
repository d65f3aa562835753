#include "services/ledger/flush.h"

#include <string.h>

#include "services/ledger/keys.h"
#include "services/ledger/measures.h"
#include "services/ledger/outbox.h"
#include "services/ledger/rows.h"

#include "sql.h"

#define TEXT(field) LEDGER_ROWS_TEXT_OF(ROW, field)
#define INT(field)  LEDGER_ROWS_INT_OF(ROW, field)

struct flusher {
    struct pg *pg;
    struct arena *arena;
    const struct stock *stock;
    const struct ledger_working_set *set;
    const struct map *causes;
    int64_t batch_id;
    int64_t now_ms;
    int64_t base; /* below every version of this timeline */
};

static bool flush_rows(struct flusher *flusher, const char *sql, const void *rows, size_t count,
                       const struct ledger_rows_column *columns, struct err *err)
{
    return ledger_rows_run(flusher->pg, flusher->arena, sql, rows, count, columns, NULL, err);
}

/* ---- order lines ---- */

#define ROW struct stock_line
static const struct ledger_rows_column line_columns[] = {
    TEXT(channel), TEXT(order_id),          TEXT(line_id),    TEXT(listing),
    INT(ordered),  INT(reported_cancelled), INT(placed_ms),   INT(version_ms),
    TEXT(status),  TEXT(pool),              TEXT(fulfils),    TEXT(report_id),
    INT(voided_ms), INT(cancelled),         INT(shipped),     INT(returned),
    TEXT(mapping_id), TEXT(waiting),        {0},
};
static const struct ledger_rows_column line_state_columns[] = {
    TEXT(channel), TEXT(order_id), TEXT(line_id), TEXT(waiting), {0}};
#undef ROW

struct part_row {
    const char *event_id;
    const char *channel;
    const char *order_id;
    const char *line_id;
    const char *kind;
    const char *part_id;
    int64_t quantity;
    const char *bucket;
    int64_t occurred_ms;
    int64_t is_dropped;
};

#define ROW struct part_row
static const struct ledger_rows_column part_columns[] = {
    TEXT(event_id), TEXT(channel),  TEXT(order_id), TEXT(line_id),    TEXT(kind),
    TEXT(part_id),  INT(quantity),  TEXT(bucket),   INT(occurred_ms), INT(is_dropped),
    {0},
};
#undef ROW

#define ROW struct stock_voided
static const struct ledger_rows_column voided_columns[] = {
    TEXT(channel), TEXT(order_id), INT(voided_ms), TEXT(event_id), {0}};
#undef ROW

static bool flush_parts(struct flusher *flusher, struct err *err)
{
    const struct stock_new_part *parts = NULL;
    size_t count = stock_new_parts(flusher->stock, &parts);
    const struct part_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));

    for (size_t i = 0; i < count; i++) {
        const struct part_row row = {
            parts[i].part->event_id,
            parts[i].line->channel,
            parts[i].line->order_id,
            parts[i].line->line_id,
            event_kind_name(parts[i].part->kind),
            parts[i].part->part_id,
            parts[i].part->quantity,
            parts[i].part->bucket,
            parts[i].part->occurred_ms,
            parts[i].part->is_dropped,
        };

        rows[i] = arena_memdup(flusher->arena, &row, sizeof(row));
    }
    return flush_rows(flusher, sql_ledger_upsert_parts, rows, count, part_columns, err);
}

static bool flush_lines(struct flusher *flusher, struct err *err)
{
    const struct stock_line *const *lines = NULL;
    const struct stock_line *const *restated = NULL;
    const struct stock_voided *const *voided = NULL;
    size_t count = stock_changed_lines(flusher->stock, &lines);
    size_t restated_count = stock_restated_lines(flusher->stock, &restated);
    size_t voided_count = stock_new_voided(flusher->stock, &voided);

    return flush_rows(flusher, sql_ledger_upsert_lines, lines, count, line_columns, err) &&
           flush_parts(flusher, err) &&
           flush_rows(flusher, sql_ledger_upsert_voided, voided, voided_count, voided_columns,
                      err) &&
           flush_rows(flusher, sql_ledger_restate_line_events, restated, restated_count,
                      line_state_columns, err);
}

/* ---- catalogue: mappings, pools, rules ---- */

#define ROW struct stock_mapping
static const struct ledger_rows_column mapping_columns[] = {
    TEXT(id), TEXT(channel), TEXT(listing), TEXT(address), TEXT(pool), INT(valid_from_ms), {0},
};
#undef ROW

struct component_row {
    const char *mapping_id;
    const char *sku;
    int64_t units;
};

#define ROW struct component_row
static const struct ledger_rows_column component_columns[] = {
    TEXT(mapping_id), TEXT(sku), INT(units), {0}};
#undef ROW

struct pool_row {
    const char *id;
    const char *pool;
    const char *authority;
    const char *title;
    int64_t valid_from_ms;
};

#define ROW struct pool_row
static const struct ledger_rows_column pool_columns[] = {
    TEXT(id), TEXT(pool), TEXT(authority), TEXT(title), INT(valid_from_ms), {0},
};
#undef ROW

struct rule_row {
    const struct stock_rule *rule;
    const char *id;
    const char *channel;
    const char *listing;
    const char *sku;
    const char *pools;
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

#define ROW struct rule_row
static const struct ledger_rows_column rule_columns[] = {
    TEXT(id),      TEXT(channel),       TEXT(listing),       TEXT(sku),          TEXT(pools),
    TEXT(buckets), INT(buffer_units),   INT(buffer_percent), INT(cap),           INT(floor),
    TEXT(tier),    INT(risk_bound_ppm), INT(safety_stock),   INT(valid_from_ms), {0},
};
#undef ROW

static bool flush_components(struct flusher *flusher, const struct stock_mapping *const *mappings,
                             size_t count, struct err *err)
{
    const struct component_row **rows = NULL;
    size_t capacity = 0;
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < mappings[i]->components_len; c++) {
            const struct component_row row = {mappings[i]->id, mappings[i]->components[c].sku,
                                              mappings[i]->components[c].units};

            rows = arena_grow(flusher->arena, rows, len, &capacity, sizeof(*rows));
            rows[len++] = arena_memdup(flusher->arena, &row, sizeof(row));
        }
    }
    return flush_rows(flusher, sql_ledger_insert_components, rows, len, component_columns, err);
}

static bool flush_pools(struct flusher *flusher, struct err *err)
{
    const struct stock_pool *const *pools = NULL;
    size_t count = stock_new_pools(flusher->stock, &pools);
    const struct pool_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));

    for (size_t i = 0; i < count; i++) {
        const struct ledger_cause *cause = map_get(flusher->causes, pools[i]->id);
        const struct pool_row row = {
            pools[i]->id, pools[i]->pool,
            pools[i]->authority == EVENT_POOL_CHANNEL ? "channel" : "ledger",
            cause == NULL ? "" : cause->event->pool.title, pools[i]->valid_from_ms};

        rows[i] = arena_memdup(flusher->arena, &row, sizeof(row));
    }
    return flush_rows(flusher, sql_ledger_insert_pools, rows, count, pool_columns, err);
}

static const char *flush_joined(struct arena *arena, const char *const *names, size_t count)
{
    const char *joined = "";

    for (size_t i = 0; i < count; i++)
        joined = arena_printf(arena, "%s%s%s", joined, i == 0 ? "" : ",", names[i]);
    return joined;
}

static bool flush_rules(struct flusher *flusher, struct err *err)
{
    const struct stock_rule *const *rules = NULL;
    size_t count = stock_new_rules(flusher->stock, &rules);
    const struct rule_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));

    for (size_t i = 0; i < count; i++) {
        const struct event_rule *rule = &rules[i]->rule;
        const struct rule_row row = {
            .id = rules[i]->id,
            .channel = rule->channel,
            .listing = rule->listing,
            .sku = rule->sku,
            .pools = flush_joined(flusher->arena, rule->pools, rule->pools_len),
            .buckets = flush_joined(flusher->arena, rule->buckets, rule->buckets_len),
            .buffer_units = rule->buffer_units,
            .buffer_percent = rule->buffer_percent,
            .cap = rule->cap,
            .floor = rule->floor,
            .tier = rule->tier,
            .risk_bound_ppm = rule->risk_bound_ppm,
            .safety_stock = rule->safety_stock,
            .valid_from_ms = rules[i]->valid_from_ms,
        };

        rows[i] = arena_memdup(flusher->arena, &row, sizeof(row));
    }
    return flush_rows(flusher, sql_ledger_insert_rules, rows, count, rule_columns, err);
}

static bool flush_catalogue(struct flusher *flusher, struct err *err)
{
    const struct stock_mapping *const *mappings = NULL;
    size_t count = stock_new_mappings(flusher->stock, &mappings);

    return flush_rows(flusher, sql_ledger_insert_mappings, mappings, count, mapping_columns, err) &&
           flush_components(flusher, mappings, count, err) && flush_pools(flusher, err) &&
           flush_rules(flusher, err) &&
           ledger_measures_flush(flusher->pg, flusher->arena, flusher->stock, err);
}

/* ---- positions ---- */

#define ROW struct stock_count
static const struct ledger_rows_column count_columns[] = {
    TEXT(sku), TEXT(pool), TEXT(bucket), TEXT(event_id), INT(counted_ms), INT(quantity), {0},
};
#undef ROW

struct movement_row {
    struct stock_movement movement;
    int64_t batch_id;
    struct stock_chain_place place;
    const char *chain; /* hex */
};

#define ROW struct movement_row
static const struct ledger_rows_column movement_columns[] = {
    TEXT(movement.event_id),
    TEXT(movement.sku),
    TEXT(movement.pool),
    TEXT(movement.bucket),
    INT(movement.delta),
    INT(movement.effect),
    INT(movement.balance),
    INT(movement.occurred_ms),
    TEXT(movement.reason),
    INT(batch_id),
    INT(place.partition),
    INT(place.offset),
    INT(place.ordinal),
    TEXT(chain),
    {0},
};
#undef ROW
#define ROW struct stock_position
static const struct ledger_rows_column position_columns[] = {
    TEXT(sku), TEXT(pool), TEXT(bucket), INT(quantity), {0}};
#undef ROW
#define ROW struct stock_oversell
static const struct ledger_rows_column oversell_columns[] = {
    TEXT(sku), TEXT(pool), TEXT(event_id), TEXT(channel), TEXT(order_id), INT(available), {0},
};
static const struct ledger_rows_column closed_columns[] = {TEXT(sku), TEXT(pool), {0}};
#undef ROW

static bool flush_oversells(struct flusher *flusher, struct err *err)
{
    const struct stock_oversell *const *all = NULL;
    size_t count = stock_changed_oversells(flusher->stock, &all);
    const struct stock_oversell **opened =
        arena_alloc(flusher->arena, count * sizeof(const void *));
    const struct stock_oversell **closed =
        arena_alloc(flusher->arena, count * sizeof(const void *));
    size_t opened_len = 0;
    size_t closed_len = 0;

    for (size_t i = 0; i < count; i++) {
        if (all[i]->open)
            opened[opened_len++] = all[i];
        else
            closed[closed_len++] = all[i];
    }
    return flush_rows(flusher, sql_ledger_open_oversells, opened, opened_len, oversell_columns,
                      err) &&
           flush_rows(flusher, sql_ledger_close_oversells, closed, closed_len, closed_columns, err);
}

/* Movements come in order of application, which is the order of the records: so each goes onto its
   partition's chain as it comes. */
static bool flush_movements(struct flusher *flusher, struct err *err)
{
    const struct stock_movement *const *movements = NULL;
    size_t count = stock_new_movements(flusher->stock, &movements);
    const struct movement_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));

    for (size_t i = 0; i < count; i++) {
        struct ledger_cause *cause = map_get(flusher->causes, movements[i]->record_id);
        struct movement_row row = {
            .movement = *movements[i],
            .batch_id = flusher->batch_id,
            .place = {cause->move->partition, cause->offset, cause->movements++},
        };

        stock_chain_add(cause->move->head, &row.place, &row.movement);
        cause->move->movements++;
        row.chain = ledger_rows_hex(flusher->arena, cause->move->head, STOCK_CHAIN_LEN);
        rows[i] = arena_memdup(flusher->arena, &row, sizeof(row));
    }
    return flush_rows(flusher, sql_ledger_insert_movements, rows, count, movement_columns, err);
}

/* ---- shipments, removals, counts ---- */

#define ROW struct stock_consignment
static const struct ledger_rows_column consignment_columns[] = {
    TEXT(kind),        TEXT(id),        TEXT(sku),         TEXT(channel),   TEXT(from_pool),
    TEXT(from_bucket), TEXT(to_pool),   TEXT(status),      TEXT(report_id), INT(sent),
    INT(cancelled),    INT(shipped),    INT(version_ms),   INT(expected_ms), INT(received),
    INT(damaged),      INT(disposed),   INT(lost),         INT(missing),    INT(transit),
    INT(created_ms),   INT(arrived_ms), INT(receiving_ms), INT(closed_ms),  TEXT(waiting),
    {0},
};
#undef ROW
#define ROW struct stock_consignment_report
static const struct ledger_rows_column report_columns[] = {
    TEXT(event_id),    TEXT(kind),    TEXT(id),        TEXT(sku),       TEXT(channel),
    TEXT(from_pool),   TEXT(from_bucket), TEXT(to_pool), TEXT(status),  INT(sent),
    INT(cancelled),    INT(shipped),  INT(received),   INT(damaged),    INT(disposed),
    INT(lost),         INT(version_ms), INT(created_ms), INT(expected_ms), {0},
};
#undef ROW
#define ROW struct stock_receipt
static const struct ledger_rows_column receipt_columns[] = {
    TEXT(event_id), TEXT(kind),   TEXT(id),      TEXT(sku),        TEXT(pool),
    TEXT(bucket),   INT(quantity), INT(occurred_ms), {0},
};
#undef ROW

struct status_row {
    const char *event_id;
    const char *status;
    const char *reason;
};

#define ROW struct status_row
static const struct ledger_rows_column status_columns[] = {
    TEXT(event_id), TEXT(status), TEXT(reason), {0}};
#undef ROW

/* What became of events that stood otherwise in ledger.events. Of several words about one event the
   last counts. */
static bool flush_statuses(struct flusher *flusher, struct err *err)
{
    const struct stock_status *statuses = NULL;
    size_t count = stock_changed_statuses(flusher->stock, &statuses);
    const struct status_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));
    SCOPED(map) struct map *told = map_new();
    size_t len = 0;

    for (size_t i = count; i-- > 0;) {
        if (map_get(told, statuses[i].event_id) != NULL)
            continue;
        map_set(told, statuses[i].event_id, flusher);
        const struct status_row row = {statuses[i].event_id,
                                       stock_verdict_name(statuses[i].verdict),
                                       statuses[i].reason};

        rows[len++] = arena_memdup(flusher->arena, &row, sizeof(row));
    }
    return flush_rows(flusher, sql_ledger_update_event_status, rows, len, status_columns, err);
}

static bool flush_consignments(struct flusher *flusher, struct err *err)
{
    const struct stock_consignment *const *consignments = NULL;
    const struct stock_consignment_report *const *reports = NULL;
    const struct stock_receipt *const *receipts = NULL;
    const struct stock_count *const *facts = NULL;
    size_t consignments_len = stock_changed_consignments(flusher->stock, &consignments);
    size_t reports_len = stock_new_consignment_reports(flusher->stock, &reports);
    size_t receipts_len = stock_new_receipts(flusher->stock, &receipts);
    size_t facts_len = stock_new_count_facts(flusher->stock, &facts);

    return flush_rows(flusher, sql_ledger_upsert_consignments, consignments, consignments_len,
                      consignment_columns, err) &&
           flush_rows(flusher, sql_ledger_insert_consignment_reports, reports, reports_len,
                      report_columns, err) &&
           flush_rows(flusher, sql_ledger_insert_receipts, receipts, receipts_len, receipt_columns,
                      err) &&
           flush_rows(flusher, sql_ledger_insert_count_facts, facts, facts_len, count_columns,
                      err);
}

static void flush_add_skus(struct ledger_keys *keys, const char *const *skus, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ledger_keys_add(keys, skus[i], "", "");
}

static void flush_add_counted(struct ledger_keys *keys, const struct stock_count *const *counts,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        ledger_keys_add(keys, counts[i]->sku, "", "");
}

/* Writes the row of each SKU that something changes of, or that has none yet: see
   loader_watch_skus(). Movements change positions. Of a mapping it may be any SKU that its listing
   sold before. */
static bool flush_skus(struct flusher *flusher, struct err *err)
{
    const struct ledger_working_set *set = flusher->set;
    const struct stock_mapping *const *mappings = NULL;
    const struct stock_position *const *positions = NULL;
    const struct stock_oversell *const *oversells = NULL;
    const struct stock_count *const *counts = NULL;
    size_t positions_len = stock_changed_positions(flusher->stock, &positions);
    size_t oversells_len = stock_changed_oversells(flusher->stock, &oversells);
    SCOPED(ledger_keys) struct ledger_keys skus;
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    ledger_keys_init(&skus, flusher->arena);
    if (stock_new_mappings(flusher->stock, &mappings) > 0)
        flush_add_skus(&skus, set->skus, set->skus_len);
    flush_add_skus(&skus, set->new_skus, set->new_skus_len);
    for (size_t i = 0; i < positions_len; i++)
        ledger_keys_add(&skus, positions[i]->sku, "", "");
    for (size_t i = 0; i < oversells_len; i++)
        ledger_keys_add(&skus, oversells[i]->sku, "", "");
    size_t counts_len = stock_new_counts(flusher->stock, &counts);
    flush_add_counted(&skus, counts, counts_len);
    counts_len = stock_new_count_facts(flusher->stock, &counts);
    flush_add_counted(&skus, counts, counts_len);
    ledger_keys_params(&skus, params, 1);
    return skus.len == 0 || pg_queue(flusher->pg, sql_ledger_upsert_skus, params, err);
}

static bool flush_positions(struct flusher *flusher, struct err *err)
{
    const struct stock_count *const *counts = NULL;
    const struct stock_position *const *positions = NULL;
    size_t counts_len = stock_new_counts(flusher->stock, &counts);
    size_t positions_len = stock_changed_positions(flusher->stock, &positions);

    return flush_rows(flusher, sql_ledger_upsert_counts, counts, counts_len, count_columns, err) &&
           flush_movements(flusher, err) &&
           flush_rows(flusher, sql_ledger_upsert_positions, positions, positions_len,
                      position_columns, err) &&
           flush_oversells(flusher, err);
}

/* ---- listings, targets, outbox ---- */

struct listing_row {
    const char *channel;
    const char *listing;
    const char *address;
    const char *sku;
    int64_t quantity;
    int64_t version;
    int64_t sold_here;
    int64_t open_here;
    const char *mapping_id;
    const char *rule_id;
    const char *tier;
    int64_t priced;
    const char *measurement_id;
    const char *latency_id;
    const char *event_id;
    const char *cause_channel;
    int64_t occurred_ms;
    int64_t received_ms;
    int64_t applied_ms;
    const char *traceparent;
};

#define ROW struct listing_row
static const struct ledger_rows_column listing_columns[] = {
    TEXT(channel), TEXT(listing),        TEXT(address),    TEXT(sku),      INT(quantity),
    INT(version),  INT(sold_here),       INT(open_here),   TEXT(mapping_id),     TEXT(rule_id),
    TEXT(tier),    INT(priced),          TEXT(measurement_id), TEXT(latency_id), TEXT(event_id),
    {0},
};
static const struct ledger_rows_column target_columns[] = {
    TEXT(channel),
    TEXT(listing),
    INT(version),
    TEXT(address),
    INT(quantity),
    INT(sold_here),
    INT(open_here),
    TEXT(event_id),
    TEXT(rule_id),
    TEXT(mapping_id),
    TEXT(tier),
    INT(priced),
    TEXT(measurement_id),
    TEXT(latency_id),
    TEXT(cause_channel),
    INT(occurred_ms),
    INT(received_ms),
    INT(applied_ms),
    TEXT(traceparent),
    {0},
};
#undef ROW

/* First of all: it is the only statement here that is waited for. */
static bool flush_timeline(struct flusher *flusher, struct err *err)
{
    const struct stock_listing_change *changes = NULL;
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (stock_changed_listings(flusher->stock, &changes) == 0)
        return true;
    if (!pg_run(flusher->pg, sql_ledger_select_timeline, NULL, &rows, err))
        return false;
    flusher->base = pg_rows_int(rows, 0, "timeline") << 40;
    return true;
}

static int64_t flush_next_version(struct flusher *flusher, const struct stock_listing *listing)
{
    const int64_t *version =
        map_get(flusher->set->versions,
                ledger_listing_key(flusher->arena, listing->channel, listing->listing));

    return version == NULL || *version < flusher->base ? flusher->base + 1 : *version + 1;
}

static int64_t flush_old_version(struct flusher *flusher, const struct stock_listing *listing)
{
    const int64_t *version =
        map_get(flusher->set->versions,
                ledger_listing_key(flusher->arena, listing->channel, listing->listing));

    return version == NULL ? 0 : *version;
}

static struct listing_row *flush_listing_row(struct flusher *flusher,
                                             const struct stock_listing_change *change)
{
    const struct stock_listing *listing = change->listing;
    const struct ledger_cause *found = map_get(flusher->causes, listing->event_id);
    const struct event *cause = found == NULL ? NULL : found->event;
    struct listing_row *row = arena_alloc(flusher->arena, sizeof(*row));

    *row = (struct listing_row){
        .channel = listing->channel,
        .listing = listing->listing,
        .address = listing->address,
        .sku = stock_listing_sku(flusher->stock, listing),
        .quantity = listing->quantity,
        .version = change->quantity_changed ? flush_next_version(flusher, listing)
                                            : flush_old_version(flusher, listing),
        .sold_here = listing->sold_here,
        .open_here = listing->open_here,
        .mapping_id = listing->mapping_id,
        .rule_id = listing->rule_id,
        .tier = listing->tier,
        .priced = listing->priced,
        .measurement_id = listing->measurement_id,
        .latency_id = listing->latency_id,
        .event_id = listing->event_id,
        .cause_channel = cause == NULL ? "" : cause->source.channel,
        .occurred_ms = cause == NULL ? 0 : cause->times.occurred_ms,
        .received_ms = cause == NULL ? 0 : cause->times.received_ms,
        .applied_ms = flusher->now_ms,
        .traceparent = cause == NULL ? "" : cause->traceparent,
    };
    return row;
}

/* New mappings change what the catalog topic says of their listings. */
static bool flush_catalog_entries(struct flusher *flusher, struct ledger_outbox *outbox,
                                  const struct listing_row *const *rows, size_t count,
                                  struct err *err)
{
    const struct stock_mapping *const *mappings = NULL;
    size_t mappings_len = stock_new_mappings(flusher->stock, &mappings);
    SCOPED(map) struct map *mapped = map_new();

    for (size_t i = 0; i < mappings_len; i++)
        map_set(mapped,
                ledger_listing_key(flusher->arena, mappings[i]->channel, mappings[i]->listing),
                flusher);
    for (size_t i = 0; mappings_len > 0 && i < count; i++) {
        const struct catalog_entry entry = {rows[i]->channel, rows[i]->listing, rows[i]->address,
                                            rows[i]->sku};

        if (map_get(mapped, ledger_listing_key(flusher->arena, entry.channel, entry.listing)) ==
            NULL)
            continue;
        if (!ledger_outbox_catalog(outbox, &entry, err))
            return false;
    }
    return true;
}

static bool flush_target(struct ledger_outbox *outbox, const struct listing_row *row,
                         struct err *err)
{
    const struct target target = {
        .channel = row->channel,
        .listing = row->listing,
        .address = row->address,
        .quantity = row->quantity,
        .version = row->version,
        .event_id = row->event_id,
        .rule_id = row->rule_id,
        .mapping_id = row->mapping_id,
        .sold_here = row->sold_here,
        .open_here = row->open_here,
        .times = {.occurred_ms = row->occurred_ms,
                  .received_ms = row->received_ms,
                  .applied_ms = row->applied_ms},
        .traceparent = row->traceparent,
        .cause_channel = row->cause_channel,
    };

    return ledger_outbox_target(outbox, &target, err);
}

/* After the rows of the listings are written: of two who do so, the later one's bundle is the
   greater. */
static bool flush_outbox(struct flusher *flusher, const struct listing_row *const *rows,
                         size_t count, const struct listing_row *const *moved, size_t moved_len,
                         struct err *err)
{
    SCOPED(ledger_outbox) struct ledger_outbox outbox;

    ledger_outbox_init(&outbox, flusher->pg);
    if (!flush_catalog_entries(flusher, &outbox, rows, count, err))
        return false;
    for (size_t i = 0; i < moved_len; i++) {
        if (!flush_target(&outbox, moved[i], err))
            return false;
    }
    return ledger_outbox_end(&outbox, err);
}

static bool flush_listings(struct flusher *flusher, struct err *err)
{
    const struct stock_listing_change *changes = NULL;
    size_t count = stock_changed_listings(flusher->stock, &changes);
    const struct listing_row **rows = arena_alloc(flusher->arena, count * sizeof(const void *));
    const struct listing_row **moved = arena_alloc(flusher->arena, count * sizeof(const void *));
    size_t moved_len = 0;

    for (size_t i = 0; i < count; i++) {
        rows[i] = flush_listing_row(flusher, &changes[i]);
        if (changes[i].quantity_changed)
            moved[moved_len++] = rows[i];
    }
    return flush_rows(flusher, sql_ledger_upsert_listings, rows, count, listing_columns, err) &&
           flush_rows(flusher, sql_ledger_insert_targets, moved, moved_len, target_columns, err) &&
           flush_outbox(flusher, rows, count, moved, moved_len, err);
}

bool ledger_flush(struct pg *pg, struct arena *arena, const struct ledger_working_set *set,
                  const struct map *causes, int64_t batch_id, int64_t now_ms, struct err *err)
{
    struct flusher flusher = {pg, arena, set->stock, set, causes, batch_id, now_ms, 0};

    /* Lines that begin to wait, or to wait no more, have the last word about their events. */
    return flush_timeline(&flusher, err) && flush_skus(&flusher, err) &&
           flush_statuses(&flusher, err) && flush_lines(&flusher, err) &&
           flush_catalogue(&flusher, err) && flush_positions(&flusher, err) &&
           flush_consignments(&flusher, err) && flush_listings(&flusher, err);
}
