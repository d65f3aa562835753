#include "services/ingest/cursors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/event/topic.h"

enum { CURSORS_ASK_MS = 5000, CURSORS_TEXT_LEN = 24 };

struct cursor_partition {
    bool owned;
    bool is_known; /* end is */
    int64_t next_offset;
    int64_t end; /* when it was assigned */
};

struct cursor {
    int64_t ms;
};

struct ingest_cursors {
    struct ingest_cursors_options options;
    struct kafka_consumer *consumer;
    struct arena *arena;
    struct map *cursors; /* channel -> struct cursor * */
    struct cursor_partition partitions[TOPIC_CURSORS_PARTITIONS];
};

/* The same in every replica and version: it says who polls. */
static int32_t cursors_partition(const char *channel)
{
    const struct hash_key key = {
        {0, 0}
    };

    return (int32_t)(hash_bytes(key, channel, strlen(channel)) % TOPIC_CURSORS_PARTITIONS);
}

/* ---- the group ---- */

static bool cursors_assigned(void *opaque, const char *topic, const int32_t *partitions,
                             size_t count, int64_t *next_offsets, struct err *err)
{
    struct ingest_cursors *cursors = opaque;

    for (size_t i = 0; i < count; i++) {
        if (partitions[i] >= TOPIC_CURSORS_PARTITIONS)
            return err_set(err, ERR_FATAL, "topic '%s' has more than %d partitions", topic,
                           TOPIC_CURSORS_PARTITIONS);
        cursors->partitions[partitions[i]] = (struct cursor_partition){.owned = true};
        next_offsets[i] = KAFKA_OFFSET_BEGINNING;
    }
    return true;
}

static void cursors_revoked(void *opaque, const char *topic, const int32_t *partitions,
                            size_t count)
{
    struct ingest_cursors *cursors = opaque;

    (void)topic;
    for (size_t i = 0; i < count; i++)
        cursors->partitions[partitions[i]] = (struct cursor_partition){0};
}

struct ingest_cursors *ingest_cursors_new(const struct ingest_cursors_options *options,
                                          struct err *err)
{
    SCOPED(ingest_cursors) struct ingest_cursors *cursors = mem_calloc(1, sizeof(*cursors));
    const struct kafka_consumer_options consumer = {
        .brokers = options->brokers,
        .client_id = "stockbus-ingest",
        .group = options->group,
        .topic = options->topic,
        .assigned = cursors_assigned,
        .revoked = cursors_revoked,
        .opaque = cursors,
    };

    cursors->options = *options;
    cursors->arena = arena_new();
    cursors->cursors = map_new();
    cursors->consumer = kafka_consumer_new(&consumer, err);
    return cursors->consumer == NULL ? NULL : STEAL(cursors);
}

void ingest_cursors_free(struct ingest_cursors *cursors)
{
    if (cursors == NULL)
        return;
    kafka_consumer_close(cursors->consumer);
    map_free(cursors->cursors);
    arena_free(cursors->arena);
    mem_free(cursors);
}

/* ---- reading ---- */

static void cursors_set(struct ingest_cursors *cursors, const char *channel, int64_t ms)
{
    struct cursor *cursor = map_get(cursors->cursors, channel);

    if (cursor == NULL) {
        cursor = arena_alloc(cursors->arena, sizeof(*cursor));
        map_set(cursors->cursors, channel, cursor);
    }
    cursor->ms = ms;
}

static bool cursors_is_read(const struct cursor_partition *partition)
{
    return partition->is_known && partition->next_offset >= partition->end;
}

/* What comes after the end as of the assignment is this process's own. */
static void cursors_take(struct ingest_cursors *cursors, const struct kafka_record *record)
{
    struct cursor_partition *partition = &cursors->partitions[record->partition];
    char text[CURSORS_TEXT_LEN] = "";

    partition->next_offset = record->offset + 1;
    if (record->key == NULL || record->body == NULL || record->body_len >= sizeof(text) ||
        (partition->is_known && record->offset >= partition->end))
        return;
    memcpy(text, record->body, record->body_len);
    cursors_set(cursors, record->key, strtoll(text, NULL, 10));
}

static bool cursors_ask_end(struct ingest_cursors *cursors, int32_t number, struct err *err)
{
    struct cursor_partition *partition = &cursors->partitions[number];
    int64_t low = 0;

    if (!kafka_consumer_watermarks(cursors->consumer, cursors->options.topic, number, &low,
                                   &partition->end, err))
        return false;
    partition->is_known = true;
    if (partition->next_offset < low)
        partition->next_offset = low;
    return true;
}

bool ingest_cursors_run(struct ingest_cursors *cursors, struct err *err)
{
    const struct kafka_record *record = NULL;

    do {
        if (!kafka_consumer_poll(cursors->consumer, 0, &record, err))
            return err->code != ERR_FATAL;
        if (record != NULL)
            cursors_take(cursors, record);
    } while (record != NULL);
    for (int32_t i = 0; i < TOPIC_CURSORS_PARTITIONS; i++) {
        if (cursors->partitions[i].owned && !cursors->partitions[i].is_known &&
            !cursors_ask_end(cursors, i, err))
            return err->code != ERR_FATAL;
    }
    return true;
}

bool ingest_cursors_owns(const struct ingest_cursors *cursors, const char *channel)
{
    const struct cursor_partition *partition = &cursors->partitions[cursors_partition(channel)];

    return partition->owned && cursors_is_read(partition);
}

int64_t ingest_cursors_get(const struct ingest_cursors *cursors, const char *channel)
{
    const struct cursor *cursor = map_get(cursors->cursors, channel);

    return cursor == NULL ? 0 : cursor->ms;
}

/* ---- writing ---- */

static void cursors_written(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    (void)opaque;
    (void)partition;
    (void)offset;
    if (err != NULL)
        log_warn("ingest.cursor_lost", "why", err->text);
}

void ingest_cursors_put(struct ingest_cursors *cursors, const char *channel, int64_t cursor_ms)
{
    char text[CURSORS_TEXT_LEN];
    const struct kafka_record record = {
        .topic = cursors->options.topic,
        .key = channel,
        .body = text,
        .body_len = (size_t)snprintf(text, sizeof(text), "%" PRId64, cursor_ms),
        .partition = cursors_partition(channel),
    };
    struct err err = {0};

    cursors_set(cursors, channel, cursor_ms);
    if (!kafka_produce(cursors->options.producer, &record, cursors_written, NULL, &err))
        log_warn("ingest.cursor_lost", "why", err.text);
}
