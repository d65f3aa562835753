/*
 * The whole: channels, each with its books, lies and notifications, behind one port. One lock
 * guards everything below; it is never held while something is sent.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/json/json.h"

#include "tools/sandbox/bucket.h"
#include "tools/sandbox/config.h"
#include "tools/sandbox/delivery.h"
#include "tools/sandbox/faults.h"
#include "tools/sandbox/idempotency.h"
#include "tools/sandbox/journal.h"
#include "tools/sandbox/market.h"
#include "tools/sandbox/random.h"

enum { SANDBOX_SUBSCRIPTIONS_MAX = 12, SANDBOX_BULKS_MAX = 64 };

/* A call that came in for a channel. */
struct sandbox_call {
    const struct http_request *request;
    const char *method;
    const char *path;        /* without the channel: "/admin/api/..." */
    const struct json *body; /* NULL: none, or no JSON */
    struct arena *arena;
};

struct sandbox_reply {
    int status;
    const char *content_type;
    struct buf body;
    struct http_header headers[4]; /* closed by a NULL name; values live in the call's arena */
};

/* What differs between marketplaces. All are called under the lock. */
struct sandbox_kind {
    const char *name;
    const char *const *topics;
    int tries_max;  /* of one delivery */
    int timeout_ms; /* of one try */
    bool coalesces; /* one delivery per resource is pending at most, built when it is sent */
    double rate_per_second; /* 0: no limit of its own */
    double rate_burst;

    void (*api)(struct sandbox_channel *channel, const struct sandbox_call *call,
                struct sandbox_reply *reply);

    /* A call of a queue that the suite asks; how much later the answer goes out. NULL: none. */
    int64_t (*queue)(struct sandbox_channel *channel, const struct sandbox_call *call,
                     struct sandbox_reply *reply);

    void (*started)(struct sandbox_channel *channel);
    void (*sold)(struct sandbox_channel *channel, struct sandbox_order *order);
    void (*cancelled)(struct sandbox_channel *channel, struct sandbox_order *order,
                      struct sandbox_refund *refund);
    void (*fulfilled)(struct sandbox_channel *channel, struct sandbox_order *order);
    void (*refunded)(struct sandbox_channel *channel, struct sandbox_order *order,
                     struct sandbox_refund *refund);
    void (*stock_changed)(struct sandbox_channel *channel, struct sandbox_listing *listing);
    /* trashed or taken out of the trash; NULL: this marketplace has none */
    void (*trashed)(struct sandbox_channel *channel, struct sandbox_order *order);

    /* Makes delivery->body when coalescing; false: there is nothing to tell any more. */
    bool (*build)(struct sandbox_channel *channel, struct sandbox_delivery *delivery);
    /* Returns how many headers it set, SANDBOX_HEADERS_MAX at most. */
    size_t (*headers)(struct sandbox_channel *channel, const struct sandbox_delivery *delivery,
                      struct arena *arena, struct http_header *headers);
    bool (*is_success)(const struct sandbox_delivery *delivery, int status);
    /* After each try: counts failures in a row, ends the subscription. */
    void (*tried)(struct sandbox_channel *channel, struct sandbox_subscription *subscription,
                  bool success);
};

struct sandbox_counters {
    int64_t sales; /* orders */
    int64_t units;
    int64_t refused;
    int64_t cancelled;
    int64_t notifications_sent; /* tries on the wire */
    int64_t delivered;
    int64_t failed;  /* given up, or kept back by a fault or an ended subscription */
    int64_t dropped; /* of these, by the fault */
    int64_t pushes;
    int64_t push_items;
    int64_t throttled;
    int64_t rejected; /* pushed items, or whole calls, that were refused */
};

struct sandbox_bulk {
    const char *id; /* gid */
    const char *number;
    const char *token;
    int64_t created_ms;
    int64_t done_ms;
    int64_t objects;
    int64_t roots;
    struct buf lines;
};

struct sandbox_channel {
    struct sandbox *sandbox;
    const struct sandbox_channel_config *config;
    const struct sandbox_kind *kind;
    struct sandbox_market market;
    struct sandbox_faults faults;
    struct sandbox_random random; /* decisions */
    struct sandbox_random names;  /* ids of notifications: other ones after each start */
    struct sandbox_bucket bucket;
    struct sandbox_idempotency *idempotency;
    struct sandbox_subscription subscriptions[SANDBOX_SUBSCRIPTIONS_MAX];
    size_t subscriptions_len;
    struct sandbox_outbox outbox;
    struct sandbox_counters counters;
    struct sandbox_bulk bulks[SANDBOX_BULKS_MAX]; /* a ring */
    size_t bulks_len;                             /* ever started */
    int64_t granted;                              /* access tokens, ever */
    struct sandbox_amazon *amazon;                /* NULL: another kind */
};

struct sandbox {
    pthread_mutex_t lock;
    const struct sandbox_config *config;
    struct sandbox_channel *channels;
    size_t channels_len;
    struct map *by_name;
    struct sandbox_journal *journal;
    struct sandbox_sender *sender;
    struct sandbox_waiting *waiting;
    struct sandbox_trace *trace;
    struct http_server *server;
};

extern const struct sandbox_kind sandbox_amazon;
extern const struct sandbox_kind sandbox_ebay;
extern const struct sandbox_kind sandbox_bigcommerce;
extern const struct sandbox_kind sandbox_etsy;
extern const struct sandbox_kind sandbox_house;
extern const struct sandbox_kind sandbox_shopify;
extern const struct sandbox_kind sandbox_tiktok;
extern const struct sandbox_kind sandbox_walmart;
extern const struct sandbox_kind sandbox_woocommerce;

/* Builds all from config, which is borrowed, and serves until told to stop. port_file may be NULL.
 */
bool sandbox_run(const struct sandbox_config *config, const char *port_file, struct err *err);

/* Under the lock: */
struct sandbox_channel *sandbox_channel(const struct sandbox *sandbox, const char *name);
/* Writes the journal and wakes those who read it as it grows. */
void sandbox_note(struct sandbox_channel *channel, const struct sandbox_entry *entry);
void sandbox_note_listing(struct sandbox_channel *channel, const char *type,
                          const struct sandbox_listing *listing, int64_t quantity,
                          const char *order);
/* Draws the fault with this probability; a hit is noted as type. */
bool sandbox_lies(struct sandbox_channel *channel, double probability, const char *type);

/* Not under the lock: the whole answer to a request, whatever it is. */
void sandbox_handle(void *opaque, struct http_request *request);
