/*
 * A shop for the tests of lib/stock: events from few words, batches that are saved and loaded
 * again, and questions to the rows. Defaults: channel "shop", order "o", line "1", listing "hat",
 * SKU "cap", pool "wh", bucket "sellable", placed at 100.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* clang-format off: it needs the ones above */
#include <cmocka.h>
/* clang-format on */

#include "tests/unit/stock/store.h"

struct shop {
    struct store store;
    struct stock *stock;
    unsigned next_id;
    enum stock_verdict verdict; /* of the last event */
    const char *reason;
    const char *id;
};

static inline void shop_open(struct shop *shop)
{
    *shop = (struct shop){.store = {.arena = arena_new()}};
    shop->stock = stock_new(shop->store.arena);
}

static inline void shop_scope_end(struct shop *shop)
{
    arena_free(shop->store.arena);
}

/* Ends the batch, keeps its rows and loads them into the next one. */
static inline void settle(struct shop *shop)
{
    stock_settle(shop->stock);
    store_save(&shop->store, shop->stock);
    shop->stock = stock_new(shop->store.arena);
    store_load_all(&shop->store, shop->stock);
}

/* ---- events ---- */

/* Ids grow; with an id of its own an event stands where the test wants it. */
static inline enum stock_verdict put(struct shop *shop, struct event event)
{
    struct event *kept = arena_memdup(shop->store.arena, &event, sizeof(event));

    if (kept->id[0] == '\0')
        snprintf(kept->id, sizeof(kept->id), "00000000-0000-0000-0000-%012u", ++shop->next_id);
    shop->id = kept->id;
    shop->verdict = stock_apply(shop->stock, kept, &shop->reason);
    return shop->verdict;
}

static inline struct event event_at(enum event_kind kind, int64_t at_ms)
{
    struct event event;

    event_init(&event, kind);
    event.source.channel = "shop";
    event.times.occurred_ms = at_ms;
    return event;
}

static inline const char *text_or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static inline struct event report(struct event_order_line line)
{
    line.order_id = text_or(line.order_id, "o");
    line.line_id = text_or(line.line_id, "1");
    line.listing = text_or(line.listing, "hat");
    line.status = text_or(line.status, "open");
    line.pool = text_or(line.pool, "");
    line.fulfils = text_or(line.fulfils, "");
    if (line.placed_ms == 0)
        line.placed_ms = 100;
    if (line.version_ms == 0)
        line.version_ms = 100;
    struct event event = event_at(EVENT_ORDER_LINE, line.version_ms);
    event.order_line = line;
    return event;
}

static inline struct event part_at(enum event_kind kind, int64_t at_ms, struct event_line_part part)
{
    struct event event = event_at(kind, at_ms);

    part.order_id = text_or(part.order_id, "o");
    part.line_id = text_or(part.line_id, "1");
    part.listing = text_or(part.listing, "");
    part.part_id = text_or(part.part_id, "p");
    part.bucket = text_or(part.bucket, kind == EVENT_LINE_RETURNED ? "sellable" : "");
    event.part = part;
    return event;
}

static inline struct event shipped(int64_t quantity, int64_t at_ms)
{
    return part_at(EVENT_LINE_SHIPPED, at_ms, (struct event_line_part){.quantity = quantity});
}

static inline struct event cancelled(int64_t quantity, int64_t at_ms)
{
    return part_at(EVENT_LINE_CANCELLED, at_ms, (struct event_line_part){.quantity = quantity});
}

static inline struct event returned(int64_t quantity, const char *bucket, int64_t at_ms)
{
    return part_at(EVENT_LINE_RETURNED, at_ms,
                   (struct event_line_part){.quantity = quantity, .bucket = bucket});
}

static inline struct event voided(int64_t version_ms)
{
    struct event event = event_at(EVENT_ORDER_VOIDED, version_ms);

    event.order_voided = (struct event_order_voided){"o", version_ms};
    return event;
}

static inline struct event stock_fact(enum event_kind kind, int64_t at_ms, struct event_stock fact)
{
    struct event event = event_at(kind, at_ms);

    fact.fact_id = text_or(fact.fact_id, "f");
    fact.sku = text_or(fact.sku, "cap");
    fact.pool = text_or(fact.pool, "wh");
    fact.bucket = text_or(fact.bucket, "sellable");
    fact.reason = text_or(fact.reason, "found");
    fact.note = text_or(fact.note, "");
    fact.shipment_id = text_or(fact.shipment_id, "");
    fact.removal_id = text_or(fact.removal_id, "");
    event.source.channel = "admin";
    event.stock = fact;
    return event;
}

static inline struct event counted(int64_t quantity, int64_t at_ms)
{
    return stock_fact(EVENT_STOCK_COUNTED, at_ms, (struct event_stock){.quantity = quantity});
}

static inline struct event received(int64_t quantity, int64_t at_ms)
{
    return stock_fact(EVENT_STOCK_RECEIVED, at_ms, (struct event_stock){.quantity = quantity});
}

static inline struct event adjusted(int64_t quantity, int64_t at_ms)
{
    return stock_fact(EVENT_STOCK_ADJUSTED, at_ms, (struct event_stock){.quantity = quantity});
}

static inline struct event transferred(int64_t quantity, const char *to_pool, const char *to_bucket,
                                       int64_t at_ms)
{
    struct event event = event_at(EVENT_STOCK_TRANSFERRED, at_ms);

    event.transfer =
        (struct event_transfer){"f", "cap", "wh", "sellable", to_pool, to_bucket, quantity,
                                "relocation", ""};
    return event;
}

/* No components: retired. */
static inline struct event mapped_to(int64_t at_ms, struct event_mapping mapping)
{
    struct event event = event_at(EVENT_MAPPING_CHANGED, at_ms);

    mapping.fact_id = "f";
    mapping.channel = text_or(mapping.channel, "shop");
    mapping.listing = text_or(mapping.listing, "hat");
    mapping.address = text_or(mapping.address, "hat-1");
    mapping.pool = text_or(mapping.pool, "wh");
    event.source.channel = "admin";
    event.mapping = mapping;
    return event;
}

/* One SKU times units; sku "" retires. */
static inline struct event mapped(struct shop *shop, const char *sku, int64_t units, int64_t at_ms)
{
    const struct event_component component = {sku, units};

    return mapped_to(
        at_ms, (struct event_mapping){
                   .components = arena_memdup(shop->store.arena, &component, sizeof(component)),
                   .components_len = *sku != '\0',
               });
}

static inline struct event pool_of(const char *pool, enum event_pool_authority authority,
                                   int64_t at_ms)
{
    struct event event = event_at(EVENT_POOL_CHANGED, at_ms);

    event.pool = (struct event_pool){"f", pool, authority, ""};
    return event;
}

static inline struct event ruled(int64_t at_ms, struct event_rule rule)
{
    struct event event = event_at(EVENT_RULE_CHANGED, at_ms);

    rule.fact_id = "f";
    rule.channel = text_or(rule.channel, "");
    rule.listing = text_or(rule.listing, "");
    rule.sku = text_or(rule.sku, "");
    rule.tier = text_or(rule.tier, "");
    event.rule = rule;
    return event;
}

/* Shipment "s" of 10 caps from pool "wh" to "fba", as of at_ms; fields that are given differ. */
static inline struct event inbound(const char *status, int64_t at_ms, struct event_inbound fact)
{
    struct event event = event_at(EVENT_INBOUND_REPORTED, at_ms);

    fact.shipment_id = text_or(fact.shipment_id, "s");
    fact.sku = text_or(fact.sku, "cap");
    fact.from_pool = text_or(fact.from_pool, "wh");
    fact.to_pool = text_or(fact.to_pool, "fba");
    fact.status = status;
    fact.sent = fact.sent == 0 ? 10 : fact.sent;
    fact.version_ms = at_ms;
    event.inbound = fact;
    return event;
}

/* Removal "r" of 6 caps from "fba" sellable to "wh", as of at_ms; fields that are given differ. */
static inline struct event removal(int64_t at_ms, struct event_removal fact)
{
    struct event event = event_at(EVENT_REMOVAL_REPORTED, at_ms);

    fact.removal_id = text_or(fact.removal_id, "r");
    fact.sku = text_or(fact.sku, "cap");
    fact.from_pool = text_or(fact.from_pool, "fba");
    fact.bucket = text_or(fact.bucket, "sellable");
    fact.to_pool = text_or(fact.to_pool, "wh");
    fact.status = text_or(fact.status, "Processing");
    fact.requested = fact.requested == 0 ? 6 : fact.requested;
    fact.version_ms = at_ms;
    event.removal = fact;
    return event;
}

static inline struct event with_id(struct event event, char digit)
{
    snprintf(event.id, sizeof(event.id), "%c0000000-0000-0000-0000-000000000000", digit);
    return event;
}

/* ---- questions, after settle() ---- */

static inline int64_t position_in(const struct shop *shop, const char *sku, const char *pool,
                                  const char *bucket)
{
    for (size_t i = 0; i < shop->store.positions.len; i++) {
        const struct stock_position *row = &shop->store.positions.rows[i];

        if (IS_AT(row, sku, pool, bucket))
            return row->quantity;
    }
    return 0;
}

static inline const struct stock_consignment *consignment_of(const struct shop *shop,
                                                             const char *kind)
{
    for (size_t i = 0; i < shop->store.consignments.len; i++) {
        if (same(shop->store.consignments.rows[i].kind, kind))
            return &shop->store.consignments.rows[i];
    }
    fail_msg("there is no %s", kind);
    return NULL;
}

static inline int64_t sellable(const struct shop *shop)
{
    return position_in(shop, "cap", "wh", "sellable");
}

static inline int64_t committed(const struct shop *shop)
{
    return position_in(shop, "cap", "wh", "committed");
}

static inline const struct stock_line *line_of(const struct shop *shop, const char *line_id)
{
    for (size_t i = 0; i < shop->store.lines.len; i++) {
        if (same(shop->store.lines.rows[i].line_id, line_id))
            return &shop->store.lines.rows[i];
    }
    fail_msg("there is no line '%s'", line_id);
    return NULL;
}

static inline const struct stock_listing *listing_of(const struct shop *shop, const char *listing)
{
    for (size_t i = 0; i < shop->store.listings.len; i++) {
        if (same(shop->store.listings.rows[i].listing, listing))
            return &shop->store.listings.rows[i];
    }
    fail_msg("there is no listing '%s'", listing);
    return NULL;
}

/* The last movement of the default SKU in the default pool. */
static inline const struct stock_movement *last_movement(const struct shop *shop,
                                                         const char *bucket)
{
    for (size_t i = shop->store.movements.len; i > 0; i--) {
        const struct stock_movement *row = &shop->store.movements.rows[i - 1];

        if (IS_AT(row, "cap", "wh", bucket))
            return row;
    }
    fail_msg("nothing moved '%s'", bucket);
    return NULL;
}

static inline size_t movements_of(const struct shop *shop)
{
    return shop->store.movements.len;
}
