#include "services/ingest/catalog.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/stop.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"

#include "services/ingest/ids.h"

enum {
    CATALOG_POLL_MS = 200,
    CATALOG_PAUSE_MS = 5000,
    CATALOG_ENTRIES_MAX = 5000000,
    CATALOG_PARTITIONS_MAX = 256,
};

/* How far a partition must be read before all that was there at the start is known. */
enum { CATALOG_END_REACHED = 0, CATALOG_END_UNKNOWN = -1 };

struct catalog_item {
    char *sku;
    char *address_key; /* "<channel>/<address>", or NULL */
};

struct ingest_catalog {
    pthread_mutex_t lock;   /* guards the maps */
    struct map *by_listing; /* owns the items */
    struct map *by_address;
    char *brokers;
    char *topic;
    char *group;
    pthread_t thread;
    bool has_thread;
    bool is_assigned;                     /* of the thread, as is the next */
    int64_t ends[CATALOG_PARTITIONS_MAX]; /* offset, or one of the names above */
    atomic_bool is_read;
};

struct ingest_catalog *ingest_catalog_new(void)
{
    struct ingest_catalog *catalog = mem_calloc(1, sizeof(*catalog));

    pthread_mutex_init(&catalog->lock, NULL);
    catalog->by_listing = map_new();
    catalog->by_address = map_new();
    return catalog;
}

static void item_free(struct catalog_item *item)
{
    mem_free(item->sku);
    mem_free(item->address_key);
    mem_free(item);
}

void ingest_catalog_free(struct ingest_catalog *catalog)
{
    struct catalog_item *item = NULL;
    const char *key = NULL;

    if (catalog == NULL)
        return;
    ingest_catalog_join(catalog);
    for (size_t i = 0; (item = map_next(catalog->by_listing, &i, &key)) != NULL;)
        item_free(item);
    map_free(catalog->by_listing);
    map_free(catalog->by_address);
    pthread_mutex_destroy(&catalog->lock);
    mem_free(catalog->brokers);
    mem_free(catalog->topic);
    mem_free(catalog->group);
    mem_free(catalog);
}

static void catalog_remove(struct ingest_catalog *catalog, const char *key)
{
    struct catalog_item *item = map_remove(catalog->by_listing, key);

    if (item == NULL)
        return;
    /* Another listing may have taken the address over. */
    if (item->address_key != NULL && map_get(catalog->by_address, item->address_key) == item)
        map_remove(catalog->by_address, item->address_key);
    item_free(item);
}

static void catalog_add(struct ingest_catalog *catalog, const char *key,
                        const struct catalog_entry *entry)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct catalog_item *item = mem_calloc(1, sizeof(*item));

    item->sku = mem_strdup(entry->sku);
    map_set(catalog->by_listing, key, item);
    if (entry->address[0] == '\0')
        return;
    item->address_key = mem_strdup(topic_listing_key(arena, entry->channel, entry->address));
    map_set(catalog->by_address, item->address_key, item);
}

void ingest_catalog_put(struct ingest_catalog *catalog, const char *key,
                        const struct catalog_entry *entry)
{
    pthread_mutex_lock(&catalog->lock);
    catalog_remove(catalog, key);
    if (entry != NULL && entry->sku[0] != '\0' &&
        map_len(catalog->by_listing) < CATALOG_ENTRIES_MAX)
        catalog_add(catalog, key, entry);
    pthread_mutex_unlock(&catalog->lock);
}

/* ---- asking */

static void catalog_names(const struct event *event, const char **ret_listing,
                          const char **ret_address)
{
    *ret_listing = "";
    *ret_address = "";
    if (event->kind == EVENT_ORDER_LINE) {
        *ret_listing = event->order_line.listing;
    } else if (event->kind == EVENT_LINE_CANCELLED || event->kind == EVENT_LINE_SHIPPED ||
               event->kind == EVENT_LINE_RETURNED) {
        *ret_listing = event->part.listing;
    } else if (event->kind == EVENT_OBSERVATION) {
        *ret_listing = event->observation.listing;
        *ret_address = event->observation.address;
    }
}

static const struct catalog_item *catalog_find(const struct map *map, struct arena *arena,
                                               const char *channel, const char *name)
{
    return name[0] == '\0' ? NULL : map_get(map, topic_listing_key(arena, channel, name));
}

const char *ingest_catalog_sku(struct ingest_catalog *catalog, struct arena *arena,
                               const struct event *event)
{
    const char *channel = event->source.channel;
    const char *listing = NULL;
    const char *address = NULL;

    catalog_names(event, &listing, &address);
    pthread_mutex_lock(&catalog->lock);
    const struct catalog_item *item = catalog_find(catalog->by_listing, arena, channel, listing);
    if (item == NULL)
        item = catalog_find(catalog->by_address, arena, channel, address);
    const char *sku = item == NULL ? NULL : arena_strdup(arena, item->sku);
    pthread_mutex_unlock(&catalog->lock);
    return sku;
}

size_t ingest_catalog_len(struct ingest_catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    size_t len = map_len(catalog->by_listing);
    pthread_mutex_unlock(&catalog->lock);
    return len;
}

/* ---- following the topic */

static void catalog_take(struct ingest_catalog *catalog, const struct kafka_record *record)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct catalog_entry entry;
    struct err err = {0};

    int64_t *end = &catalog->ends[record->partition];
    if (*end != CATALOG_END_UNKNOWN && record->offset + 1 >= *end)
        *end = CATALOG_END_REACHED;
    if (record->key == NULL)
        return;
    if (record->body == NULL)
        ingest_catalog_put(catalog, record->key, NULL);
    else if (catalog_entry_decode(arena, record->body, record->body_len, &entry, &err))
        ingest_catalog_put(catalog, record->key, &entry);
    else
        log_warn("ingest.catalog_entry_unreadable", "key", record->key, "why", err.text);
}

/* The group is this process's own: everybody needs all partitions, every time from the start. */
static bool catalog_assigned(void *opaque, const char *topic, const int32_t *partitions,
                             size_t count, int64_t *next_offsets, struct err *err)
{
    struct ingest_catalog *catalog = opaque;

    for (size_t i = 0; i < count; i++) {
        if (partitions[i] >= CATALOG_PARTITIONS_MAX)
            return err_set(err, ERR_FATAL, "topic '%s' has more than %d partitions", topic,
                           CATALOG_PARTITIONS_MAX);
        catalog->ends[partitions[i]] = CATALOG_END_UNKNOWN;
        next_offsets[i] = KAFKA_OFFSET_BEGINNING;
    }
    catalog->is_assigned = true;
    return true;
}

/* Asked outside the rebalance callback, and again until the broker tells. */
static int64_t catalog_end(struct ingest_catalog *catalog, struct kafka_consumer *consumer,
                           int32_t partition)
{
    struct err ignored = {0};
    int64_t low = 0;
    int64_t high = 0;

    if (!kafka_consumer_watermarks(consumer, catalog->topic, partition, &low, &high, &ignored))
        return CATALOG_END_UNKNOWN;
    return low < high ? high : CATALOG_END_REACHED;
}

static void catalog_progress(struct ingest_catalog *catalog, struct kafka_consumer *consumer)
{
    bool is_read = catalog->is_assigned;

    if (atomic_load(&catalog->is_read))
        return;
    for (int32_t i = 0; i < CATALOG_PARTITIONS_MAX; i++) {
        if (catalog->ends[i] == CATALOG_END_UNKNOWN)
            catalog->ends[i] = catalog_end(catalog, consumer, i);
        is_read = is_read && catalog->ends[i] == CATALOG_END_REACHED;
    }
    atomic_store(&catalog->is_read, is_read);
    if (is_read)
        log_info("ingest.catalog_read", "listings", log_int(ingest_catalog_len(catalog)));
}

bool ingest_catalog_is_read(struct ingest_catalog *catalog)
{
    return atomic_load(&catalog->is_read);
}

/* Until stopping, or until the consumer is of no more use. */
static bool catalog_read(struct ingest_catalog *catalog, struct err *err)
{
    const struct kafka_consumer_options options = {
        .brokers = catalog->brokers,
        .client_id = "stockbus-ingest",
        .group = catalog->group,
        .topic = catalog->topic,
        .assigned = catalog_assigned,
        .opaque = catalog,
    };
    SCOPED(kafka_consumer) struct kafka_consumer *consumer = NULL;
    const struct kafka_record *record = NULL;

    consumer = kafka_consumer_new(&options, err);
    if (consumer == NULL)
        return false;
    while (!stop_requested()) {
        if (kafka_consumer_poll(consumer, CATALOG_POLL_MS, &record, err)) {
            catalog_progress(catalog, consumer);
            if (record != NULL)
                catalog_take(catalog, record);
        } else if (err->code == ERR_FATAL) {
            return false;
        }
    }
    return true;
}

/* Without it events are keyed by listing, which costs the ledger time and nothing else. */
static void *catalog_main(void *opaque)
{
    struct ingest_catalog *catalog = opaque;

    while (!stop_requested()) {
        struct err err = {0};

        if (catalog_read(catalog, &err))
            break;
        log_warn("ingest.catalog_unreadable", "topic", catalog->topic, "why", err.text);
        stop_wait(CATALOG_PAUSE_MS);
    }
    return NULL;
}

static char *catalog_group(struct arena *arena, const char *topic)
{
    return arena_printf(arena, "%s.ingest-%s", topic, ingest_ids_uuid(arena));
}

bool ingest_catalog_follow(struct ingest_catalog *catalog, const char *brokers, const char *topic,
                           struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    sigset_t all;
    sigset_t before;

    catalog->brokers = mem_strdup(brokers);
    catalog->topic = mem_strdup(topic);
    catalog->group = mem_strdup(catalog_group(arena, topic));
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&catalog->thread, NULL, catalog_main, catalog);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    catalog->has_thread = failed == 0;
    return failed == 0 || err_set(err, ERR_FATAL, "no thread to follow '%s' (%d)", topic, failed);
}

void ingest_catalog_join(struct ingest_catalog *catalog)
{
    if (!catalog->has_thread)
        return;
    pthread_join(catalog->thread, NULL);
    catalog->has_thread = false;
}
