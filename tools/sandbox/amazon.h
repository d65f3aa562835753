/* What the files of the Amazon sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* amazon_queue.c: the SQS queue that the seller's notifications wait in. */
struct sandbox_amazon *sandbox_amazon_new(void);
/* Puts a notification into the queue, after the faults of the channel had their way. */
void sandbox_amazon_send(struct sandbox_channel *channel, const struct buf *body);
/* A call of the JSON protocol, signed. Returns how much later the answer goes out. */
int64_t sandbox_amazon_queue(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply);

/* amazon_api.c: all of the Selling Partner API that is played, and the tokens for it. */
void sandbox_amazon_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply);

/* amazon.c */

/* "250-0001234-5678901" */
const char *sandbox_amazon_order_id(struct arena *arena, const struct sandbox_order *order);
/* NULL: there is none. */
struct sandbox_order *sandbox_amazon_order(struct sandbox_channel *channel, const char *id);
/* As getOrder and searchOrders have it. */
void sandbox_amazon_put_order(struct sandbox_channel *channel, const struct sandbox_order *order,
                              struct json_out *json);
const char *sandbox_amazon_marketplace(const struct sandbox_channel *channel);

/* What a channel has beside its books. */
enum { SANDBOX_AMAZON_DOCUMENTS = 64, SANDBOX_AMAZON_TOKENS = 4 };

struct sandbox_amazon_message {
    uint64_t id;
    int64_t sent_ms;    /* Unix time */
    int64_t visible_ms; /* monotonic */
    int64_t receipts;   /* how often it was handed out */
    struct buf body;
};

/* A report or a feed, and its documents: a ring by number. */
struct sandbox_amazon_document {
    uint64_t number;
    int64_t done_ms;
    const char *type;
    struct buf bytes;
};

struct sandbox_amazon {
    struct sandbox_amazon_message *messages;
    size_t len;
    size_t capacity;
    uint64_t sent;
    char tokens[SANDBOX_AMAZON_TOKENS][48]; /* that are good, a ring */
    uint64_t granted;
    struct sandbox_amazon_document documents[SANDBOX_AMAZON_DOCUMENTS];
    uint64_t made;
};
void sandbox_amazon_free(struct sandbox_amazon *amazon);
