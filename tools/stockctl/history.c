#include "tools/stockctl/history.h"

#include <string.h>

#include "tools/stockctl/tracks.h"

/* Of a movement the time since the one before it, and its units. before: bytes that were there when
   the fold began; after: what happened later is loaded. */
struct stockctl_history {
    struct stockctl_tracks *tracks; /* by SKU, pool, bucket */
    size_t fold;
};

struct stockctl_history *stockctl_history_new(struct stockctl_names *names)
{
    struct stockctl_history *history = mem_calloc(1, sizeof(*history));

    history->tracks = stockctl_tracks_new(names);
    history->fold = 1;
    return history;
}

void stockctl_history_free(struct stockctl_history *history)
{
    if (history == NULL)
        return;
    stockctl_tracks_free(history->tracks);
    mem_free(history);
}

void stockctl_history_begin(struct stockctl_history *history)
{
    history->fold++;
}

/* What it had when the fold began. */
static void track_begin(const struct stockctl_history *history, struct stockctl_track *track)
{
    if (track->fold == history->fold)
        return;
    track->before = track->bytes.len;
    track->after = INT64_MAX;
    track->fold = history->fold;
}

/* The derived bucket is never counted. */
void stockctl_history_add(struct stockctl_history *history, const struct stock_movement *movement)
{
    if (movement->delta == 0 || strcmp(movement->bucket, STOCK_COMMITTED) == 0)
        return;
    struct stockctl_track *track =
        stockctl_tracks_make(history->tracks, movement->sku, movement->pool, movement->bucket);
    track_begin(history, track);
    stockctl_pack_int(&track->bytes, movement->occurred_ms - track->last);
    stockctl_pack_int(&track->bytes, movement->delta);
    track->last = movement->occurred_ms;
}

static void history_load(const struct stockctl_history *history, struct stockctl_track *track,
                         struct stock *stock, const struct stock_position *position,
                         int64_t after_ms)
{
    struct stock_movement movement = {
        .sku = position->sku, .pool = position->pool, .bucket = position->bucket};

    track_begin(history, track);
    if (after_ms >= track->after)
        return;
    const unsigned char *at = (const unsigned char *)track->bytes.bytes;
    for (const unsigned char *end = at + track->before; at < end;) {
        movement.occurred_ms += stockctl_unpack_int(&at);
        movement.delta = stockctl_unpack_int(&at);
        if (movement.occurred_ms > after_ms && movement.occurred_ms <= track->after)
            stock_load_movement(stock, &movement);
    }
    track->after = after_ms;
}

void stockctl_history_load(struct stockctl_history *history, struct stock *stock,
                           const struct stock_position *position, int64_t after_ms)
{
    struct stockctl_track *track =
        stockctl_tracks_find(history->tracks, position->sku, position->pool, position->bucket);

    if (track != NULL)
        history_load(history, track, stock, position, after_ms);
}

struct loading {
    struct stockctl_history *history;
    struct stock *stock;
    const char *sku;
};

static void load_one(void *opaque, struct stockctl_track *track, const char *pool,
                     const char *bucket)
{
    const struct loading *loading = opaque;

    history_load(loading->history, track, loading->stock,
                 &(struct stock_position){loading->sku, pool, bucket, 0}, INT64_MIN);
}

void stockctl_history_load_sku(struct stockctl_history *history, struct stock *stock,
                               const char *sku)
{
    struct loading loading = {history, stock, sku};

    stockctl_tracks_each(history->tracks, sku, load_one, &loading);
}
