#include "lib/stock/internal.h"

/* ---- the movements after the latest count, the earliest on top ---- */

static void later_swap(struct later *a, struct later *b)
{
    struct later was = *a;

    *a = *b;
    *b = was;
}

static void later_rise(struct later *heap, size_t at)
{
    while (at > 0 && heap[at].occurred_ms < heap[(at - 1) / 2].occurred_ms) {
        later_swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void later_sink(struct later *heap, size_t len)
{
    size_t at = 0;

    for (size_t child = 1; child < len; child = 2 * at + 1) {
        if (child + 1 < len && heap[child + 1].occurred_ms < heap[child].occurred_ms)
            child++;
        if (heap[at].occurred_ms <= heap[child].occurred_ms)
            return;
        later_swap(&heap[at], &heap[child]);
        at = child;
    }
}

void stock_count_remember(struct stock *stock, struct position *position, int64_t delta,
                          int64_t occurred_ms)
{
    position->later = arena_grow(stock->arena, position->later, position->later_len,
                                 &position->later_capacity, sizeof(*position->later));
    position->later[position->later_len] = (struct later){occurred_ms, delta};
    position->later_sum += delta;
    later_rise(position->later, position->later_len++);
}

/* Drops what a count at at_ms replaces. Each movement is dropped once, so counts cost no more than
   the movements do. The dropped ones stay right behind the heap. */
static size_t count_replace(struct position *position, int64_t at_ms)
{
    size_t dropped = 0;

    for (; position->later_len > 0 && position->later[0].occurred_ms <= at_ms; dropped++) {
        position->later_sum -= position->later[0].delta;
        later_swap(&position->later[0], &position->later[--position->later_len]);
        later_sink(position->later, position->later_len);
    }
    return dropped;
}

static void count_restore(struct position *position, size_t dropped)
{
    for (; dropped > 0; dropped--) {
        position->later_sum += position->later[position->later_len].delta;
        later_rise(position->later, position->later_len++);
    }
}

/* ---- the count ---- */

static bool count_is_latest(const struct position *position, const struct event *event)
{
    return position->count.event_id == NULL ||
           stock_is_later(event->times.occurred_ms, event->id, position->count.counted_ms,
                          position->count.event_id);
}

static void count_take(struct stock *stock, struct position *position, const struct event *event)
{
    position->count = (struct stock_count){
        .sku = position->row.sku,
        .pool = position->row.pool,
        .bucket = position->row.bucket,
        .event_id = stock->cause.event_id,
        .counted_ms = event->times.occurred_ms,
        .quantity = event->stock.quantity,
    };
    if (!position->is_count_new)
        stock_list_add(stock, &stock->new_counts, &position->count);
    position->is_count_new = true;
}

enum stock_verdict stock_count_apply(struct stock *stock, const struct event *event,
                                     const char **ret_reason)
{
    const struct event_stock *fact = &event->stock;
    struct shelf *shelf = stock_position_shelf(stock, fact->sku, fact->pool);
    struct position *position = stock_position_at(stock, shelf, fact->bucket);

    if (!count_is_latest(position, event))
        return STOCK_NOTED;
    size_t dropped = count_replace(position, event->times.occurred_ms);
    __int128 quantity = fact->quantity + position->later_sum;
    if (quantity < -STOCK_QUANTITY_LIMIT || quantity > STOCK_QUANTITY_LIMIT) {
        count_restore(position, dropped);
        return stock_overflows(ret_reason);
    }
    count_take(stock, position, event);
    const struct step step = {
        .position = position, .occurred_ms = event->times.occurred_ms, .reason = "counted"};
    stock_position_move(stock, &step, (int64_t)quantity - position->row.quantity);
    return STOCK_APPLIED;
}
