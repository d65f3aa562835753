/* Units on their way. What a shipment or removal has done to stock by a time is a pure function of
   its newest report and of its receipts up to then; its effects are the differences from one time
   to the next. A new fact is applied as the difference between its effects before and after. */
#include <assert.h>
#include <string.h>

#include "lib/event/words.h"
#include "lib/stock/internal.h"

#define CONSIGNMENT_ON_THE_WAY "inbound"
#define CONSIGNMENT_IN_REMOVAL "in_removal"
#define CONSIGNMENT_DAMAGED    "damaged"

enum { FLOWS_MAX = 8 };

/* ---- the state at a time ---- */

/* Units that a consignment has put into a bucket (or taken, below zero), so far. */
struct flow {
    const char *pool;
    const char *bucket;
    const char *reason;
    const char *back; /* the reason for taking it back */
    int64_t units;
};

struct consignment_state {
    const struct stock_consignment_report *report; /* the newest; NULL: none */
    int64_t receipts;                              /* units of receipts, those not damaged */
    int64_t receipts_damaged;
    int64_t received; /* the same by reports and receipts */
    int64_t damaged;
    int64_t leaving; /* units that left, or are about to */
    int64_t missing;
    int64_t transit;
    bool is_open;
    struct flow flows[FLOWS_MAX];
    size_t flows_len;
};

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool report_is_inbound(const struct stock_consignment_report *report)
{
    return stock_is_same(report->kind, STOCK_INBOUND);
}

static enum event_inbound_stage report_stage(const struct stock_consignment_report *report)
{
    return report_is_inbound(report) ? event_inbound_status(report->status)->stage
                                     : EVENT_INBOUND_UNDERWAY;
}

static void state_flow(struct consignment_state *state, struct flow flow)
{
    if (*flow.pool == '\0' || flow.units == 0)
        return;
    assert(state->flows_len < FLOWS_MAX);
    state->flows[state->flows_len++] = flow;
}

/* Reports tell of receipts, too: only what they say beyond them is theirs. */
static void state_flow_received(struct consignment_state *state)
{
    const struct stock_consignment_report *report = state->report;

    state_flow(state, (struct flow){report->to_pool, STOCK_SELLABLE, "received", "received",
                                    state->received - state->receipts});
    state_flow(state, (struct flow){report->to_pool, CONSIGNMENT_DAMAGED, "received", "received",
                                    state->damaged - state->receipts_damaged});
}

/* What is in the bucket for units on their way, entry by entry. */
static void state_flow_transit(struct consignment_state *state)
{
    const struct stock_consignment_report *report = state->report;
    bool is_inbound = report_is_inbound(report);
    const char *pool = is_inbound ? report->to_pool : report->from_pool;
    const char *bucket = is_inbound ? CONSIGNMENT_ON_THE_WAY : CONSIGNMENT_IN_REMOVAL;
    const char *sent = is_inbound ? "sent" : "removed";
    int64_t arrived = smaller(state->leaving, state->received + state->damaged);
    int64_t disposed = smaller(state->leaving - arrived, report->disposed);
    int64_t lost = state->leaving - arrived - disposed - state->transit;

    state_flow(state, (struct flow){report->from_pool, report->from_bucket, sent, "cancelled",
                                    -state->leaving});
    state_flow(state, (struct flow){pool, bucket, sent, "cancelled", state->leaving});
    state_flow(state, (struct flow){pool, bucket, "received", "received", -arrived});
    state_flow(state, (struct flow){pool, bucket, "disposed", "disposed", -disposed});
    state_flow(state, (struct flow){pool, bucket, "lost", "lost", -lost});
}

/* From the newest report and the sums of the receipts. */
static void state_derive(struct consignment_state *state)
{
    const struct stock_consignment_report *report = state->report;

    state->flows_len = 0;
    if (report == NULL)
        return;
    enum event_inbound_stage stage = report_stage(report);
    state->received = greater(report->received, state->receipts);
    state->damaged = greater(report->damaged, state->receipts_damaged);
    int64_t known = state->received + state->damaged + report->disposed + report->lost;
    state->leaving = report->sent - report->cancelled;
    if (stage == EVENT_INBOUND_CANCELLED)
        state->leaving = smaller(state->leaving, known);
    int64_t left = state->leaving - known;
    bool is_closed = stage >= EVENT_INBOUND_CLOSED;
    state->transit = is_closed ? 0 : greater(left, 0);
    state->missing = left - state->transit;
    state->is_open = report_is_inbound(report) ? !is_closed : state->transit > 0;
    state_flow_received(state);
    state_flow_transit(state);
}

/* ---- walking through time ---- */

struct consignment_walk {
    const struct consignment_facts *facts;
    size_t reports_at;
    size_t receipts_at;
    int64_t now_ms;
    struct consignment_state state;
};

/* To the next time at which something is known; false: there is none. The receipts of that time are
   those before walk->receipts_at. */
static bool walk_next(struct consignment_walk *walk)
{
    const struct consignment_facts *facts = walk->facts;
    bool has_report = walk->reports_at < facts->reports_len;
    bool has_receipt = walk->receipts_at < facts->receipts_len;

    if (!has_report && !has_receipt)
        return false;
    walk->now_ms = has_report ? facts->reports[walk->reports_at]->version_ms : INT64_MAX;
    if (has_receipt)
        walk->now_ms = smaller(walk->now_ms, facts->receipts[walk->receipts_at]->occurred_ms);
    while (walk->reports_at < facts->reports_len &&
           facts->reports[walk->reports_at]->version_ms == walk->now_ms)
        walk->state.report = facts->reports[walk->reports_at++];
    while (walk->receipts_at < facts->receipts_len &&
           facts->receipts[walk->receipts_at]->occurred_ms == walk->now_ms) {
        const struct stock_receipt *receipt = facts->receipts[walk->receipts_at++];

        if (stock_is_same(receipt->bucket, CONSIGNMENT_DAMAGED))
            walk->state.receipts_damaged += receipt->quantity;
        else
            walk->state.receipts += receipt->quantity;
    }
    state_derive(&walk->state);
    return true;
}

/* ---- effects ---- */

struct effect {
    const char *pool;
    const char *bucket;
    const char *reason;
    int64_t at_ms;
    int64_t delta;
};

struct effects {
    struct arena *arena;
    struct effect *items;
    size_t len;
    size_t capacity;
    size_t first; /* of the time in hand */
};

static void effects_add(struct effects *effects, const struct effect *effect)
{
    for (size_t i = effects->first; i < effects->len; i++) {
        struct effect *known = &effects->items[i];

        if (known->at_ms == effect->at_ms && stock_is_same(known->bucket, effect->bucket) &&
            stock_is_same(known->pool, effect->pool) &&
            stock_is_same(known->reason, effect->reason)) {
            known->delta += effect->delta;
            return;
        }
    }
    effects->items = arena_grow(effects->arena, effects->items, effects->len, &effects->capacity,
                                sizeof(*effects->items));
    effects->items[effects->len++] = *effect;
}

static int64_t flow_units(const struct consignment_state *state, const struct flow *flow)
{
    for (size_t i = 0; i < state->flows_len; i++) {
        const struct flow *other = &state->flows[i];

        if (stock_is_same(other->pool, flow->pool) && stock_is_same(other->bucket, flow->bucket) &&
            stock_is_same(other->reason, flow->reason))
            return other->units;
    }
    return 0;
}

static void effects_add_flow(struct effects *effects, const struct flow *flow, int64_t delta,
                             int64_t at_ms)
{
    bool goes_back = (delta < 0) != (flow->units < 0);

    if (delta != 0)
        effects_add(effects, &(struct effect){flow->pool, flow->bucket,
                                              goes_back ? flow->back : flow->reason, at_ms, delta});
}

static void effects_add_change(struct effects *effects, const struct consignment_state *before,
                               const struct consignment_state *after, int64_t at_ms)
{
    for (size_t i = 0; i < after->flows_len; i++) {
        const struct flow *flow = &after->flows[i];

        effects_add_flow(effects, flow, flow->units - flow_units(before, flow), at_ms);
    }
    for (size_t i = 0; i < before->flows_len; i++) {
        const struct flow *flow = &before->flows[i];

        if (flow_units(after, flow) == 0)
            effects_add_flow(effects, flow, -flow->units, at_ms);
    }
}

/* In order of time. Without any report there is none. */
static struct effects effects_of(struct arena *arena, const struct consignment_facts *facts)
{
    struct effects effects = {.arena = arena};
    struct consignment_walk walk = {.facts = facts};
    struct consignment_state before = {0};
    size_t receipts_at = 0;

    while (facts->reports_len > 0 && walk_next(&walk)) {
        effects.first = effects.len;
        for (; receipts_at < walk.receipts_at; receipts_at++) {
            const struct stock_receipt *receipt = facts->receipts[receipts_at];

            effects_add(&effects, &(struct effect){receipt->pool, receipt->bucket, "received",
                                                   walk.now_ms, receipt->quantity});
        }
        effects_add_change(&effects, &before, &walk.state, walk.now_ms);
        before = walk.state;
    }
    return effects;
}

static void effects_plan(struct stock *stock, const char *sku, const struct effects *effects)
{
    for (size_t i = 0; i < effects->len; i++) {
        const struct effect *effect = &effects->items[i];
        struct shelf *shelf = stock_position_shelf(stock, sku, effect->pool);

        stock_plan_step(stock, &(struct step){
                                   .position = stock_position_at(stock, shelf, effect->bucket),
                                   .delta = effect->delta,
                                   .occurred_ms = effect->at_ms,
                                   .reason = effect->reason,
                               });
    }
}

/* Both are in order of time, so only those of one time are compared. */
static void consignment_plan_effects(struct stock *stock, const char *sku,
                                     const struct effects *before, const struct effects *after)
{
    struct effects change = {.arena = stock->arena};
    size_t b = 0;
    size_t a = 0;

    while (b < before->len || a < after->len) {
        int64_t at_ms = b < before->len ? before->items[b].at_ms : INT64_MAX;

        if (a < after->len)
            at_ms = smaller(at_ms, after->items[a].at_ms);
        change.first = change.len;
        for (; b < before->len && before->items[b].at_ms == at_ms; b++) {
            struct effect undone = before->items[b];

            undone.delta = -undone.delta;
            effects_add(&change, &undone);
        }
        for (; a < after->len && after->items[a].at_ms == at_ms; a++)
            effects_add(&change, &after->items[a]);
    }
    effects_plan(stock, sku, &change);
}

/* ---- the derived row ---- */

static void consignment_take_report(struct stock_consignment *row,
                                    const struct stock_consignment_report *report)
{
    row->channel = report->channel;
    row->from_pool = report->from_pool;
    row->from_bucket = report->from_bucket;
    row->to_pool = report->to_pool;
    row->status = report_is_inbound(report) ? event_inbound_status(report->status)->word
                                            : report->status;
    row->report_id = report->event_id;
    row->sent = report->sent;
    row->shipped = report->shipped;
    row->disposed = report->disposed;
    row->lost = report->lost;
    row->version_ms = report->version_ms;
    row->created_ms = report->created_ms > 0 ? report->created_ms : row->created_ms;
    row->expected_ms = report->expected_ms;
}

static void consignment_date(struct stock_consignment *row,
                             const struct stock_consignment_report *report)
{
    enum event_inbound_stage stage = report_stage(report);

    if (row->created_ms == 0)
        row->created_ms = report->version_ms;
    if (row->receiving_ms == 0 && stage == EVENT_INBOUND_RECEIVING)
        row->receiving_ms = report->version_ms;
    if (row->arrived_ms == 0 && stage >= EVENT_INBOUND_ARRIVED && stage <= EVENT_INBOUND_CLOSED)
        row->arrived_ms = report->version_ms;
}

static struct stock_consignment consignment_derive(const struct stock_consignment *was,
                                                   const struct consignment_facts *facts)
{
    struct consignment_walk walk = {.facts = facts};
    struct stock_consignment row = {
        .kind = was->kind,
        .id = was->id,
        .sku = was->sku,
        .channel = "",
        .from_pool = "",
        .from_bucket = "",
        .to_pool = "",
        .status = "",
        .report_id = "",
        .waiting = facts->reports_len == 0 ? STOCK_NOT_REPORTED : "",
    };

    for (size_t i = 0; i < facts->reports_len; i++)
        consignment_date(&row, facts->reports[i]);
    while (facts->reports_len > 0 && walk_next(&walk)) {
        if (walk.state.is_open || walk.state.report == NULL)
            row.closed_ms = 0;
        else if (row.closed_ms == 0)
            row.closed_ms = walk.now_ms;
    }
    if (facts->reports_len == 0)
        return row;
    consignment_take_report(&row, walk.state.report);
    row.cancelled = row.sent - walk.state.leaving;
    row.received = walk.state.received;
    row.damaged = walk.state.damaged;
    row.missing = walk.state.missing;
    row.transit = walk.state.transit;
    return row;
}

/* ---- finding and loading ---- */

static struct consignment *consignment_at(struct stock *stock, const char *kind, const char *id,
                                          const char *sku)
{
    struct consignment *found = stock_table_get(&stock->consignments, kind, id, sku);

    if (found != NULL)
        return found;
    found = arena_alloc(stock->arena, sizeof(*found));
    found->row = (struct stock_consignment){.kind = kind, .id = id, .sku = sku};
    found->row = consignment_derive(&found->row, &found->facts);
    stock_table_add(&stock->consignments, stock->arena, (const char *[]){kind, id, sku}, found);
    return found;
}

static bool shelf_has_inbound(const struct shelf *shelf, const struct consignment *consignment)
{
    for (size_t i = 0; i < shelf->inbounds_len; i++) {
        if (shelf->inbounds[i] == consignment)
            return true;
    }
    return false;
}

/* NULL: nothing is received there. */
static struct shelf *consignment_shelf(struct stock *stock, const struct stock_consignment *row)
{
    if (*row->to_pool == '\0' || !stock_is_same(row->kind, STOCK_INBOUND))
        return NULL;
    return stock_position_shelf(stock, row->sku, row->to_pool);
}

static void consignment_go_to(struct stock *stock, struct consignment *consignment,
                              struct shelf *shelf)
{
    consignment->to = shelf;
    if (shelf == NULL || shelf_has_inbound(shelf, consignment))
        return;
    shelf->inbounds = arena_grow(stock->arena, shelf->inbounds, shelf->inbounds_len,
                                 &shelf->inbounds_capacity, sizeof(*shelf->inbounds));
    shelf->inbounds[shelf->inbounds_len++] = consignment;
}

void stock_load_consignment(struct stock *stock, const struct stock_consignment *row)
{
    struct consignment *loaded = consignment_at(stock, row->kind, row->id, row->sku);

    assert(!stock->is_loaded);
    loaded->row = *row;
    loaded->has_waited = *row->waiting != '\0';
    consignment_go_to(stock, loaded, consignment_shelf(stock, &loaded->row));
}

static int64_t report_progress(const struct stock_consignment_report *report)
{
    return report->received + report->damaged + report->disposed + report->lost +
           report->cancelled;
}

/* Of two reports of one version the one that is further on is the newer one. */
static bool report_is_newer(const struct stock_consignment_report *report,
                            const struct stock_consignment_report *than)
{
    if (report->version_ms != than->version_ms)
        return report->version_ms > than->version_ms;
    if (report_stage(report) != report_stage(than))
        return report_stage(report) > report_stage(than);
    if (report_progress(report) != report_progress(than))
        return report_progress(report) > report_progress(than);
    return strcmp(report->event_id, than->event_id) > 0;
}

/* Facts are never changed, so that a plan can be dropped: a copy with one item more at `at`. */
static const void *const *copy_with(struct arena *arena, const void *const *items, size_t len,
                                    size_t at, const void *item)
{
    const void **copy = arena_alloc(arena, (len + 1) * sizeof(*copy));

    for (size_t i = 0; i < at; i++)
        copy[i] = items[i];
    copy[at] = item;
    for (size_t i = at; i < len; i++)
        copy[i + 1] = items[i];
    return copy;
}

static struct consignment_facts facts_with_report(struct stock *stock,
                                                  const struct consignment_facts *facts,
                                                  const struct stock_consignment_report *report)
{
    struct consignment_facts more = *facts;
    size_t at = facts->reports_len;

    while (at > 0 && report_is_newer(facts->reports[at - 1], report))
        at--;
    more.reports = (const void *)copy_with(stock->arena, (const void *)facts->reports,
                                           facts->reports_len, at, report);
    more.reports_len++;
    return more;
}

static struct consignment_facts facts_with_receipt(struct stock *stock,
                                                   const struct consignment_facts *facts,
                                                   const struct stock_receipt *receipt)
{
    struct consignment_facts more = *facts;
    size_t at = facts->receipts_len;

    while (at > 0 &&
           stock_is_later(facts->receipts[at - 1]->occurred_ms, facts->receipts[at - 1]->event_id,
                          receipt->occurred_ms, receipt->event_id))
        at--;
    more.receipts = (const void *)copy_with(stock->arena, (const void *)facts->receipts,
                                            facts->receipts_len, at, receipt);
    more.receipts_len++;
    return more;
}

void stock_load_consignment_report(struct stock *stock,
                                   const struct stock_consignment_report *report)
{
    struct consignment *consignment =
        consignment_at(stock, report->kind, report->id, report->sku);

    assert(!stock->is_loaded);
    consignment->facts = facts_with_report(
        stock, &consignment->facts, arena_memdup(stock->arena, report, sizeof(*report)));
}

void stock_load_receipt(struct stock *stock, const struct stock_receipt *receipt)
{
    struct consignment *consignment =
        consignment_at(stock, receipt->kind, receipt->id, receipt->sku);

    assert(!stock->is_loaded);
    consignment->facts = facts_with_receipt(
        stock, &consignment->facts, arena_memdup(stock->arena, receipt, sizeof(*receipt)));
}

/* ---- holding counts ---- */

bool stock_consignment_holds(const struct stock *stock, const struct shelf *shelf, int64_t at_ms)
{
    const struct pool *pool = NULL;

    for (size_t i = 0; i < shelf->inbounds_len; i++) {
        const struct consignment *inbound = shelf->inbounds[i];

        if (inbound->to != shelf || inbound->row.closed_ms != 0 || inbound->row.receiving_ms == 0 ||
            at_ms < inbound->row.receiving_ms)
            continue;
        pool = stock_table_get(&stock->pools, shelf->pool, "", "");
        return pool == NULL || pool->row.authority != EVENT_POOL_CHANNEL;
    }
    return false;
}

void stock_consignment_refresh_pool(struct stock *stock, const char *pool)
{
    for (size_t i = 0; i < stock->consignments.len; i++) {
        const struct consignment *consignment = stock->consignments.entries[i].value;

        if (consignment->to != NULL && stock_is_same(consignment->to->pool, pool))
            stock_count_refresh(
                stock, stock_position_shelf(stock, consignment->row.sku, consignment->to->pool));
    }
}

/* ---- events ---- */

static void consignment_touch(struct stock *stock, struct consignment *consignment)
{
    if (*consignment->row.waiting != '\0')
        consignment->has_waited = true;
    if (!consignment->is_changed)
        stock_list_add(stock, &stock->touched_consignments, consignment);
    consignment->is_changed = true;
}

/* The consignment knows `facts` from now on, or on overflow what it knew. */
static bool consignment_become(struct stock *stock, struct consignment *consignment,
                               const struct consignment_facts *facts)
{
    const struct stock_consignment was = consignment->row;
    struct shelf *from = consignment_shelf(stock, &was);
    const struct effects before = effects_of(stock->arena, &consignment->facts);
    const struct effects after = effects_of(stock->arena, facts);

    stock_plan_begin(stock);
    consignment->row = consignment_derive(&was, facts);
    struct shelf *to = consignment_shelf(stock, &consignment->row);
    consignment_go_to(stock, consignment, to);
    if (from != NULL && from != to)
        stock_count_refresh(stock, from);
    if (to != NULL)
        stock_count_refresh(stock, to);
    consignment_plan_effects(stock, was.sku, &before, &after);
    if (!stock_plan_commit(stock)) {
        consignment->row = was;
        consignment_go_to(stock, consignment, from);
        return false;
    }
    consignment->facts = *facts;
    consignment_touch(stock, consignment);
    return true;
}

static struct stock_consignment_report report_of_inbound(const struct event_inbound *fact)
{
    return (struct stock_consignment_report){
        .kind = STOCK_INBOUND,
        .id = fact->shipment_id,
        .sku = fact->sku,
        .from_pool = fact->from_pool,
        .from_bucket = STOCK_SELLABLE,
        .to_pool = fact->to_pool,
        .status = fact->status,
        .sent = fact->sent,
        .received = fact->received,
        .damaged = fact->damaged,
        .lost = fact->lost,
        .version_ms = fact->version_ms,
        .created_ms = fact->created_ms,
        .expected_ms = fact->expected_ms,
    };
}

static struct stock_consignment_report report_of_removal(const struct event_removal *fact)
{
    return (struct stock_consignment_report){
        .kind = STOCK_REMOVAL,
        .id = fact->removal_id,
        .sku = fact->sku,
        .from_pool = fact->from_pool,
        .from_bucket = fact->bucket,
        .to_pool = fact->to_pool,
        .status = fact->status,
        .sent = fact->requested,
        .cancelled = fact->cancelled,
        .shipped = fact->shipped,
        .received = fact->received,
        .disposed = fact->disposed,
        .lost = fact->lost,
        .version_ms = fact->version_ms,
        .created_ms = fact->created_ms,
    };
}

enum stock_verdict stock_consignment_report(struct stock *stock, const struct event *event,
                                            const char **ret_reason)
{
    struct stock_consignment_report *report = arena_alloc(stock->arena, sizeof(*report));

    *report = event->kind == EVENT_INBOUND_REPORTED ? report_of_inbound(&event->inbound)
                                                    : report_of_removal(&event->removal);
    report->event_id = stock->cause.event_id;
    report->channel = event->source.channel;
    struct consignment *consignment =
        consignment_at(stock, report->kind, report->id, report->sku);
    const struct consignment_facts facts = facts_with_report(stock, &consignment->facts, report);

    if (!consignment_become(stock, consignment, &facts))
        return stock_overflows(ret_reason);
    stock_list_add(stock, &stock->new_reports, report);
    return stock_is_same(consignment->row.report_id, report->event_id) ? STOCK_APPLIED
                                                                       : STOCK_NOTED;
}

static bool consignment_has_room(const struct consignment_facts *facts, int64_t quantity)
{
    for (size_t i = 0; i < facts->receipts_len; i++)
        quantity += facts->receipts[i]->quantity;
    return quantity <= STOCK_QUANTITY_LIMIT;
}

bool stock_consignment_is_for(const struct event *received)
{
    return *received->stock.shipment_id != '\0' || *received->stock.removal_id != '\0';
}

enum stock_verdict stock_consignment_receive(struct stock *stock, const struct event *event,
                                             const char **ret_reason)
{
    const struct event_stock *fact = &event->stock;
    bool is_inbound = *fact->shipment_id != '\0';
    struct stock_receipt *receipt = arena_alloc(stock->arena, sizeof(*receipt));

    *receipt = (struct stock_receipt){
        .event_id = stock->cause.event_id,
        .kind = is_inbound ? STOCK_INBOUND : STOCK_REMOVAL,
        .id = is_inbound ? fact->shipment_id : fact->removal_id,
        .sku = fact->sku,
        .pool = fact->pool,
        .bucket = fact->bucket,
        .quantity = fact->quantity,
        .occurred_ms = event->times.occurred_ms,
    };
    struct consignment *consignment =
        consignment_at(stock, receipt->kind, receipt->id, receipt->sku);
    if (!consignment_has_room(&consignment->facts, receipt->quantity))
        return stock_overflows(ret_reason);
    const struct consignment_facts facts =
        facts_with_receipt(stock, &consignment->facts, receipt);
    if (!consignment_become(stock, consignment, &facts))
        return stock_overflows(ret_reason);
    stock_list_add(stock, &stock->new_receipts, receipt);
    *ret_reason = consignment->row.waiting;
    return **ret_reason == '\0' ? STOCK_APPLIED : STOCK_PARKED;
}

/* ---- changed rows ---- */

void stock_consignment_settle(struct stock *stock)
{
    for (size_t i = 0; i < stock->touched_consignments.len; i++) {
        struct consignment *consignment = stock->touched_consignments.items[i];

        stock_list_add(stock, &stock->changed_consignments, &consignment->row);
        if (!consignment->has_waited || *consignment->row.waiting != '\0')
            continue;
        for (size_t k = 0; k < consignment->facts.receipts_len; k++)
            stock_status_add(stock, consignment->facts.receipts[k]->event_id, STOCK_APPLIED, "");
    }
}
