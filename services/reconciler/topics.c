#include "services/reconciler/topics.h"

#include "lib/event/codec.h"
#include "lib/event/taking.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

struct reading {
    struct arena *arena;
    struct arena *scratch; /* of one record */
    struct buf bytes;
    struct reconciler_replay *replay;
    struct reconciler_history *history;
    int64_t unreadable;
};

/* The raw notification is most of a record, and nothing of it is folded: the event is kept without,
   so that a replay of a million events fits into memory. */
static bool reading_keep(struct reading *reading, struct event *event, struct err *err)
{
    struct event *kept = arena_alloc(reading->arena, sizeof(*kept));

    event->raw = (struct event_raw){.content_type = "", .topic_header = "", .in_event_id = ""};
    buf_clear(&reading->bytes);
    event_encode(event, &reading->bytes);
    if (!event_decode(reading->arena, reading->bytes.bytes, reading->bytes.len, kept, err))
        return false;
    reconciler_replay_add(reading->replay, kept);
    return true;
}

static bool visit_event(void *opaque, const struct kafka_record *record)
{
    struct reading *reading = opaque;
    unsigned char hash[EVENT_HASH_LEN];
    struct event event;
    struct err why = {0};

    arena_reset(reading->scratch);
    if (!event_take(reading->scratch, record->body, record->body_len, &event, hash, &why)) {
        reading->unreadable++;
        return true;
    }
    if (event.times.received_ms == 0)
        event.times.received_ms = record->timestamp_ms;
    if (!reading_keep(reading, &event, &why))
        reading->unreadable++;
    return true;
}

static bool visit_target(void *opaque, const struct kafka_record *record)
{
    struct reading *reading = opaque;
    struct target target;
    struct err why = {0};

    arena_reset(reading->scratch);
    if (record->body == NULL) /* a tombstone */
        return true;
    if (target_decode(reading->scratch, record->body, record->body_len, &target, &why))
        reconciler_history_target(reading->history, &target);
    else
        reading->unreadable++;
    return true;
}

static bool visit_outcome(void *opaque, const struct kafka_record *record)
{
    struct reading *reading = opaque;
    struct outcome outcome;
    struct err why = {0};

    arena_reset(reading->scratch);
    if (record->body != NULL &&
        outcome_decode(reading->scratch, record->body, record->body_len, &outcome, &why))
        reconciler_history_outcome(reading->history, &outcome);
    else
        reading->unreadable++;
    return true;
}

static bool reading_run(struct reading *reading, const struct reconciler_topics *topics,
                        struct err *err)
{
    const struct {
        const char *name;
        kafka_visit *visit;
    } all[] = {
        {topic_events(reading->arena, topics->prefix), visit_event},
        {topic_targets(reading->arena, topics->prefix, topics->channel), visit_target},
        {topic_outcomes(reading->arena, topics->prefix), visit_outcome},
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (kafka_read_topic(topics->brokers, all[i].name, 0, all[i].visit, reading, NULL, err))
            continue;
        if (err->code == ERR_RETRY)
            return err_wrap(err, "broker '%s' is not reachable: check STOCKBUS_KAFKA_BROKERS",
                            topics->brokers);
        if (err->code == ERR_REJECT) /* a missing topic, which a later run may find */
            err->code = ERR_RETRY;
        return err_wrap(err, "replay");
    }
    return true;
}

bool reconciler_topics_replay(struct arena *arena, const struct reconciler_topics *topics,
                              struct reconciler_expected *ret_expected, int64_t *ret_unreadable,
                              struct err *err)
{
    SCOPED(arena) struct arena *scratch = arena_new();
    SCOPED(reconciler_history) struct reconciler_history *history =
        reconciler_history_new(arena, topics->channel, topics->at_ms);
    struct reading reading = {
        .arena = arena,
        .scratch = scratch,
        .replay = reconciler_replay_new(arena, topics->channel, topics->at_ms, topics->settle_ms),
        .history = history,
    };

    bool ok = reading_run(&reading, topics, err);
    buf_release(&reading.bytes);
    if (!ok)
        return false;
    *ret_expected = reconciler_replay_run(reading.replay, history);
    *ret_unreadable = reading.unreadable;
    return true;
}
