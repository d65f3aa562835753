/*
 * The words that facts about stock may use: buckets and reasons, as tables that the checks, the
 * database and the documents share. Pure. breach.h says what becomes of a fact with another word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct event_word {
    const char *name;
    const char *meaning;
    bool is_derived; /* the ledger computes it: no fact may name it */
};

/* State of units in a pool: "sellable", "damaged", ... */
extern const struct event_word event_buckets[];
extern const size_t event_buckets_len;

/* Why stock was adjusted or transferred: "damage", "found", ... */
extern const struct event_word event_reasons[];
extern const size_t event_reasons_len;

/* How far an inbound shipment is. Before CLOSED it is open. */
enum event_inbound_stage {
    EVENT_INBOUND_UNDERWAY, /* made, or on its way */
    EVENT_INBOUND_ARRIVED,  /* there, and nothing was received yet */
    EVENT_INBOUND_RECEIVING,
    EVENT_INBOUND_CLOSED,    /* what was not received is missing */
    EVENT_INBOUND_CANCELLED, /* what was not received never left */
};

struct event_inbound_status {
    const char *name; /* as sources write it, in any case */
    const char *word; /* the one that is kept for it */
    enum event_inbound_stage stage;
};

extern const struct event_inbound_status event_inbound_statuses[];
extern const size_t event_inbound_statuses_len;

/* NULL: unknown. */
const struct event_inbound_status *event_inbound_status(const char *name);

/* A bucket that facts may name. */
bool event_bucket_is_known(const char *name);
/* A bucket that no fact may name. */
bool event_bucket_is_derived(const char *name);
bool event_reason_is_known(const char *name);
