#include "tools/stockctl/proof_reach.h"

#include <stdio.h>
#include <string.h>

#include "lib/event/amend.h"
#include "lib/event/breach.h"
#include "lib/event/codec.h"
#include "lib/stock/decision.h"

/* ---- orders ---- */

static void reach_lines(const struct proof_reach *reach, const char *channel, const char *order_id)
{
    struct stockctl_rows *rows = reach->tables->rows[PROOF_LINES];
    const struct stockctl_row *row =
        stockctl_rows_first(rows, &(struct stock_line){.channel = channel, .order_id = order_id});

    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        struct stock_line line = {0};

        stockctl_rows_read(rows, row, reach->arena, &line);
        stock_load_line(reach->stock, &line);
    }
}

static void reach_parts(const struct proof_reach *reach, const char *channel, const char *order_id)
{
    struct stockctl_rows *rows = reach->tables->rows[PROOF_PARTS];
    const struct stockctl_row *row =
        stockctl_rows_first(rows, &(struct proof_part){.channel = channel, .order_id = order_id});

    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        struct proof_part kept;
        struct stock_part part = {.kind = EVENT_NONE};

        stockctl_rows_read(rows, row, reach->arena, &kept);
        part.event_id = kept.event_id;
        part.part_id = kept.part_id;
        part.quantity = kept.quantity;
        part.bucket = kept.bucket;
        part.occurred_ms = kept.occurred_ms;
        part.is_dropped = kept.is_dropped != 0;
        if (event_kind_parse(kept.kind, &part.kind))
            stock_load_part(reach->stock, channel, order_id, kept.line_id, &part);
    }
}

static void reach_order(const struct proof_reach *reach, const char *channel, const char *order_id)
{
    struct stockctl_rows *rows = reach->tables->rows[PROOF_VOIDED];
    struct stock_voided voided = {.channel = channel, .order_id = order_id};

    if (stock_has_order(reach->stock, channel, order_id))
        return;
    const struct stockctl_row *row = stockctl_rows_find(rows, &voided);
    if (row != NULL) {
        stockctl_rows_read(rows, row, reach->arena, &voided);
        stock_load_voided(reach->stock, &voided);
    }
    reach_lines(reach, channel, order_id);
    reach_parts(reach, channel, order_id);
}

static void reach_all_orders(struct proof_reach *reach)
{
    const struct stockctl_rows *rows = reach->tables->rows[PROOF_LINES];
    const struct stockctl_row *row = NULL;

    if (reach->has_all_orders)
        return;
    for (size_t i = 0; (row = stockctl_rows_each(rows, &i, row)) != NULL;) {
        struct stock_line line = {0};

        stockctl_rows_read(rows, row, reach->arena, &line);
        reach_order(reach, line.channel, line.order_id);
    }
    reach->has_all_orders = true;
}

static void reach_listing(const struct proof_reach *reach, const char *channel, const char *listing)
{
    const struct stockctl_rows *rows = reach->tables->rows[PROOF_LINES];
    const struct stockctl_track *track =
        stockctl_tracks_find(reach->tables->listed, listing, channel, "");
    uint64_t hash = 0;

    for (size_t at = 0; track != NULL && at < track->bytes.len; at += sizeof(hash)) {
        memcpy(&hash, track->bytes.bytes + at, sizeof(hash));
        for (const struct stockctl_row *row = stockctl_rows_hashed(rows, hash); row != NULL;
             row = stockctl_rows_next_hashed(row)) {
            struct stock_line line = {0};

            stockctl_rows_read(rows, row, reach->arena, &line);
            if (strcmp(line.listing, listing) == 0 && strcmp(line.channel, channel) == 0)
                reach_order(reach, line.channel, line.order_id);
        }
    }
}

/* ---- positions ---- */

/* What a count may keep of what happened; one that steps back is a matter of the whole SKU. */
static void reach_position(const struct proof_reach *reach, const struct event *count)
{
    const struct event_stock *fact = &count->stock;

    stockctl_history_load(reach->history, reach->stock,
                          &(struct stock_position){fact->sku, fact->pool, fact->bucket, 0},
                          count->times.occurred_ms);
}

/* Counts of it may be held from now on, or no more. */
static void reach_sku(struct proof_reach *reach, const char *sku)
{
    struct stockctl_rows *rows = reach->tables->rows[PROOF_COUNT_FACTS];
    const struct stockctl_row *row = stockctl_rows_first(rows, &(struct stock_count){.sku = sku});

    if (map_get(reach->skus, sku) != NULL)
        return;
    map_set(reach->skus, sku, reach);
    stockctl_history_load_sku(reach->history, reach->stock, sku);
    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        struct stock_count count = {0};

        stockctl_rows_read(rows, row, reach->arena, &count);
        stock_load_count_fact(reach->stock, &count);
    }
}

/* Who counts there decides whether its lines move anything, and whether its counts are held. */
static void reach_pool(struct proof_reach *reach, const char *pool)
{
    const struct stockctl_rows *rows = reach->tables->rows[PROOF_CONSIGNMENTS];
    const struct stockctl_row *row = NULL;

    reach_all_orders(reach);
    for (size_t i = 0; (row = stockctl_rows_each(rows, &i, row)) != NULL;) {
        struct stock_consignment consignment = {0};

        stockctl_rows_read(rows, row, reach->arena, &consignment);
        if (strcmp(consignment.to_pool, pool) == 0)
            reach_sku(reach, consignment.sku);
    }
}

static void reach_fact(struct proof_reach *reach, const struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        reach_order(reach, event->source.channel, event->order_line.order_id);
        return;
    case EVENT_ORDER_VOIDED:
        reach_order(reach, event->source.channel, event->order_voided.order_id);
        return;
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        reach_order(reach, event->source.channel, event->part.order_id);
        return;
    case EVENT_STOCK_COUNTED:
        reach_position(reach, event);
        return;
    case EVENT_STOCK_RECEIVED:
        if (*event->stock.shipment_id != '\0' || *event->stock.removal_id != '\0')
            reach_sku(reach, event->stock.sku);
        return;
    case EVENT_INBOUND_REPORTED:
        reach_sku(reach, event->inbound.sku);
        return;
    case EVENT_REMOVAL_REPORTED:
        reach_sku(reach, event->removal.sku);
        return;
    case EVENT_MAPPING_CHANGED:
        reach_listing(reach, event->mapping.channel, event->mapping.listing);
        return;
    case EVENT_POOL_CHANGED:
        reach_pool(reach, event->pool.pool);
        return;
    case EVENT_STOCK_ADJUSTED:
    case EVENT_STOCK_TRANSFERRED:
    case EVENT_RULE_CHANGED:
    case EVENT_OBSERVATION:
    case EVENT_TIER_DEFINED:
    case EVENT_VELOCITY_MEASURED:
    case EVENT_LATENCY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
    case EVENT_DECIDED:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        return;
    }
}

/* ---- decisions ---- */

static const struct event *decoded(struct arena *arena, const char *hex)
{
    struct event *event = arena_alloc(arena, sizeof(*event));
    size_t len = strlen(hex) / 2;
    unsigned char *bytes = arena_alloc(arena, len + 1);
    struct err ignored;

    for (size_t i = 0; i < 2 * len; i++) {
        int digit = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10;

        bytes[i / 2] = (unsigned char)(bytes[i / 2] << 4 | digit);
    }
    return event_decode(arena, bytes, len, event, &ignored) ? event : NULL;
}

const struct event *stockctl_proof_parked(const struct proof_tables *tables, struct arena *arena,
                                          const char *event_id)
{
    struct stockctl_rows *rows = tables->rows[PROOF_PARKED_BODIES];
    const struct stockctl_row *row =
        stockctl_rows_find(rows, &(struct proof_parked){.event_id = event_id});
    struct proof_parked parked;

    if (row == NULL)
        return NULL;
    stockctl_rows_read(rows, row, arena, &parked);
    return decoded(arena, parked.body);
}

/* What the fix would make of the event. */
static void reach_fix(struct proof_reach *reach, const struct event *event,
                      const struct event *decision)
{
    const struct event_decided *fix = &decision->decided;
    struct event *form = arena_alloc(reach->arena, sizeof(*form));
    struct err ignored;

    if (fix->decision == EVENT_FIX &&
        event_amend(reach->arena, event, fix->changes, fix->changes_len, form, &ignored))
        reach_fact(reach, form);
}

/* Loads the decisions about the event; what any of them may make of it is touched. event NULL: it
   did not come yet. */
static void reach_decisions(struct proof_reach *reach, const char *event_id,
                            const struct event *event)
{
    struct stockctl_rows *rows = reach->tables->rows[PROOF_DECISIONS];
    const struct stockctl_row *row =
        stockctl_rows_first(rows, &(struct proof_decision){.event_id = event_id});

    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        struct proof_decision kept;

        stockctl_rows_read(rows, row, reach->arena, &kept);
        const struct event *decision = decoded(reach->arena, kept.body);
        if (decision == NULL)
            continue;
        stock_load_decision(reach->stock, decision);
        if (event != NULL)
            reach_fix(reach, event, decision);
    }
}

/* One that counts by itself: only its line may change. */
static bool reach_sound(struct proof_reach *reach, const char *event_id,
                        const struct stockctl_known_event *known, struct err *err)
{
    struct event *event = arena_alloc(reach->arena, sizeof(*event));
    struct stock_line line = {.channel = "", .order_id = "", .line_id = ""};

    if (stock_decision_is_of_line(known->kind) &&
        !reach->line_of(reach->opaque, event_id, reach->arena, &line, err))
        return false;
    event_init(event, known->kind);
    snprintf(event->id, sizeof(event->id), "%s", event_id);
    event->source.channel = line.channel;
    if (known->kind == EVENT_ORDER_LINE) {
        event->order_line.order_id = line.order_id;
        event->order_line.line_id = line.line_id;
    } else if (stock_decision_is_of_line(known->kind)) {
        event->part.order_id = line.order_id;
        event->part.line_id = line.line_id;
    }
    stock_load_sound(reach->stock, event);
    if (stock_decision_is_of_line(known->kind))
        reach_order(reach, line.channel, line.order_id);
    return true;
}

/* The event that a decision is about, as far as it came. */
static bool reach_subject(struct proof_reach *reach, const struct event *decision, struct err *err)
{
    const char *event_id = decision->decided.event_id;
    const struct stockctl_known_event *known = stockctl_known_get(reach->known, event_id);
    const struct event *event =
        known == NULL ? NULL : stockctl_proof_parked(reach->tables, reach->arena, event_id);

    reach_decisions(reach, event_id, event);
    if (known == NULL)
        return true;
    if (event == NULL)
        return reach_sound(reach, event_id, known, err);
    const char *reason = known->verdict == STOCK_PARKED
                             ? stockctl_names_text(reach->tables->names, known->reason)
                             : "";
    stock_load_decided(reach->stock, event, reason);
    reach_fact(reach, event);
    reach_fix(reach, event, decision);
    return true;
}

bool stockctl_proof_reach(struct proof_reach *reach, const struct event *event, struct err *err)
{
    struct event_breach breach;
    struct err ignored;

    reach_decisions(reach, event->id, event);
    reach_fact(reach, event);
    return event->kind != EVENT_DECIDED || !event_check_rules(event, &breach, &ignored) ||
           reach_subject(reach, event, err);
}
