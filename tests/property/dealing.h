/*
 * Deals a case's events out to lib/stock: shuffled, doubled, split into batches through a store;
 * after every batch each position is the sum of its movements' effects, and its latest count plus
 * what moved later (promise P4), and shipments and removals conserve units over all pools.
 */
#pragma once

#include "tests/property/generator.h"
#include "tests/unit/stock/store.h"

enum { BATCH_MAX = 12 };

/* ---- conservation ---- */

static inline bool position_adds_up(const struct store *store,
                                    const struct stock_position *position, struct buf *why)
{
    int64_t effects = 0;
    int64_t later = 0;
    int64_t counted_ms = 0;

    for (size_t i = 0; i < store->counts.len; i++) {
        const struct stock_count *count = &store->counts.rows[i];

        if (!IS_AT(count, position->sku, position->pool, position->bucket))
            continue;
        counted_ms = count->counted_ms;
        later = count->quantity;
    }
    for (size_t i = 0; i < store->movements.len; i++) {
        const struct stock_movement *row = &store->movements.rows[i];

        if (!IS_AT(row, position->sku, position->pool, position->bucket))
            continue;
        effects += row->effect;
        if (row->occurred_ms > counted_ms)
            later += row->delta;
        if (effects != row->balance)
            buf_printf(why, "balance %" PRId64 " after effects of %" PRId64 "; ", row->balance,
                       effects);
    }
    if (effects == position->quantity && later == position->quantity && why->len == 0)
        return true;
    buf_printf(why,
               "%s %s %s is %" PRId64 ", effects are %" PRId64 ", count and later ones %" PRId64,
               position->sku, position->pool, position->bucket, position->quantity, effects, later);
    return false;
}

static inline int64_t moved_for(const struct store *store, const char *sku,
                                const char *const reasons[3])
{
    int64_t sum = 0;

    for (size_t i = 0; i < store->movements.len; i++) {
        const struct stock_movement *row = &store->movements.rows[i];

        for (size_t k = 0; k < 3 && reasons[k] != NULL; k++) {
            if (same(row->sku, sku) && same(row->reason, reasons[k]) &&
                !same(row->bucket, STOCK_COMMITTED))
                sum += row->delta;
        }
    }
    return sum;
}

/* Over all pools and buckets, shipments and removals add what comes from outside, and take off what
   is disposed of or lost: nothing else. */
static inline bool consignments_add_up(const struct store *store, const char *sku, struct buf *why)
{
    int64_t from_outside = 0;
    int64_t gone = 0;

    for (size_t i = 0; i < store->consignments.len; i++) {
        const struct stock_consignment *row = &store->consignments.rows[i];
        int64_t leaving = row->sent - row->cancelled;
        int64_t arrived = row->received + row->damaged;

        if (!same(row->sku, sku))
            continue;
        if (row->sent != row->cancelled + arrived + row->disposed + row->lost + row->missing +
                             row->transit)
            buf_printf(why, "%s %s: what became of its units is not what was sent; ", row->kind,
                       row->id);
        if (*row->from_pool == '\0')
            from_outside += leaving;
        gone += leaving - (arrived < leaving ? arrived : leaving) - row->transit;
    }
    if (moved_for(store, sku, (const char *[]){"sent", "removed", "cancelled"}) != from_outside ||
        moved_for(store, sku, (const char *[]){"disposed", "lost", NULL}) != -gone)
        buf_printf(why, "%s: %" PRId64 " came from outside and %" PRId64 " are gone; ", sku,
                   from_outside, gone);
    return why->len == 0;
}

static inline bool store_adds_up(const struct store *store, struct buf *why)
{
    for (size_t i = 0; i < ARRAY_LEN(case_skus); i++) {
        if (!consignments_add_up(store, case_skus[i], why))
            return false;
    }
    for (size_t i = 0; i < store->positions.len; i++) {
        if (!position_adds_up(store, &store->positions.rows[i], why))
            return false;
    }
    return true;
}

/* ---- what becomes of events, as far as it hangs on their set alone ---- */

/* "counts", "dropped", or what it is parked for; of decisions what came of them. */
static inline void put_status(const struct stock_status *status, bool is_decision, struct buf *out)
{
    bool is_parked = status->verdict == STOCK_PARKED && !stock_frees_itself(status->reason);

    if (is_decision)
        buf_printf(out, "%s%s%s", stock_verdict_name(status->verdict),
                   *status->reason == '\0' ? "" : " ", status->reason);
    else if (is_parked)
        buf_text(out, status->reason);
    else
        buf_text(out, status->verdict == STOCK_DROPPED ? "dropped" : "counts");
}

static inline bool status_is_decision(const struct store *store, const struct stock_status *status)
{
    for (size_t i = 0; i < store->events.len; i++) {
        if (same(store->events.rows[i]->id, status->event_id))
            return event_is_decision(store->events.rows[i]);
    }
    return false;
}

/* ---- folding ---- */

struct trial {
    const struct event *events[2 * CASE_EVENTS_MAX]; /* duplicates included */
    size_t len;
    bool is_split;
    bool is_touched_only; /* loads what the ledger would */
};

static inline bool fold_batch(struct store *store, const struct trial *trial, size_t from,
                              size_t to, struct store_names *known, struct buf *why)
{
    struct stock *stock = stock_new(store->arena);
    const struct event *batch[2 * CASE_EVENTS_MAX];
    size_t len = 0;

    for (size_t i = from; i < to; i++) {
        if (names_has(known, trial->events[i]->id, "", ""))
            continue;
        names_add(known, trial->events[i]->id, "", "");
        batch[len++] = trial->events[i];
    }
    struct store_touched touched = {.len = 0};

    store_load_decisions(store, stock, batch, len, &touched);
    if (trial->is_touched_only)
        store_load_touched(store, stock, touched.events, touched.len);
    else
        store_load_all(store, stock);
    for (size_t i = 0; i < len; i++) {
        struct stock_status status = {.event_id = batch[i]->id};

        status.verdict = stock_apply(stock, batch[i], &status.reason);
        store_put_statuses(store, &status);
        STORE_ADD(store, events, batch[i]);
    }
    stock_settle(stock);
    store_save(store, stock);
    return store_adds_up(store, why);
}

static inline bool fold(struct random *random, struct store *store, const struct trial *trial,
                        struct buf *why)
{
    struct store_names *known = arena_alloc(store->arena, sizeof(*known));

    for (size_t from = 0; from < trial->len;) {
        size_t to = trial->is_split ? from + (size_t)pick(random, 1, BATCH_MAX) : trial->len;

        if (to > trial->len)
            to = trial->len;
        if (!fold_batch(store, trial, from, to, known, why))
            return false;
        from = to;
    }
    return true;
}

static inline void shuffle(struct random *random, struct trial *trial)
{
    for (size_t i = trial->len; i > 1; i--) {
        size_t k = (size_t)pick(random, 0, (int64_t)i - 1);
        const struct event *was = trial->events[i - 1];

        trial->events[i - 1] = trial->events[k];
        trial->events[k] = was;
    }
}

static inline void duplicate(struct random *random, struct trial *trial)
{
    size_t len = trial->len;

    for (size_t i = 0; i < len; i++) {
        if (chance(random, 25))
            trial->events[trial->len++] = trial->events[i];
    }
}
