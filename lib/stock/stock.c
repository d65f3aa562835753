#include "lib/stock/stock.h"

#include <assert.h>
#include <string.h>

#include "lib/stock/internal.h"

/* ---- what the other files share ---- */

void stock_list_add(struct stock *stock, struct stock_list *list, void *item)
{
    list->items =
        arena_grow(stock->arena, list->items, list->len, &list->capacity, sizeof(*list->items));
    list->items[list->len++] = item;
}

bool stock_is_later(int64_t at_ms, const char *id, int64_t than_ms, const char *than_id)
{
    return at_ms != than_ms ? at_ms > than_ms : strcmp(id, than_id) > 0;
}

bool stock_is_same(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

enum stock_verdict stock_overflows(const char **ret_reason)
{
    *ret_reason = STOCK_OVERFLOW;
    return STOCK_PARKED;
}

void stock_status_add(struct stock *stock, const char *event_id, enum stock_verdict verdict,
                      const char *reason)
{
    stock->statuses = arena_grow(stock->arena, stock->statuses, stock->statuses_len,
                                 &stock->statuses_capacity, sizeof(*stock->statuses));
    stock->statuses[stock->statuses_len++] = (struct stock_status){event_id, verdict, reason};
}

/* ---- loading; lines, mappings, pools and rules load in their own files ---- */

struct stock *stock_new(struct arena *arena)
{
    struct stock *stock = arena_alloc(arena, sizeof(*stock));

    stock->arena = arena;
    return stock;
}

bool stock_has_order(const struct stock *stock, const char *channel, const char *order_id)
{
    return stock_table_get(&stock->orders, channel, order_id, "") != NULL;
}

static struct position *stock_loaded_position(struct stock *stock, const char *sku,
                                              const char *pool, const char *bucket)
{
    return stock_position_at(stock, stock_position_shelf(stock, sku, pool), bucket);
}

void stock_load_position(struct stock *stock, const struct stock_position *position)
{
    assert(!stock->is_loaded);
    stock_loaded_position(stock, position->sku, position->pool, position->bucket)->row.quantity =
        position->quantity;
}

void stock_load_count(struct stock *stock, const struct stock_count *count)
{
    struct position *position =
        stock_loaded_position(stock, count->sku, count->pool, count->bucket);

    assert(!stock->is_loaded);
    position->count = *count;
    position->is_count_loaded = true;
}

void stock_load_count_fact(struct stock *stock, const struct stock_count *count)
{
    stock_count_load(stock, stock_loaded_position(stock, count->sku, count->pool, count->bucket),
                     count);
}

void stock_load_movement(struct stock *stock, const struct stock_movement *movement)
{
    struct position *position =
        stock_loaded_position(stock, movement->sku, movement->pool, movement->bucket);

    if (movement->delta != 0)
        stock_count_remember(stock, position, movement->delta, movement->occurred_ms,
                             !stock->is_loaded ||
                                 stock_position_is_after_count(position, movement->occurred_ms));
}

void stock_load_voided(struct stock *stock, const struct stock_voided *voided)
{
    struct order *order = stock_line_order(stock, voided->channel, voided->order_id);

    if (voided->voided_ms >= order->voided.voided_ms)
        order->voided = *voided;
}

void stock_load_oversell(struct stock *stock, const struct stock_oversell *oversell)
{
    assert(!stock->is_loaded);
    stock_position_shelf(stock, oversell->sku, oversell->pool)->oversell = *oversell;
}

static void stock_end_loading(struct stock *stock)
{
    if (stock->is_loaded)
        return;
    stock_decision_attach(stock);
    for (size_t i = 0; i < stock->lines.len; i++)
        stock_line_attach(stock, stock->lines.entries[i].value);
    stock_count_end_loading(stock);
    stock->is_loaded = true;
}

/* ---- folding ---- */

enum stock_verdict stock_apply_fact(struct stock *stock, const struct event *event,
                                    const char **ret_reason)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        return stock_line_report(stock, event, ret_reason);
    case EVENT_ORDER_VOIDED:
        return stock_line_void(stock, event, ret_reason);
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        return stock_line_part(stock, event, ret_reason);
    case EVENT_STOCK_COUNTED:
        return stock_count_apply(stock, event, ret_reason);
    case EVENT_STOCK_RECEIVED:
        return stock_consignment_is_for(event) ? stock_consignment_receive(stock, event, ret_reason)
                                               : stock_position_receive(stock, event, ret_reason);
    case EVENT_STOCK_ADJUSTED:
        return stock_position_receive(stock, event, ret_reason);
    case EVENT_STOCK_TRANSFERRED:
        return stock_position_transfer(stock, event, ret_reason);
    case EVENT_MAPPING_CHANGED:
        return stock_mapping_apply(stock, event, ret_reason);
    case EVENT_POOL_CHANGED:
        return stock_mapping_apply_pool(stock, event, ret_reason);
    case EVENT_RULE_CHANGED:
        return stock_allocation_apply_rule(stock, event);
    case EVENT_INBOUND_REPORTED:
    case EVENT_REMOVAL_REPORTED:
        return stock_consignment_report(stock, event, ret_reason);
    case EVENT_DECIDED:
        return stock_decision_take(stock, event, ret_reason);
    case EVENT_TIER_DEFINED:
    case EVENT_VELOCITY_MEASURED:
    case EVENT_LATENCY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
        return stock_measure_apply(stock, event);
    case EVENT_OBSERVATION:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        break;
    }
    return STOCK_NOTED;
}

bool stock_frees_itself(const char *reason)
{
    static const char *const reasons[] = {STOCK_NO_MAPPING, STOCK_RETIRED,  STOCK_NOT_REPORTED,
                                          STOCK_RECEIVING,  STOCK_NO_EVENT, STOCK_OUT_OF_TURN};

    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (stock_is_same(reasons[i], reason))
            return true;
    }
    return false;
}

const char *stock_verdict_name(enum stock_verdict verdict)
{
    if (verdict == STOCK_APPLIED)
        return "applied";
    if (verdict == STOCK_DROPPED)
        return "dropped";
    return verdict == STOCK_NOTED ? "noted" : "parked";
}

void stock_begin(struct stock *stock, const struct event *event)
{
    stock->kind = event->kind;
    stock->cause.seq++;
    stock->cause.event_id = arena_strdup(stock->arena, event->id);
    stock->cause.channel = event->source.channel;
    stock->cause.order_id = "";
}

enum stock_verdict stock_apply(struct stock *stock, const struct event *event,
                               const char **ret_reason)
{
    stock_end_loading(stock);
    stock_begin(stock, event);
    stock->cause.record_id = stock->cause.event_id;
    return stock_decision_know(stock, event, ret_reason);
}

/* ---- changed rows ---- */

static void stock_settle_lines(struct stock *stock)
{
    for (size_t i = 0; i < stock->touched_lines.len; i++) {
        struct line *line = stock->touched_lines.items[i];

        stock_list_add(stock, &stock->changed_lines, &line->now.row);
        if (line->is_restated)
            stock_list_add(stock, &stock->restated_lines, &line->now.row);
    }
}

static void stock_settle_positions(struct stock *stock)
{
    for (size_t i = 0; i < stock->touched_positions.len; i++) {
        struct position *position = stock->touched_positions.items[i];

        stock_list_add(stock, &stock->changed_positions, &position->row);
    }
}

void stock_settle(struct stock *stock)
{
    stock_end_loading(stock);
    stock_settle_lines(stock);
    stock_settle_positions(stock);
    stock_consignment_settle(stock);
    stock_count_settle(stock);
    stock_oversell_settle(stock);
    stock_measure_settle(stock);
    stock_allocation_settle(stock);
}

void stock_next_batch(struct stock *stock)
{
    stock_oversell_next_batch(stock);
    stock->new_movements.len = 0;
}

size_t stock_changed_lines(const struct stock *stock, const struct stock_line *const **ret_lines)
{
    *ret_lines = (const void *)stock->changed_lines.items;
    return stock->changed_lines.len;
}

size_t stock_restated_lines(const struct stock *stock, const struct stock_line *const **ret_lines)
{
    *ret_lines = (const void *)stock->restated_lines.items;
    return stock->restated_lines.len;
}

size_t stock_new_parts(const struct stock *stock, const struct stock_new_part **ret_parts)
{
    *ret_parts = stock->new_parts;
    return stock->new_parts_len;
}

size_t stock_new_voided(const struct stock *stock, const struct stock_voided *const **ret_voided)
{
    *ret_voided = (const void *)stock->new_voided.items;
    return stock->new_voided.len;
}

size_t stock_new_mappings(const struct stock *stock,
                          const struct stock_mapping *const **ret_mappings)
{
    *ret_mappings = (const void *)stock->new_mappings.items;
    return stock->new_mappings.len;
}

size_t stock_new_rules(const struct stock *stock, const struct stock_rule *const **ret_rules)
{
    *ret_rules = (const void *)stock->new_rules.items;
    return stock->new_rules.len;
}

size_t stock_new_pools(const struct stock *stock, const struct stock_pool *const **ret_pools)
{
    *ret_pools = (const void *)stock->new_pools.items;
    return stock->new_pools.len;
}

size_t stock_new_counts(const struct stock *stock, const struct stock_count *const **ret_counts)
{
    *ret_counts = (const void *)stock->new_counts.items;
    return stock->new_counts.len;
}

size_t stock_new_count_facts(const struct stock *stock,
                             const struct stock_count *const **ret_counts)
{
    *ret_counts = (const void *)stock->new_count_facts.items;
    return stock->new_count_facts.len;
}

size_t stock_changed_consignments(const struct stock *stock,
                                  const struct stock_consignment *const **ret_consignments)
{
    *ret_consignments = (const void *)stock->changed_consignments.items;
    return stock->changed_consignments.len;
}

size_t stock_new_consignment_reports(const struct stock *stock,
                                     const struct stock_consignment_report *const **ret_reports)
{
    *ret_reports = (const void *)stock->new_reports.items;
    return stock->new_reports.len;
}

size_t stock_new_receipts(const struct stock *stock,
                          const struct stock_receipt *const **ret_receipts)
{
    *ret_receipts = (const void *)stock->new_receipts.items;
    return stock->new_receipts.len;
}

size_t stock_changed_statuses(const struct stock *stock, const struct stock_status **ret_statuses)
{
    *ret_statuses = stock->statuses;
    return stock->statuses_len;
}

size_t stock_new_movements(const struct stock *stock,
                           const struct stock_movement *const **ret_movements)
{
    *ret_movements = (const void *)stock->new_movements.items;
    return stock->new_movements.len;
}

size_t stock_changed_positions(const struct stock *stock,
                               const struct stock_position *const **ret_positions)
{
    *ret_positions = (const void *)stock->changed_positions.items;
    return stock->changed_positions.len;
}

size_t stock_changed_listings(const struct stock *stock,
                              const struct stock_listing_change **ret_listings)
{
    *ret_listings = stock->changed_listings;
    return stock->changed_listings_len;
}

size_t stock_changed_oversells(const struct stock *stock,
                               const struct stock_oversell *const **ret_oversells)
{
    *ret_oversells = (const void *)stock->changed_oversells.items;
    return stock->changed_oversells.len;
}
