#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channels/account.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/output.h"
#include "tools/stockctl/settings.h"

enum { TOPICS_ASK_MS = 10000, TOPICS_FOR_EVER = -1 };

static bool topics_settings(struct stockctl_settings *settings, bool with_channels, struct err *err)
{
    return stockctl_settings_load(STOCKCTL_NEED_KAFKA, settings, err) &&
           (!with_channels || stockctl_settings_load(STOCKCTL_NEED_CHANNELS, settings, err));
}

/* ---- which there are */

struct topics {
    struct kafka_topic_spec *specs;
    size_t len;
    size_t capacity;
};

static void topics_add(struct topics *topics, struct arena *arena, const char *name, int partitions,
                       const char *policy)
{
    topics->specs =
        arena_grow(arena, topics->specs, topics->len, &topics->capacity, sizeof(*topics->specs));
    topics->specs[topics->len++] =
        (struct kafka_topic_spec){name, partitions, policy, TOPICS_FOR_EVER};
}

/* Nothing is thrown away by age: PostgreSQL is rebuilt from events and outcomes, and rejected
   holds the only copy of what was accepted and not understood. */
static struct topics topics_wanted(struct arena *arena, const char *prefix,
                                   const struct channel_accounts *accounts)
{
    struct topics topics = {0};

    topics_add(&topics, arena, topic_events(arena, prefix), TOPIC_EVENTS_PARTITIONS, "delete");
    topics_add(&topics, arena, topic_catalog(arena, prefix), TOPIC_CATALOG_PARTITIONS, "compact");
    topics_add(&topics, arena, topic_cursors(arena, prefix), TOPIC_CURSORS_PARTITIONS, "compact");
    topics_add(&topics, arena, topic_outcomes(arena, prefix), TOPIC_OUTCOMES_PARTITIONS, "delete");
    topics_add(&topics, arena, topic_rejected(arena, prefix), TOPIC_REJECTED_PARTITIONS, "delete");
    for (size_t i = 0; i < channel_accounts_len(accounts); i++)
        topics_add(&topics, arena,
                   topic_targets(arena, prefix, channel_accounts_at(accounts, i)->name),
                   TOPIC_TARGETS_PARTITIONS, "compact");
    return topics;
}

static const struct stockctl_column topics_columns[] = {
    {"topic", COLUMN_TEXT, false},
    {"partitions", COLUMN_NUMBER, false},
    {"cleanup", COLUMN_TEXT, false},
    {"state", COLUMN_TEXT, false},
    {0},
};

static void topics_row(struct stockctl_output *output, const struct kafka_topic_spec *spec,
                       int partitions, const char *state)
{
    char number[16];
    const char *const cells[] = {spec->name, number, spec->cleanup_policy, state};

    snprintf(number, sizeof(number), "%d", partitions);
    stockctl_output_row(output, cells);
}

/* ---- apply */

/* All are tried, so that one look shows every topic that differs; err is of the first. */
static int topics_apply(const struct stockctl_settings *settings, const struct topics *topics,
                        struct stockctl_output *output, struct err *err)
{
    for (size_t i = 0; i < topics->len; i++) {
        const struct kafka_topic_spec *spec = &topics->specs[i];
        struct err own = {0};
        bool created = false;

        if (kafka_topic_apply(settings->brokers, spec, 0, &created, &own)) {
            topics_row(output, spec, spec->partitions, created ? "created" : "is there");
            continue;
        }
        if (err->code == ERR_NONE)
            *err = own;
        if (own.code != ERR_REJECT)
            break;
        topics_row(output, spec, spec->partitions, "refused: it differs");
    }
    return err->code == ERR_NONE ? EXIT_OK
                                 : stockctl_command_kafka_failed(settings->brokers, err);
}

int stockctl_topics_apply(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;
    struct stockctl_settings settings = {0};

    if (!topics_settings(&settings, true, err))
        return EXIT_USAGE;
    accounts = channel_accounts_read(settings.channels_file, err);
    if (accounts == NULL) {
        err_wrap(err, "STOCKBUS_CHANNELS_FILE");
        return EXIT_USAGE;
    }
    output = stockctl_output_new(topics_columns, options->json, OPTIONS_LIMIT_MAX);
    struct topics topics = topics_wanted(arena, settings.topic_prefix, accounts);
    int status = topics_apply(&settings, &topics, output, err);
    stockctl_output_print(output);
    return status;
}

/* ---- list */

static bool topics_look(const struct stockctl_settings *settings,
                        const struct kafka_topic_spec *spec, struct stockctl_output *output,
                        bool *ret_missing, struct err *err)
{
    struct err own = {0};
    int partitions = 0;

    if (!kafka_topic_partitions(settings->brokers, spec->name, TOPICS_ASK_MS, &partitions, &own)) {
        if (own.code != ERR_REJECT) {
            *err = own;
            return false;
        }
        *ret_missing = true;
        topics_row(output, spec, 0, "missing: run 'stockctl topics apply'");
        return true;
    }
    topics_row(output, spec, partitions,
               partitions == spec->partitions ? "is there" : "has another number of partitions");
    return true;
}

int stockctl_topics_list(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_accounts) struct channel_accounts *accounts = NULL;
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;
    struct stockctl_settings settings = {0};
    bool missing = false;

    if (!topics_settings(&settings, true, err))
        return EXIT_USAGE;
    accounts = channel_accounts_read(settings.channels_file, err);
    if (accounts == NULL) {
        err_wrap(err, "STOCKBUS_CHANNELS_FILE");
        return EXIT_USAGE;
    }
    output = stockctl_output_new(topics_columns, options->json, OPTIONS_LIMIT_MAX);
    struct topics topics = topics_wanted(arena, settings.topic_prefix, accounts);
    for (size_t i = 0; i < topics.len; i++) {
        if (!topics_look(&settings, &topics.specs[i], output, &missing, err))
            return stockctl_command_kafka_failed(settings.brokers, err);
    }
    stockctl_output_print(output);
    return missing ? EXIT_FINDINGS : EXIT_OK;
}

/* ---- cat */

enum content { CONTENT_EVENT, CONTENT_CATALOG, CONTENT_TARGET, CONTENT_OUTCOME, CONTENT_REJECTED };

struct cat {
    enum content content;
    struct arena *arena; /* of one record */
    struct buf line;
    int64_t left; /* records to print; -1: all */
    int64_t unread;
};

static void catalog_entry_to_json(const struct catalog_entry *entry, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "channel", entry->channel);
    json_put_member(&json, "listing", entry->listing);
    json_put_member(&json, "address", entry->address);
    json_put_member(&json, "sku", entry->sku);
    json_object_end(&json);
}

static bool cat_event(struct cat *cat, const struct kafka_record *record, struct err *err)
{
    struct event value;

    if (!event_decode(cat->arena, record->body, record->body_len, &value, err))
        return false;
    event_to_json(&value, &cat->line);
    return true;
}

static bool cat_catalog(struct cat *cat, const struct kafka_record *record, struct err *err)
{
    struct catalog_entry value;

    if (!catalog_entry_decode(cat->arena, record->body, record->body_len, &value, err))
        return false;
    catalog_entry_to_json(&value, &cat->line);
    return true;
}

static bool cat_target(struct cat *cat, const struct kafka_record *record, struct err *err)
{
    struct target value;

    if (!target_decode(cat->arena, record->body, record->body_len, &value, err))
        return false;
    target_to_json(&value, &cat->line);
    return true;
}

static bool cat_outcome(struct cat *cat, const struct kafka_record *record, struct err *err)
{
    struct outcome value;

    if (!outcome_decode(cat->arena, record->body, record->body_len, &value, err))
        return false;
    outcome_to_json(&value, &cat->line);
    return true;
}

static bool cat_rejected(struct cat *cat, const struct kafka_record *record, struct err *err)
{
    struct rejected value;

    if (!rejected_decode(cat->arena, record->body, record->body_len, &value, err))
        return false;
    rejected_to_json(&value, &cat->line);
    return true;
}

static void cat_tombstone(struct cat *cat, const struct kafka_record *record)
{
    struct json_out out;

    json_begin(&out, &cat->line);
    json_object(&out);
    json_put_member(&out, "key", record->key);
    json_key(&out, "deleted");
    json_put_bool(&out, true);
    json_object_end(&out);
}

static bool (*const cat_readers[])(struct cat *, const struct kafka_record *, struct err *) = {
    [CONTENT_EVENT] = cat_event,     [CONTENT_CATALOG] = cat_catalog,
    [CONTENT_TARGET] = cat_target,   [CONTENT_OUTCOME] = cat_outcome,
    [CONTENT_REJECTED] = cat_rejected,
};

/* A record that can't be read is told and passed: its neighbours are wanted, too. */
static bool cat_visit(void *opaque, const struct kafka_record *record)
{
    struct cat *cat = opaque;
    struct err err = {0};

    buf_clear(&cat->line);
    if (record->body == NULL) {
        cat_tombstone(cat, record);
    } else if (!cat_readers[cat->content](cat, record, &err)) {
        fprintf(stderr, "stockctl: partition %" PRId32 " offset %" PRId64 ": %s\n",
                record->partition, record->offset, err.text);
        cat->unread++;
    }
    arena_reset(cat->arena);
    if (cat->line.len == 0)
        return true;
    puts(buf_str(&cat->line));
    return cat->left < 0 || --cat->left > 0;
}

/* NULL with err when there is no such topic. */
static const char *cat_topic(struct arena *arena, const char *name, const char *prefix,
                             enum content *ret_content, struct err *err)
{
    static const struct {
        const char *name;
        enum content content;
        char *(*topic)(struct arena *, const char *);
    } short_names[] = {
        {"events", CONTENT_EVENT, topic_events},
        {"catalog", CONTENT_CATALOG, topic_catalog},
        {"outcomes", CONTENT_OUTCOME, topic_outcomes},
        {"rejected", CONTENT_REJECTED, topic_rejected},
    };

    for (size_t i = 0; i < ARRAY_LEN(short_names); i++) {
        if (strcmp(name, short_names[i].name) != 0)
            continue;
        *ret_content = short_names[i].content;
        return short_names[i].topic(arena, prefix);
    }
    if (strncmp(name, "targets.", strlen("targets.")) == 0 && name[strlen("targets.")] != '\0') {
        *ret_content = CONTENT_TARGET;
        return topic_targets(arena, prefix, name + strlen("targets."));
    }
    err_set(err, ERR_REJECT,
            "'%s' is no topic: want events, catalog, outcomes, rejected or targets.CHANNEL", name);
    return NULL;
}

int stockctl_topics_cat(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(arena) struct arena *record_arena = arena_new();
    struct stockctl_settings settings = {0};
    struct cat cat = {.arena = record_arena, .left = options->limit};
    int64_t records = 0;

    if (!topics_settings(&settings, false, err))
        return EXIT_USAGE;
    const char *topic =
        cat_topic(arena, options->arguments[0], settings.topic_prefix, &cat.content, err);
    if (topic == NULL)
        return EXIT_USAGE;
    int64_t from_ms = options->from_ms < 0 ? 0 : options->from_ms;
    bool done =
        kafka_read_topic(settings.brokers, topic, from_ms, cat_visit, &cat, &records, err);
    buf_release(&cat.line);
    if (!done)
        return stockctl_command_kafka_failed(settings.brokers, err);
    return records == 0 || cat.unread > 0 ? EXIT_FINDINGS : EXIT_OK;
}
