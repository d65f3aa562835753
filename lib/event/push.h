/*
 * Targets and outcomes as plain structs: what the ledger wants a listing to show, and what became
 * of each attempt to make it so. Texts live in the arena that they were decoded into.
 */
#pragma once

#include "lib/event/event.h"

struct target {
    const char *channel;
    const char *listing;
    const char *address;
    int64_t quantity; /* >= 0 */
    int64_t version;  /* grows with every change of this listing's target */
    const char *event_id;
    const char *rule_id;
    const char *mapping_id;
    int64_t sold_here; /* units of this listing that its own channel sold so far, net of cancels */
    struct event_times times; /* occurred, received: of the causing event; applied; published */
    const char *traceparent;
    const char *cause_channel;
    int64_t open_here; /* of sold_here, what is not shipped: still on hand */
};

enum outcome_result {
    OUTCOME_NONE,
    OUTCOME_CONFIRMED,
    OUTCOME_ACCEPTED_NOT_APPLIED,
    OUTCOME_REJECTED,
    OUTCOME_SUPERSEDED,
    OUTCOME_PARKED,
    OUTCOME_RETRYING,
    OUTCOME_RESULT_COUNT,
};

struct outcome {
    const char *channel;
    const char *listing;
    const char *address;
    int64_t version;
    int64_t quantity;
    enum outcome_result result;
    int attempt;
    int http_status;
    const char *error_class; /* "" when none */
    const char *error_text;
    const char *request_hash;
    int64_t request_us;
    const char *event_id;
    struct event_times times;
    const char *traceparent;
};

struct catalog_entry {
    const char *channel;
    const char *listing;
    const char *address;
    const char *sku; /* "" when it sells several, or is retired */
};

struct rejected_header {
    const char *name;
    const char *value;
};

struct rejected {
    struct event_source source;
    struct event_times times;
    const char *reason;
    const char *content_type;
    const void *body;
    size_t body_len;
    const struct rejected_header *headers;
    size_t headers_len;
    const char *topic; /* of records that were on a topic already; else "" */
    int32_t partition;
    int64_t offset;
};

/* Copies a target; its texts stand in one piece of memory, which is returned: owned. */
char *target_copy(const struct target *from, struct target *to);

/* "confirmed", "accepted_not_applied", ...: stable, in SQL, metrics and logs. */
const char *outcome_result_name(enum outcome_result result);
bool outcome_result_parse(const char *name, enum outcome_result *ret_result);
