#include "services/reconciler/replay.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/stock/stock.h"

struct reconciler_replay {
    struct arena *arena;
    const char *channel;
    int64_t at_ms;
    int64_t settle_ms;
    const struct event **events;
    size_t events_len;
    size_t events_capacity;
};

/* While the replay runs. */
struct fold {
    const struct reconciler_replay *replay;
    struct stock *stock;
    struct map *events;   /* id -> struct event */
    struct map *mappings; /* id -> struct stock_mapping */
    struct map *sales;    /* listing -> struct sales */
    struct map *late;     /* listing -> struct event, the first */
    size_t folded;
};

struct sales {
    struct reconciler_sale *sales;
    size_t len;
    size_t capacity;
};

struct reconciler_replay *reconciler_replay_new(struct arena *arena, const char *channel,
                                                int64_t at_ms, int64_t settle_ms)
{
    struct reconciler_replay *replay = arena_alloc(arena, sizeof(*replay));

    *replay = (struct reconciler_replay){
        .arena = arena, .channel = channel, .at_ms = at_ms, .settle_ms = settle_ms};
    return replay;
}

void reconciler_replay_add(struct reconciler_replay *replay, const struct event *event)
{
    replay->events = arena_grow(replay->arena, replay->events, replay->events_len,
                                &replay->events_capacity, sizeof(*replay->events));
    replay->events[replay->events_len++] = event;
}

/* As they came; what came at once, by id. The same id with other content is told apart by its hash,
   so that the first of them is always the same one. */
static int event_order(const void *a, const void *b)
{
    const struct event *one = *(const struct event *const *)a;
    const struct event *other = *(const struct event *const *)b;
    unsigned char hashes[2][EVENT_HASH_LEN];

    if (one->times.received_ms != other->times.received_ms)
        return one->times.received_ms < other->times.received_ms ? -1 : 1;
    int order = strcmp(one->id, other->id);
    if (order != 0)
        return order;
    event_content_hash(one, hashes[0]);
    event_content_hash(other, hashes[1]);
    return memcmp(hashes[0], hashes[1], EVENT_HASH_LEN);
}

/* ---- events that came after the snapshot ---- */

static const char *event_listing(const struct event *event)
{
    if (event->kind == EVENT_ORDER_LINE)
        return event->order_line.listing;
    if (event->kind == EVENT_LINE_CANCELLED || event->kind == EVENT_LINE_RETURNED)
        return event->part.listing;
    return "";
}

/* The channel knew of it when it was asked, or may have; we did not. */
static void fold_take_late(struct fold *fold, const struct event *event)
{
    const struct reconciler_replay *replay = fold->replay;
    const char *listing = event_listing(event);

    if (*listing == '\0' || strcmp(event->source.channel, replay->channel) != 0)
        return;
    if (event->times.occurred_ms > replay->at_ms &&
        event->times.received_ms > replay->at_ms + replay->settle_ms)
        return;
    if (map_get(fold->late, listing) == NULL)
        map_set(fold->late, listing, (void *)(uintptr_t)event);
}

static void fold_take(struct fold *fold, const struct event *event)
{
    const char *ignored = "";

    if (map_get(fold->events, event->id) != NULL)
        return;
    map_set(fold->events, event->id, (void *)(uintptr_t)event);
    if (event->times.received_ms > fold->replay->at_ms) {
        fold_take_late(fold, event);
        return;
    }
    /* What is parked waits in the fold, too, and is applied when the missing fact comes. */
    (void)stock_apply(fold->stock, event, &ignored);
    fold->folded++;
}

/* ---- what the fold says ---- */

static void fold_index_mappings(struct fold *fold)
{
    const struct stock_mapping *const *mappings = NULL;
    size_t count = stock_new_mappings(fold->stock, &mappings);

    for (size_t i = 0; i < count; i++)
        map_set(fold->mappings, mappings[i]->id, (void *)(uintptr_t)mappings[i]);
}

static void fold_add_sale(struct fold *fold, const struct stock_line *line)
{
    struct sales *sales = map_get(fold->sales, line->listing);

    if (sales == NULL) {
        sales = arena_alloc(fold->replay->arena, sizeof(*sales));
        map_set(fold->sales, line->listing, sales);
    }
    sales->sales = arena_grow(fold->replay->arena, sales->sales, sales->len, &sales->capacity,
                              sizeof(*sales->sales));
    sales->sales[sales->len++] =
        (struct reconciler_sale){line->placed_ms, line->ordered - line->cancelled};
}

static void fold_index_sales(struct fold *fold)
{
    const struct stock_line *const *lines = NULL;
    size_t count = stock_changed_lines(fold->stock, &lines);

    for (size_t i = 0; i < count; i++) {
        if (*lines[i]->waiting == '\0' && strcmp(lines[i]->channel, fold->replay->channel) == 0)
            fold_add_sale(fold, lines[i]);
    }
}

static void fold_name_event(const struct fold *fold, struct reconciler_listing *listing)
{
    const struct event *event = map_get(fold->events, listing->event_id);

    listing->event_name = "unknown event";
    if (event == NULL)
        return;
    listing->event_name = arena_printf(fold->replay->arena, "%s of %s",
                                       event_kind_name(event->kind), event->source.channel);
    listing->changed_ms = event->times.received_ms;
}

static struct reconciler_listing fold_listing(const struct fold *fold,
                                              const struct stock_listing *row,
                                              const struct reconciler_history *history)
{
    const struct stock_mapping *mapping = map_get(fold->mappings, row->mapping_id);
    const struct sales *sales = map_get(fold->sales, row->listing);
    const struct event *late = map_get(fold->late, row->listing);
    struct reconciler_listing listing = {
        .listing = row->listing,
        .address = row->address,
        .sku = stock_listing_sku(fold->stock, row),
        .is_retired = mapping != NULL && mapping->components_len == 0,
        .quantity = row->quantity,
        .open = row->open_here,
        .event_id = row->event_id,
        .sales = sales == NULL ? NULL : sales->sales,
        .sales_len = sales == NULL ? 0 : sales->len,
        .late_ms = late == NULL ? 0 : late->times.received_ms,
        .pushes = reconciler_history_of(history, row->listing),
    };

    fold_name_event(fold, &listing);
    return listing;
}

static int listing_order(const void *a, const void *b)
{
    return strcmp(((const struct reconciler_listing *)a)->listing,
                  ((const struct reconciler_listing *)b)->listing);
}

static struct reconciler_expected fold_result(const struct fold *fold,
                                              const struct reconciler_history *history)
{
    const struct stock_listing_change *changes = NULL;
    size_t count = stock_changed_listings(fold->stock, &changes);
    struct reconciler_listing *listings =
        arena_alloc(fold->replay->arena, count * sizeof(*listings));
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(changes[i].listing->channel, fold->replay->channel) == 0)
            listings[len++] = fold_listing(fold, changes[i].listing, history);
    }
    qsort(listings, len, sizeof(*listings), listing_order);
    return (struct reconciler_expected){listings, len, fold->folded};
}

struct reconciler_expected reconciler_replay_run(struct reconciler_replay *replay,
                                                 const struct reconciler_history *history)
{
    SCOPED(map) struct map *events = map_new();
    SCOPED(map) struct map *mappings = map_new();
    SCOPED(map) struct map *sales = map_new();
    SCOPED(map) struct map *late = map_new();
    struct fold fold = {replay, stock_new(replay->arena), events, mappings, sales, late, 0};

    if (replay->events_len > 1)
        qsort(replay->events, replay->events_len, sizeof(*replay->events), event_order);
    for (size_t i = 0; i < replay->events_len; i++)
        fold_take(&fold, replay->events[i]);
    stock_settle(fold.stock);
    fold_index_mappings(&fold);
    fold_index_sales(&fold);
    return fold_result(&fold, history);
}
