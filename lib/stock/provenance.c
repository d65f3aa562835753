#include "lib/stock/provenance.h"

#include <stdlib.h>
#include <string.h>

struct ends {
    struct arena *arena;
    struct provenance_end *items;
    size_t len;
    size_t capacity;
};

static void ends_add(struct ends *ends, const struct provenance_end *end)
{
    ends->items =
        arena_grow(ends->arena, ends->items, ends->len, &ends->capacity, sizeof(*ends->items));
    ends->items[ends->len++] = *end;
}

/* ---- orders ---- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_move(const void *one, const void *other)
{
    const struct provenance_move *a = one;
    const struct provenance_move *b = other;

    return by_number(a->at_ms, b->at_ms);
}

static int by_count(const void *one, const void *other)
{
    const struct provenance_count *a = one;
    const struct provenance_count *b = other;
    int order = by_number(a->at_ms, b->at_ms);

    return order != 0 ? order : strcmp(a->id, b->id);
}

static int by_end(const void *one, const void *other)
{
    const struct provenance_end *a = one;
    const struct provenance_end *b = other;
    int order = by_number(a->at_ms, b->at_ms);

    if (order == 0)
        order = strcmp(a->kind, b->kind);
    if (order == 0)
        order = strcmp(a->id, b->id);
    if (order == 0)
        order = strcmp(a->channel, b->channel);
    if (order == 0)
        order = strcmp(a->order_id, b->order_id);
    if (order == 0)
        order = strcmp(a->line_id, b->line_id);
    return order != 0 ? order : by_number(a->units, b->units);
}

static void *sorted(struct arena *arena, const void *items, size_t len, size_t size,
                    int (*order)(const void *, const void *))
{
    void *copy = arena_memdup(arena, items, len * size);

    if (len > 1)
        qsort(copy, len, size, order);
    return copy;
}

/* ---- what came in and what was taken ---- */

static void ends_add_change(struct ends *sources, struct ends *takers, const char *kind,
                            const char *id, int64_t at_ms, int64_t delta)
{
    const struct provenance_end end = {
        .kind = kind,
        .id = id,
        .channel = "",
        .order_id = "",
        .line_id = "",
        .at_ms = at_ms,
        .units = delta < 0 ? -delta : delta,
    };

    if (delta != 0)
        ends_add(delta > 0 ? sources : takers, &end);
}

/* What a count shows beyond the one before it and all that moved since, came in; what it lacks was
   taken. */
static void ends_add_counts(struct ends *sources, struct ends *takers,
                            const struct provenance_rows *rows)
{
    struct arena *arena = sources->arena;
    const struct provenance_move *moves =
        sorted(arena, rows->moves, rows->moves_len, sizeof(*moves), by_move);
    const struct provenance_count *counts =
        sorted(arena, rows->counts, rows->counts_len, sizeof(*counts), by_count);
    int64_t expected = 0;
    size_t moved = 0;

    for (size_t i = 0; i < rows->counts_len; i++) {
        while (moved < rows->moves_len && moves[moved].at_ms <= counts[i].at_ms)
            expected += moves[moved++].delta;
        ends_add_change(sources, takers, "counted", counts[i].id, counts[i].at_ms,
                        counts[i].quantity - expected);
        expected = counts[i].quantity;
    }
}

static void ends_add_lines(struct ends *takers, const struct provenance_rows *rows)
{
    for (size_t i = 0; i < rows->lines_len; i++) {
        const struct provenance_line *line = &rows->lines[i];
        const struct provenance_end end = {
            .kind = "ordered",
            .id = "",
            .channel = line->channel,
            .order_id = line->order_id,
            .line_id = line->line_id,
            .at_ms = line->placed_ms,
            .units = line->units,
        };

        if (line->units > 0)
            ends_add(takers, &end);
    }
}

/* ---- who took what ---- */

static int64_t ends_total(const struct ends *ends)
{
    int64_t total = 0;

    for (size_t i = 0; i < ends->len; i++)
        total += ends->items[i].units;
    return total;
}

static const struct provenance_share *provenance_share(const struct ends *sources,
                                                       const struct ends *takers, size_t *ret_len)
{
    /* Each share ends a source or a taker. */
    struct provenance_share *shares =
        arena_alloc(sources->arena, (sources->len + takers->len) * sizeof(*shares));
    size_t len = 0;
    size_t source = 0;
    int64_t used = 0; /* units of the source in hand */

    for (size_t taker = 0; taker < takers->len; taker++) {
        int64_t wanted = takers->items[taker].units;

        while (wanted > 0) {
            bool is_short = source == sources->len;
            int64_t left = is_short ? wanted : sources->items[source].units - used;
            int64_t units = wanted < left ? wanted : left;

            shares[len++] = (struct provenance_share){
                &takers->items[taker], is_short ? NULL : &sources->items[source], units};
            wanted -= units;
            used += units;
            if (!is_short && used == sources->items[source].units) {
                source++;
                used = 0;
            }
        }
    }
    *ret_len = len;
    return shares;
}

static void provenance_find_oversell(struct provenance *trace)
{
    for (size_t i = 0; i < trace->shares_len && trace->first_short == NULL; i++) {
        if (trace->shares[i].source == NULL)
            trace->first_short = trace->shares[i].taker;
        else if (trace->left <= 0)
            trace->last = trace->shares[i].taker;
    }
}

struct provenance provenance_trace(struct arena *arena, const struct provenance_rows *rows)
{
    struct ends sources = {.arena = arena};
    struct ends takers = {.arena = arena};
    struct provenance trace = {0};

    for (size_t i = 0; i < rows->moves_len; i++) {
        const struct provenance_move *move = &rows->moves[i];

        if (!move->is_shipped)
            ends_add_change(&sources, &takers, move->kind, move->id, move->at_ms, move->delta);
    }
    ends_add_counts(&sources, &takers, rows);
    ends_add_lines(&takers, rows);
    sources.items = sorted(arena, sources.items, sources.len, sizeof(*sources.items), by_end);
    takers.items = sorted(arena, takers.items, takers.len, sizeof(*takers.items), by_end);
    trace.left = ends_total(&sources) - ends_total(&takers);
    trace.shares = provenance_share(&sources, &takers, &trace.shares_len);
    provenance_find_oversell(&trace);
    return trace;
}
