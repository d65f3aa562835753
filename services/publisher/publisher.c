#include "services/publisher/publisher.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/http/admin.h"
#include "lib/kafka/kafka.h"

#include "channels/channel.h"
#include "channels/live.h"
#include "services/publisher/board.h"
#include "services/publisher/outcomes.h"
#include "services/publisher/sender.h"

enum {
    PUBLISHER_PARTITIONS_MAX = 256,
    PUBLISHER_READ_MAX = 2000, /* records between two looks at the sender */
    PUBLISHER_IDLE_MS = 50,
    PUBLISHER_BUSY_MS = 2,
    PUBLISHER_TICK_MS = 1000,
    PUBLISHER_START_MS = 60000,
    PUBLISHER_ASK_MS = 10000,
    PUBLISHER_DRAIN_MS = 15000,
    PUBLISHER_FLUSH_MS = 10000,
};

static const struct metric listings_gauge = {
    "stockbus_publisher_listings", "Listings that this replica owns.", METRIC_GAUGE, {"channel"}};
static const struct metric unsettled_gauge = {"stockbus_publisher_unsettled",
                                              "Listings whose target is not settled.",
                                              METRIC_GAUGE,
                                              {"channel"}};
static const struct metric parked_gauge = {
    "stockbus_publisher_parked",
    "Listings that the channel refuses for good: they wait for a newer target.",
    METRIC_GAUGE,
    {"channel"}};
static const struct metric oldest_gauge = {"stockbus_publisher_oldest_unsettled_seconds",
                                           "Age of the oldest target that is not settled.",
                                           METRIC_GAUGE,
                                           {"channel"}};
static const struct metric unreadable_total = {"stockbus_publisher_unreadable_total",
                                               "Records of the targets topic that are no target.",
                                               METRIC_COUNTER,
                                               {"channel"}};

static const struct metric accounts_failed_total = {"stockbus_publisher_channels_failed_total",
                                                    "Times that the channels file was unreadable.",
                                                    METRIC_COUNTER,
                                                    {"channel"}};

struct owned_partition {
    bool owned;
    bool booting;        /* has not been read to its end yet */
    int64_t boot_end;    /* -1: not asked yet */
    int64_t settled_to;  /* targets below it were settled by an earlier process */
    int64_t next_offset; /* after the last record read */
    int64_t committed;
};

struct publisher {
    const struct publisher_settings *settings;
    const char *topic;
    const char *group;
    struct channel_live *accounts;
    const char *channel;
    const struct channel_kind *kind;
    struct kafka_consumer *consumer;
    struct publisher_outcomes *outcomes;
    struct board *board;
    struct publisher_sender *sender;
    struct arena *scratch;
    struct owned_partition partitions[PUBLISHER_PARTITIONS_MAX];
    int64_t tick_due_ms;
    int topic_partitions;
    _Atomic int owned;
    _Atomic bool is_member;
    _Atomic bool booted;
};

/* ---- partitions ---- */

/* Replicas share the budget by the partitions that they own. */
static void publisher_count_owned(struct publisher *publisher, int more)
{
    int owned = atomic_fetch_add(&publisher->owned, more) + more;

    if (owned > 0)
        publisher_sender_share(publisher->sender, (double)owned / publisher->topic_partitions);
}

static bool publisher_assigned(void *opaque, const char *topic, const int32_t *partitions,
                               size_t count, int64_t *next_offsets, struct err *err)
{
    struct publisher *publisher = opaque;

    for (size_t i = 0; i < count; i++) {
        if (partitions[i] >= PUBLISHER_PARTITIONS_MAX)
            return err_set(err, ERR_FATAL, "topic '%s' has more than %d partitions", topic,
                           PUBLISHER_PARTITIONS_MAX);
        publisher->partitions[partitions[i]] =
            (struct owned_partition){.owned = true, .booting = true, .boot_end = -1};
        next_offsets[i] = KAFKA_OFFSET_BEGINNING;
    }
    publisher_count_owned(publisher, (int)count);
    atomic_store(&publisher->booted, false);
    log_info("publisher.assigned", "topic", topic, "partitions", log_int(count));
    return true;
}

static void publisher_revoked(void *opaque, const char *topic, const int32_t *partitions,
                              size_t count)
{
    struct publisher *publisher = opaque;

    for (size_t i = 0; i < count; i++) {
        publisher->partitions[partitions[i]].owned = false;
        board_drop(publisher->board, partitions[i]);
    }
    publisher_count_owned(publisher, -(int)count);
    log_info("publisher.revoked", "topic", topic, "partitions", log_int(count));
}

/* Asked outside the rebalance callback, before the partition's first record is looked at. */
static bool partition_boot(struct publisher *publisher, int32_t number, struct err *err)
{
    struct owned_partition *partition = &publisher->partitions[number];
    int64_t low = 0;
    int64_t high = 0;
    int64_t committed = 0;

    if (!kafka_consumer_watermarks(publisher->consumer, publisher->topic, number, &low, &high,
                                   err) ||
        !kafka_consumer_committed(publisher->consumer, publisher->topic, number, &committed, err))
        return false;
    partition->boot_end = high;
    partition->settled_to = committed < 0 ? 0 : committed;
    partition->committed = committed;
    partition->next_offset = low;
    partition->booting = low < high;
    return true;
}

static bool publisher_boot(struct publisher *publisher, struct err *err)
{
    bool booted = atomic_load(&publisher->owned) > 0;

    if (atomic_load(&publisher->booted))
        return true;
    for (int32_t i = 0; i < PUBLISHER_PARTITIONS_MAX; i++) {
        struct owned_partition *partition = &publisher->partitions[i];

        if (!partition->owned)
            continue;
        if (partition->boot_end < 0 && !partition_boot(publisher, i, err))
            return false;
        booted = booted && !partition->booting;
    }
    if (booted) {
        log_info("publisher.booted", "channel", publisher->channel, "listings",
                 log_int(board_len(publisher->board)), "unsettled",
                 log_int(board_dirty(publisher->board)));
        atomic_store(&publisher->booted, true);
    }
    return true;
}

/* ---- reading targets ---- */

/* Of a target for which nothing was sent. */
static bool publisher_unsent(struct publisher *publisher, const struct target *target,
                             enum outcome_result result, const char *class, struct err *err)
{
    struct outcome outcome = {
        .channel = target->channel,
        .listing = target->listing,
        .address = target->address,
        .version = target->version,
        .quantity = target->quantity,
        .result = result,
        .error_class = class,
        .error_text = "",
        .request_hash = "",
        .event_id = target->event_id,
        .times = target->times,
        .traceparent = target->traceparent,
    };

    if (result == OUTCOME_CONFIRMED) {
        outcome.times.published_ms = clock_now_ms();
        outcome.times.confirmed_ms = outcome.times.published_ms;
    }
    return publisher_outcomes_report(publisher->outcomes, &outcome, err);
}

static bool publisher_take(struct publisher *publisher, const struct kafka_record *record,
                           struct err *err)
{
    struct owned_partition *partition = &publisher->partitions[record->partition];
    struct target target;
    struct target old;
    struct err why;

    partition->next_offset = record->offset + 1;
    if (partition->booting && record->offset + 1 >= partition->boot_end)
        partition->booting = false;
    if (record->body == NULL)
        return true;
    arena_reset(publisher->scratch);
    if (!target_decode(publisher->scratch, record->body, record->body_len, &target, &why)) {
        metric_add(&unreadable_total, 1, publisher->channel, NULL, NULL);
        log_error("publisher.unreadable", "offset", log_int(record->offset), "why", why.text);
        return true;
    }
    bool settled = record->offset < partition->settled_to;
    switch (board_take(publisher->board, &target, record->partition, record->offset, settled,
                       clock_monotonic_ms(), &old)) {
    case BOARD_SUPERSEDES:
        return publisher_unsent(publisher, &old, OUTCOME_SUPERSEDED, "", err);
    case BOARD_SHOWN:
        return settled ||
               publisher_unsent(publisher, &target, OUTCOME_CONFIRMED, "already_shown", err);
    case BOARD_OLD:
    case BOARD_NEW:
        break;
    }
    return true;
}

static bool publisher_read(struct publisher *publisher, int timeout_ms, struct err *err)
{
    const struct kafka_record *record = NULL;

    for (int i = 0; i < PUBLISHER_READ_MAX; i++) {
        if (!kafka_consumer_poll(publisher->consumer, i == 0 ? timeout_ms : 0, &record, err))
            return false;
        atomic_store(&publisher->is_member, kafka_consumer_is_member(publisher->consumer));
        if (!publisher_boot(publisher, err))
            return false;
        if (record == NULL)
            return true;
        if (publisher->partitions[record->partition].owned &&
            !publisher_take(publisher, record, err))
            return false;
    }
    return true;
}

/* ---- settled offsets ---- */

/* Only what is settled AND durably reported is committed: a crash pushes the rest again. */
static void publisher_commit(struct publisher *publisher)
{
    struct err err = {0};

    if (!publisher_outcomes_are_durable(publisher->outcomes))
        return;
    for (int32_t i = 0; i < PUBLISHER_PARTITIONS_MAX; i++) {
        struct owned_partition *partition = &publisher->partitions[i];

        if (!partition->owned || partition->booting || partition->boot_end < 0)
            continue;
        int64_t low = board_watermark(publisher->board, i, partition->next_offset);
        if (low > partition->committed &&
            kafka_consumer_commit(publisher->consumer, publisher->topic, i, low, &err))
            partition->committed = low;
    }
}

/* ---- settings that change ---- */

/* Its budget, board and topic are those of the channel that it was started for. */
static void publisher_adopt(struct publisher *publisher)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(publisher->accounts);
    const struct channel_account *account = channel_live_find(held, publisher->channel);

    if (account == NULL || account->kind != publisher->kind) {
        log_error("publisher.channel_gone", "channel", publisher->channel, "why",
                  account == NULL ? "the file does not name it" : "it is of another kind", "next",
                  "goes on as it was");
        return;
    }
    publisher_sender_adopt(publisher->sender, account, held);
    log_info("publisher.channel_changed", "channel", publisher->channel);
}

/* A bad file is told once, and not every second. */
static void publisher_refresh(struct publisher *publisher)
{
    struct err err = {0};

    switch (channel_live_refresh(publisher->accounts, &err)) {
    case CHANNEL_LIVE_SAME:
        break;
    case CHANNEL_LIVE_CHANGED:
        publisher_adopt(publisher);
        break;
    case CHANNEL_LIVE_BROKEN:
        log_error("publisher.channels_unreadable", "why", err.text, "next", "goes on as it was");
        __attribute__((fallthrough));
    case CHANNEL_LIVE_STILL_BROKEN:
        metric_add(&accounts_failed_total, 1, publisher->channel, NULL, NULL);
        break;
    }
}

/* ---- once a second ---- */

static void publisher_tick(struct publisher *publisher)
{
    int64_t now_ms = clock_monotonic_ms();
    const char *channel = publisher->channel;

    if (now_ms < publisher->tick_due_ms)
        return;
    publisher->tick_due_ms = now_ms + PUBLISHER_TICK_MS;
    publisher_commit(publisher);
    publisher_refresh(publisher);
    metric_set(&listings_gauge, (double)board_len(publisher->board), channel, NULL, NULL);
    metric_set(&unsettled_gauge, (double)board_dirty(publisher->board), channel, NULL, NULL);
    metric_set(&parked_gauge, (double)board_parked(publisher->board), channel, NULL, NULL);
    metric_set(&oldest_gauge, (double)board_oldest_ms(publisher->board, now_ms) / 1e3, channel,
               NULL, NULL);
}

/* ---- the loop ---- */

static int publisher_patience_ms(const struct publisher *publisher)
{
    int64_t due_ms = board_next_due_ms(publisher->board) - clock_monotonic_ms();

    if (publisher_sender_in_flight(publisher->sender) > 0)
        return 0;
    if (due_ms <= PUBLISHER_BUSY_MS)
        return PUBLISHER_BUSY_MS;
    return due_ms < PUBLISHER_IDLE_MS ? (int)due_ms : PUBLISHER_IDLE_MS;
}

static bool publisher_loop(struct publisher *publisher, struct err *err)
{
    while (!stop_requested()) {
        if (!publisher_read(publisher, publisher_patience_ms(publisher), err)) {
            if (err->code != ERR_RETRY)
                return false;
            log_warn("publisher.read_retried", "why", err->text);
            stop_wait(100);
            continue;
        }
        if (publisher_outcomes_failed(publisher->outcomes))
            return err_set(err, ERR_FATAL, "outcomes do not reach the broker");
        bool may_start = atomic_load(&publisher->booted);
        int wait_ms = publisher_sender_in_flight(publisher->sender) > 0 ? PUBLISHER_BUSY_MS : 0;
        if (!publisher_sender_step(publisher->sender, may_start, wait_ms, err))
            return false;
        publisher_tick(publisher);
    }
    return true;
}

/* Finishes what is in flight, starts nothing new, and makes the outcomes durable. */
static void publisher_drain(struct publisher *publisher)
{
    int64_t until_ms = clock_monotonic_ms() + PUBLISHER_DRAIN_MS;
    struct err err = {0};

    while (publisher_sender_in_flight(publisher->sender) > 0 && clock_monotonic_ms() < until_ms) {
        if (!publisher_sender_step(publisher->sender, false, PUBLISHER_IDLE_MS, &err))
            break;
    }
    for (int waited_ms = 0; waited_ms < PUBLISHER_FLUSH_MS; waited_ms += 20) {
        if (publisher_outcomes_are_durable(publisher->outcomes))
            break;
        if (!publisher_sender_step(publisher->sender, false, 20, &err))
            break;
    }
    publisher_commit(publisher);
}

/* ---- wiring ---- */

static bool publisher_ready(void *opaque, char *why, unsigned long why_len)
{
    struct publisher *publisher = opaque;

    if (!atomic_load(&publisher->is_member)) {
        snprintf(why, why_len, "the group has not said which partitions are its own");
        return false;
    }
    /* More replicas than partitions: one without stands by, ready to take over. */
    if (atomic_load(&publisher->owned) > 0 && !atomic_load(&publisher->booted)) {
        snprintf(why, why_len, "reading the targets");
        return false;
    }
    return true;
}

static bool publisher_read_accounts(struct publisher *publisher, struct err *err)
{
    const struct publisher_settings *settings = publisher->settings;
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;

    publisher->accounts = channel_live_new(settings->channels_file, err);
    if (publisher->accounts == NULL)
        return err_wrap(err, "STOCKBUS_CHANNELS_FILE");
    held = channel_live_hold(publisher->accounts);
    const struct channel_account *account = channel_live_find(held, publisher->channel);
    if (account == NULL)
        return err_set(err, ERR_FATAL, "STOCKBUS_CHANNEL: '%s' is not in '%s': name one that is",
                       settings->channel, settings->channels_file);
    publisher->kind = account->kind;
    return true;
}

static void publisher_broker_away(const char *brokers, const char *why)
{
    log_warn("publisher.broker_away", "brokers", brokers, "why", why);
}

static bool publisher_await_topics(const struct publisher *publisher, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct publisher_settings *settings = publisher->settings;
    const char *const topics[] = {publisher->topic, topic_outcomes(arena, settings->topic_prefix)};

    return kafka_await_topics(settings->brokers, topics, ARRAY_LEN(topics), PUBLISHER_START_MS,
                              publisher_broker_away, err);
}

static bool publisher_open(struct publisher *publisher, struct err *err)
{
    const struct publisher_settings *settings = publisher->settings;
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(publisher->accounts);
    const struct kafka_consumer_options options = {
        .brokers = settings->brokers,
        .client_id = settings->replica,
        .group = publisher->group,
        .topic = publisher->topic,
        .session_timeout_ms = (int)settings->session_timeout_ms,
        .assigned = publisher_assigned,
        .revoked = publisher_revoked,
        .opaque = publisher,
    };

    if (!kafka_topic_partitions(settings->brokers, publisher->topic, PUBLISHER_ASK_MS,
                                &publisher->topic_partitions, err))
        return false;
    publisher->board =
        board_new(channel_writes_on_hand(channel_live_find(held, publisher->channel)));
    publisher->outcomes =
        publisher_outcomes_new(settings->brokers, settings->topic_prefix, settings->replica, err);
    if (publisher->outcomes == NULL)
        return false;
    publisher->sender = publisher_sender_new(channel_live_find(held, publisher->channel), held,
                                             publisher->board, publisher->outcomes, err);
    if (publisher->sender == NULL)
        return false;
    publisher->consumer = kafka_consumer_new(&options, err);
    return publisher->consumer != NULL;
}

static int publisher_serve(struct publisher *publisher, struct err *err)
{
    const struct http_admin_options admin_options = {.address = publisher->settings->admin_address,
                                                     .service = "publisher",
                                                     .ready = publisher_ready,
                                                     .opaque = publisher};
    struct http_admin *admin = http_admin_start(&admin_options, err);

    if (admin == NULL) {
        err_wrap(err, "STOCKBUS_ADMIN_ADDRESS");
        return EXIT_USAGE;
    }
    log_info("publisher.started", "channel", publisher->channel);
    bool ok = publisher_loop(publisher, err);
    publisher_drain(publisher);
    http_admin_stop(admin);
    if (!ok && (err->code != ERR_RETRY || !stop_requested()))
        return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_INTERNAL;
    *err = (struct err){0}; /* of a read that was tried again */
    return stop_exit_status();
}

static int publisher_start(struct publisher *publisher, struct err *err)
{
    if (!publisher_read_accounts(publisher, err))
        return EXIT_USAGE;
    if (!publisher_await_topics(publisher, err))
        return stop_requested() ? EXIT_OK : EXIT_UNAVAILABLE;
    if (!publisher_open(publisher, err))
        return EXIT_INTERNAL;
    return publisher_serve(publisher, err);
}

int publisher_run(const struct publisher_settings *settings, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct publisher *publisher = arena_alloc(arena, sizeof(*publisher));

    publisher->settings = settings;
    publisher->channel = settings->channel;
    publisher->scratch = arena_new();
    publisher->topic = topic_targets(arena, settings->topic_prefix, settings->channel);
    publisher->group =
        arena_printf(arena, "%spublisher.%s", settings->topic_prefix, settings->channel);
    int status = publisher_start(publisher, err);
    kafka_consumer_close(publisher->consumer);
    publisher_sender_free(publisher->sender);
    /* The drain waited already: a broker that is dead shall not cost the grace period twice. */
    if (!publisher_outcomes_close(publisher->outcomes, 0) && status == EXIT_OK) {
        err_set(err, ERR_RETRY, "outcomes did not reach the broker: the next start pushes again");
        status = EXIT_UNAVAILABLE;
    }
    board_free(publisher->board);
    channel_live_free(publisher->accounts);
    arena_free(publisher->scratch);
    return status;
}
