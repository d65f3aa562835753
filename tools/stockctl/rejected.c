#include <inttypes.h>
#include <stdio.h>

#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/output.h"
#include "tools/stockctl/settings.h"

/* The topic has one partition, so the offset is a number that stays. */
static const struct stockctl_column rejected_columns[] = {
    {"number", COLUMN_NUMBER, false},
    {"received_ms", COLUMN_TIME, false},
    {"channel", COLUMN_TEXT, false},
    {"bytes", COLUMN_NUMBER, false},
    {"content_type", COLUMN_TEXT, true},
    {"topic", COLUMN_TEXT, true},
    {"reason", COLUMN_TEXT, false},
    {0},
};

struct rejected_reader {
    struct arena *arena; /* of one record */
    struct stockctl_output *output;
    int64_t wanted; /* number whose body is to be written; -1: the list */
    bool found;
};

static void rejected_row(struct rejected_reader *reader, int64_t number,
                         const struct rejected *rejected)
{
    struct arena *arena = reader->arena;
    int64_t received_ms = rejected->times.received_ms;
    const char *const cells[] = {
        arena_printf(arena, "%" PRId64, number),
        received_ms == 0 ? NULL : arena_printf(arena, "%" PRId64, received_ms),
        rejected->source.channel,
        arena_printf(arena, "%zu", rejected->body_len),
        rejected->content_type,
        rejected->topic,
        rejected->reason,
    };

    stockctl_output_row(reader->output, cells);
}

static bool rejected_visit(void *opaque, const struct kafka_record *record)
{
    struct rejected_reader *reader = opaque;
    struct rejected rejected;
    struct err err = {0};

    if (reader->wanted >= 0 && record->offset != reader->wanted)
        return record->offset < reader->wanted;
    arena_reset(reader->arena);
    if (!rejected_decode(reader->arena, record->body, record->body_len, &rejected, &err)) {
        fprintf(stderr, "stockctl: number %" PRId64 ": %s\n", record->offset, err.text);
        return true;
    }
    reader->found = true;
    if (reader->wanted < 0) {
        rejected_row(reader, record->offset, &rejected);
        return true;
    }
    if (rejected.body_len > 0)
        fwrite(rejected.body, 1, rejected.body_len, stdout);
    return false;
}

int stockctl_rejected(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(arena) struct arena *record_arena = arena_new();
    SCOPED(stockctl_output) struct stockctl_output *output = stockctl_output_new(
        rejected_columns, options->json,
        options->limit < 0 ? OPTIONS_LIMIT_FALLBACK : options->limit);
    struct rejected_reader reader = {
        .arena = record_arena, .output = output, .wanted = options->body};
    struct stockctl_settings settings = {0};

    if (!stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, err))
        return EXIT_USAGE;
    if (!kafka_read_topic(settings.brokers, topic_rejected(arena, settings.topic_prefix),
                          options->from_ms < 0 ? 0 : options->from_ms, rejected_visit, &reader,
                          NULL, err))
        return stockctl_command_kafka_failed(settings.brokers, err);
    stockctl_output_print(output);
    if (reader.found)
        return EXIT_OK;
    fprintf(stderr, "stockctl: %s\n",
            options->body < 0 ? "nothing was rejected" : "there is no such number");
    return EXIT_FINDINGS;
}
