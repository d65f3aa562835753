#include "lib/stock/internal.h"

/* ---- the movements of a position: those after its count, the earliest on top; the others behind
   them, for a count that steps back ---- */

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

/* The one at `at`, behind the heap, becomes part of it. */
static void later_enter(struct position *position, size_t at)
{
    later_swap(&position->later[at], &position->later[position->later_len]);
    position->later_sum += position->later[position->later_len].delta;
    later_rise(position->later, position->later_len++);
}

void stock_count_remember(struct stock *stock, struct position *position, int64_t delta,
                          int64_t occurred_ms, bool is_later)
{
    position->later = arena_grow(stock->arena, position->later, position->moved_len,
                                 &position->later_capacity, sizeof(*position->later));
    position->later[position->moved_len] = (struct later){occurred_ms, delta};
    position->moved_len++;
    if (is_later)
        later_enter(position, position->moved_len - 1);
}

/* Drops what a later count replaces. Each movement is dropped once, so counts that follow each
   other cost no more than the movements do. */
static void count_advance(struct position *position)
{
    while (position->later_len > 0 &&
           position->later[0].occurred_ms <= position->count.counted_ms) {
        position->later_sum -= position->later[0].delta;
        later_swap(&position->later[0], &position->later[--position->later_len]);
        later_sink(position->later, position->later_len);
    }
}

static void count_rebuild(struct position *position)
{
    position->later_len = 0;
    position->later_sum = 0;
    for (size_t i = 0; i < position->moved_len; i++) {
        if (stock_position_is_after_count(position, position->later[i].occurred_ms))
            later_enter(position, i);
    }
}

/* ---- which count is in force ---- */

static bool count_is_any(const struct stock_count *count)
{
    return count->event_id != NULL;
}

static bool count_is_later(const struct stock_count *count, const struct stock_count *than)
{
    return !count_is_any(than) ||
           stock_is_later(count->counted_ms, count->event_id, than->counted_ms, than->event_id);
}

static bool count_is_held(const struct stock *stock, const struct position *position,
                          const struct stock_count *count)
{
    return stock_consignment_holds(stock, position->shelf, count->counted_ms);
}

/* The latest that is not held; event_id NULL: none. */
static struct stock_count count_pick(const struct stock *stock, const struct position *position)
{
    struct stock_count best = {0};

    if (count_is_any(&position->count) && !count_is_held(stock, position, &position->count))
        best = position->count;
    for (size_t i = 0; i < position->facts_len; i++) {
        const struct stock_count *count = &position->facts[i]->row;

        if (count_is_later(count, &best) && !count_is_held(stock, position, count))
            best = *count;
    }
    return best;
}

static struct count_fact *count_keep(struct stock *stock, struct position *position,
                                     const struct stock_count *count)
{
    struct count_fact *fact = arena_alloc(stock->arena, sizeof(*fact));

    *fact = (struct count_fact){.row = *count, .position = position};
    position->facts = arena_grow(stock->arena, position->facts, position->facts_len,
                                 &position->facts_capacity, sizeof(*position->facts));
    position->facts[position->facts_len++] = fact;
    stock_list_add(stock, &stock->count_facts, fact);
    return fact;
}

void stock_count_load(struct stock *stock, struct position *position,
                      const struct stock_count *count)
{
    struct count_fact *fact = count_keep(stock, position, count);

    if (stock->is_loaded)
        fact->was_held = count_is_held(stock, position, count);
}

/* ---- taking another count ---- */

void stock_count_switch(struct position *position, const struct stock_count *count)
{
    bool advances = count_is_any(count) && count_is_later(count, &position->count);

    position->count = *count;
    if (advances)
        count_advance(position);
    else
        count_rebuild(position);
}

bool stock_count_total(const struct position *position, int64_t *ret_quantity)
{
    __int128 quantity =
        (count_is_any(&position->count) ? position->count.quantity : 0) + position->later_sum;

    if (quantity < -STOCK_QUANTITY_LIMIT || quantity > STOCK_QUANTITY_LIMIT)
        return false;
    *ret_quantity = (int64_t)quantity;
    return true;
}

void stock_count_refresh(struct stock *stock, struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->len; i++) {
        struct position *position = shelf->positions[i];
        const struct stock_count count = count_pick(stock, position);

        if (count.event_id != position->count.event_id &&
            (!count_is_any(&count) || !count_is_any(&position->count) ||
             !stock_is_same(count.event_id, position->count.event_id)))
            stock_plan_recount(stock, position, &count);
    }
}

/* The row that says which count is in force: an empty one when all of them are held. */
void stock_count_write(struct stock *stock, struct position *position)
{
    position->count_row = position->count;
    if (!count_is_any(&position->count))
        position->count_row = (struct stock_count){.event_id = "", .counted_ms = -1};
    position->count_row.sku = position->row.sku;
    position->count_row.pool = position->row.pool;
    position->count_row.bucket = position->row.bucket;
    if (!position->is_count_new)
        stock_list_add(stock, &stock->new_counts, &position->count_row);
    position->is_count_new = true;
}

/* ---- the event ---- */

enum stock_verdict stock_count_apply(struct stock *stock, const struct event *event,
                                     const char **ret_reason)
{
    const struct event_stock *fact = &event->stock;
    struct shelf *shelf = stock_position_shelf(stock, fact->sku, fact->pool);
    struct position *position = stock_position_at(stock, shelf, fact->bucket);
    const struct stock_count count = {
        .sku = position->row.sku,
        .pool = position->row.pool,
        .bucket = position->row.bucket,
        .event_id = stock->cause.event_id,
        .counted_ms = event->times.occurred_ms,
        .quantity = fact->quantity,
    };
    bool is_held = count_is_held(stock, position, &count);

    stock_plan_begin(stock);
    if (!is_held && count_is_later(&count, &position->count)) {
        /* It may have to step back to this one. */
        if (position->is_count_loaded)
            count_keep(stock, position, &position->count);
        position->is_count_loaded = false;
        stock_plan_recount(stock, position, &count);
        if (!stock_plan_commit(stock))
            return stock_overflows(ret_reason);
    }
    struct count_fact *kept = count_keep(stock, position, &count);
    kept->was_held = is_held;
    stock_list_add(stock, &stock->new_count_facts, &kept->row);
    if (is_held) {
        *ret_reason = STOCK_RECEIVING;
        return STOCK_PARKED;
    }
    return stock_is_same(count.event_id, position->count.event_id) ? STOCK_APPLIED : STOCK_NOTED;
}

/* ---- what became of counts that were held, or are now ---- */

void stock_count_end_loading(struct stock *stock)
{
    for (size_t i = 0; i < stock->count_facts.len; i++) {
        struct count_fact *fact = stock->count_facts.items[i];

        fact->was_held = count_is_held(stock, fact->position, &fact->row);
    }
}

void stock_count_settle(struct stock *stock)
{
    for (size_t i = 0; i < stock->count_facts.len; i++) {
        const struct count_fact *fact = stock->count_facts.items[i];
        bool is_held = count_is_held(stock, fact->position, &fact->row);

        if (is_held != fact->was_held)
            stock_status_add(stock, fact->row.event_id, is_held ? STOCK_PARKED : STOCK_APPLIED,
                             is_held ? STOCK_RECEIVING : "");
    }
}
