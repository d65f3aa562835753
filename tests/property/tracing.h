/*
 * The rows that lib/stock/provenance.h traces, out of a store, as the ledger's view gives them:
 * what orders do comes from lines and parts, the rest from movements; those of a shipment or
 * removal at one time are one.
 */
#pragma once

#include "lib/stock/provenance.h"
#include "tests/property/generator.h"
#include "tests/unit/stock/store.h"

struct tracing {
    const struct store *store;
    const char *sku;
    const char *pool;
    STORE_ROWS(struct provenance_move) moves;
    STORE_ROWS(struct provenance_count) counts;
    STORE_ROWS(struct provenance_line) lines;
};

#define TRACING_ADD(tracing, table, ...)                                                     \
    do {                                                                                     \
        const typeof(*(tracing)->table.rows) row_ = __VA_ARGS__;                             \
                                                                                             \
        (tracing)->table.rows = arena_grow((tracing)->store->arena, (tracing)->table.rows,   \
                                           (tracing)->table.len, &(tracing)->table.capacity, \
                                           sizeof(*(tracing)->table.rows));                  \
        (tracing)->table.rows[(tracing)->table.len++] = row_;                                \
    } while (0)

static inline bool tracing_is_channels(const struct store *store, const char *pool)
{
    const struct stock_pool *newest = NULL;

    for (size_t i = 0; i < store->pools.len; i++) {
        const struct stock_pool *row = &store->pools.rows[i];

        if (same(row->pool, pool) &&
            (newest == NULL || row->valid_from_ms > newest->valid_from_ms ||
             (row->valid_from_ms == newest->valid_from_ms && strcmp(row->id, newest->id) > 0)))
            newest = row;
    }
    return newest != NULL && newest->authority == EVENT_POOL_CHANNEL;
}

/* Units of the SKU in one unit of the line, drawn from the pool; 0: none. */
static inline int64_t tracing_units(const struct tracing *tracing, const struct stock_line *line)
{
    if (*line->waiting != '\0' || *line->fulfils != '\0' ||
        tracing_is_channels(tracing->store, tracing->pool))
        return 0;
    for (size_t i = 0; i < tracing->store->mappings.len; i++) {
        const struct stock_mapping *mapping = &tracing->store->mappings.rows[i];

        if (!same(mapping->id, line->mapping_id) ||
            !same(*line->pool == '\0' ? mapping->pool : line->pool, tracing->pool))
            continue;
        for (size_t c = 0; c < mapping->components_len; c++) {
            if (same(mapping->components[c].sku, tracing->sku))
                return mapping->components[c].units;
        }
    }
    return 0;
}

static inline void tracing_add_line(struct tracing *tracing, const struct stock_line *line)
{
    int64_t units = tracing_units(tracing, line);
    int64_t wanted = line->ordered - line->cancelled;

    if (units == 0)
        return;
    TRACING_ADD(tracing, lines, {line->channel, line->order_id, line->line_id, line->placed_ms,
                                 units * (wanted > line->shipped ? wanted : line->shipped)});
    for (size_t i = 0; i < tracing->store->parts.len; i++) {
        const struct store_part *row = &tracing->store->parts.rows[i];
        const struct stock_part *part = &row->part;
        bool is_shipped = part->kind == EVENT_LINE_SHIPPED;

        if (same(row->channel, line->channel) && same(row->order_id, line->order_id) &&
            same(row->line_id, line->line_id) && !part->is_dropped &&
            (is_shipped || (part->kind == EVENT_LINE_RETURNED && same(part->bucket, "sellable"))))
            TRACING_ADD(tracing, moves,
                        {is_shipped ? "shipped" : "returned", part->event_id, part->occurred_ms,
                         (is_shipped ? -units : units) * part->quantity, is_shipped});
    }
}

/* The shipment or removal that an event is about; NULL: none. */
static inline const char *tracing_consignment(const struct store *store, const char *event_id,
                                              const char **ret_kind)
{
    for (size_t i = 0; i < store->reports.len; i++) {
        if (same(store->reports.rows[i].event_id, event_id)) {
            *ret_kind = store->reports.rows[i].kind;
            return store->reports.rows[i].id;
        }
    }
    for (size_t i = 0; i < store->receipts.len; i++) {
        if (same(store->receipts.rows[i].event_id, event_id)) {
            *ret_kind = store->receipts.rows[i].kind;
            return store->receipts.rows[i].id;
        }
    }
    return NULL;
}

static inline void tracing_add_movement(struct tracing *tracing, const struct stock_movement *row)
{
    static const char *const plain[] = {"received", "adjusted", "transferred"};
    const char *kind = row->reason;
    const char *id = tracing_consignment(tracing->store, row->event_id, &kind);
    bool is_plain = false;

    if (row->delta == 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        is_plain = is_plain || same(row->reason, plain[i]);
    if (id == NULL && !is_plain)
        return;
    for (size_t i = 0; id != NULL && i < tracing->moves.len; i++) {
        struct provenance_move *move = &tracing->moves.rows[i];

        if (same(move->kind, kind) && same(move->id, id) && move->at_ms == row->occurred_ms) {
            move->delta += row->delta;
            return;
        }
    }
    TRACING_ADD(tracing, moves, {kind, id == NULL ? row->event_id : id, row->occurred_ms,
                                 row->delta, false});
}

static inline bool tracing_is_held(const struct tracing *tracing, const struct stock_count *count)
{
    for (size_t i = 0; i < tracing->store->consignments.len; i++) {
        const struct stock_consignment *row = &tracing->store->consignments.rows[i];

        if (store_is_receiving(row) && same(row->sku, count->sku) &&
            same(row->to_pool, count->pool) && row->receiving_ms <= count->counted_ms)
            return !tracing_is_channels(tracing->store, count->pool);
    }
    return false;
}

static inline struct provenance trace(const struct store *store, const char *sku, const char *pool)
{
    struct tracing tracing = {.store = store, .sku = sku, .pool = pool};

    for (size_t i = 0; i < store->lines.len; i++)
        tracing_add_line(&tracing, &store->lines.rows[i]);
    for (size_t i = 0; i < store->movements.len; i++) {
        if (IS_AT(&store->movements.rows[i], sku, pool, "sellable"))
            tracing_add_movement(&tracing, &store->movements.rows[i]);
    }
    for (size_t i = 0; i < store->count_facts.len; i++) {
        const struct stock_count *count = &store->count_facts.rows[i];

        if (IS_AT(count, sku, pool, "sellable") && !tracing_is_held(&tracing, count))
            TRACING_ADD(&tracing, counts, {count->event_id, count->counted_ms, count->quantity});
    }
    const struct provenance_rows rows = {
        tracing.moves.rows, tracing.moves.len, tracing.counts.rows,
        tracing.counts.len, tracing.lines.rows, tracing.lines.len,
    };
    return provenance_trace(store->arena, &rows);
}
