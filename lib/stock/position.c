#include "lib/stock/internal.h"

struct shelf *stock_position_shelf(struct stock *stock, const char *sku, const char *pool)
{
    struct shelf *shelf = stock_table_get(&stock->shelves, sku, pool, "");

    if (shelf != NULL)
        return shelf;
    shelf = arena_alloc(stock->arena, sizeof(*shelf));
    shelf->sku = sku;
    shelf->pool = pool;
    stock_table_add(&stock->shelves, stock->arena, (const char *[]){sku, pool, ""}, shelf);
    return shelf;
}

const struct position *stock_position_find(const struct shelf *shelf, const char *bucket)
{
    for (size_t i = 0; i < shelf->len; i++) {
        if (stock_is_same(shelf->positions[i]->row.bucket, bucket))
            return shelf->positions[i];
    }
    return NULL;
}

static struct position *position_new(struct stock *stock, struct shelf *shelf, const char *bucket)
{
    struct position *position = arena_alloc(stock->arena, sizeof(*position));

    position->row = (struct stock_position){shelf->sku, shelf->pool, bucket, 0};
    position->shelf = shelf;
    shelf->positions = arena_grow(stock->arena, shelf->positions, shelf->len, &shelf->capacity,
                                  sizeof(struct position *));
    shelf->positions[shelf->len++] = position;
    if (stock_is_same(bucket, STOCK_SELLABLE))
        shelf->sellable = position;
    else if (stock_is_same(bucket, STOCK_COMMITTED))
        shelf->committed = position;
    return position;
}

/* A shelf has a handful of buckets: looking at each beats hashing. */
struct position *stock_position_at(struct stock *stock, struct shelf *shelf, const char *bucket)
{
    for (size_t i = 0; i < shelf->len; i++) {
        if (stock_is_same(shelf->positions[i]->row.bucket, bucket))
            return shelf->positions[i];
    }
    return position_new(stock, shelf, bucket);
}

bool stock_position_is_after_count(const struct position *position, int64_t occurred_ms)
{
    return position->count.event_id == NULL || occurred_ms > position->count.counted_ms;
}

int64_t stock_position_effect(const struct position *position, int64_t delta, int64_t occurred_ms)
{
    return stock_position_is_after_count(position, occurred_ms) ? delta : 0;
}

void stock_position_move(struct stock *stock, const struct step *step, int64_t effect)
{
    struct position *position = step->position;
    struct stock_movement *movement = arena_alloc(stock->arena, sizeof(*movement));

    stock_oversell_note(stock, position, effect, step->line);
    if (!position->is_touched)
        stock_list_add(stock, &stock->touched_positions, position);
    position->is_touched = true;
    position->row.quantity += effect;
    if (effect != 0)
        position->changed = stock->cause;
    if (step->delta != 0 && position != position->shelf->committed)
        stock_count_remember(stock, position, step->delta, step->occurred_ms,
                             stock_position_is_after_count(position, step->occurred_ms));
    *movement = (struct stock_movement){
        .event_id = stock->cause.event_id,
        .record_id = stock->cause.record_id,
        .sku = position->row.sku,
        .pool = position->row.pool,
        .bucket = position->row.bucket,
        .delta = step->delta,
        .effect = effect,
        .occurred_ms = step->occurred_ms,
        .reason = step->reason,
        .balance = position->row.quantity,
    };
    stock_list_add(stock, &stock->new_movements, movement);
}

enum stock_verdict stock_position_receive(struct stock *stock, const struct event *event,
                                          const char **ret_reason)
{
    const struct event_stock *fact = &event->stock;
    struct shelf *shelf = stock_position_shelf(stock, fact->sku, fact->pool);

    stock_plan_begin(stock);
    stock_plan_step(stock,
                    &(struct step){
                        .position = stock_position_at(stock, shelf, fact->bucket),
                        .delta = fact->quantity,
                        .occurred_ms = event->times.occurred_ms,
                        .reason = event->kind == EVENT_STOCK_RECEIVED ? "received" : "adjusted",
                    });
    return stock_plan_commit(stock) ? STOCK_APPLIED : stock_overflows(ret_reason);
}

enum stock_verdict stock_position_transfer(struct stock *stock, const struct event *event,
                                           const char **ret_reason)
{
    const struct event_transfer *fact = &event->transfer;
    struct shelf *from = stock_position_shelf(stock, fact->sku, fact->from_pool);
    struct shelf *to = stock_position_shelf(stock, fact->sku, fact->to_pool);
    struct step step = {
        .position = stock_position_at(stock, from, fact->from_bucket),
        .delta = -fact->quantity,
        .occurred_ms = event->times.occurred_ms,
        .reason = "transferred",
    };

    stock_plan_begin(stock);
    stock_plan_step(stock, &step);
    step.position = stock_position_at(stock, to, fact->to_bucket);
    step.delta = fact->quantity;
    stock_plan_step(stock, &step);
    return stock_plan_commit(stock) ? STOCK_APPLIED : stock_overflows(ret_reason);
}
