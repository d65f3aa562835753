/* An order line's effects on positions: components times units, for what it has open, for each
   shipped part and for each returned one. Only differences become movements. */
#include "lib/stock/internal.h"

/* One SKU in one pool, under the mapping before and the one after. */
struct share {
    struct shelf *shelf;
    int64_t units_before;
    int64_t units_after;
};

struct blend {
    struct share shares[2 * EVENT_COMPONENTS_MAX];
    size_t len;
};

/* What the line has in one bucket as of one time. */
struct holding {
    const char *bucket;
    int64_t before;
    int64_t after;
    int64_t occurred_ms;
    const char *reason;
};

static struct share *blend_share(struct blend *blend, size_t first_after, struct shelf *shelf)
{
    for (size_t i = 0; i < first_after; i++) {
        if (blend->shares[i].shelf == shelf)
            return &blend->shares[i];
    }
    blend->shares[blend->len] = (struct share){.shelf = shelf};
    return &blend->shares[blend->len++];
}

static void blend_make(struct blend *blend, const struct mapping *before,
                       const struct mapping *after)
{
    blend->len = 0;
    for (size_t i = 0; before != NULL && i < before->row.components_len; i++)
        blend_share(blend, 0, before->shelves[i])->units_before = before->row.components[i].units;
    size_t len = blend->len;
    for (size_t i = 0; after != NULL && i < after->row.components_len; i++)
        blend_share(blend, len, after->shelves[i])->units_after = after->row.components[i].units;
}

static void effect_plan_holding(struct stock *stock, const struct blend *blend,
                                const struct holding *holding, const struct stock_line *line)
{
    for (size_t i = 0; i < blend->len; i++) {
        const struct share *share = &blend->shares[i];
        int64_t before = 0;
        int64_t after = 0;
        int64_t delta = 0;

        if (__builtin_mul_overflow(holding->before, share->units_before, &before) ||
            __builtin_mul_overflow(holding->after, share->units_after, &after) ||
            __builtin_sub_overflow(after, before, &delta))
            stock->plan.overflows = true;
        else if (delta != 0)
            stock_plan_step(stock,
                            &(struct step){
                                .position = stock_position_at(stock, share->shelf, holding->bucket),
                                .delta = delta,
                                .occurred_ms = holding->occurred_ms,
                                .reason = holding->reason,
                                .line = line,
                            });
    }
}

static int64_t effect_committed(const struct stock_line *row)
{
    int64_t open = row->ordered - row->cancelled - row->shipped;

    return open > 0 ? open : 0;
}

static const char *effect_open_reason(const struct stock *stock, bool was_applied,
                                      const struct holding *open)
{
    if (!was_applied || open->after > open->before)
        return "placed";
    return stock->kind == EVENT_LINE_SHIPPED ? "shipped" : "cancelled";
}

/* What the line had or has of its part number i. */
static int64_t effect_part_quantity(const struct stock_line *row, size_t i)
{
    if (i >= row->parts_len || row->parts[i].is_dropped)
        return 0;
    return row->parts[i].kind == EVENT_LINE_SHIPPED ? -row->parts[i].quantity
                                                    : row->parts[i].quantity;
}

/* False for parts that move nothing. */
static bool effect_part_holding(const struct stock_line *before, const struct stock_line *after,
                                size_t i, struct holding *ret_holding)
{
    const struct stock_part *part = &after->parts[i];

    if (part->kind == EVENT_LINE_CANCELLED)
        return false;
    bool is_shipped = part->kind == EVENT_LINE_SHIPPED;

    *ret_holding = (struct holding){
        .bucket = is_shipped ? STOCK_SELLABLE : part->bucket,
        .before = effect_part_quantity(before, i),
        .after = effect_part_quantity(after, i),
        .occurred_ms = part->occurred_ms,
        .reason = is_shipped ? "shipped" : "returned",
    };
    return true;
}

void stock_effect_plan(struct stock *stock, const struct line_state *before,
                       const struct line_state *after)
{
    bool is_same = before->effective == after->effective;
    const char *override = NULL;
    struct holding holding = {
        .bucket = STOCK_COMMITTED,
        .before = effect_committed(&before->row),
        .after = effect_committed(&after->row),
        .occurred_ms = after->row.placed_ms,
    };
    struct blend blend;

    blend_make(&blend, before->effective, after->effective);
    if (stock->kind == EVENT_DECIDED)
        override = "decided";
    else if (!is_same && before->effective != NULL)
        override = "remapped";
    holding.reason = override != NULL ? override : effect_open_reason(stock, is_same, &holding);
    effect_plan_holding(stock, &blend, &holding, &before->row);
    /* Under the same mapping the parts that were there keep the effects that they have, unless one
       was dropped or released: then the parts are a copy. */
    bool is_kept = is_same && before->row.parts == after->row.parts;
    for (size_t i = is_kept ? before->row.parts_len : 0; i < after->row.parts_len; i++) {
        if (!effect_part_holding(&before->row, &after->row, i, &holding))
            continue;
        if (override != NULL)
            holding.reason = override;
        effect_plan_holding(stock, &blend, &holding, &before->row);
    }
}
