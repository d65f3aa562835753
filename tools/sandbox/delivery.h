/*
 * Notifications on their way out: queued per channel by the time they are due, sent by one thread,
 * a bounded number at a time, tried again as the marketplace does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/map.h"

#include "tools/sandbox/random.h"

enum {
    SANDBOX_HEADERS_MAX = 12,
    SANDBOX_OUTBOX_MAX = 300000, /* pending of one channel; more are failed at once */
    SANDBOX_IN_FLIGHT_MAX = 16,  /* of one channel */
};

struct sandbox;
struct sandbox_channel;
struct sandbox_order;
struct sandbox_listing;

struct sandbox_subscription {
    const char *topic;
    int64_t id;
    int failures; /* in a row */
    bool disabled;
};

struct sandbox_delivery {
    struct sandbox_channel *channel;
    struct sandbox_subscription *subscription;
    const struct sandbox_order *order;     /* what it is about; one may be NULL */
    const struct sandbox_listing *listing; /* the same */
    const char *resource;                  /* id; deliveries of a coalescing kind merge by it */
    struct buf body;
    struct buf corrupted; /* what is sent instead, when a fault says so */
    char id[SANDBOX_UUID_LEN + 1];
    char event_id[SANDBOX_UUID_LEN + 1];
    int64_t triggered_ms;
    int64_t due_ms; /* monotonic */
    uint64_t seq;
    int tries;
    bool ping;
    bool merges; /* stands in the outbox's map */
};

struct sandbox_outbox {
    struct sandbox_delivery **heap; /* by due_ms, then seq */
    size_t len;
    size_t capacity;
    size_t in_flight;
    struct sandbox_delivery **failed; /* what a resend sends again */
    size_t failed_len;
    size_t failed_capacity;
    struct map *merging; /* "topic resource": pending, not yet in flight */
    uint64_t seq;
};

void sandbox_outbox_init(struct sandbox_outbox *outbox);
void sandbox_outbox_release(struct sandbox_outbox *outbox);

/* Under the lock: queues the notification, after the faults of the channel had their way. Takes
   from->body; of the rest, topic decides the subscription, order, listing and resource are kept.
   Nothing happens when the channel has no address or no such topic. */
void sandbox_delivery_emit(struct sandbox_channel *channel, const char *topic,
                           struct sandbox_delivery *from);
/* Under the lock: everything given up goes out once more. Returns how many. */
size_t sandbox_delivery_resend(struct sandbox_channel *channel);

struct sandbox_sender;
struct sandbox_sender *sandbox_sender_start(struct sandbox *sandbox, struct err *err);
/* Ends the thread; what is in flight is dropped. NULL is fine. */
void sandbox_sender_stop(struct sandbox_sender *sender);
void sandbox_sender_wake(struct sandbox_sender *sender);
