/* Puts a shop's day on the events topic, as ingest would: keyed by SKU, raw notifications included.
   The same arguments make the same events. Prints the next offset of each partition as JSON.

     mix BROKERS PREFIX setup SKUS                      topics, mappings, opening counts
     mix BROKERS PREFIX load SKUS EVENTS SEED   what happens to these SKUs */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

enum {
    OPENING_UNITS = 1000000,
    NOTIFICATION_BYTES = 2048, /* an order of one line, as the marketplaces send it */
    FLUSH_MS = 60000,
};

#define DAY_MS INT64_C(1795132800000) /* 2026-11-20T00:00:00Z */

static const char *const channels[] = {"shop", "woo", "market"};

/* Shares of what happens, in percent; a shipment, cancellation or return needs a line for it, and
   is a new order when there is none. */
enum {
    UPTO_PLACED = 55,
    UPTO_SHIPPED = 80,
    UPTO_CANCELLED = 88,
    UPTO_RETURNED = 93,
    UPTO_RECEIVED = 97,
};

enum line_state { LINE_OPEN, LINE_SHIPPED, LINE_DONE };

struct line {
    uint64_t order;
    size_t sku;
    size_t channel;
    int64_t units;
    enum line_state state;
};

struct mix {
    const char *topic;
    struct kafka_producer *producer;
    int64_t next_offsets[TOPIC_EVENTS_PARTITIONS];
    int failures;
    uint64_t random;
    int64_t now_ms; /* of the events */
    struct line *lines;
    size_t lines_len;
    char notification[NOTIFICATION_BYTES];
};

static void die(const struct err *err)
{
    fprintf(stderr, "mix: %s\n", err->text);
    exit(1);
}

/* splitmix64 */
static uint64_t mix_random(struct mix *mix, uint64_t below)
{
    uint64_t z = mix->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

/* From the producer's thread; read after the flush. */
static void mix_delivered(void *opaque, const struct err *err, int32_t partition, int64_t offset)
{
    struct mix *mix = opaque;

    if (err != NULL)
        mix->failures++;
    else if (offset + 1 > mix->next_offsets[partition])
        mix->next_offsets[partition] = offset + 1;
}

static void mix_send(struct mix *mix, struct arena *arena, struct event *event, const char *sku)
{
    SCOPED(buf) struct buf body = {0};
    struct err err = {0};

    event->times.occurred_ms = mix->now_ms;
    event->times.received_ms = mix->now_ms + 40;
    event_identify(event);
    if (!event_check(event, &err))
        die(&err);
    event_encode(event, &body);
    const struct kafka_record record = {.topic = mix->topic,
                                        .key = topic_event_key(arena, event, sku),
                                        .body = body.bytes,
                                        .body_len = body.len,
                                        .partition = -1};
    while (!kafka_produce(mix->producer, &record, mix_delivered, mix, &err)) {
        if (err.code != ERR_RETRY || !kafka_producer_flush(mix->producer, FLUSH_MS, &err))
            die(&err);
    }
}

static const char *sku_name(struct arena *arena, size_t number)
{
    return arena_printf(arena, "TEE-%05zu-RED-M", number);
}

static const char *listing_name(struct arena *arena, size_t number)
{
    return arena_printf(arena, "40%010zu", number * 7919);
}

static const char *order_name(struct arena *arena, uint64_t number)
{
    return arena_printf(arena, "8209829%011" PRIu64, number);
}

/* ---- set-up ---- */

static void setup_mapping(struct mix *mix, struct arena *arena, size_t number, const char *channel)
{
    const struct event_component component = {sku_name(arena, number), 1};
    const char *listing = listing_name(arena, number);
    struct event event;

    event_init(&event, EVENT_MAPPING_CHANGED);
    event.source.channel = "admin";
    event.source.captured_via = EVENT_VIA_MANUAL;
    event.source.actor = "bench";
    event.mapping.fact_id = arena_printf(arena, "map-%s-%s", channel, listing);
    event.mapping.channel = channel;
    event.mapping.listing = listing;
    event.mapping.address = arena_printf(arena, "gid://shopify/InventoryItem/%s", listing);
    event.mapping.components = &component;
    event.mapping.components_len = 1;
    event.mapping.pool = "main";
    mix_send(mix, arena, &event, component.sku);
}

static void stock_fact(struct mix *mix, struct arena *arena, enum event_kind kind, size_t number,
                       int64_t units, const char *fact_id)
{
    struct event event;
    const char *sku = sku_name(arena, number);

    event_init(&event, kind);
    event.source.channel = "admin";
    event.source.captured_via = EVENT_VIA_MANUAL;
    event.source.actor = "bench";
    event.stock.fact_id = fact_id;
    event.stock.sku = sku;
    event.stock.pool = "main";
    event.stock.bucket = "sellable";
    event.stock.quantity = units;
    event.stock.reason = "bench";
    mix_send(mix, arena, &event, sku);
}

static void mix_setup(struct mix *mix, size_t skus)
{
    SCOPED(arena) struct arena *arena = arena_new();

    mix->now_ms = DAY_MS;
    for (size_t number = 0; number < skus; number++) {
        arena_reset(arena);
        for (size_t c = 0; c < ARRAY_LEN(channels); c++)
            setup_mapping(mix, arena, number, channels[c]);
        stock_fact(mix, arena, EVENT_STOCK_COUNTED, number, OPENING_UNITS,
                   arena_printf(arena, "opening-%zu", number));
    }
}

/* ---- the day ---- */

static void order_source(struct mix *mix, struct arena *arena, struct event *event,
                         const struct line *line)
{
    event->source.channel = channels[line->channel];
    event->source.account = "red-tees.myshopify.com";
    event->source.notification_id = arena_printf(arena, "b54557e4-bdd9-4b37-8a5f-%012" PRIu64,
                                                 mix_random(mix, UINT64_C(1000000000000)));
    event->source.captured_via = EVENT_VIA_PUSH;
    event->source.adapter = "shopify/1";
    event->source.host = "ingest-0";
    event->source.actor = "";
    event->traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    event->raw.content_type = "application/json";
    event->raw.topic_header = "orders/updated";
    event->raw.body = mix->notification;
    event->raw.body_len = sizeof(mix->notification);
}

static void line_placed(struct mix *mix, struct arena *arena, size_t skus)
{
    struct line *line = &mix->lines[mix->lines_len++];
    struct event event;

    *line = (struct line){.order = mix->lines_len,
                          .sku = mix_random(mix, skus),
                          .channel = mix_random(mix, ARRAY_LEN(channels)),
                          .units = 1 + (int64_t)mix_random(mix, 3)};
    event_init(&event, EVENT_ORDER_LINE);
    order_source(mix, arena, &event, line);
    event.order_line.order_id = order_name(arena, line->order);
    event.order_line.line_id = arena_printf(arena, "1%013" PRIu64, line->order);
    event.order_line.listing = listing_name(arena, line->sku);
    event.order_line.ordered = line->units;
    event.order_line.placed_ms = mix->now_ms;
    event.order_line.version_ms = mix->now_ms;
    event.order_line.status = "paid";
    mix_send(mix, arena, &event, sku_name(arena, line->sku));
}

static void line_part(struct mix *mix, struct arena *arena, const struct line *line,
                      enum event_kind kind)
{
    struct event event;

    event_init(&event, kind);
    order_source(mix, arena, &event, line);
    event.part.order_id = order_name(arena, line->order);
    event.part.line_id = arena_printf(arena, "1%013" PRIu64, line->order);
    event.part.part_id = arena_printf(arena, "4%013" PRIu64, line->order);
    event.part.listing = listing_name(arena, line->sku);
    event.part.quantity = line->units;
    event.part.bucket = kind == EVENT_LINE_RETURNED ? "sellable" : "";
    mix_send(mix, arena, &event, sku_name(arena, line->sku));
}

/* Some line in that state goes on; false when the one that was drawn is not in it. */
static bool line_goes_on(struct mix *mix, struct arena *arena, enum line_state from,
                         enum line_state to, enum event_kind kind)
{
    if (mix->lines_len == 0)
        return false;
    struct line *line = &mix->lines[mix_random(mix, mix->lines_len)];
    if (line->state != from)
        return false;
    line->state = to;
    line_part(mix, arena, line, kind);
    return true;
}

static void mix_event(struct mix *mix, struct arena *arena, size_t skus, int64_t number)
{
    uint64_t dice = mix_random(mix, 100);
    bool done = false;

    mix->now_ms += 1 + (int64_t)mix_random(mix, 3);
    if (dice >= UPTO_RECEIVED) {
        stock_fact(mix, arena, EVENT_STOCK_COUNTED, mix_random(mix, skus), OPENING_UNITS,
                   arena_printf(arena, "count-%" PRId64, number));
        return;
    }
    if (dice >= UPTO_RETURNED) {
        stock_fact(mix, arena, EVENT_STOCK_RECEIVED, mix_random(mix, skus), 24,
                   arena_printf(arena, "receipt-%" PRId64, number));
        return;
    }
    if (dice >= UPTO_CANCELLED)
        done = line_goes_on(mix, arena, LINE_SHIPPED, LINE_DONE, EVENT_LINE_RETURNED);
    else if (dice >= UPTO_SHIPPED)
        done = line_goes_on(mix, arena, LINE_OPEN, LINE_DONE, EVENT_LINE_CANCELLED);
    else if (dice >= UPTO_PLACED)
        done = line_goes_on(mix, arena, LINE_OPEN, LINE_SHIPPED, EVENT_LINE_SHIPPED);
    if (!done)
        line_placed(mix, arena, skus);
}

static void mix_load(struct mix *mix, size_t skus, int64_t events)
{
    SCOPED(arena) struct arena *arena = arena_new();

    mix->now_ms = DAY_MS + 3600000;
    mix->lines = mem_calloc((size_t)events, sizeof(*mix->lines));
    for (int64_t number = 0; number < events; number++) {
        arena_reset(arena);
        mix_event(mix, arena, skus, number);
    }
    mem_free(mix->lines);
}

/* ---- topics ---- */

static void topic_make(const char *brokers, const char *name, int partitions, const char *cleanup)
{
    const struct kafka_topic_spec spec = {name, partitions, cleanup, -1};
    struct err err = {0};
    bool created = false;

    if (!kafka_topic_apply(brokers, &spec, 0, &created, &err))
        die(&err);
}

static void topics_make(struct arena *arena, const char *brokers, const char *prefix)
{
    topic_make(brokers, topic_events(arena, prefix), TOPIC_EVENTS_PARTITIONS, "delete");
    topic_make(brokers, topic_outcomes(arena, prefix), TOPIC_OUTCOMES_PARTITIONS, "delete");
    topic_make(brokers, topic_catalog(arena, prefix), TOPIC_CATALOG_PARTITIONS, "compact");
    for (size_t c = 0; c < ARRAY_LEN(channels); c++)
        topic_make(brokers, topic_targets(arena, prefix, channels[c]), TOPIC_TARGETS_PARTITIONS,
                   "compact");
}

static void mix_print(const struct mix *mix)
{
    printf("[");
    for (int i = 0; i < TOPIC_EVENTS_PARTITIONS; i++)
        printf("%s%" PRId64, i == 0 ? "" : ", ", mix->next_offsets[i]);
    printf("]\n");
}

int main(int argc, char **argv)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct mix mix = {0};
    struct err err = {0};

    if (!(argc == 5 && strcmp(argv[3], "setup") == 0) &&
        !(argc == 7 && strcmp(argv[3], "load") == 0))
        return 2;
    const struct kafka_producer_options options = {.brokers = argv[1],
                                                   .client_id = "bench",
                                                   .linger_ms = 5,
                                                   .message_timeout_ms = FLUSH_MS,
                                                   .queue_max = 20000};
    mix.producer = kafka_producer_new(&options, &err);
    if (mix.producer == NULL)
        die(&err);
    mix.topic = topic_events(arena, argv[2]);
    memset(mix.notification, 'x', sizeof(mix.notification));
    if (argc == 5) {
        topics_make(arena, argv[1], argv[2]);
        mix_setup(&mix, strtoul(argv[4], NULL, 10));
    } else {
        mix.random = strtoull(argv[6], NULL, 10);
        mix_load(&mix, strtoul(argv[4], NULL, 10), strtoll(argv[5], NULL, 10));
    }
    if (!kafka_producer_flush(mix.producer, FLUSH_MS, &err))
        die(&err);
    if (mix.failures > 0) {
        fprintf(stderr, "mix: %d records did not reach the broker\n", mix.failures);
        return 1;
    }
    mix_print(&mix);
    kafka_producer_close(mix.producer, 1000);
    return 0;
}
