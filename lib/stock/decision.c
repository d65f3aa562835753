#include "lib/stock/decision.h"

#include <stdlib.h>
#include <string.h>

#include "lib/event/amend.h"
#include "lib/stock/internal.h"

/* ---- the ruling ---- */

bool stock_decision_is_of_line(enum event_kind kind)
{
    return kind == EVENT_ORDER_LINE || kind == EVENT_LINE_CANCELLED || kind == EVENT_LINE_SHIPPED ||
           kind == EVENT_LINE_RETURNED;
}

static int decision_order(const void *a, const void *b)
{
    const struct event *one = *(const struct event *const *)a;
    const struct event *other = *(const struct event *const *)b;
    int64_t difference = one->decided.number - other->decided.number;

    return difference != 0 ? (difference > 0 ? 1 : -1) : strcmp(one->id, other->id);
}

static struct stock_outcome outcome_of(enum stock_verdict verdict, const char *reason)
{
    return (struct stock_outcome){verdict, reason};
}

static struct stock_outcome rule_drop(struct stock_ruling *ruling)
{
    if (ruling->counts && !stock_decision_is_of_line(ruling->form.kind))
        return outcome_of(STOCK_NOTED, STOCK_NOT_PARKED);
    if (ruling->is_dropped)
        return outcome_of(STOCK_NOTED, STOCK_NO_CHANGE);
    ruling->is_dropped = true;
    return outcome_of(STOCK_APPLIED, "");
}

static struct stock_outcome rule_release(struct stock_ruling *ruling,
                                         const struct event_breach *breach)
{
    if (ruling->counts && !ruling->is_dropped)
        return outcome_of(STOCK_NOTED, STOCK_NOT_PARKED);
    if (!ruling->counts && !breach->is_waivable)
        return outcome_of(STOCK_NOTED, STOCK_NOT_WAIVABLE);
    ruling->counts = true;
    ruling->is_dropped = false;
    return outcome_of(STOCK_APPLIED, "");
}

static struct stock_outcome rule_fix(struct stock_ruling *ruling, struct arena *arena,
                                     const struct event_decided *decided)
{
    struct event_breach breach;
    struct event form;
    struct err ignored;

    if (ruling->counts)
        return outcome_of(STOCK_NOTED, STOCK_NOT_PARKED);
    if (ruling->form.kind == EVENT_DECIDED ||
        !event_amend(arena, &ruling->form, decided->changes, decided->changes_len, &form, &ignored))
        return outcome_of(STOCK_NOTED, STOCK_NOT_AMENDABLE);
    if (!event_check_rules(&form, &breach, &ignored))
        return outcome_of(STOCK_NOTED, STOCK_STILL_BROKEN);
    *ruling = (struct stock_ruling){.counts = true, .form = form};
    return outcome_of(STOCK_APPLIED, "");
}

static struct stock_outcome rule_one(struct stock_ruling *ruling, struct arena *arena,
                                     const struct event_breach *breach,
                                     const struct event_decided *decided)
{
    switch (decided->decision) {
    case EVENT_DROP:
        return rule_drop(ruling);
    case EVENT_RELEASE:
        return rule_release(ruling, breach);
    case EVENT_FIX:
        return rule_fix(ruling, arena, decided);
    case EVENT_DECISION_NONE:
        break;
    }
    return outcome_of(STOCK_NOTED, STOCK_NO_CHANGE);
}

struct stock_ruling stock_decision_rule(struct arena *arena, const struct event *event,
                                        const struct event_breach *breach,
                                        const struct event **decisions, size_t count,
                                        struct stock_outcome *outcomes)
{
    struct stock_ruling ruling = {.counts = *breach->reason == '\0', .form = *event};
    int64_t next = 1;

    if (count > 1)
        qsort(decisions, count, sizeof(struct event *), decision_order);
    for (size_t i = 0; i < count; i++) {
        if (decisions[i]->decided.number != next) {
            outcomes[i] = outcome_of(STOCK_PARKED, STOCK_OUT_OF_TURN);
            continue;
        }
        outcomes[i] = rule_one(&ruling, arena, breach, &decisions[i]->decided);
        next++;
    }
    return ruling;
}

/* ---- in the working set ---- */

static struct decided *decided_at(struct stock *stock, const char *event_id)
{
    struct decided *decided = stock_table_get(&stock->decided, event_id, "", "");

    if (decided != NULL)
        return decided;
    decided = arena_alloc(stock->arena, sizeof(*decided));
    decided->event_id = event_id;
    stock_table_add(&stock->decided, stock->arena, (const char *[]){event_id, "", ""}, decided);
    return decided;
}

static void decided_add(struct stock *stock, struct decided *decided, const struct event *decision)
{
    decided->decisions = arena_grow(stock->arena, decided->decisions, decided->len,
                                    &decided->capacity, sizeof(*decided->decisions));
    decided->decisions[decided->len++] = decision;
}

bool stock_decision_is_dropped(const struct stock *stock, const char *event_id)
{
    const struct decided *decided = stock_table_get(&stock->decided, event_id, "", "");

    return decided != NULL && decided->is_dropped;
}

static void decided_name_line(struct decided *decided, const struct event *event)
{
    decided->kind = event->kind;
    decided->channel = event->source.channel;
    if (event->kind == EVENT_ORDER_LINE) {
        decided->order_id = event->order_line.order_id;
        decided->line_id = event->order_line.line_id;
    } else if (stock_decision_is_of_line(event->kind)) {
        decided->order_id = event->part.order_id;
        decided->line_id = event->part.line_id;
    }
}

/* Most events keep the rules, and of those only the line's name is ever asked for. */
static void decided_know(struct stock *stock, struct decided *decided, const struct event *event)
{
    struct err ignored;

    decided->is_known = true;
    decided_name_line(decided, event);
    if (event_check_rules(event, &decided->breach, &ignored))
        decided->breach = (struct event_breach){.reason = ""};
    else
        decided->event = arena_memdup(stock->arena, event, sizeof(*event));
}

static struct event decided_event(const struct decided *decided)
{
    struct event event;

    if (decided->event != NULL)
        return *decided->event;
    event_init(&event, decided->kind);
    memcpy(event.id, decided->event_id, strlen(decided->event_id) + 1);
    event.source.channel = decided->channel;
    if (decided->kind == EVENT_ORDER_LINE) {
        event.order_line.order_id = decided->order_id;
        event.order_line.line_id = decided->line_id;
    } else if (stock_decision_is_of_line(decided->kind)) {
        event.part.order_id = decided->order_id;
        event.part.line_id = decided->line_id;
    }
    return event;
}

void stock_load_decision(struct stock *stock, const struct event *decision)
{
    struct decided *decided = decided_at(stock, decision->decided.event_id);

    for (size_t i = 0; i < decided->len; i++) {
        if (stock_is_same(decided->decisions[i]->id, decision->id))
            return;
    }
    decided_add(stock, decided, decision);
}

static void decided_overflowed(struct stock *stock, struct decided *decided,
                               const struct event *event)
{
    decided->counts = false;
    decided->event = arena_memdup(stock->arena, event, sizeof(*event));
    decided->breach = (struct event_breach){STOCK_OVERFLOW, true};
}

static struct stock_ruling decided_rule(struct stock *stock, const struct decided *decided,
                                        const struct event *event,
                                        struct stock_outcome **ret_outcomes)
{
    struct stock_outcome *outcomes = arena_alloc(stock->arena, decided->len * sizeof(*outcomes));

    *ret_outcomes = outcomes;
    return stock_decision_rule(stock->arena, event, &decided->breach, decided->decisions,
                               decided->len, outcomes);
}

static void decided_attach(struct stock *stock, struct decided *decided)
{
    struct stock_outcome *ignored = NULL;
    const struct event event = decided_event(decided);
    const struct stock_ruling ruling = decided_rule(stock, decided, &event, &ignored);

    decided->counts = ruling.counts;
    decided->is_dropped = ruling.is_dropped;
}

void stock_decision_attach(struct stock *stock)
{
    for (size_t i = 0; i < stock->decided.len; i++) {
        struct decided *decided = stock->decided.entries[i].value;

        if (decided->is_known)
            decided_attach(stock, decided);
    }
}

void stock_load_decided(struct stock *stock, const struct event *event, const char *parked_for)
{
    struct decided *decided = decided_at(stock, event->id);

    if (decided->is_known)
        return;
    decided_know(stock, decided, event);
    /* One that is too large by itself breaks a rule that nobody can waive. */
    if (*decided->breach.reason == '\0' && stock_is_same(parked_for, STOCK_OVERFLOW))
        decided_overflowed(stock, decided, event);
    if (stock->is_loaded)
        decided_attach(stock, decided);
}

void stock_load_sound(struct stock *stock, const struct event *event)
{
    struct decided *decided = decided_at(stock, event->id);

    if (decided->is_known)
        return;
    decided->is_known = true;
    decided->breach = (struct event_breach){.reason = ""};
    decided_name_line(decided, event);
    if (stock->is_loaded)
        decided_attach(stock, decided);
}

/* ---- telling ---- */

/* Of the event in hand its caller is told. */
static void decision_tell(struct stock *stock, const char *event_id, struct stock_outcome outcome)
{
    if (stock_is_same(event_id, stock->cause.record_id)) {
        stock->told = outcome;
        return;
    }
    stock_status_add(stock, event_id, outcome.verdict, outcome.reason);
}

/* ---- folding ---- */

static struct stock_outcome decision_of_line(const struct decided *decided,
                                             struct stock_outcome outcome)
{
    if (decided->is_dropped && stock_decision_is_of_line(decided->kind))
        return outcome_of(STOCK_DROPPED, "");
    return outcome;
}

/* It begins to count. */
static struct stock_outcome decision_count(struct stock *stock, struct decided *decided,
                                           const struct stock_ruling *ruling)
{
    struct event *form = arena_memdup(stock->arena, &ruling->form, sizeof(*form));
    struct stock_outcome outcome = {.reason = ""};

    decided->counts = true;
    decided->is_dropped = ruling->is_dropped;
    stock_begin(stock, form);
    outcome.verdict = stock_apply_fact(stock, form, &outcome.reason);
    if (outcome.verdict == STOCK_PARKED && stock_is_same(outcome.reason, STOCK_OVERFLOW))
        decided_overflowed(stock, decided, form);
    return decision_of_line(decided, outcome);
}

/* It counts, is of a line, and was dropped or released. */
static struct stock_outcome decision_silence(struct stock *stock, struct decided *decided,
                                             const struct stock_ruling *ruling)
{
    struct stock_outcome outcome = {.reason = ""};

    decided->is_dropped = ruling->is_dropped;
    outcome.verdict = stock_line_drop(stock, &ruling->form, ruling->is_dropped, &outcome.reason);
    return decision_of_line(decided, outcome);
}

static struct stock_outcome decision_park(struct decided *decided,
                                          const struct stock_ruling *ruling)
{
    decided->is_dropped = ruling->is_dropped;
    if (decided->is_dropped)
        return outcome_of(STOCK_DROPPED, "");
    return outcome_of(STOCK_PARKED, decided->breach.reason);
}

/* Brings the event to what its decisions say now. */
static void decided_settle(struct stock *stock, struct decided *decided, const struct event *event,
                           bool is_new)
{
    struct stock_outcome *outcomes = NULL;
    const struct stock_ruling ruling = decided_rule(stock, decided, event, &outcomes);

    if (!decided->counts && ruling.counts)
        decision_tell(stock, decided->event_id, decision_count(stock, decided, &ruling));
    else if (decided->counts && decided->is_dropped != ruling.is_dropped)
        decision_tell(stock, decided->event_id, decision_silence(stock, decided, &ruling));
    else if (!decided->counts && (is_new || decided->is_dropped != ruling.is_dropped))
        decision_tell(stock, decided->event_id, decision_park(decided, &ruling));
    for (size_t i = 0; i < decided->len; i++)
        decision_tell(stock, decided->decisions[i]->id, outcomes[i]);
}

enum stock_verdict stock_decision_take(struct stock *stock, const struct event *event,
                                       const char **ret_reason)
{
    struct decided *decided = decided_at(stock, event->decided.event_id);

    decided_add(stock, decided, event);
    stock->told = outcome_of(STOCK_PARKED, STOCK_NO_EVENT);
    if (decided->is_known) {
        const struct event about = decided_event(decided);

        decided_settle(stock, decided, &about, false);
    }
    *ret_reason = stock->told.reason;
    return stock->told.verdict;
}

enum stock_verdict stock_decision_know(struct stock *stock, const struct event *event,
                                       const char **ret_reason)
{
    struct decided *decided = decided_at(stock, stock->cause.event_id);

    decided_know(stock, decided, event);
    decided_settle(stock, decided, event, true);
    *ret_reason = stock->told.reason;
    return stock->told.verdict;
}
