#include <assert.h>
#include <string.h>

#include "lib/stock/internal.h"

/* ---- finding ---- */

struct order *stock_line_order(struct stock *stock, const char *channel, const char *order_id)
{
    struct order *order = stock_table_get(&stock->orders, channel, order_id, "");

    if (order != NULL)
        return order;
    order = arena_alloc(stock->arena, sizeof(*order));
    order->voided = (struct stock_voided){channel, order_id, 0, ""};
    stock_table_add(&stock->orders, stock->arena, (const char *[]){channel, order_id, ""}, order);
    return order;
}

static struct line *line_new(struct stock *stock, const char *channel, const char *order_id,
                             const char *line_id)
{
    struct line *line = arena_alloc(stock->arena, sizeof(*line));
    struct order *order = stock_line_order(stock, channel, order_id);

    line->now.row = (struct stock_line){
        .channel = channel,
        .order_id = order_id,
        .line_id = line_id,
        .listing = "",
        .status = "",
        .pool = "",
        .fulfils = "",
        .report_id = "",
        .mapping_id = "",
        .waiting = "",
    };
    line->order = order;
    order->lines =
        arena_grow(stock->arena, order->lines, order->len, &order->capacity, sizeof(struct line *));
    order->lines[order->len++] = line;
    stock_table_add(&stock->lines, stock->arena, (const char *[]){channel, order_id, line_id},
                    line);
    return line;
}

struct line *stock_line_at(struct stock *stock, const char *channel, const char *order_id,
                           const char *line_id)
{
    struct line *line = stock_table_get(&stock->lines, channel, order_id, line_id);

    return line != NULL ? line : line_new(stock, channel, order_id, line_id);
}

/* The last one takes its place. */
static void line_leave_listing(struct line *line)
{
    struct listing *listing = line->now.listing;

    if (listing == NULL)
        return;
    struct line *last = listing->lines[--listing->lines_len];
    listing->lines[line->listing_at] = last;
    last->listing_at = line->listing_at;
}

static void line_enter_listing(struct stock *stock, struct line *line, struct listing *listing)
{
    line->now.listing = listing;
    if (listing == NULL)
        return;
    line->listing_at = listing->lines_len;
    listing->lines = arena_grow(stock->arena, listing->lines, listing->lines_len,
                                &listing->lines_capacity, sizeof(struct line *));
    listing->lines[listing->lines_len++] = line;
}

static struct listing *line_listing(struct stock *stock, const struct stock_line *row)
{
    return *row->listing == '\0' ? NULL : stock_mapping_listing(stock, row->channel, row->listing);
}

/* Behind the parts that the line has; who counts it in makes it one of them. */
static void line_put_part(struct stock *stock, struct line *line, const struct stock_part *part)
{
    struct stock_line *row = &line->now.row;

    row->parts = arena_grow(stock->arena, row->parts, row->parts_len, &line->parts_capacity,
                            sizeof(*row->parts));
    row->parts[row->parts_len] = *part;
}

/* ---- loading ---- */

void stock_load_line(struct stock *stock, const struct stock_line *line)
{
    struct line *loaded = stock_line_at(stock, line->channel, line->order_id, line->line_id);

    assert(loaded->now.row.version_ms == 0 && loaded->now.row.parts_len == 0);
    if (loaded->order->voided.voided_ms < line->voided_ms)
        loaded->order->voided.voided_ms = line->voided_ms;
    loaded->now.row = *line;
    loaded->now.row.parts = NULL;
    loaded->now.row.parts_len = 0;
    loaded->now.is_dropped = stock_is_same(line->waiting, STOCK_WAS_DROPPED);
    line_enter_listing(stock, loaded, line_listing(stock, line));
    if (stock->is_loaded)
        stock_line_attach(stock, loaded);
}

void stock_load_part(struct stock *stock, const char *channel, const char *order_id,
                     const char *line_id, const struct stock_part *part)
{
    struct line *line = stock_table_get(&stock->lines, channel, order_id, line_id);

    assert(line != NULL);
    line_put_part(stock, line, part);
    line->now.row.parts_len++;
    if (part->kind == EVENT_LINE_CANCELLED && !part->is_dropped)
        line->now.cancelled_parts += part->quantity;
}

/* Units that another pool ships are taken there; those that another order takes, nowhere else. */
static const struct mapping *line_effective(struct stock *stock, const struct line_state *state)
{
    const struct mapping *mapping = state->in_force;

    if (*state->row.waiting != '\0' || mapping == NULL || *state->row.fulfils != '\0')
        return NULL;
    if (*state->row.pool != '\0')
        mapping = stock_mapping_in_pool(stock, mapping, state->row.pool);
    return mapping->pool->row.authority == EVENT_POOL_CHANNEL ? NULL : mapping;
}

void stock_line_attach(struct stock *stock, struct line *line)
{
    struct line_state *now = &line->now;

    if (now->row.version_ms == 0 || now->listing == NULL)
        return;
    now->in_force = stock_mapping_at(now->listing, now->row.placed_ms);
    /* Else the positions hold effects that nobody can take back. */
    assert(*now->row.waiting != '\0' ||
           (now->in_force != NULL && stock_is_same(now->row.mapping_id, now->in_force->row.id)));
    now->effective = line_effective(stock, now);
}

/* ---- changing ---- */

static bool line_is_known(const struct line *line)
{
    return line->now.row.version_ms > 0 || line->now.row.parts_len > 0;
}

static const char *line_waits(const struct line_state *state)
{
    if (state->row.version_ms == 0)
        return STOCK_NOT_REPORTED;
    if (state->is_dropped)
        return STOCK_WAS_DROPPED;
    if (state->in_force == NULL)
        return STOCK_NO_MAPPING;
    return state->in_force->row.components_len == 0 ? STOCK_RETIRED : "";
}

static void line_derive(struct stock *stock, struct line_state *state)
{
    struct stock_line *row = &state->row;
    int64_t unshipped = row->shipped < row->ordered ? row->ordered - row->shipped : 0;
    int64_t cancelled = state->cancelled_parts > row->reported_cancelled ? state->cancelled_parts
                                                                         : row->reported_cancelled;

    row->cancelled =
        row->voided_ms > row->version_ms || cancelled > unshipped ? unshipped : cancelled;
    row->waiting = line_waits(state);
    row->mapping_id = *row->waiting == '\0' ? state->in_force->row.id : "";
    state->effective = line_effective(stock, state);
}

static int64_t line_sold(const struct stock_line *row)
{
    return *row->waiting == '\0' && *row->fulfils == '\0' ? row->ordered - row->cancelled : 0;
}

/* Never more than it sold, so that no plan can run out of numbers here. */
static int64_t line_open(const struct stock_line *row)
{
    int64_t open = line_sold(row) - row->shipped;

    return open > 0 ? open : 0;
}

void stock_line_plan(struct stock *stock, struct line *line, struct line_state *after)
{
    line_derive(stock, after);
    stock_effect_plan(stock, &line->now, after);
    stock_plan_sold(stock, line->now.listing, -line_sold(&line->now.row));
    stock_plan_sold(stock, after->listing, line_sold(&after->row));
    stock_plan_change(stock, line, after);
}

/* The line counts for the listing (1), or no more (-1). */
static void line_count(struct listing *listing, const struct stock_line *row, int64_t sign)
{
    if (listing == NULL)
        return;
    listing->row.sold_here += sign * line_sold(row);
    listing->row.open_here += sign * line_open(row);
}

static void line_recount(struct stock *stock, const struct line *line,
                         const struct line_state *after)
{
    const struct stock_line *was = &line->now.row;
    bool moves = line->now.listing != after->listing;

    if (!moves && line_sold(was) == line_sold(&after->row) &&
        line_open(was) == line_open(&after->row))
        return;
    line_count(line->now.listing, was, -1);
    line_count(after->listing, &after->row, 1);
    if (line->now.listing != NULL && (!moves || line_sold(was) > 0))
        line->now.listing->changed = stock->cause;
    if (moves && after->listing != NULL && line_sold(&after->row) > 0)
        after->listing->changed = stock->cause;
}

void stock_line_commit(struct stock *stock, const struct line_change *change)
{
    struct line *line = change->line;

    line_recount(stock, line, &change->after);
    if (change->after.listing != line->now.listing) {
        line_leave_listing(line);
        line_enter_listing(stock, line, change->after.listing);
    }
    if (line_is_known(line) && !stock_is_same(line->now.row.waiting, change->after.row.waiting))
        line->is_restated = true;
    line->now = change->after;
    if (!line->is_changed)
        stock_list_add(stock, &stock->touched_lines, line);
    line->is_changed = true;
}

/* ---- events ---- */

/* The void may have come before the line. */
static struct line_state line_next(const struct line *line)
{
    struct line_state next = line->now;

    if (next.row.voided_ms < line->order->voided.voided_ms)
        next.row.voided_ms = line->order->voided.voided_ms;
    return next;
}

static bool line_become(struct stock *stock, struct line *line, struct line_state *after)
{
    stock_plan_begin(stock);
    stock_line_plan(stock, line, after);
    return stock_plan_commit(stock);
}

static enum stock_verdict line_verdict(const struct line *line, const char **ret_reason)
{
    *ret_reason = line->now.row.waiting;
    if (stock_is_same(*ret_reason, STOCK_WAS_DROPPED))
        return STOCK_NOTED;
    return **ret_reason == '\0' ? STOCK_APPLIED : STOCK_PARKED;
}

/* Equal versions are told apart by their content, so that it does not matter who came first. */
static bool line_is_newer(const struct event *event, const struct stock_line *row)
{
    const struct event_order_line *report = &event->order_line;

    if (report->version_ms != row->version_ms)
        return report->version_ms > row->version_ms;
    if (report->cancelled != row->reported_cancelled)
        return report->cancelled > row->reported_cancelled;
    if (report->ordered != row->ordered)
        return report->ordered < row->ordered;
    return strcmp(event->id, row->report_id) > 0;
}

static void line_take_report(struct stock *stock, struct line_state *state,
                             const struct event_order_line *report)
{
    struct stock_line *row = &state->row;

    row->ordered = report->ordered;
    row->reported_cancelled = report->cancelled;
    row->placed_ms = report->placed_ms;
    row->version_ms = report->version_ms;
    row->status = report->status;
    row->pool = report->pool;
    row->fulfils = report->fulfils;
    row->report_id = stock->cause.event_id;
    state->is_dropped = stock_decision_is_dropped(stock, row->report_id);
}

enum stock_verdict stock_line_report(struct stock *stock, const struct event *event,
                                     const char **ret_reason)
{
    const struct event_order_line *report = &event->order_line;
    struct line *line =
        stock_line_at(stock, event->source.channel, report->order_id, report->line_id);
    struct line_state after = line_next(line);
    bool is_newer = line_is_newer(event, &line->now.row);
    bool names = after.row.version_ms == 0 || strcmp(report->listing, after.row.listing) > 0;

    if (!is_newer && !names)
        return STOCK_NOTED;
    if (names)
        after.row.listing = report->listing;
    if (is_newer)
        line_take_report(stock, &after, report);
    after.listing = line_listing(stock, &after.row);
    after.in_force =
        after.listing == NULL ? NULL : stock_mapping_at(after.listing, after.row.placed_ms);
    if (!line_become(stock, line, &after))
        return stock_overflows(ret_reason);
    return line_verdict(line, ret_reason);
}

static int64_t *line_sum_of(struct line_state *state, enum event_kind kind)
{
    if (kind == EVENT_LINE_CANCELLED)
        return &state->cancelled_parts;
    return kind == EVENT_LINE_SHIPPED ? &state->row.shipped : &state->row.returned;
}

static void line_keep_part(struct stock *stock, const struct line *line,
                           const struct stock_part *part)
{
    stock->new_parts = arena_grow(stock->arena, stock->new_parts, stock->new_parts_len,
                                  &stock->new_parts_capacity, sizeof(*stock->new_parts));
    stock->new_parts[stock->new_parts_len++] =
        (struct stock_new_part){&line->now.row, arena_memdup(stock->arena, part, sizeof(*part))};
}

enum stock_verdict stock_line_part(struct stock *stock, const struct event *event,
                                   const char **ret_reason)
{
    const struct event_line_part *fact = &event->part;
    struct line *line = stock_line_at(stock, event->source.channel, fact->order_id, fact->line_id);
    const struct stock_part part = {stock->cause.event_id,
                                    event->kind,
                                    fact->part_id,
                                    fact->quantity,
                                    fact->bucket,
                                    event->times.occurred_ms,
                                    stock_decision_is_dropped(stock, event->id)};

    line_put_part(stock, line, &part);
    struct line_state after = line_next(line);
    int64_t *sum = line_sum_of(&after, event->kind);
    if (*sum > STOCK_QUANTITY_LIMIT - part.quantity)
        return stock_overflows(ret_reason);
    *sum += part.is_dropped ? 0 : part.quantity;
    after.row.parts_len++;
    if (after.row.version_ms == 0 && strcmp(fact->listing, after.row.listing) > 0) {
        after.row.listing = fact->listing;
        after.listing = line_listing(stock, &after.row);
    }
    if (!line_become(stock, line, &after))
        return stock_overflows(ret_reason);
    line_keep_part(stock, line, &part);
    return line_verdict(line, ret_reason);
}

/* ---- dropping and releasing ---- */

static bool line_drop_report(struct stock *stock, struct line *line, const char *event_id,
                             bool is_dropped)
{
    struct line_state after = line_next(line);

    if (!stock_is_same(line->now.row.report_id, event_id))
        return true;
    after.is_dropped = is_dropped;
    return line_become(stock, line, &after);
}

/* The states before and after share their parts unless one of these changes. */
static struct stock_part *line_copy_parts(struct stock *stock, struct line *line,
                                          struct line_state *after)
{
    struct stock_part *parts = arena_alloc(stock->arena, line->parts_capacity * sizeof(*parts));

    memcpy(parts, after->row.parts, after->row.parts_len * sizeof(*parts));
    after->row.parts = parts;
    return parts;
}

/* One that the batch brought has its row already. */
static void line_keep_dropped(struct stock *stock, const struct line *line,
                              const struct stock_part *part)
{
    for (size_t i = 0; i < stock->new_parts_len; i++) {
        struct stock_new_part *kept = &stock->new_parts[i];

        if (stock_is_same(kept->part->event_id, part->event_id)) {
            kept->part = part;
            return;
        }
    }
    line_keep_part(stock, line, part);
}

static bool line_drop_part(struct stock *stock, struct line *line, const char *event_id,
                           bool is_dropped)
{
    struct line_state after = line_next(line);
    struct stock_part *part = line_copy_parts(stock, line, &after);
    const struct stock_part *end = part + after.row.parts_len;

    while (part < end && !stock_is_same(part->event_id, event_id))
        part++;
    if (part == end)
        return true;
    part->is_dropped = is_dropped;
    *line_sum_of(&after, part->kind) += is_dropped ? -part->quantity : part->quantity;
    if (!line_become(stock, line, &after))
        return false;
    line_keep_dropped(stock, line, part);
    return true;
}

enum stock_verdict stock_line_drop(struct stock *stock, const struct event *event, bool is_dropped,
                                   const char **ret_reason)
{
    bool is_report = event->kind == EVENT_ORDER_LINE;
    struct line *line = stock_line_at(stock, event->source.channel,
                                      is_report ? event->order_line.order_id : event->part.order_id,
                                      is_report ? event->order_line.line_id : event->part.line_id);

    if (!(is_report ? line_drop_report : line_drop_part)(stock, line, event->id, is_dropped))
        return stock_overflows(ret_reason);
    return line_verdict(line, ret_reason);
}

static void line_keep_void(struct stock *stock, struct order *order, int64_t voided_ms)
{
    order->voided.voided_ms = voided_ms;
    order->voided.event_id = stock->cause.event_id;
    if (!order->is_voided_new)
        stock_list_add(stock, &stock->new_voided, &order->voided);
    order->is_voided_new = true;
}

enum stock_verdict stock_line_void(struct stock *stock, const struct event *event,
                                   const char **ret_reason)
{
    const struct event_order_voided *fact = &event->order_voided;
    struct order *order = stock_line_order(stock, event->source.channel, fact->order_id);
    enum stock_verdict verdict = STOCK_NOTED;

    if (fact->version_ms <= order->voided.voided_ms)
        return STOCK_NOTED;
    stock_plan_begin(stock);
    for (size_t i = 0; i < order->len; i++) {
        struct line_state after = order->lines[i]->now;

        if (!line_is_known(order->lines[i]))
            continue;
        verdict = STOCK_APPLIED;
        after.row.voided_ms = fact->version_ms;
        stock_line_plan(stock, order->lines[i], &after);
    }
    if (!stock_plan_commit(stock))
        return stock_overflows(ret_reason);
    line_keep_void(stock, order, fact->version_ms);
    return verdict;
}
