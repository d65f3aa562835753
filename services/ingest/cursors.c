#include "services/ingest/cursors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/event/topic.h"

#include "channels/channel.h"

enum {
    CURSORS_TEXT_LEN = 24,
    CURSORS_TAKE_MAX = 10000, /* records between two turns of the other work */
};

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

int32_t ingest_cursors_partition(const char *channel)
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
    for (size_t i = 0; i < count; i++) {
        cursors->partitions[partitions[i]] = (struct cursor_partition){0};
        ingest_hints_lose(cursors->options.hints, partitions[i]);
    }
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

/* The channel of "hint/<channel>/<uuid>"; false: it is no such key. */
static bool cursors_hint_channel(const char *key, char channel[CHANNEL_NAME_MAX + 1])
{
    if (strncmp(key, INGEST_CURSORS_HINT, strlen(INGEST_CURSORS_HINT)) != 0)
        return false;
    key += strlen(INGEST_CURSORS_HINT);
    size_t len = strcspn(key, "/");
    if (key[len] != '/' || len > CHANNEL_NAME_MAX)
        return false;
    memcpy(channel, key, len);
    channel[len] = '\0';
    return true;
}

static const char *cursors_header(const struct kafka_record *record, const char *name)
{
    for (size_t i = 0; i < record->headers_len; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return "";
}

static void cursors_take_note(struct ingest_cursors *cursors, const struct kafka_record *record,
                              const char *channel)
{
    char hint[CHANNEL_HINT_MAX + 1] = "";

    if (record->body == NULL) {
        ingest_hints_remove(cursors->options.hints, record->key);
        return;
    }
    if (record->body_len >= sizeof(hint))
        return; /* none of ours */
    memcpy(hint, record->body, record->body_len);
    if (!ingest_hints_add(cursors->options.hints,
                          &(struct ingest_hint_note){record->key, channel, hint,
                                                     cursors_header(record, "traceparent"),
                                                     record->partition, record->timestamp_ms}))
        log_error("ingest.hints_full", "channel", channel, "next",
                  "the rest is read from the topic when those in memory are done");
}

/* A cursor that comes after the end as of the assignment is this process's own. */
static void cursors_take_cursor(struct ingest_cursors *cursors, const struct kafka_record *record)
{
    const struct cursor_partition *partition = &cursors->partitions[record->partition];
    char text[CURSORS_TEXT_LEN] = "";

    if (record->body == NULL || record->body_len >= sizeof(text) ||
        (partition->is_known && record->offset >= partition->end))
        return;
    memcpy(text, record->body, record->body_len);
    cursors_set(cursors, record->key, strtoll(text, NULL, 10));
}

static void cursors_take(struct ingest_cursors *cursors, const struct kafka_record *record)
{
    char channel[CHANNEL_NAME_MAX + 1];

    cursors->partitions[record->partition].next_offset = record->offset + 1;
    if (record->key == NULL)
        return;
    if (cursors_hint_channel(record->key, channel))
        cursors_take_note(cursors, record, channel);
    else
        cursors_take_cursor(cursors, record);
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
    int taken = 0;

    do {
        if (!kafka_consumer_poll(cursors->consumer, 0, &record, err))
            return err->code != ERR_FATAL;
        if (record != NULL)
            cursors_take(cursors, record);
    } while (record != NULL && ++taken < CURSORS_TAKE_MAX);
    for (int32_t i = 0; i < TOPIC_CURSORS_PARTITIONS; i++) {
        if (cursors->partitions[i].owned && !cursors->partitions[i].is_known &&
            !cursors_ask_end(cursors, i, err))
            return err->code != ERR_FATAL;
    }
    if (ingest_hints_lack(cursors->options.hints))
        return err_set(err, ERR_RETRY, "the hints that there was no room for are read now");
    return true;
}

bool ingest_cursors_owns(const struct ingest_cursors *cursors, const char *channel)
{
    const struct cursor_partition *partition =
        &cursors->partitions[ingest_cursors_partition(channel)];

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
        .partition = ingest_cursors_partition(channel),
    };
    struct err err = {0};

    cursors_set(cursors, channel, cursor_ms);
    if (!kafka_produce(cursors->options.producer, &record, cursors_written, NULL, &err))
        log_warn("ingest.cursor_lost", "why", err.text);
}

void ingest_cursors_cross(void *opaque, const char *channel, const char *note)
{
    const struct ingest_cursors_writer *writer = opaque;
    const struct kafka_record record = {
        .topic = writer->topic,
        .key = note,
        .partition = ingest_cursors_partition(channel),
    };
    struct err err = {0};

    if (!kafka_produce(writer->producer, &record, cursors_written, NULL, &err))
        log_warn("ingest.cursor_lost", "why", err.text);
}
