/*
 * Puts a shop's random life straight on the events topic, the same for the same seed: opening
 * counts, sales on two channels, bundles, shipments, cancellations, returns, receipts, counts that
 * come late, mappings that come after their orders, voids, observations, and 2 % of it twice.
 *
 * feed_random BROKERS PREFIX EVENTS SEED SKUS
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "tests/property/generator.h"

enum {
    RAW_LEN = 400,
    STEP_MS = 20,
    COMPONENTS = 3,
    LATE_IN = 25, /* one listing in so many is mapped after a third of the events */
};

#define OPENING_MS INT64_C(1795219200000) /* 2026-11-21T00:00:00Z */

static const char *const life_channels[] = {"shop", "woo"};

struct life {
    struct kafka_producer *producer;
    const char *topic;
    struct arena *arena; /* of one event */
    struct buf body;
    struct random random;
    uint64_t seed;
    int64_t skus;
    int64_t orders;
    int64_t facts;
    int64_t now_ms;
    int64_t sent;
    atomic_int failures;
};

static void die(const struct err *err)
{
    fprintf(stderr, "feed_random: %s\n", err->text);
    exit(1);
}

static void delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    atomic_int *failures = opaque;

    (void)partition;
    (void)offset;
    if (err != NULL)
        atomic_fetch_add(failures, 1);
}

static void send(struct life *life, struct event *event, const char *sku)
{
    struct err err = {0};

    event->times.received_ms = life->now_ms + pick(&life->random, 0, 500);
    event->source.notification_id = arena_printf(life->arena, "n-%" PRId64, life->facts);
    event->source.captured_via = EVENT_VIA_PUSH;
    event_identify(event);
    buf_clear(&life->body);
    event_encode(event, &life->body);
    const struct kafka_record record = {.topic = life->topic,
                                        .key = topic_event_key(life->arena, event, sku),
                                        .body = life->body.bytes,
                                        .body_len = life->body.len,
                                        .partition = -1};
    for (int copies = chance(&life->random, 2) ? 2 : 1; copies > 0; copies--) {
        while (!kafka_produce(life->producer, &record, delivered, &life->failures, &err)) {
            if (err.code != ERR_RETRY)
                die(&err);
            usleep(1000);
        }
        life->sent++;
    }
    arena_reset(life->arena);
}

/* ---- listings: most sell one SKU, one in ten a bundle ---- */

static bool is_bundle(int64_t listing)
{
    return listing % 10 == 9;
}

static const char *sku_of(struct life *life, int64_t sku)
{
    return arena_printf(life->arena, "SKU-%05" PRId64, sku % life->skus);
}

static const char *listing_of(struct life *life, int64_t listing)
{
    return arena_printf(life->arena, "L%" PRId64, listing);
}

static const char *sku_key(struct life *life, int64_t listing)
{
    return is_bundle(listing) ? NULL : sku_of(life, listing);
}

static struct event fact(struct life *life, enum event_kind kind, const char *channel)
{
    struct event event;

    event_init(&event, kind);
    event.source.channel = channel;
    event.times.occurred_ms = life->now_ms;
    life->facts++;
    return event;
}

static const char *fact_id(struct life *life, const char *prefix)
{
    return arena_printf(life->arena, "%s-%" PRIu64 "-%" PRId64, prefix, life->seed, life->facts);
}

static void send_mapping(struct life *life, const char *channel, int64_t listing, int64_t at_ms)
{
    struct event event = fact(life, EVENT_MAPPING_CHANGED, "admin");
    struct event_component *components =
        arena_alloc(life->arena, COMPONENTS * sizeof(*components));

    for (int64_t i = 0; i < COMPONENTS; i++) /* not sorted by SKU */
        components[i] =
            (struct event_component){sku_of(life, listing + (COMPONENTS - i) * 7), 1 + i};
    if (!is_bundle(listing))
        components[0] = (struct event_component){sku_of(life, listing), 1};
    event.mapping.fact_id = fact_id(life, "map");
    event.mapping.channel = channel;
    event.mapping.listing = listing_of(life, listing);
    event.mapping.address = arena_printf(life->arena, "A%" PRId64, listing);
    event.mapping.components = components;
    event.mapping.components_len = is_bundle(listing) && life->skus > 30 ? COMPONENTS : 1;
    event.mapping.pool = "main";
    event.times.occurred_ms = at_ms;
    send(life, &event, NULL);
}

static void send_mappings(struct life *life, bool late)
{
    for (size_t c = 0; c < ARRAY_LEN(life_channels); c++) {
        for (int64_t listing = 0; listing < life->skus; listing++) {
            if ((listing % LATE_IN == 3) == late)
                send_mapping(life, life_channels[c], listing, OPENING_MS - 1000);
        }
    }
}

/* ---- stock ---- */

static void send_stock(struct life *life, enum event_kind kind, int64_t sku, int64_t quantity)
{
    struct event event = fact(life, kind, "admin");

    event.stock.fact_id = fact_id(life, "stock");
    event.stock.sku = sku_of(life, sku);
    event.stock.pool = "main";
    event.stock.bucket = chance(&life->random, 95) ? "sellable" : "damaged";
    event.stock.quantity = quantity;
    /* A word that is none: parked. */
    event.stock.reason = kind != EVENT_STOCK_ADJUSTED      ? ""
                         : chance(&life->random, 30) ? "whatever"
                                                     : "loss";
    event.times.occurred_ms -= pick(&life->random, 0, 400) * STEP_MS;
    send(life, &event, NULL);
}

static void send_transfer(struct life *life, int64_t sku)
{
    struct event event = fact(life, EVENT_STOCK_TRANSFERRED, "admin");

    event.transfer.fact_id = fact_id(life, "move");
    event.transfer.sku = sku_of(life, sku);
    event.transfer.from_pool = "main";
    event.transfer.from_bucket = "sellable";
    event.transfer.to_pool = chance(&life->random, 50) ? "main" : "store";
    event.transfer.to_bucket = *event.transfer.to_pool == 'm' ? "quarantine" : "sellable";
    event.transfer.quantity = pick(&life->random, 1, 3);
    event.transfer.reason = *event.transfer.to_pool == 'm' ? "quarantine" : "replenishment";
    send(life, &event, NULL);
}

static void send_observation(struct life *life, int64_t listing)
{
    struct event event = fact(life, EVENT_OBSERVATION, ONE_OF(&life->random, life_channels));

    event.observation.listing = listing_of(life, listing);
    event.observation.tracked = true;
    event.observation.quantity = pick(&life->random, 0, 50);
    event.observation.version_ms = life->now_ms;
    send(life, &event, sku_key(life, listing));
}

/* ---- orders: an order's number says all of it ---- */

struct order_facts {
    const char *channel;
    const char *order_id;
    int64_t listing;
    int64_t ordered;
    int64_t placed_ms;
};

static struct order_facts order_of(struct life *life, int64_t number)
{
    struct random random = random_from(life->seed * 1000003 + (uint64_t)number);

    return (struct order_facts){ONE_OF(&random, life_channels),
                                arena_printf(life->arena, "8209%04" PRIu64 "%010" PRId64,
                                             life->seed % 10000, number),
                                pick(&random, 0, life->skus - 1), pick(&random, 1, 4),
                                OPENING_MS + number * STEP_MS};
}

static void send_report(struct life *life, int64_t number, int64_t cancelled)
{
    struct order_facts order = order_of(life, number);
    struct event event = fact(life, EVENT_ORDER_LINE, order.channel);
    static const char raw[RAW_LEN] = "{\"the marketplace's own words\":";

    event.order_line = (struct event_order_line){
        .order_id = order.order_id,
        .line_id = "1",
        .listing = listing_of(life, order.listing),
        .ordered = order.ordered,
        .cancelled = cancelled < order.ordered ? cancelled : order.ordered,
        .placed_ms = order.placed_ms,
        .version_ms = cancelled == 0 ? order.placed_ms : life->now_ms,
        .status = cancelled == 0 ? "open" : "changed",
    };
    event.raw.content_type = "application/json";
    event.raw.body = raw;
    event.raw.body_len = sizeof(raw);
    send(life, &event, sku_key(life, order.listing));
}

static void send_part(struct life *life, enum event_kind kind)
{
    int64_t number = life->orders - pick(&life->random, 0, 2000);
    struct order_facts order = order_of(life, number < 0 ? life->orders : number);
    struct event event = fact(life, kind, order.channel);

    event.part.order_id = order.order_id;
    event.part.line_id = "1";
    event.part.part_id = fact_id(life, "part");
    event.part.listing = chance(&life->random, 50) ? "" : listing_of(life, order.listing);
    event.part.quantity = 1;
    if (kind == EVENT_LINE_RETURNED)
        event.part.bucket = chance(&life->random, 70) ? "sellable" : "damaged";
    send(life, &event, sku_key(life, order.listing));
}

static void send_void(struct life *life)
{
    struct order_facts order = order_of(life, pick(&life->random, 0, life->orders));
    struct event event = fact(life, EVENT_ORDER_VOIDED, order.channel);

    event.order_voided.order_id = order.order_id;
    event.order_voided.version_ms = life->now_ms;
    send(life, &event, sku_key(life, order.listing));
}

/* ---- the life ---- */

static void open_shop(struct life *life)
{
    struct event event = fact(life, EVENT_POOL_CHANGED, "admin");

    event.pool = (struct event_pool){fact_id(life, "pool"), "main", EVENT_POOL_LEDGER, "Main"};
    send(life, &event, NULL);
    event = fact(life, EVENT_RULE_CHANGED, "admin");
    event.rule.fact_id = fact_id(life, "rule");
    event.rule.channel = "woo";
    event.rule.buffer_units = 2;
    send(life, &event, NULL);
    send_mappings(life, false);
    for (int64_t sku = 0; sku < life->skus; sku++)
        send_stock(life, EVENT_STOCK_COUNTED, sku, pick(&life->random, 0, 400));
}

static void live(struct life *life)
{
    int64_t what = pick(&life->random, 1, 1000);
    int64_t sku = pick(&life->random, 0, life->skus - 1);

    if (what <= 520)
        send_report(life, life->orders++, 0);
    else if (what <= 780)
        send_part(life, EVENT_LINE_SHIPPED);
    else if (what <= 830)
        send_report(life, pick(&life->random, 0, life->orders), pick(&life->random, 1, 3));
    else if (what <= 860)
        send_part(life, EVENT_LINE_CANCELLED);
    else if (what <= 900)
        send_part(life, EVENT_LINE_RETURNED);
    else if (what <= 940)
        send_stock(life, EVENT_STOCK_RECEIVED, sku, pick(&life->random, 1, 100));
    else if (what <= 955)
        send_stock(life, EVENT_STOCK_COUNTED, sku, pick(&life->random, 0, 300));
    else if (what <= 965)
        send_stock(life, EVENT_STOCK_ADJUSTED, sku, -pick(&life->random, 1, 3));
    else if (what <= 975)
        send_transfer(life, sku);
    else if (what <= 995)
        send_observation(life, sku);
    else
        send_void(life);
    life->now_ms += STEP_MS;
}

static void apply_topics(const char *brokers, const char *prefix)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct kafka_topic_spec specs[] = {
        {topic_events(arena, prefix), TOPIC_EVENTS_PARTITIONS, "delete", -1},
        {topic_outcomes(arena, prefix), TOPIC_OUTCOMES_PARTITIONS, "delete", -1},
        {topic_rejected(arena, prefix), TOPIC_REJECTED_PARTITIONS, "delete", -1},
        {topic_catalog(arena, prefix), TOPIC_CATALOG_PARTITIONS, "compact", -1},
        {topic_targets(arena, prefix, "shop"), TOPIC_TARGETS_PARTITIONS, "compact", -1},
        {topic_targets(arena, prefix, "woo"), TOPIC_TARGETS_PARTITIONS, "compact", -1},
    };

    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        struct err err = {0};
        bool created = false;

        if (!kafka_topic_apply(brokers, &specs[i], 0, &created, &err))
            die(&err);
    }
}

int main(int argc, char **argv)
{
    SCOPED(arena) struct arena *names = arena_new();
    struct err err = {0};

    if (argc != 6) {
        fprintf(stderr, "use: feed_random BROKERS PREFIX EVENTS SEED SKUS\n");
        return 2;
    }
    const struct kafka_producer_options options = {.brokers = argv[1],
                                                   .client_id = "feed-random",
                                                   .linger_ms = 5,
                                                   .message_timeout_ms = 60000,
                                                   .queue_max = 50000};
    int64_t events = strtoll(argv[3], NULL, 10);
    struct life life = {.producer = kafka_producer_new(&options, &err),
                        .topic = topic_events(names, argv[2]),
                        .arena = arena_new(),
                        .seed = strtoull(argv[4], NULL, 10),
                        .skus = strtoll(argv[5], NULL, 10),
                        .now_ms = OPENING_MS};

    if (life.producer == NULL)
        die(&err);
    apply_topics(argv[1], argv[2]);
    life.random = random_from(life.seed);
    open_shop(&life);
    while (life.sent < events / 3)
        live(&life);
    send_mappings(&life, true);
    while (life.sent < events)
        live(&life);
    if (!kafka_producer_flush(life.producer, 60000, &err))
        die(&err);
    if (atomic_load(&life.failures) > 0) {
        fprintf(stderr, "feed_random: %d records did not reach the broker\n", life.failures);
        return 1;
    }
    printf("%" PRId64 " records, %" PRId64 " orders, %" PRId64 " SKUs\n", life.sent, life.orders,
           life.skus);
    kafka_producer_close(life.producer, 1000);
    buf_release(&life.body);
    arena_free(life.arena);
    return 0;
}
