#include <stdlib.h>
#include <string.h>

#include "lib/stock/internal.h"

void stock_plan_begin(struct stock *stock)
{
    stock->plan.steps_len = 0;
    stock->plan.changes_len = 0;
    stock->plan.recounts_len = 0;
    stock->plan.overflows = false;
}

/* Adds within the limit, or marks the plan. */
static void plan_add(struct plan *plan, int64_t *sum, int64_t delta)
{
    int64_t result = 0;

    if (__builtin_add_overflow(*sum, delta, &result) || result < -STOCK_QUANTITY_LIMIT ||
        result > STOCK_QUANTITY_LIMIT)
        plan->overflows = true;
    else
        *sum = result;
}

void stock_plan_step(struct stock *stock, const struct step *step)
{
    struct plan *plan = &stock->plan;
    int64_t delta = 0;

    if (step->delta == 0)
        return;
    plan_add(plan, &delta, step->delta);
    plan->steps = arena_grow(stock->arena, plan->steps, plan->steps_len, &plan->steps_capacity,
                             sizeof(*plan->steps));
    plan->steps[plan->steps_len++] = *step;
}

void stock_plan_sold(struct stock *stock, struct listing *listing, int64_t delta)
{
    if (listing == NULL || delta == 0)
        return;
    if (listing->planned_seq != stock->cause.seq)
        listing->planned_sold = listing->row.sold_here;
    listing->planned_seq = stock->cause.seq;
    plan_add(&stock->plan, &listing->planned_sold, delta);
}

void stock_plan_change(struct stock *stock, struct line *line, const struct line_state *after)
{
    struct plan *plan = &stock->plan;

    plan->changes = arena_grow(stock->arena, plan->changes, plan->changes_len,
                               &plan->changes_capacity, sizeof(*plan->changes));
    plan->changes[plan->changes_len++] = (struct line_change){line, *after};
}

static int step_order_of_lines(const struct stock_line *a, const struct stock_line *b)
{
    if (a == NULL || b == NULL || a == b)
        return (a != NULL) - (b != NULL);
    int order = strcmp(a->channel, b->channel);
    if (order == 0)
        order = strcmp(a->order_id, b->order_id);
    return order != 0 ? order : strcmp(a->line_id, b->line_id);
}

static int step_order_of_positions(const struct position *a, const struct position *b)
{
    if (a == b)
        return 0;
    int order = strcmp(a->row.sku, b->row.sku);
    if (order == 0)
        order = strcmp(a->row.pool, b->row.pool);
    return order != 0 ? order : strcmp(a->row.bucket, b->row.bucket);
}

/* Steps that are equal in all of this make equal movements. */
static int step_order(const void *one, const void *other)
{
    const struct step *a = one;
    const struct step *b = other;
    int order = step_order_of_lines(a->line, b->line);

    if (order == 0)
        order = step_order_of_positions(a->position, b->position);
    if (order == 0)
        order = (a->occurred_ms > b->occurred_ms) - (a->occurred_ms < b->occurred_ms);
    if (order == 0)
        order = strcmp(a->reason, b->reason);
    return order != 0 ? order : (a->delta > b->delta) - (a->delta < b->delta);
}

static void plan_bound(struct stock *stock, const struct step *step)
{
    struct position *position = step->position;

    if (position->planned_seq != stock->cause.seq)
        position->planned = position->row.quantity;
    position->planned_seq = stock->cause.seq;
    plan_add(&stock->plan, &position->planned,
             stock_position_effect(position, step->delta, step->occurred_ms));
}

/* Steps that follow are planned under the new count. */
void stock_plan_recount(struct stock *stock, struct position *position,
                        const struct stock_count *count)
{
    struct plan *plan = &stock->plan;

    plan->recounts = arena_grow(stock->arena, plan->recounts, plan->recounts_len,
                                &plan->recounts_capacity, sizeof(*plan->recounts));
    plan->recounts[plan->recounts_len++] =
        (struct recount){position, position->count, position->row.quantity};
    stock_count_switch(position, count);
    if (!stock_count_total(position, &position->row.quantity))
        plan->overflows = true;
}

static void plan_undo_recounts(struct plan *plan)
{
    for (size_t i = plan->recounts_len; i > 0; i--) {
        const struct recount *recount = &plan->recounts[i - 1];

        stock_count_switch(recount->position, &recount->was);
        recount->position->row.quantity = recount->was_quantity;
    }
}

static int recount_order(const void *one, const void *other)
{
    return step_order_of_positions(((const struct recount *)one)->position,
                                   ((const struct recount *)other)->position);
}

static void plan_commit_recounts(struct stock *stock)
{
    struct plan *plan = &stock->plan;

    if (plan->recounts_len > 1)
        qsort(plan->recounts, plan->recounts_len, sizeof(*plan->recounts), recount_order);
    for (size_t i = 0; i < plan->recounts_len; i++) {
        struct position *position = plan->recounts[i].position;
        int64_t quantity = position->row.quantity;
        const struct stock_count *dated =
            position->count.event_id != NULL ? &position->count : &plan->recounts[i].was;
        const struct step step = {
            .position = position, .occurred_ms = dated->counted_ms, .reason = "counted"};

        position->row.quantity = plan->recounts[i].was_quantity;
        stock_position_move(stock, &step, quantity - position->row.quantity);
        stock_count_write(stock, position);
    }
}

/* Lines, parts and components come in whatever order they were loaded; the movements of an event
   stand in one order, so that a proof can make the same ones again. */
bool stock_plan_commit(struct stock *stock)
{
    struct plan *plan = &stock->plan;

    if (plan->steps_len > 1)
        qsort(plan->steps, plan->steps_len, sizeof(*plan->steps), step_order);
    for (size_t i = 0; i < plan->steps_len; i++)
        plan_bound(stock, &plan->steps[i]);
    if (plan->overflows) {
        plan_undo_recounts(plan);
        return false;
    }
    plan_commit_recounts(stock);
    for (size_t i = 0; i < plan->steps_len; i++) {
        const struct step *step = &plan->steps[i];

        stock_position_move(stock, step,
                            stock_position_effect(step->position, step->delta, step->occurred_ms));
    }
    for (size_t i = 0; i < plan->changes_len; i++)
        stock_line_commit(stock, &plan->changes[i]);
    return true;
}
