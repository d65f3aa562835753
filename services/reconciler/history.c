#include "services/reconciler/history.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"

struct pushed {
    struct reconciler_pushes pushes; /* but for confirmed */
    struct reconciler_push *confirmed;
    size_t confirmed_capacity;
    int64_t last_version;
};

struct reconciler_history {
    struct arena *arena;
    const char *channel;
    int64_t at_ms;
    struct map *listings; /* -> struct pushed */
};

struct reconciler_history *reconciler_history_new(struct arena *arena, const char *channel,
                                                  int64_t at_ms)
{
    struct reconciler_history *history = mem_calloc(1, sizeof(*history));

    *history = (struct reconciler_history){arena, channel, at_ms, map_new()};
    return history;
}

void reconciler_history_free(struct reconciler_history *history)
{
    if (history == NULL)
        return;
    map_free(history->listings);
    mem_free(history);
}

static const struct reconciler_pushes nothing_pushed = {
    .target_event_id = "", .last_error_class = "", .last_error_text = ""};

static struct pushed *history_listing(struct reconciler_history *history, const char *listing)
{
    struct pushed *pushed = map_get(history->listings, listing);

    if (pushed != NULL)
        return pushed;
    pushed = arena_alloc(history->arena, sizeof(*pushed));
    pushed->pushes = nothing_pushed;
    map_set(history->listings, listing, pushed);
    return pushed;
}

/* Of the times after the snapshot, the first. */
static void keep_first(int64_t *first_ms, int64_t ms)
{
    if (*first_ms == 0 || ms < *first_ms)
        *first_ms = ms;
}

/* Outcomes tell targets, too: those of a compacted topic are known only by them. */
static void history_know_target(struct reconciler_history *history, const struct target *target)
{
    struct reconciler_pushes *pushes = &history_listing(history, target->listing)->pushes;

    if (target->times.applied_ms > history->at_ms) {
        keep_first(&pushes->next_target_ms, target->times.applied_ms);
        return;
    }
    if (target->version <= pushes->target_version)
        return;
    pushes->target_version = target->version;
    pushes->target_quantity = target->quantity;
    pushes->target_applied_ms = target->times.applied_ms;
    pushes->target_event_id = arena_strdup(history->arena, target->event_id);
}

void reconciler_history_target(struct reconciler_history *history, const struct target *target)
{
    if (strcmp(target->channel, history->channel) == 0)
        history_know_target(history, target);
}

static void history_confirmed(struct reconciler_history *history, struct pushed *pushed,
                              const struct outcome *outcome)
{
    struct reconciler_pushes *pushes = &pushed->pushes;

    if (outcome->times.confirmed_ms > history->at_ms) {
        keep_first(&pushes->next_confirmed_ms, outcome->times.confirmed_ms);
        return;
    }
    pushed->confirmed = arena_grow(history->arena, pushed->confirmed, pushes->confirmed_len,
                                   &pushed->confirmed_capacity, sizeof(*pushed->confirmed));
    pushed->confirmed[pushes->confirmed_len++] = (struct reconciler_push){
        outcome->version, outcome->quantity, outcome->times.confirmed_ms};
}

static void history_attempt(struct reconciler_history *history, struct pushed *pushed,
                            const struct outcome *outcome)
{
    struct reconciler_pushes *pushes = &pushed->pushes;
    int64_t ended_ms = outcome->times.confirmed_ms;

    if (ended_ms == 0)
        ended_ms = outcome->times.published_ms > 0 ? outcome->times.published_ms
                                                   : outcome->times.applied_ms;
    if (ended_ms > history->at_ms || outcome->version < pushed->last_version)
        return;
    pushed->last_version = outcome->version;
    pushes->last_result = outcome->result;
    pushes->last_ms = ended_ms;
    pushes->last_error_class = arena_strdup(history->arena, outcome->error_class);
    pushes->last_error_text = arena_strdup(history->arena, outcome->error_text);
}

void reconciler_history_outcome(struct reconciler_history *history, const struct outcome *outcome)
{
    if (strcmp(outcome->channel, history->channel) != 0)
        return;
    struct pushed *pushed = history_listing(history, outcome->listing);

    history_know_target(history, &(struct target){.listing = outcome->listing,
                                                  .quantity = outcome->quantity,
                                                  .version = outcome->version,
                                                  .event_id = outcome->event_id,
                                                  .times = outcome->times});
    if (outcome->result == OUTCOME_CONFIRMED)
        history_confirmed(history, pushed, outcome);
    history_attempt(history, pushed, outcome);
}

static int push_order(const void *a, const void *b)
{
    const struct reconciler_push *one = a;
    const struct reconciler_push *other = b;

    if (one->version != other->version)
        return one->version < other->version ? -1 : 1;
    return (one->confirmed_ms > other->confirmed_ms) - (one->confirmed_ms < other->confirmed_ms);
}

struct reconciler_pushes reconciler_history_of(const struct reconciler_history *history,
                                               const char *listing)
{
    const struct pushed *pushed = map_get(history->listings, listing);

    if (pushed == NULL)
        return nothing_pushed;
    struct reconciler_pushes pushes = pushed->pushes;
    if (pushes.confirmed_len > 1)
        qsort(pushed->confirmed, pushes.confirmed_len, sizeof(*pushed->confirmed), push_order);
    pushes.confirmed = pushed->confirmed;
    if (pushed->last_version != pushes.target_version)
        pushes.last_result = OUTCOME_NONE; /* it is of an older target */
    return pushes;
}
