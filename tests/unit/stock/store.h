/*
 * The rows that the ledger keeps, in memory: takes what a batch changed, gives what the next one
 * needs, either everything or only what the ledger would read for the events of the batch.
 */
#pragma once

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/event/amend.h"
#include "lib/event/breach.h"
#include "lib/stock/measure.h"
#include "lib/stock/stock.h"

#define STORE_ROWS(type) \
    struct {             \
        type *rows;      \
        size_t len;      \
        size_t capacity; \
    }

struct store_part {
    const char *channel;
    const char *order_id;
    const char *line_id;
    struct stock_part part;
};

struct store_names {
    const char *texts[128][3];
    size_t len;
};

struct store {
    struct arena *arena;
    STORE_ROWS(struct stock_line) lines;
    STORE_ROWS(struct store_part) parts;
    STORE_ROWS(struct stock_voided) voided;
    STORE_ROWS(struct stock_mapping) mappings;
    STORE_ROWS(struct stock_rule) rules;
    STORE_ROWS(struct stock_pool) pools;
    STORE_ROWS(struct stock_tier) tiers;
    STORE_ROWS(struct stock_velocity) velocities;
    STORE_ROWS(struct stock_latency) latencies;
    STORE_ROWS(struct stock_promotion) promotions;
    STORE_ROWS(struct stock_position) positions;
    STORE_ROWS(struct stock_count) counts;
    STORE_ROWS(struct stock_count) count_facts;
    STORE_ROWS(struct stock_consignment) consignments;
    STORE_ROWS(struct stock_consignment_report) reports;
    STORE_ROWS(struct stock_receipt) receipts;
    STORE_ROWS(struct stock_movement) movements;
    STORE_ROWS(struct stock_listing) listings;
    STORE_ROWS(struct stock_oversell) oversells; /* open ones */
    STORE_ROWS(const struct event *) events;     /* all that were taken */
    STORE_ROWS(const struct event *) decisions;  /* of these, those that are decisions */
    STORE_ROWS(struct stock_status) statuses;
};

static inline bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* ---- saving ---- */

#define STORE_ADD(store, table, row)                                                              \
    do {                                                                                          \
        (store)->table.rows = arena_grow((store)->arena, (store)->table.rows, (store)->table.len, \
                                         &(store)->table.capacity, sizeof(*(store)->table.rows)); \
        (store)->table.rows[(store)->table.len++] = (row);                                        \
    } while (0)

/* Defines store_put_<table>(): replaces the row with the same key, or adds one. */
#define STORE_PUT(table, type, is_same_key)                                    \
    static inline void store_put_##table(struct store *store, const type *row) \
    {                                                                          \
        for (size_t i = 0; i < store->table.len; i++) {                        \
            type *old = &store->table.rows[i];                                 \
                                                                               \
            if (is_same_key) {                                                 \
                *old = *row;                                                   \
                return;                                                        \
            }                                                                  \
        }                                                                      \
        STORE_ADD(store, table, *row);                                         \
    }

/* Any row that names a position. */
#define IS_AT(row, of_sku, of_pool, of_bucket) \
    (same((row)->sku, of_sku) && same((row)->pool, of_pool) && same((row)->bucket, of_bucket))

STORE_PUT(lines, struct stock_line,
          same(old->channel, row->channel) && same(old->order_id, row->order_id) &&
              same(old->line_id, row->line_id))
STORE_PUT(voided, struct stock_voided,
          same(old->channel, row->channel) && same(old->order_id, row->order_id))
STORE_PUT(parts, struct store_part, same(old->part.event_id, row->part.event_id))
STORE_PUT(statuses, struct stock_status, same(old->event_id, row->event_id))
STORE_PUT(positions, struct stock_position, IS_AT(old, row->sku, row->pool, row->bucket))
STORE_PUT(counts, struct stock_count, IS_AT(old, row->sku, row->pool, row->bucket))
STORE_PUT(consignments, struct stock_consignment,
          same(old->kind, row->kind) && same(old->id, row->id) && same(old->sku, row->sku))
STORE_PUT(listings, struct stock_listing,
          same(old->channel, row->channel) && same(old->listing, row->listing))
STORE_PUT(oversells, struct stock_oversell, same(old->sku, row->sku) && same(old->pool, row->pool))

/* As the ledger's statement: an older void never replaces a newer one. */
static inline void store_save_voided(struct store *store, const struct stock_voided *voided)
{
    for (size_t i = 0; i < store->voided.len; i++) {
        const struct stock_voided *old = &store->voided.rows[i];

        if (same(old->channel, voided->channel) && same(old->order_id, voided->order_id) &&
            old->voided_ms >= voided->voided_ms)
            return;
    }
    store_put_voided(store, voided);
}

static inline void store_save_lines(struct store *store, const struct stock *stock)
{
    const struct stock_line *const *lines = NULL;
    const struct stock_new_part *parts = NULL;
    const struct stock_voided *const *voided = NULL;
    size_t len = stock_changed_lines(stock, &lines);

    for (size_t i = 0; i < len; i++)
        store_put_lines(store, lines[i]);
    len = stock_new_parts(stock, &parts);
    for (size_t i = 0; i < len; i++)
        store_put_parts(store,
                        &(struct store_part){parts[i].line->channel, parts[i].line->order_id,
                                             parts[i].line->line_id, *parts[i].part});
    len = stock_new_voided(stock, &voided);
    for (size_t i = 0; i < len; i++)
        store_save_voided(store, voided[i]);
}

static inline void store_save_catalogue(struct store *store, const struct stock *stock)
{
    const struct stock_mapping *const *mappings = NULL;
    const struct stock_rule *const *rules = NULL;
    const struct stock_pool *const *pools = NULL;
    const struct stock_listing_change *listings = NULL;
    size_t len = stock_new_mappings(stock, &mappings);

    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, mappings, *mappings[i]);
    len = stock_new_rules(stock, &rules);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, rules, *rules[i]);
    len = stock_new_pools(stock, &pools);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, pools, *pools[i]);
    len = stock_changed_listings(stock, &listings);
    for (size_t i = 0; i < len; i++)
        store_put_listings(store, listings[i].listing);
}

static inline void store_save_measures(struct store *store, const struct stock *stock)
{
    const struct stock_tier *const *tiers = NULL;
    const struct stock_velocity *const *velocities = NULL;
    const struct stock_latency *const *latencies = NULL;
    const struct stock_promotion *const *promotions = NULL;
    size_t len = stock_new_tiers(stock, &tiers);

    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, tiers, *tiers[i]);
    len = stock_new_velocities(stock, &velocities);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, velocities, *velocities[i]);
    len = stock_new_latencies(stock, &latencies);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, latencies, *latencies[i]);
    len = stock_new_promotions(stock, &promotions);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, promotions, *promotions[i]);
}

static inline void store_save_oversells(struct store *store, const struct stock *stock)
{
    const struct stock_oversell *const *oversells = NULL;
    size_t len = stock_changed_oversells(stock, &oversells);

    for (size_t i = 0; i < len; i++)
        store_put_oversells(store, oversells[i]);
    for (size_t i = 0; i < store->oversells.len; i++) {
        if (!store->oversells.rows[i].open)
            store->oversells.rows[i--] = store->oversells.rows[--store->oversells.len];
    }
}

static inline void store_save_positions(struct store *store, const struct stock *stock)
{
    const struct stock_position *const *positions = NULL;
    const struct stock_count *const *counts = NULL;
    const struct stock_movement *const *movements = NULL;
    size_t len = stock_changed_positions(stock, &positions);

    for (size_t i = 0; i < len; i++)
        store_put_positions(store, positions[i]);
    len = stock_new_counts(stock, &counts);
    for (size_t i = 0; i < len; i++)
        store_put_counts(store, counts[i]);
    len = stock_new_movements(stock, &movements);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, movements, *movements[i]);
}

static inline void store_save_consignments(struct store *store, const struct stock *stock)
{
    const struct stock_consignment *const *consignments = NULL;
    const struct stock_consignment_report *const *reports = NULL;
    const struct stock_receipt *const *receipts = NULL;
    const struct stock_count *const *facts = NULL;
    size_t len = stock_changed_consignments(stock, &consignments);

    for (size_t i = 0; i < len; i++)
        store_put_consignments(store, consignments[i]);
    len = stock_new_consignment_reports(stock, &reports);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, reports, *reports[i]);
    len = stock_new_receipts(stock, &receipts);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, receipts, *receipts[i]);
    len = stock_new_count_facts(stock, &facts);
    for (size_t i = 0; i < len; i++)
        STORE_ADD(store, count_facts, *facts[i]);
}

static inline void store_save_statuses(struct store *store, const struct stock *stock)
{
    const struct stock_status *statuses = NULL;
    size_t len = stock_changed_statuses(stock, &statuses);

    for (size_t i = 0; i < len; i++)
        store_put_statuses(store, &statuses[i]);
}

/* The batch is settled. Texts stay in the arena that store and batch share. */
static inline void store_save(struct store *store, const struct stock *stock)
{
    store_save_lines(store, stock);
    store_save_catalogue(store, stock);
    store_save_measures(store, stock);
    store_save_positions(store, stock);
    store_save_oversells(store, stock);
    store_save_statuses(store, stock);
    store_save_consignments(store, stock);
}

/* As the ledger does: an empty row says that every count is held. */
static inline void store_load_count(struct stock *stock, const struct stock_count *count)
{
    if (*count->event_id != '\0')
        stock_load_count(stock, count);
}

/* ---- loading everything ---- */

static inline void store_load_line(const struct store *store, struct stock *stock,
                                   const struct stock_line *line)
{
    stock_load_line(stock, line);
    for (size_t i = 0; i < store->parts.len; i++) {
        const struct store_part *part = &store->parts.rows[i];

        if (same(part->channel, line->channel) && same(part->order_id, line->order_id) &&
            same(part->line_id, line->line_id))
            stock_load_part(stock, line->channel, line->order_id, line->line_id, &part->part);
    }
}

static inline void store_load_all(const struct store *store, struct stock *stock)
{
    for (size_t i = 0; i < store->lines.len; i++)
        store_load_line(store, stock, &store->lines.rows[i]);
    for (size_t i = 0; i < store->voided.len; i++)
        stock_load_voided(stock, &store->voided.rows[i]);
    for (size_t i = 0; i < store->mappings.len; i++)
        stock_load_mapping(stock, &store->mappings.rows[i]);
    for (size_t i = 0; i < store->rules.len; i++)
        stock_load_rule(stock, &store->rules.rows[i]);
    for (size_t i = 0; i < store->pools.len; i++)
        stock_load_pool(stock, &store->pools.rows[i]);
    for (size_t i = 0; i < store->tiers.len; i++)
        stock_load_tier(stock, &store->tiers.rows[i]);
    for (size_t i = 0; i < store->velocities.len; i++)
        stock_load_velocity(stock, &store->velocities.rows[i]);
    for (size_t i = 0; i < store->latencies.len; i++)
        stock_load_latency(stock, &store->latencies.rows[i]);
    for (size_t i = 0; i < store->promotions.len; i++)
        stock_load_promotion(stock, &store->promotions.rows[i]);
    for (size_t i = 0; i < store->positions.len; i++)
        stock_load_position(stock, &store->positions.rows[i]);
    for (size_t i = 0; i < store->counts.len; i++)
        store_load_count(stock, &store->counts.rows[i]);
    for (size_t i = 0; i < store->count_facts.len; i++)
        stock_load_count_fact(stock, &store->count_facts.rows[i]);
    for (size_t i = 0; i < store->consignments.len; i++)
        stock_load_consignment(stock, &store->consignments.rows[i]);
    for (size_t i = 0; i < store->reports.len; i++)
        stock_load_consignment_report(stock, &store->reports.rows[i]);
    for (size_t i = 0; i < store->receipts.len; i++)
        stock_load_receipt(stock, &store->receipts.rows[i]);
    for (size_t i = 0; i < store->movements.len; i++)
        stock_load_movement(stock, &store->movements.rows[i]);
    for (size_t i = 0; i < store->listings.len; i++)
        stock_load_listing(stock, &store->listings.rows[i]);
    for (size_t i = 0; i < store->oversells.len; i++)
        stock_load_oversell(stock, &store->oversells.rows[i]);
}

static inline bool names_has(const struct store_names *names, const char *a, const char *b,
                             const char *c)
{
    for (size_t i = 0; i < names->len; i++) {
        if (same(names->texts[i][0], a) && same(names->texts[i][1], b) &&
            same(names->texts[i][2], c))
            return true;
    }
    return false;
}

static inline void names_add(struct store_names *names, const char *a, const char *b, const char *c)
{
    if (names_has(names, a, b, c))
        return;
    assert(names->len < sizeof(names->texts) / sizeof(names->texts[0]));
    names->texts[names->len][0] = a;
    names->texts[names->len][1] = b;
    names->texts[names->len++][2] = c;
}

/* ---- decisions, see services/ledger/parked.c ---- */

static inline bool event_is_sound(const struct event *event)
{
    struct event_breach breach;
    struct err ignored;

    return event_check_rules(event, &breach, &ignored);
}

static inline bool event_is_decision(const struct event *event)
{
    return event->kind == EVENT_DECIDED && event_is_sound(event);
}

/* Takes also what a decision may make count or silence, to load what that touches. */
struct store_touched {
    const struct event *events[256];
    size_t len;
};

static inline void store_touch(struct store_touched *touched, const struct event *event)
{
    assert(touched->len < sizeof(touched->events) / sizeof(touched->events[0]));
    touched->events[touched->len++] = event;
}

/* What any decision may make of the event. */
static inline void store_touch_decided(struct store *store, struct store_touched *touched,
                                       const struct event *event)
{
    store_touch(touched, event);
    for (size_t i = 0; i < store->decisions.len; i++) {
        const struct event_decided *decided = &store->decisions.rows[i]->decided;
        struct event *form = arena_alloc(store->arena, sizeof(*form));
        struct err ignored;

        if (same(decided->event_id, event->id) &&
            event_amend(store->arena, event, decided->changes, decided->changes_len, form,
                        &ignored) &&
            event_is_sound(form))
            store_touch(touched, form);
    }
}

static inline const struct event *store_event(const struct store *store, const char *id)
{
    for (size_t i = 0; i < store->events.len; i++) {
        if (same(store->events.rows[i]->id, id))
            return store->events.rows[i];
    }
    return NULL;
}

/* The event that a new decision is about, if it was taken before. */
static inline void store_load_about(struct store *store, struct stock *stock, const char *id,
                                    struct store_touched *touched)
{
    const struct event *event = store_event(store, id);

    if (event == NULL)
        return;
    if (event_is_sound(event))
        stock_load_sound(stock, event);
    else
        stock_load_decided(stock, event, "");
    store_touch_decided(store, touched, event);
}

/* The decisions about the batch's events, and the events that its decisions are about. */
static inline void store_load_decisions(struct store *store, struct stock *stock,
                                        const struct event *const *events, size_t count,
                                        struct store_touched *touched)
{
    struct store_names *named = arena_alloc(store->arena, sizeof(*named));
    size_t known = store->decisions.len;

    for (size_t i = 0; i < count; i++) {
        names_add(named, events[i]->id, "", "");
        if (!event_is_decision(events[i]))
            continue;
        STORE_ADD(store, decisions, events[i]);
        names_add(named, events[i]->decided.event_id, "", "about");
    }
    for (size_t i = 0; i < named->len; i++) {
        if (*named->texts[i][2] != '\0')
            store_load_about(store, stock, named->texts[i][0], touched);
    }
    for (size_t i = 0; i < known; i++) {
        const char *about = store->decisions.rows[i]->decided.event_id;

        if (names_has(named, about, "", "") || names_has(named, about, "", "about"))
            stock_load_decision(stock, store->decisions.rows[i]);
    }
    for (size_t i = 0; i < count; i++)
        store_touch_decided(store, touched, events[i]);
}

/* ---- loading what the ledger would, see services/ledger/working_set.c ---- */

struct touched {
    struct store_names lines;
    struct store_names orders;
    struct store_names relined;
    struct store_names listings;
    struct store_names skus;
    struct store_names new_pools;
    struct store_names scopes;
    struct store_names counted;
    struct store_names consignments;   /* kind, id, sku */
    struct store_names history;        /* sku, pool: holds may change there */
    int64_t receiving_ms;              /* the earliest time of a hold in the batch */
};

static inline void touched_add_listing(struct touched *touched, const char *channel,
                                       const char *listing)
{
    if (*listing != '\0')
        names_add(&touched->listings, channel, listing, "");
}

static inline void touched_add_event(struct touched *touched, const struct event *event)
{
    const char *channel = event->source.channel;

    switch (event->kind) {
    case EVENT_ORDER_LINE:
        names_add(&touched->lines, channel, event->order_line.order_id, event->order_line.line_id);
        touched_add_listing(touched, channel, event->order_line.listing);
        return;
    case EVENT_ORDER_VOIDED:
        names_add(&touched->orders, channel, event->order_voided.order_id, "");
        return;
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        names_add(&touched->lines, channel, event->part.order_id, event->part.line_id);
        touched_add_listing(touched, channel, event->part.listing);
        return;
    case EVENT_STOCK_COUNTED:
        names_add(&touched->counted, event->stock.sku, event->stock.pool, event->stock.bucket);
        names_add(&touched->skus, event->stock.sku, "", "");
        return;
    case EVENT_STOCK_RECEIVED:
        if (*event->stock.shipment_id != '\0')
            names_add(&touched->consignments, STOCK_INBOUND, event->stock.shipment_id,
                      event->stock.sku);
        if (*event->stock.removal_id != '\0')
            names_add(&touched->consignments, STOCK_REMOVAL, event->stock.removal_id,
                      event->stock.sku);
        names_add(&touched->skus, event->stock.sku, "", "");
        return;
    case EVENT_STOCK_ADJUSTED:
        names_add(&touched->skus, event->stock.sku, "", "");
        return;
    case EVENT_INBOUND_REPORTED:
        names_add(&touched->consignments, STOCK_INBOUND, event->inbound.shipment_id,
                  event->inbound.sku);
        names_add(&touched->history, event->inbound.sku, event->inbound.to_pool, "");
        names_add(&touched->skus, event->inbound.sku, "", "");
        if (event->inbound.version_ms < touched->receiving_ms)
            touched->receiving_ms = event->inbound.version_ms;
        return;
    case EVENT_REMOVAL_REPORTED:
        names_add(&touched->consignments, STOCK_REMOVAL, event->removal.removal_id,
                  event->removal.sku);
        names_add(&touched->skus, event->removal.sku, "", "");
        return;
    case EVENT_STOCK_TRANSFERRED:
        names_add(&touched->skus, event->transfer.sku, "", "");
        return;
    case EVENT_MAPPING_CHANGED:
        touched_add_listing(touched, event->mapping.channel, event->mapping.listing);
        names_add(&touched->relined, event->mapping.channel, event->mapping.listing, "");
        for (size_t i = 0; i < event->mapping.components_len; i++)
            names_add(&touched->skus, event->mapping.components[i].sku, "", "");
        return;
    case EVENT_POOL_CHANGED:
        names_add(&touched->new_pools, event->pool.pool, "", "");
        return;
    case EVENT_RULE_CHANGED:
        names_add(&touched->scopes, event->rule.channel, event->rule.listing, event->rule.sku);
        return;
    case EVENT_TIER_DEFINED:
        names_add(&touched->scopes, "", "", "");
        return;
    case EVENT_VELOCITY_MEASURED:
        names_add(&touched->skus, event->velocity.sku, "", "");
        return;
    case EVENT_LATENCY_MEASURED:
        names_add(&touched->scopes, event->latency.channel, "", "");
        return;
    case EVENT_PROMOTION_CHANGED:
        names_add(&touched->skus, event->promotion.sku, "", "");
        return;
    case EVENT_DECIDED:
    case EVENT_OBSERVATION:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        return;
    }
}

static inline bool store_sells(const struct stock_mapping *mapping, const char *sku)
{
    for (size_t i = 0; i < mapping->components_len; i++) {
        if (same(mapping->components[i].sku, sku))
            return true;
    }
    return false;
}

static inline bool store_in_scope(const struct store_names *scopes,
                                  const struct stock_mapping *mapping)
{
    for (size_t i = 0; i < scopes->len; i++) {
        const char *const *scope = scopes->texts[i];

        if ((*scope[0] == '\0' || same(scope[0], mapping->channel)) &&
            (*scope[1] == '\0' || same(scope[1], mapping->listing)) &&
            (*scope[2] == '\0' || store_sells(mapping, scope[2])))
            return true;
    }
    return false;
}

static inline void store_load_touched_lines(const struct store *store, struct stock *stock,
                                            struct touched *touched)
{
    for (size_t i = 0; i < store->mappings.len; i++) {
        const struct stock_mapping *mapping = &store->mappings.rows[i];

        if (!names_has(&touched->new_pools, mapping->pool, "", ""))
            continue;
        touched_add_listing(touched, mapping->channel, mapping->listing);
        names_add(&touched->relined, mapping->channel, mapping->listing, "");
    }
    for (size_t i = 0; i < store->lines.len; i++) {
        const struct stock_line *line = &store->lines.rows[i];

        if (*line->pool == '\0' || !names_has(&touched->new_pools, line->pool, "", ""))
            continue;
        touched_add_listing(touched, line->channel, line->listing);
        names_add(&touched->relined, line->channel, line->listing, "");
    }
    for (size_t i = 0; i < store->lines.len; i++) {
        const struct stock_line *line = &store->lines.rows[i];

        if (!names_has(&touched->lines, line->channel, line->order_id, line->line_id) &&
            !names_has(&touched->orders, line->channel, line->order_id, "") &&
            !names_has(&touched->relined, line->channel, line->listing, ""))
            continue;
        store_load_line(store, stock, line);
        names_add(&touched->lines, line->channel, line->order_id, line->line_id);
        touched_add_listing(touched, line->channel, line->listing);
    }
    for (size_t i = 0; i < store->voided.len; i++) {
        const struct stock_voided *voided = &store->voided.rows[i];

        for (size_t k = 0; k < touched->lines.len; k++) {
            if (!same(touched->lines.texts[k][0], voided->channel) ||
                !same(touched->lines.texts[k][1], voided->order_id))
                continue;
            stock_load_voided(stock, voided);
            break;
        }
    }
}

static inline void store_touch_skus(const struct store *store, struct touched *touched)
{
    for (size_t i = 0; i < store->mappings.len; i++) {
        const struct stock_mapping *mapping = &store->mappings.rows[i];

        if (!names_has(&touched->listings, mapping->channel, mapping->listing, ""))
            continue;
        for (size_t c = 0; c < mapping->components_len; c++)
            names_add(&touched->skus, mapping->components[c].sku, "", "");
    }
}

static inline void store_touch_listings(const struct store *store, struct touched *touched)
{
    for (size_t i = 0; i < store->mappings.len; i++) {
        if (store_in_scope(&touched->scopes, &store->mappings.rows[i]))
            touched_add_listing(touched, store->mappings.rows[i].channel,
                                store->mappings.rows[i].listing);
    }
    store_touch_skus(store, touched);
    size_t skus = touched->skus.len;
    for (size_t i = 0; i < store->mappings.len; i++) {
        for (size_t k = 0; k < skus; k++) {
            if (store_sells(&store->mappings.rows[i], touched->skus.texts[k][0]))
                touched_add_listing(touched, store->mappings.rows[i].channel,
                                    store->mappings.rows[i].listing);
        }
    }
    store_touch_skus(store, touched);
}

static inline bool store_is_receiving(const struct stock_consignment *row)
{
    return same(row->kind, STOCK_INBOUND) && row->receiving_ms > 0 && row->closed_ms == 0;
}

/* Consignments that the batch names; and those that are being received where it counts, receives,
   or declares a pool. */
static inline void store_load_touched_consignments(const struct store *store, struct stock *stock,
                                                   struct touched *touched)
{
    for (size_t i = 0; i < store->consignments.len; i++) {
        const struct stock_consignment *row = &store->consignments.rows[i];
        bool is_named = names_has(&touched->consignments, row->kind, row->id, row->sku);

        if (is_named && same(row->kind, STOCK_INBOUND))
            names_add(&touched->history, row->sku, row->to_pool, "");
        if (store_is_receiving(row) && names_has(&touched->new_pools, row->to_pool, "", "")) {
            names_add(&touched->history, row->sku, row->to_pool, "");
            names_add(&touched->skus, row->sku, "", "");
        }
    }
    for (size_t i = 0; i < store->consignments.len; i++) {
        const struct stock_consignment *row = &store->consignments.rows[i];
        bool is_named = names_has(&touched->consignments, row->kind, row->id, row->sku);

        if (!is_named && (!store_is_receiving(row) || !names_has(&touched->skus, row->sku, "", "")))
            continue;
        stock_load_consignment(stock, row);
        if (row->receiving_ms > 0 && row->receiving_ms < touched->receiving_ms)
            touched->receiving_ms = row->receiving_ms;
    }
    for (size_t i = 0; i < store->reports.len; i++) {
        const struct stock_consignment_report *row = &store->reports.rows[i];

        if (names_has(&touched->consignments, row->kind, row->id, row->sku))
            stock_load_consignment_report(stock, row);
    }
    for (size_t i = 0; i < store->receipts.len; i++) {
        const struct stock_receipt *row = &store->receipts.rows[i];

        if (names_has(&touched->consignments, row->kind, row->id, row->sku))
            stock_load_receipt(stock, row);
    }
}

/* The latest count of the position that no hold of the batch can reach; NULL: none. */
static inline const struct stock_count *store_base_count(const struct store *store,
                                                         const struct touched *touched,
                                                         const char *sku, const char *pool,
                                                         const char *bucket)
{
    const struct stock_count *base = NULL;

    for (size_t i = 0; i < store->count_facts.len; i++) {
        const struct stock_count *row = &store->count_facts.rows[i];

        if (IS_AT(row, sku, pool, bucket) && row->counted_ms < touched->receiving_ms &&
            (base == NULL || row->counted_ms > base->counted_ms ||
             (row->counted_ms == base->counted_ms && strcmp(row->event_id, base->event_id) > 0)))
            base = row;
    }
    return base;
}

static inline void store_load_touched_facts(const struct store *store, struct stock *stock,
                                            const struct touched *touched)
{
    for (size_t i = 0; i < store->count_facts.len; i++) {
        const struct stock_count *row = &store->count_facts.rows[i];
        const struct stock_count *base =
            store_base_count(store, touched, row->sku, row->pool, row->bucket);

        if (names_has(&touched->history, row->sku, row->pool, "") &&
            (row == base || row->counted_ms >= touched->receiving_ms))
            stock_load_count_fact(stock, row);
    }
}

/* The earliest count of the position in the batch, or the one that it may step back to. */
static inline int64_t store_earliest(const struct store *store, const struct touched *touched,
                                     const struct stock_movement *movement,
                                     const struct event *const *events, size_t count)
{
    int64_t earliest = INT64_MAX;

    if (names_has(&touched->history, movement->sku, movement->pool, "")) {
        const struct stock_count *base =
            store_base_count(store, touched, movement->sku, movement->pool, movement->bucket);

        earliest = base == NULL ? 0 : base->counted_ms;
    }

    for (size_t i = 0; i < count; i++) {
        if (events[i]->kind == EVENT_STOCK_COUNTED &&
            IS_AT(movement, events[i]->stock.sku, events[i]->stock.pool, events[i]->stock.bucket) &&
            events[i]->times.occurred_ms < earliest)
            earliest = events[i]->times.occurred_ms;
    }
    return earliest;
}

static inline void store_load_touched_positions(const struct store *store, struct stock *stock,
                                                const struct touched *touched)
{
    for (size_t i = 0; i < store->positions.len; i++) {
        if (names_has(&touched->skus, store->positions.rows[i].sku, "", ""))
            stock_load_position(stock, &store->positions.rows[i]);
    }
    for (size_t i = 0; i < store->counts.len; i++) {
        if (names_has(&touched->skus, store->counts.rows[i].sku, "", ""))
            store_load_count(stock, &store->counts.rows[i]);
    }
    for (size_t i = 0; i < store->oversells.len; i++) {
        if (names_has(&touched->skus, store->oversells.rows[i].sku, "", ""))
            stock_load_oversell(stock, &store->oversells.rows[i]);
    }
}

static inline bool store_has_channel(const struct touched *touched, const char *channel)
{
    for (size_t i = 0; i < touched->scopes.len; i++) {
        if (same(touched->scopes.texts[i][0], channel))
            return true;
    }
    for (size_t i = 0; i < touched->listings.len; i++) {
        if (same(touched->listings.texts[i][0], channel))
            return true;
    }
    return names_has(&touched->scopes, channel, "", "");
}

static inline void store_load_touched_measures(const struct store *store, struct stock *stock,
                                               const struct touched *touched)
{
    for (size_t i = 0; i < store->tiers.len; i++)
        stock_load_tier(stock, &store->tiers.rows[i]);
    for (size_t i = 0; i < store->velocities.len; i++) {
        if (names_has(&touched->skus, store->velocities.rows[i].velocity.sku, "", ""))
            stock_load_velocity(stock, &store->velocities.rows[i]);
    }
    for (size_t i = 0; i < store->latencies.len; i++) {
        if (store_has_channel(touched, store->latencies.rows[i].latency.channel))
            stock_load_latency(stock, &store->latencies.rows[i]);
    }
    for (size_t i = 0; i < store->promotions.len; i++) {
        if (names_has(&touched->skus, store->promotions.rows[i].promotion.sku, "", ""))
            stock_load_promotion(stock, &store->promotions.rows[i]);
    }
}

static inline void store_load_touched(const struct store *store, struct stock *stock,
                                      const struct event *const *events, size_t count)
{
    struct touched *touched = arena_alloc(store->arena, sizeof(*touched));

    touched->receiving_ms = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        touched_add_event(touched, events[i]);
    store_load_touched_lines(store, stock, touched);
    store_load_touched_consignments(store, stock, touched);
    store_load_touched_facts(store, stock, touched);
    store_touch_listings(store, touched);
    store_load_touched_positions(store, stock, touched);
    store_load_touched_measures(store, stock, touched);
    for (size_t i = 0; i < store->movements.len; i++) {
        const struct stock_movement *movement = &store->movements.rows[i];

        if (movement->occurred_ms > store_earliest(store, touched, movement, events, count))
            stock_load_movement(stock, movement);
    }
    for (size_t i = 0; i < store->mappings.len; i++) {
        const struct stock_mapping *mapping = &store->mappings.rows[i];

        if (names_has(&touched->listings, mapping->channel, mapping->listing, ""))
            stock_load_mapping(stock, mapping);
    }
    for (size_t i = 0; i < store->listings.len; i++) {
        if (names_has(&touched->listings, store->listings.rows[i].channel,
                      store->listings.rows[i].listing, ""))
            stock_load_listing(stock, &store->listings.rows[i]);
    }
    for (size_t i = 0; i < store->rules.len; i++)
        stock_load_rule(stock, &store->rules.rows[i]);
    for (size_t i = 0; i < store->pools.len; i++)
        stock_load_pool(stock, &store->pools.rows[i]);
}
