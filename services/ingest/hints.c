#include "services/ingest/hints.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"

struct hint;

struct note {
    struct note *next; /* of the hint, oldest first */
    struct hint *hint;
    char *name;
    char *traceparent;
    int64_t noted_ms;
    int64_t reading; /* that stands for it; 0: none yet */
};

struct hint {
    struct hint *next; /* of the queue that it is in */
    struct hint *previous;
    struct queue *queue;
    struct lane *lane;
    char *text;
    int32_t partition;
    struct note *first;
    struct note *last;
    int failures;
    int64_t reading; /* 0: none */
    int64_t again_ms;
};

struct queue {
    struct hint *first;
    struct hint *last;
};

/* A channel's. */
struct lane {
    char *channel;
    struct queue ready;
    struct queue later; /* failed, and not due yet when they were looked at last */
    struct queue read;  /* being */
    int64_t wake_ms;    /* the earliest of those that are later */
    struct map *hints;  /* text -> struct hint * */
    size_t notes_len;
    bool left_out; /* there was no room for some */
};

struct ingest_hints {
    size_t notes_max;
    ingest_hints_cross *cross;
    void *opaque;
    struct map *lanes; /* channel -> struct lane * */
    struct map *notes; /* name -> struct note * */
    int64_t readings;
};

/* ---- queues ---- */

static void queue_put(struct queue *queue, struct hint *hint)
{
    hint->queue = queue;
    hint->next = NULL;
    hint->previous = queue->last;
    if (queue->last != NULL)
        queue->last->next = hint;
    else
        queue->first = hint;
    queue->last = hint;
}

static void queue_leave(struct hint *hint)
{
    struct queue *queue = hint->queue;

    if (hint->previous != NULL)
        hint->previous->next = hint->next;
    else
        queue->first = hint->next;
    if (hint->next != NULL)
        hint->next->previous = hint->previous;
    else
        queue->last = hint->previous;
}

static void hint_move(struct hint *hint, struct queue *queue)
{
    queue_leave(hint);
    queue_put(queue, hint);
}

static void lane_wake(struct lane *lane, int64_t now_ms)
{
    int64_t wake_ms = INT64_MAX;

    if (now_ms < lane->wake_ms)
        return;
    for (struct hint *hint = lane->later.first, *next = NULL; hint != NULL; hint = next) {
        next = hint->next;
        if (hint->again_ms <= now_ms)
            hint_move(hint, &lane->ready);
        else if (hint->again_ms < wake_ms)
            wake_ms = hint->again_ms;
    }
    lane->wake_ms = wake_ms;
}

/* ---- notes and hints ---- */

static void note_free(struct ingest_hints *hints, struct note *note)
{
    map_remove(hints->notes, note->name);
    note->hint->lane->notes_len--;
    mem_free(note->name);
    mem_free(note->traceparent);
    mem_free(note);
}

static void hint_free(struct ingest_hints *hints, struct hint *hint)
{
    while (hint->first != NULL) {
        struct note *note = hint->first;

        hint->first = note->next;
        note_free(hints, note);
    }
    queue_leave(hint);
    map_remove(hint->lane->hints, hint->text);
    mem_free(hint->text);
    mem_free(hint);
}

static void hint_drop_note(struct ingest_hints *hints, struct note *note)
{
    struct hint *hint = note->hint;
    struct note **at = &hint->first;
    struct note *before = NULL;

    while (*at != note) {
        before = *at;
        at = &(*at)->next;
    }
    *at = note->next;
    if (hint->last == note)
        hint->last = before;
    note_free(hints, note);
}

static struct lane *hints_lane(struct ingest_hints *hints, const char *channel)
{
    struct lane *lane = map_get(hints->lanes, channel);

    if (lane != NULL)
        return lane;
    lane = mem_calloc(1, sizeof(*lane));
    lane->channel = mem_strdup(channel);
    lane->hints = map_new();
    map_set(hints->lanes, channel, lane);
    return lane;
}

static struct hint *lane_hint(struct lane *lane, const struct ingest_hint_note *note)
{
    struct hint *hint = map_get(lane->hints, note->hint);

    if (hint != NULL)
        return hint;
    hint = mem_calloc(1, sizeof(*hint));
    hint->lane = lane;
    hint->text = mem_strdup(note->hint);
    hint->partition = note->partition;
    map_set(lane->hints, note->hint, hint);
    queue_put(&lane->ready, hint);
    return hint;
}

struct ingest_hints *ingest_hints_new(size_t notes_max, ingest_hints_cross *cross, void *opaque)
{
    struct ingest_hints *hints = mem_calloc(1, sizeof(*hints));

    hints->notes_max = notes_max;
    hints->cross = cross;
    hints->opaque = opaque;
    hints->lanes = map_new();
    hints->notes = map_new();
    return hints;
}

/* Those of one partition, or of all when it is negative. */
static void lane_lose(struct ingest_hints *hints, struct lane *lane, int32_t partition)
{
    const struct queue *const queues[] = {&lane->ready, &lane->later, &lane->read};

    for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
        for (struct hint *hint = queues[i]->first, *next = NULL; hint != NULL; hint = next) {
            next = hint->next;
            if (partition < 0 || hint->partition == partition)
                hint_free(hints, hint);
        }
    }
}

static void lane_free(struct ingest_hints *hints, struct lane *lane)
{
    lane_lose(hints, lane, -1);
    map_free(lane->hints);
    mem_free(lane->channel);
    mem_free(lane);
}

void ingest_hints_free(struct ingest_hints *hints)
{
    struct lane *lane = NULL;

    if (hints == NULL)
        return;
    for (size_t at = 0; (lane = map_next(hints->lanes, &at, NULL)) != NULL;)
        lane_free(hints, lane);
    map_free(hints->lanes);
    map_free(hints->notes);
    mem_free(hints);
}

bool ingest_hints_add(struct ingest_hints *hints, const struct ingest_hint_note *source)
{
    if (map_get(hints->notes, source->note) != NULL)
        return true;
    struct lane *lane = hints_lane(hints, source->channel);
    if (lane->notes_len >= hints->notes_max) {
        bool is_first = !lane->left_out;

        lane->left_out = true;
        return !is_first;
    }
    struct hint *hint = lane_hint(lane, source);
    struct note *note = mem_calloc(1, sizeof(*note));
    note->hint = hint;
    note->name = mem_strdup(source->note);
    note->traceparent = mem_strdup(source->traceparent);
    note->noted_ms = source->noted_ms;
    if (hint->last != NULL)
        hint->last->next = note;
    else
        hint->first = note;
    hint->last = note;
    map_set(hints->notes, source->note, note);
    lane->notes_len++;
    return true;
}

bool ingest_hints_lack(const struct ingest_hints *hints)
{
    const struct lane *lane = NULL;

    for (size_t at = 0; (lane = map_next(hints->lanes, &at, NULL)) != NULL;)
        if (lane->left_out && lane->notes_len == 0)
            return true;
    return false;
}

void ingest_hints_remove(struct ingest_hints *hints, const char *name)
{
    struct note *note = map_get(hints->notes, name);
    struct hint *hint = note == NULL ? NULL : note->hint;

    if (note == NULL)
        return;
    hint_drop_note(hints, note);
    if (hint->first == NULL && hint->reading == 0)
        hint_free(hints, hint);
}

void ingest_hints_lose(struct ingest_hints *hints, int32_t partition)
{
    struct lane *lane = NULL;

    for (size_t at = 0; (lane = map_next(hints->lanes, &at, NULL)) != NULL;)
        lane_lose(hints, lane, partition);
}

/* ---- readings ---- */

bool ingest_hints_begin(struct ingest_hints *hints, const char *channel, int64_t now_ms,
                        struct ingest_hint *ret_hint)
{
    struct lane *lane = map_get(hints->lanes, channel);

    if (lane == NULL)
        return false;
    lane_wake(lane, now_ms);
    struct hint *hint = lane->ready.first;
    if (hint == NULL)
        return false;
    hint_move(hint, &lane->read);
    hint->reading = ++hints->readings;
    for (struct note *note = hint->first; note != NULL; note = note->next)
        note->reading = hint->reading;
    *ret_hint = (struct ingest_hint){hint->text, hint->first->traceparent, hint->first->noted_ms,
                                     hint->failures, hint->reading};
    return true;
}

/* NULL: it was lost meanwhile, and perhaps came back for another reading. */
static struct hint *hints_under(struct ingest_hints *hints, const char *channel, const char *text,
                                int64_t reading)
{
    const struct lane *lane = map_get(hints->lanes, channel);
    struct hint *hint = lane == NULL ? NULL : map_get(lane->hints, text);

    return hint != NULL && hint->reading == reading ? hint : NULL;
}

void ingest_hints_done(struct ingest_hints *hints, const char *channel, const char *text,
                       int64_t reading)
{
    struct hint *hint = hints_under(hints, channel, text, reading);

    if (hint == NULL)
        return;
    for (struct note *note = hint->first, *next = NULL; note != NULL; note = next) {
        next = note->next;
        if (note->reading != reading)
            continue;
        hints->cross(hints->opaque, channel, note->name);
        hint_drop_note(hints, note);
    }
    hint->reading = 0;
    hint->failures = 0;
    if (hint->first == NULL)
        hint_free(hints, hint);
    else
        hint_move(hint, &hint->lane->ready);
}

void ingest_hints_failed(struct ingest_hints *hints, const char *channel, const char *text,
                         int64_t reading, int64_t again_ms)
{
    struct hint *hint = hints_under(hints, channel, text, reading);

    if (hint == NULL)
        return;
    hint->reading = 0;
    hint->failures++;
    hint->again_ms = again_ms;
    if (hint->first == NULL) { /* crossed out by another process */
        hint_free(hints, hint);
        return;
    }
    hint_move(hint, &hint->lane->later);
    if (again_ms < hint->lane->wake_ms)
        hint->lane->wake_ms = again_ms;
}

/* ---- counting ---- */

size_t ingest_hints_waiting(const struct ingest_hints *hints, const char *channel,
                            int64_t *ret_oldest_ms)
{
    const struct lane *lane = map_get(hints->lanes, channel);
    const struct hint *hint = NULL;

    *ret_oldest_ms = 0;
    if (lane == NULL)
        return 0;
    for (size_t at = 0; (hint = map_next(lane->hints, &at, NULL)) != NULL;)
        if (hint->first != NULL && (*ret_oldest_ms == 0 || hint->first->noted_ms < *ret_oldest_ms))
            *ret_oldest_ms = hint->first->noted_ms;
    return map_len(lane->hints);
}
