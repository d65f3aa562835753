#include "tools/sandbox/delivery.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"

#include "tools/sandbox/sandbox.h"
#include "tools/sandbox/waiting.h"

enum {
    DELIVERY_IDLE_MS = 1000,
    DELIVERY_REORDER_MS = 400, /* so much later that those behind pass */
    DELIVERY_BATCH_MAX = 256,
    DELIVERY_REPLY_MAX = 1 << 20,
    DELIVERY_CONNECTIONS_MAX = 64,
    DELIVERY_BACKOFF_MAX = 20, /* doublings */
};

/* ---- the queue ---- */

void sandbox_outbox_init(struct sandbox_outbox *outbox)
{
    *outbox = (struct sandbox_outbox){.merging = map_new()};
}

static void delivery_free(struct sandbox_delivery *delivery)
{
    buf_release(&delivery->body);
    buf_release(&delivery->corrupted);
    mem_free(delivery);
}

void sandbox_outbox_release(struct sandbox_outbox *outbox)
{
    for (size_t i = 0; i < outbox->len; i++)
        delivery_free(outbox->heap[i]);
    for (size_t i = 0; i < outbox->failed_len; i++)
        delivery_free(outbox->failed[i]);
    mem_free(outbox->heap);
    mem_free(outbox->failed);
    map_free(outbox->merging);
}

static bool delivery_before(const struct sandbox_delivery *a, const struct sandbox_delivery *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->seq < b->seq;
}

static void outbox_push(struct sandbox_outbox *outbox, struct sandbox_delivery *delivery)
{
    size_t at = outbox->len++;

    if (outbox->len > outbox->capacity) {
        outbox->capacity = outbox->capacity == 0 ? 64 : 2 * outbox->capacity;
        outbox->heap = mem_realloc(outbox->heap, outbox->capacity, sizeof(*outbox->heap));
    }
    delivery->seq = ++outbox->seq;
    while (at > 0 && delivery_before(delivery, outbox->heap[(at - 1) / 2])) {
        outbox->heap[at] = outbox->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    outbox->heap[at] = delivery;
}

static struct sandbox_delivery *outbox_pop(struct sandbox_outbox *outbox)
{
    struct sandbox_delivery *first = outbox->heap[0];
    struct sandbox_delivery *last = outbox->heap[--outbox->len];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= outbox->len)
            break;
        if (child + 1 < outbox->len &&
            delivery_before(outbox->heap[child + 1], outbox->heap[child]))
            child++;
        if (!delivery_before(outbox->heap[child], last))
            break;
        outbox->heap[at] = outbox->heap[child];
        at = child;
    }
    outbox->heap[at] = last;
    return first;
}

static const char *merge_key(const struct sandbox_delivery *delivery, char *text, size_t len)
{
    snprintf(text, len, "%s %s", delivery->subscription->topic, delivery->resource);
    return text;
}

static void note_delivery(const struct sandbox_delivery *delivery, const char *type, int status)
{
    const struct sandbox_listing *listing = delivery->listing;
    struct sandbox_entry entry = {
        .type = type, .topic = delivery->subscription->topic, .status = status};

    if (listing != NULL) {
        entry.listing = listing->key;
        entry.sku = listing->sku;
        entry.quantity = listing->quantity;
    }
    if (delivery->order != NULL)
        entry.order = delivery->order->id;
    sandbox_note(delivery->channel, &entry);
}

/* Given up. It is kept, so that an operator can have it sent again. */
static void delivery_fail(struct sandbox_delivery *delivery, const char *type, int status)
{
    struct sandbox_outbox *outbox = &delivery->channel->outbox;

    delivery->channel->counters.failed++;
    note_delivery(delivery, type, status);
    if (outbox->failed_len == SANDBOX_OUTBOX_MAX) {
        delivery_free(delivery);
        return;
    }
    if (outbox->failed_len == outbox->failed_capacity) {
        outbox->failed_capacity = outbox->failed_capacity == 0 ? 64 : 2 * outbox->failed_capacity;
        outbox->failed =
            mem_realloc(outbox->failed, outbox->failed_capacity, sizeof(*outbox->failed));
    }
    outbox->failed[outbox->failed_len++] = delivery;
}

/* Queued for its time, unless one that will tell the same is pending already. */
static void delivery_queue(struct sandbox_delivery *delivery, int64_t delay_ms, bool merge)
{
    struct sandbox_channel *channel = delivery->channel;
    struct sandbox_outbox *outbox = &channel->outbox;
    char key[128];

    if (delivery->subscription->disabled || outbox->len >= SANDBOX_OUTBOX_MAX) {
        delivery_fail(delivery, "not_sent", 0);
        return;
    }
    delivery->merges = merge && channel->kind->coalesces && delivery->resource != NULL;
    if (delivery->merges) {
        merge_key(delivery, key, sizeof(key));
        if (map_get(outbox->merging, key) != NULL) {
            delivery_free(delivery);
            return;
        }
        map_set(outbox->merging, key, delivery);
    }
    delivery->due_ms = clock_monotonic_ms() + delay_ms;
    outbox_push(outbox, delivery);
    sandbox_sender_wake(channel->sandbox->sender);
}

static struct sandbox_subscription *channel_subscription(struct sandbox_channel *channel,
                                                         const char *topic)
{
    for (size_t i = 0; i < channel->subscriptions_len; i++)
        if (strcmp(channel->subscriptions[i].topic, topic) == 0)
            return &channel->subscriptions[i];
    return NULL;
}

static struct sandbox_delivery *delivery_copy(const struct sandbox_delivery *delivery)
{
    struct sandbox_delivery *copy = mem_calloc(1, sizeof(*copy));

    *copy = *delivery;
    copy->body = copy->corrupted = (struct buf){0};
    if (delivery->body.len > 0)
        buf_append(&copy->body, delivery->body.bytes, delivery->body.len);
    return copy;
}

static int64_t delivery_delay_ms(struct sandbox_channel *channel)
{
    int64_t delay_ms = channel->config->queue_ms;

    if (channel->faults.delay_ms >= 1)
        delay_ms +=
            (int64_t)sandbox_random_below(&channel->random, (uint64_t)channel->faults.delay_ms + 1);
    if (sandbox_lies(channel, channel->faults.reorder, "fault_reorder"))
        delay_ms += DELIVERY_REORDER_MS;
    return delay_ms;
}

void sandbox_delivery_emit(struct sandbox_channel *channel, const char *topic,
                           struct sandbox_delivery *from)
{
    struct sandbox_subscription *subscription = channel_subscription(channel, topic);

    if (subscription == NULL || channel->config->webhook_url[0] == '\0') {
        buf_release(&from->body);
        return;
    }
    struct sandbox_delivery *delivery = mem_calloc(1, sizeof(*delivery));

    *delivery = *from;
    delivery->channel = channel;
    delivery->subscription = subscription;
    delivery->triggered_ms = clock_now_ms();
    sandbox_random_uuid(&channel->names, delivery->id);
    sandbox_random_uuid(&channel->names, delivery->event_id);
    if (!delivery->ping && sandbox_random_chance(&channel->random, channel->faults.drop)) {
        channel->counters.dropped++;
        delivery_fail(delivery, "fault_drop", 0);
        return;
    }
    if (!delivery->ping && sandbox_lies(channel, channel->faults.duplicate, "fault_duplicate"))
        delivery_queue(delivery_copy(delivery), delivery_delay_ms(channel), false);
    delivery_queue(delivery, delivery_delay_ms(channel), true);
}

size_t sandbox_delivery_resend(struct sandbox_channel *channel)
{
    struct sandbox_outbox *outbox = &channel->outbox;
    struct sandbox_delivery **failed = STEAL(outbox->failed);
    size_t len = outbox->failed_len;

    outbox->failed_len = outbox->failed_capacity = 0;
    for (size_t i = 0; i < len; i++) {
        failed[i]->tries = 0;
        delivery_queue(failed[i], 0, true);
    }
    mem_free(failed);
    return len - outbox->failed_len; /* an ended subscription gives them back at once */
}

/* ---- the thread that sends ---- */

struct sandbox_sender {
    struct sandbox *sandbox;
    struct http_client *client;
    pthread_t thread;
    atomic_bool stopping;
};

/* One bit of one byte, which then still is a byte of the same line. */
static void delivery_corrupt(struct sandbox_delivery *delivery)
{
    struct sandbox_channel *channel = delivery->channel;

    buf_clear(&delivery->corrupted);
    if (delivery->body.len == 0 || !sandbox_lies(channel, channel->faults.corrupt, "fault_corrupt"))
        return;
    buf_append(&delivery->corrupted, delivery->body.bytes, delivery->body.len);
    delivery->corrupted.bytes[sandbox_random_below(&channel->random, delivery->body.len)] ^= 1;
}

static void delivery_retry_or_fail(struct sandbox_delivery *delivery, int status)
{
    struct sandbox_channel *channel = delivery->channel;
    int doublings = delivery->tries - 1;

    if (delivery->tries >= channel->kind->tries_max || delivery->subscription->disabled) {
        delivery_fail(delivery, "notification_failed", status);
        return;
    }
    if (doublings > DELIVERY_BACKOFF_MAX)
        doublings = DELIVERY_BACKOFF_MAX;
    delivery->due_ms = clock_monotonic_ms() + (channel->config->retry_base_ms << doublings);
    note_delivery(delivery, "notification_retry", status);
    outbox_push(&channel->outbox, delivery);
}

static void delivery_replied(void *opaque, const struct http_reply *reply)
{
    struct sandbox_delivery *delivery = opaque;
    struct sandbox_channel *channel = delivery->channel;
    struct sandbox *sandbox = channel->sandbox;
    bool success = reply->status != 0 && channel->kind->is_success(delivery, reply->status);

    pthread_mutex_lock(&sandbox->lock);
    channel->outbox.in_flight--;
    if (!delivery->ping)
        channel->kind->tried(channel, delivery->subscription, success);
    if (delivery->ping) {
        note_delivery(delivery, success ? "ping_delivered" : "ping_failed", reply->status);
        delivery_free(delivery);
    } else if (success) {
        channel->counters.delivered++;
        note_delivery(delivery, "delivered", reply->status);
        delivery_free(delivery);
    } else {
        delivery_retry_or_fail(delivery, reply->status);
    }
    pthread_mutex_unlock(&sandbox->lock);
}

/* Under the lock. False: there is nothing to be sent. */
static bool delivery_prepare(struct sandbox_delivery *delivery)
{
    struct sandbox_channel *channel = delivery->channel;
    char key[128];

    if (delivery->merges) {
        map_remove(channel->outbox.merging, merge_key(delivery, key, sizeof(key)));
        delivery->merges = false;
    }
    if (delivery->subscription->disabled) {
        delivery_fail(delivery, "not_sent", 0);
        return false;
    }
    if (!channel->kind->build(channel, delivery)) {
        delivery_free(delivery);
        return false;
    }
    delivery_corrupt(delivery);
    delivery->tries++;
    channel->outbox.in_flight++;
    channel->counters.notifications_sent += !delivery->ping;
    note_delivery(delivery, delivery->ping ? "ping" : "notification", 0);
    return true;
}

struct outgoing {
    struct sandbox_delivery *delivery;
    struct http_call call;
    struct http_header headers[SANDBOX_HEADERS_MAX];
};

static void outgoing_set(struct outgoing *out, struct arena *arena)
{
    struct sandbox_delivery *delivery = out->delivery;
    struct sandbox_channel *channel = delivery->channel;
    const struct buf *body = delivery->corrupted.len > 0 ? &delivery->corrupted : &delivery->body;
    size_t headers_len = channel->kind->headers(channel, delivery, arena, out->headers);

    out->call = (struct http_call){.method = "POST",
                                   .url = channel->config->webhook_url,
                                   .headers = out->headers,
                                   .headers_len = headers_len,
                                   .body = body->bytes,
                                   .body_len = body->len,
                                   .timeout_ms = channel->kind->timeout_ms};
}

/* Under the lock: takes what is due, channel by channel. */
static size_t sender_collect(struct sandbox *sandbox, int64_t now_ms, struct outgoing *batch,
                             struct arena *arena)
{
    size_t len = 0;

    for (size_t i = 0; i < sandbox->channels_len; i++) {
        struct sandbox_outbox *outbox = &sandbox->channels[i].outbox;

        while (len < DELIVERY_BATCH_MAX && outbox->len > 0 &&
               outbox->in_flight < SANDBOX_IN_FLIGHT_MAX && outbox->heap[0]->due_ms <= now_ms) {
            struct sandbox_delivery *delivery = outbox_pop(outbox);

            if (!delivery_prepare(delivery))
                continue;
            batch[len].delivery = delivery;
            outgoing_set(&batch[len++], arena);
        }
    }
    return len;
}

/* Until the next delivery is due that may be sent. */
static int64_t sender_pause_ms(const struct sandbox *sandbox, int64_t now_ms)
{
    int64_t pause_ms = DELIVERY_IDLE_MS;

    for (size_t i = 0; i < sandbox->channels_len; i++) {
        const struct sandbox_outbox *outbox = &sandbox->channels[i].outbox;

        if (outbox->len == 0 || outbox->in_flight >= SANDBOX_IN_FLIGHT_MAX)
            continue; /* a reply ends the wait */
        if (outbox->heap[0]->due_ms - now_ms < pause_ms)
            pause_ms = outbox->heap[0]->due_ms - now_ms;
    }
    return pause_ms < 0 ? 0 : pause_ms;
}

static void *sender_main(void *opaque)
{
    struct sandbox_sender *sender = opaque;
    struct sandbox *sandbox = sender->sandbox;
    struct arena *arena = arena_new();
    struct outgoing *batch = mem_calloc(DELIVERY_BATCH_MAX, sizeof(*batch));

    while (!atomic_load(&sender->stopping)) {
        int64_t now_ms = clock_monotonic_ms();

        pthread_mutex_lock(&sandbox->lock);
        size_t len = sender_collect(sandbox, now_ms, batch, arena);
        int64_t pause_ms = sender_pause_ms(sandbox, now_ms);
        pthread_mutex_unlock(&sandbox->lock);
        for (size_t i = 0; i < len; i++)
            http_client_send(sender->client, &batch[i].call, delivery_replied, batch[i].delivery);
        arena_reset(arena);
        int64_t wait_ms = sandbox_waiting_answer(sandbox->waiting, now_ms, pause_ms);
        http_client_run(sender->client, (int)wait_ms);
    }
    mem_free(batch);
    arena_free(arena);
    return NULL;
}

struct sandbox_sender *sandbox_sender_start(struct sandbox *sandbox, struct err *err)
{
    const struct http_client_options options = {.connections_max = DELIVERY_CONNECTIONS_MAX,
                                                .body_max = DELIVERY_REPLY_MAX,
                                                .user_agent = "stockbus-sandbox"};
    struct sandbox_sender *sender = mem_calloc(1, sizeof(*sender));

    sender->sandbox = sandbox;
    sender->client = http_client_new(&options, err);
    if (sender->client != NULL) {
        sandbox->sender = sender; /* the thread may be asked to wake before this returns */
        if (pthread_create(&sender->thread, NULL, sender_main, sender) == 0)
            return sender;
        err_set(err, ERR_FATAL, "the sender's thread does not start");
        sandbox->sender = NULL;
        http_client_free(sender->client);
    }
    mem_free(sender);
    return NULL;
}

void sandbox_sender_wake(struct sandbox_sender *sender)
{
    if (sender != NULL && !pthread_equal(pthread_self(), sender->thread))
        http_client_wake(sender->client);
}

void sandbox_sender_stop(struct sandbox_sender *sender)
{
    if (sender == NULL)
        return;
    atomic_store(&sender->stopping, true);
    http_client_wake(sender->client);
    pthread_join(sender->thread, NULL);
    http_client_free(sender->client);
    mem_free(sender);
}
