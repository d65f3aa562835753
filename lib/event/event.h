/*
 * One fact as a plain struct: what channels produce, the topic carries and lib/stock folds. All
 * texts live in the arena that the event was made in; ids are text and may have 18 digits and more.
 * Quantities are whole units with |q| <= EVENT_QUANTITY_MAX. Times are milliseconds since 1970 UTC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

#define EVENT_QUANTITY_MAX INT64_C(1000000000)

enum {
    EVENT_ID_LEN = 36,    /* a UUID in text */
    EVENT_TEXT_MAX = 512, /* bytes of any id or name */
    EVENT_COMPONENTS_MAX = 64,
    EVENT_NAMES_MAX = 32, /* pools and buckets of a rule */
    EVENT_CHANNELS_MAX = 64,
    EVENT_CHANGES_MAX = 32,
    EVENT_DECISIONS_MAX = 1000, /* about one event */
    EVENT_RISK_BOUND_MAX = 100000, /* ppm: a tenth; below a half lib/stock/risk.c needs it */
};

enum event_kind {
    EVENT_NONE,
    EVENT_ORDER_LINE,
    EVENT_ORDER_VOIDED,
    EVENT_LINE_CANCELLED,
    EVENT_LINE_SHIPPED,
    EVENT_LINE_RETURNED,
    EVENT_STOCK_COUNTED,
    EVENT_STOCK_RECEIVED,
    EVENT_STOCK_ADJUSTED,
    EVENT_STOCK_TRANSFERRED,
    EVENT_MAPPING_CHANGED,
    EVENT_POOL_CHANGED,
    EVENT_RULE_CHANGED,
    EVENT_OBSERVATION,
    EVENT_TIER_DEFINED,
    EVENT_VELOCITY_MEASURED,
    EVENT_LATENCY_MEASURED,
    EVENT_PROMOTION_CHANGED,
    EVENT_INBOUND_REPORTED,
    EVENT_REMOVAL_REPORTED,
    EVENT_DECIDED,
    EVENT_KIND_COUNT,
};

enum event_captured_via {
    EVENT_VIA_NONE,
    EVENT_VIA_PUSH,
    EVENT_VIA_POLL,
    EVENT_VIA_MANUAL,
    EVENT_VIA_SNAPSHOT,
    EVENT_VIA_READ, /* read, because a notification only named it */
    EVENT_VIA_COUNT,
};

enum event_pool_authority { EVENT_POOL_NONE, EVENT_POOL_LEDGER, EVENT_POOL_CHANNEL };

struct event_source {
    const char *channel;         /* "shopify-main"; "admin" for operators */
    const char *account;         /* the marketplace's own name of the account, may be "" */
    const char *notification_id; /* shared by all events of one notification */
    enum event_captured_via captured_via;
    const char *adapter; /* "shopify/1" */
    const char *host;
    const char *actor; /* manual facts: who; else "" */
};

struct event_times {
    int64_t occurred_ms;
    int64_t received_ms;
    int64_t applied_ms;
    int64_t published_ms;
    int64_t confirmed_ms;
};

/* The first event of a notification has the bytes, the others name it. */
struct event_raw {
    const char *content_type;
    const char *topic_header; /* the marketplace's own topic, e.g. "orders/create" */
    const void *body;
    size_t body_len;
    const char *in_event_id;
};

struct event_order_line {
    const char *order_id;
    const char *line_id;
    const char *listing;
    int64_t ordered;
    int64_t cancelled;
    int64_t placed_ms;  /* constant over all reports of the line; picks the mapping */
    int64_t version_ms; /* the newest wins; equal ones are told apart by their content */
    const char *status;
    const char *pool;    /* that ships it; "": the mapping's */
    const char *fulfils; /* another channel's order whose units it ships: then it moves nothing */
};

struct event_order_voided {
    const char *order_id;
    int64_t version_ms;
};

/* LINE_CANCELLED, LINE_SHIPPED, LINE_RETURNED */
struct event_line_part {
    const char *order_id;
    const char *line_id;
    const char *part_id; /* unique within the channel and kind of part */
    const char *listing; /* "" when the source does not say */
    int64_t quantity;    /* > 0 */
    const char *bucket;  /* returned units: "sellable", "quarantine", "damaged"; else "" */
};

/* STOCK_COUNTED, STOCK_RECEIVED (quantity >= 0), STOCK_ADJUSTED (a delta) */
struct event_stock {
    const char *fact_id;
    const char *sku;
    const char *pool;
    const char *bucket;
    int64_t quantity;
    const char *reason;      /* adjusted: one of event_reasons */
    const char *note;        /* adjusted: for people */
    const char *shipment_id; /* received: part of this inbound shipment, or "" */
    const char *removal_id;  /* received: part of this removal, or "" */
};

struct event_transfer {
    const char *fact_id;
    const char *sku;
    const char *from_pool;
    const char *from_bucket;
    const char *to_pool;
    const char *to_bucket;
    int64_t quantity; /* > 0 */
    const char *reason; /* one of event_reasons */
    const char *note;   /* for people */
};

struct event_component {
    const char *sku;
    int64_t units; /* > 0 */
};

struct event_mapping {
    const char *fact_id;
    const char *channel;
    const char *listing;
    const char *address; /* how the kind's API and snapshots name the listing; see channels/ */
    const struct event_component *components; /* none: the listing is retired */
    size_t components_len;
    const char *pool; /* the pool that its orders draw from */
};

struct event_pool {
    const char *fact_id;
    const char *pool;
    enum event_pool_authority authority;
    const char *title;
};

/* Scope: channel+listing, or sku or tier (either with or without channel), or channel, or
   everything (all ""). */
struct event_rule {
    const char *fact_id;
    const char *channel;
    const char *listing;
    const char *sku;
    const char *const *pools; /* none: the mapping's pool */
    size_t pools_len;
    const char *const *buckets; /* none: "sellable" */
    size_t buckets_len;
    int64_t buffer_units;
    int64_t buffer_percent; /* 0..100, of available, rounded up */
    int64_t cap;            /* 0: none */
    int64_t floor;
    const char *tier;
    /* How likely an oversell by a sale elsewhere may be at most, in millionths; 0: not priced. */
    int64_t risk_bound_ppm;
    int64_t safety_stock; /* what an emergency shows; never part of a target */
};

struct event_observation {
    const char *listing; /* at least one of listing, address, sku is not "" */
    const char *address;
    const char *sku;
    bool tracked;
    int64_t quantity;
    int64_t version_ms;
    /* What brought it about, by the channel's own word: "sale", "write" (an API or a person), or
       the reference that a push of ours carried ("stockbus://target/<event id>"); "": it does not
       say. */
    const char *origin;
};

/* A velocity class. A SKU is in the one with the greatest from_per_day that it reaches. */
struct event_tier {
    const char *fact_id;
    const char *tier;
    int64_t from_per_day;   /* units a day over all channels */
    int64_t latency_ms;     /* objective: from a change to the channel's confirmation */
    int64_t lead_time_days; /* for restocking */
};

struct event_channel_units {
    const char *channel;
    int64_t units;
};

/* What a SKU sold within the window that ended at as_of_ms. */
struct event_velocity {
    const char *sku;
    int64_t as_of_ms;
    int64_t window_ms;
    const struct event_channel_units *units; /* no channel twice */
    size_t units_len;
};

/* How long the channel may show what is no longer true. */
struct event_latency {
    const char *channel;
    int64_t as_of_ms;
    int64_t latency_ms; /* the 99th percentile */
    int64_t samples;
};

enum event_decision { EVENT_DECISION_NONE, EVENT_DROP, EVENT_RELEASE, EVENT_FIX };

struct event_change {
    const char *field; /* of the fact, as in the proto message; or "occurred_at" */
    const char *value; /* as text */
};

/* What an operator decided about another event: lib/stock/decision.h says what comes of it. */
struct event_decided {
    const char *event_id;
    int64_t number; /* 1 for the first decision about the event, then 2, 3, ... without a gap */
    enum event_decision decision;
    const struct event_change *changes; /* of a fix */
    size_t changes_len;
    const char *note; /* why */
};

/* While on, the SKU is in the fastest tier. */
struct event_promotion {
    const char *fact_id;
    const char *sku;
    bool active;
};

/* Quantities are totals so far. received, damaged and lost may exceed sent: a surplus. */
struct event_inbound {
    const char *shipment_id; /* unique over all channels */
    const char *sku;
    const char *from_pool; /* "": from outside */
    const char *to_pool;
    const char *status; /* one of event_inbound_statuses */
    int64_t sent;
    int64_t received; /* sellable ones */
    int64_t damaged;
    int64_t lost;
    int64_t version_ms; /* the newest wins; each report counts as of its version */
    int64_t created_ms; /* 0: unknown */
    int64_t expected_ms; /* 0: unknown */
};

/* The same of what a channel sends back or disposes of. */
struct event_removal {
    const char *removal_id; /* unique over all channels */
    const char *sku;
    const char *from_pool;
    const char *bucket;  /* that the units leave */
    const char *to_pool; /* "": unknown or none; then nothing is received */
    int64_t requested;
    int64_t cancelled; /* at most the requested */
    int64_t shipped;
    int64_t disposed;
    int64_t received;
    int64_t lost;
    const char *status;
    int64_t version_ms;
    int64_t created_ms; /* 0: unknown */
};

struct event {
    char id[EVENT_ID_LEN + 1]; /* event_identify() */
    enum event_kind kind;
    struct event_source source;
    struct event_times times;
    const char *traceparent;
    struct event_raw raw;
    union {
        struct event_order_line order_line;
        struct event_order_voided order_voided;
        struct event_line_part part;
        struct event_stock stock;
        struct event_transfer transfer;
        struct event_mapping mapping;
        struct event_pool pool;
        struct event_rule rule;
        struct event_observation observation;
        struct event_tier tier;
        struct event_velocity velocity;
        struct event_latency latency;
        struct event_promotion promotion;
        struct event_inbound inbound;
        struct event_removal removal;
        struct event_decided decided;
    };
};

/* Zeroed, all texts "". */
void event_init(struct event *ret_event, enum event_kind kind);

struct event_list {
    struct event *events; /* in the arena */
    size_t len;
    size_t capacity;
};

/* Appends a zeroed event (all texts "") and returns it, borrowed until the next append. */
struct event *event_list_add(struct event_list *list, struct arena *arena, enum event_kind kind);

/* "order_line", ... stable: in JSON, SQL, metrics. */
const char *event_kind_name(enum event_kind kind);
bool event_kind_parse(const char *name, enum event_kind *ret_kind);
/* "drop", "release", "fix". */
const char *event_decision_name(enum event_decision decision);
const char *event_via_name(enum event_captured_via via);

/*
 * Sets event->id, a UUIDv5 of the business key: channel, kind and the fact's own ids, never the
 * times or the notification, so redelivery and re-poll make the same id. Reports of order lines
 * include their version and content: two states within one tick of the source's clock are two
 * facts.
 */
void event_identify(struct event *event);

/* A UUID in lower-case text. */
bool event_id_is_valid(const char *id);

enum { EVENT_HASH_LEN = 32 };
/* SHA-256 of the fact (kind, channel, every field of the union, occurred time; no notification, no
   receive time, no raw). Same id with another hash is an alarm (promise P3). */
void event_content_hash(const struct event *event, unsigned char hash[EVENT_HASH_LEN]);

/* Whether it can be stored and talked of: its kind, id, source and times, and texts that are texts.
   Call event_identify() before. What fails here can't become an event. */
bool event_check_form(const struct event *event, struct err *err) MUST_CHECK;
/* That, and every rule that nobody can waive (breach.h): what passes here can be folded. For those
   who say facts themselves; what others say is kept, and parked when it breaks a rule. ERR_REJECT:
   "order_line: ordered is -2, want 0 to 1000000000". */
bool event_check(const struct event *event, struct err *err) MUST_CHECK;
