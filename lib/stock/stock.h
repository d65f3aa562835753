/*
 * The domain, pure: folds events into order lines, movements, positions, targets and oversells. No
 * I/O, no clock, no randomness. Its one invariant: state is a function of the SET of events; any
 * order, batch split or (already deduplicated) delay ends in the same lines, positions and targets.
 *
 * How: an order line is the newest report plus sets of parts (cancelled, shipped, returned), and
 * its effect on stock is a pure function of that state and of the mapping in force when it was
 * placed. Each change of a line is applied as the difference between its effects before and after.
 * A stock count at T replaces the physical movements up to T and keeps the later ones:
 * position = latest count + sum of the movements after it (all movements when never counted).
 *
 * Use, once per batch: stock_new(), load what the batch touches (rows as the database has them),
 * stock_apply() each event in any order, stock_settle(), then read the changed rows.
 * Everything lives in the arena given; texts passed in are borrowed and must live as long.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"
#include "lib/event/event.h"
#include "lib/event/push.h"

/* The derived bucket that holds units promised to open lines; counts and facts never name it. */
#define STOCK_COMMITTED "committed"
#define STOCK_SELLABLE  "sellable"

struct stock;

/* ---- rows: as loaded, and as changed ---- */

struct stock_mapping {
    const char *id; /* its event */
    const char *channel;
    const char *listing;
    const char *address;
    const struct event_component *components;
    size_t components_len; /* 0: retired */
    const char *pool;
    int64_t valid_from_ms;
};

struct stock_rule {
    const char *id;
    int64_t valid_from_ms;
    struct event_rule rule;
};

struct stock_pool {
    const char *pool;
    const char *id; /* event that declared it; newest valid_from wins */
    int64_t valid_from_ms;
    enum event_pool_authority authority;
};

struct stock_part {
    const char *event_id;
    enum event_kind kind; /* LINE_CANCELLED, LINE_SHIPPED, LINE_RETURNED */
    const char *part_id;
    int64_t quantity;
    const char *bucket;
    int64_t occurred_ms;
    bool is_dropped; /* counts for nothing: decision.h */
};

/* The source never moves a line to another listing, but may forget its name. So the listing is the
   greatest text that a report said; parts are asked only until there is a report. */
struct stock_line {
    const char *channel;
    const char *order_id;
    const char *line_id;
    const char *listing; /* "" until somebody said it */
    /* the newest report; version_ms 0: none yet, then parts wait */
    int64_t ordered;
    int64_t reported_cancelled;
    int64_t placed_ms;
    int64_t version_ms;
    const char *status;
    const char *pool;      /* that ships it; "": the mapping's */
    const char *fulfils;   /* not "": another channel's order takes the units, this moves nothing */
    const char *report_id; /* its event; breaks ties between equal versions deterministically */
    int64_t voided_ms;     /* newest ORDER_VOIDED of the order, 0: none; void while > version_ms */
    struct stock_part *parts;
    size_t parts_len;
    /* derived, stored for queries and for the difference */
    int64_t cancelled;
    int64_t shipped;
    int64_t returned;
    const char *mapping_id; /* the mapping whose effects are in the positions; "": none */
    const char *waiting;    /* "" or why nothing is applied: no-mapping, retired, not-reported,
                                dropped */
};

/* Holds for lines of the order that come later, too. */
struct stock_voided {
    const char *channel;
    const char *order_id;
    int64_t voided_ms;
    const char *event_id;
};

struct stock_position {
    const char *sku;
    const char *pool;
    const char *bucket;
    int64_t quantity;
};

/* A count of a SKU in a pool that we count ourselves, taken while units of an inbound shipment
   were being received there, is held: it is not in force until the shipment is closed, and then as
   of its own time. */
struct stock_count {
    const char *sku;
    const char *pool;
    const char *bucket;
    const char *event_id;
    int64_t counted_ms;
    int64_t quantity;
};

/* Append-only; those of one event stand in the order of line, SKU, pool, bucket, time. effect: what
   it did to the position at that commit (0: an older fact than the latest count; a count's own row
   has delta 0 and the effect of replacing). Sum of effects = position. */
struct stock_movement {
    const char *event_id;
    const char *record_id; /* the event whose application made it: it, or a decision about it */
    const char *sku;
    const char *pool;
    const char *bucket;
    int64_t delta;
    int64_t effect;
    int64_t occurred_ms;
    const char *reason; /* "placed", "cancelled", "shipped", "returned", "counted", "received",
                           "adjusted", "transferred", "remapped", "decided", "sent", "removed",
                           "disposed", "lost" */
    int64_t balance;    /* the position after it */
};

/*
 * Units of one SKU on their way: an inbound shipment, whose units stand in the bucket "inbound" of
 * the pool that they go to, or a removal order, whose units stand in "in_removal" of the pool that
 * they leave. Its state at a time is the newest report up to then and the receipts up to then; what
 * that state changes, it changes as of that time. So a count between two reports keeps what came
 * after it, whichever arrives first. No report: its receipts wait.
 */
#define STOCK_INBOUND "inbound"
#define STOCK_REMOVAL "removal"

struct stock_consignment_report {
    const char *event_id;
    const char *kind; /* STOCK_INBOUND, STOCK_REMOVAL */
    const char *id;   /* of shipment or removal */
    const char *sku;
    const char *channel;
    const char *from_pool; /* "": from outside */
    const char *from_bucket;
    const char *to_pool;
    const char *status;
    int64_t sent; /* removal: requested */
    int64_t cancelled;
    int64_t shipped; /* removal: what left the channel's hands; moves nothing */
    int64_t received;
    int64_t damaged;
    int64_t disposed;
    int64_t lost;
    int64_t version_ms;
    int64_t created_ms;  /* 0: not said */
    int64_t expected_ms; /* 0: not said */
};

struct stock_receipt {
    const char *event_id;
    const char *kind;
    const char *id;
    const char *sku;
    const char *pool;
    const char *bucket;
    int64_t quantity;
    int64_t occurred_ms;
};

/* Derived from its reports and receipts, but for the key. */
struct stock_consignment {
    const char *kind;
    const char *id;
    const char *sku;
    /* the newest report; report_id "": none yet */
    const char *channel;
    const char *from_pool;
    const char *from_bucket;
    const char *to_pool;
    const char *status;
    const char *report_id;
    int64_t sent;
    int64_t cancelled;
    int64_t shipped;
    int64_t version_ms;
    int64_t expected_ms;
    /* what became of the units: sent = cancelled + received + damaged + disposed + lost + missing +
       transit; a surplus is missing below zero */
    int64_t received; /* those not damaged, by reports and receipts */
    int64_t damaged;
    int64_t disposed;
    int64_t lost;
    int64_t missing; /* closed, and nobody said what became of them */
    int64_t transit; /* in the bucket "inbound" or "in_removal" */
    int64_t created_ms;
    int64_t arrived_ms;   /* first seen there; 0: not yet */
    int64_t receiving_ms; /* first seen being received; 0: never */
    int64_t closed_ms;    /* since when nothing is open; 0: open */
    const char *waiting;  /* "" or why its receipts move nothing: not-reported */
};

/* What a listing should show. quantity -1: never computed. */
struct stock_listing {
    const char *channel;
    const char *listing;
    const char *address;
    int64_t quantity;
    int64_t sold_here;          /* ordered - cancelled, over its lines that do not wait */
    int64_t open_here;          /* of these, what nobody shipped yet */
    const char *mapping_id;     /* the newest */
    const char *rule_id;        /* "": the default rule */
    const char *tier;           /* of its only SKU; "": it sells several, or none is so slow */
    int64_t priced;             /* held back for the risk of overselling, in units of the listing */
    const char *measurement_id; /* the velocity that both follow from; "": none */
    const char *latency_id;     /* the latency that priced it; "": not priced */
    const char *event_id;       /* that caused the last change */
};

/* available < 0 of a SKU in a pool: which event did it. A shortfall that only shrinks keeps its
   event. */
struct stock_oversell {
    const char *sku;
    const char *pool;
    const char *event_id; /* that took the last unit */
    const char *channel;
    const char *order_id;
    int64_t available; /* at settling, < 0 while open */
    bool open;         /* false: closed by this batch */
};

/* ---- loading, in any order, before the first event: what is not loaded does not exist. A fold
   that is too long to know beforehand what it touches may load what is marked *late* afterwards,
   too: an order as a whole (its void, its lines, then their parts), the movements of a position,
   the counts of a shelf, decisions and then the event that they are about; each once, before the
   first event that touches it. ---- */

struct stock *stock_new(struct arena *arena);
/* Whether anything of the order was loaded or applied. */
bool stock_has_order(const struct stock *stock, const char *channel, const char *order_id);
void stock_load_mapping(struct stock *stock, const struct stock_mapping *mapping);
void stock_load_rule(struct stock *stock, const struct stock_rule *rule);
void stock_load_pool(struct stock *stock, const struct stock_pool *pool);
/* Late. Parts are added by stock_load_part(), afterwards. */
void stock_load_line(struct stock *stock, const struct stock_line *line);
void stock_load_part(struct stock *stock, const char *channel, const char *order_id,
                     const char *line_id, const struct stock_part *part);
/* Late. */
void stock_load_voided(struct stock *stock, const struct stock_voided *voided);
void stock_load_position(struct stock *stock, const struct stock_position *position);
/* The latest count of a position (greatest counted_ms, then event id). */
void stock_load_count(struct stock *stock, const struct stock_count *count);
/* Late. Of the positions of a shelf whose holds the batch may change: the latest count that is
   older than any hold, and all that are later. */
void stock_load_count_fact(struct stock *stock, const struct stock_count *count);
/* Movements later than the earliest count that is in the batch or loaded as a fact, for the
   positions that these count. Only sku, pool, bucket, delta, occurred_ms matter. Late, then also
   earlier ones. */
void stock_load_movement(struct stock *stock, const struct stock_movement *movement);
/* Those that the batch names, with all their reports and receipts; without them the open ones that
   are being received into a pool that the batch counts, declares or receives into. */
void stock_load_consignment(struct stock *stock, const struct stock_consignment *consignment);
void stock_load_consignment_report(struct stock *stock,
                                   const struct stock_consignment_report *report);
void stock_load_receipt(struct stock *stock, const struct stock_receipt *receipt);
void stock_load_listing(struct stock *stock, const struct stock_listing *listing);
/* An open oversell record. */
void stock_load_oversell(struct stock *stock, const struct stock_oversell *oversell);

/* Late. Decisions that were taken before, about events that the batch names or that its decisions
   are about; one that is known already is passed over, and so are the events below. */
void stock_load_decision(struct stock *stock, const struct event *decision);
/* An event that a decision is about and that was taken before: the whole of one that breaks a rule
   or is parked for "overflow" (then parked_for says so, else it is ""); */
void stock_load_decided(struct stock *stock, const struct event *event, const char *parked_for);
/* of one that counts by itself only kind, id and channel, and what names its order line. */
void stock_load_sound(struct stock *stock, const struct event *event);

/* ---- folding ---- */

enum stock_verdict {
    STOCK_APPLIED,
    STOCK_NOTED,  /* kept, but it moves nothing: an observation, an older report or count */
    STOCK_PARKED, /* waits: reason says for what */
    STOCK_DROPPED, /* an operator said so */
};

/* Of the reasons for which events are parked: no-mapping, retired, not-reported and receiving
   end by themselves when the missing fact comes; the others wait for an operator. */
bool stock_frees_itself(const char *reason);

/* "applied", "noted", "parked", "dropped": stable, as ledger.events has them. */
const char *stock_verdict_name(enum stock_verdict verdict);

/* The event passed event_check_form() and is no duplicate. *ret_reason: "" or a static, stable
   reason: one of those that free themselves, overflow, or a rule that the event breaks
   (lib/event/breach.h): nothing of it is kept, it waits for an operator. */
enum stock_verdict stock_apply(struct stock *stock, const struct event *event,
                               const char **ret_reason);

/* Once after the last event: oversells, and targets of every loaded listing. */
void stock_settle(struct stock *stock);

/* Between two batches of a fold that goes over many: oversells are settled as if the batch had been
   folded alone, and its movements are forgotten. The final stock_settle() then gives the rows of
   all batches; an oversell may be closed long since. */
void stock_next_batch(struct stock *stock);

/* ---- changed rows, in first-touched order: deterministic ---- */

size_t stock_changed_lines(const struct stock *stock, const struct stock_line *const **ret_lines);
/* New parts, and those that were dropped or released, with the line that each belongs to. */
struct stock_new_part {
    const struct stock_line *line;
    const struct stock_part *part;
};
size_t stock_new_parts(const struct stock *stock, const struct stock_new_part **ret_parts);
size_t stock_new_voided(const struct stock *stock, const struct stock_voided *const **ret_voided);
/* Mappings, rules and pools: all of them, those that are not in force too. */
size_t stock_new_mappings(const struct stock *stock,
                          const struct stock_mapping *const **ret_mappings);
size_t stock_new_rules(const struct stock *stock, const struct stock_rule *const **ret_rules);
size_t stock_new_pools(const struct stock *stock, const struct stock_pool *const **ret_pools);
/* Positions whose count in force changed; event_id "", counted_ms -1: all of them are held. */
size_t stock_new_counts(const struct stock *stock, const struct stock_count *const **ret_counts);
/* All counts of the batch, in force or not. */
size_t stock_new_count_facts(const struct stock *stock,
                             const struct stock_count *const **ret_counts);
size_t stock_changed_consignments(const struct stock *stock,
                                  const struct stock_consignment *const **ret_consignments);
size_t stock_new_consignment_reports(const struct stock *stock,
                                     const struct stock_consignment_report *const **ret_reports);
size_t stock_new_receipts(const struct stock *stock,
                          const struct stock_receipt *const **ret_receipts);
/* Events whose verdict is another one now than when it was given: counts, receipts, decided events
   and decisions. The last row of an event counts. */
struct stock_status {
    const char *event_id;
    enum stock_verdict verdict;
    const char *reason;
};
size_t stock_changed_statuses(const struct stock *stock, const struct stock_status **ret_statuses);
size_t stock_new_movements(const struct stock *stock,
                           const struct stock_movement *const **ret_movements);
/* Every position that a movement touched, also one that ended where it was: writing its row is what
   puts two transactions with movements of one position in an order. */
size_t stock_changed_positions(const struct stock *stock,
                               const struct stock_position *const **ret_positions);
/* Listings of which anything but the event changed; quantity_changed tells whether a target must be
   sent (quantity, address, sold_here: the channel took its own sales off what it shows; or
   open_here: what a channel that is told units on hand is told besides), pace_changed whether the
   tier or what is priced did. */
struct stock_listing_change {
    const struct stock_listing *listing;
    bool quantity_changed;
    bool pace_changed;
};
size_t stock_changed_listings(const struct stock *stock,
                              const struct stock_listing_change **ret_listings);
size_t stock_changed_oversells(const struct stock *stock,
                               const struct stock_oversell *const **ret_oversells);
/* The SKU of a listing that sells no other one; "" of bundles and of retired ones. Borrowed. */
const char *stock_listing_sku(const struct stock *stock, const struct stock_listing *listing);
/* Lines that wait for something else than before the batch, or for nothing: their events' statuses
   follow. A line that waits for "dropped" has its events noted. */
size_t stock_restated_lines(const struct stock *stock, const struct stock_line *const **ret);

/* ---- single decisions, pure, for tests, explain and what-if ---- */

/* What a rule (NULL: default rule) holds back of so many sets, that is units of the listing: the
   largest of its units, its percent (rounded up) and what the risk of overselling costs. */
int64_t stock_buffer_under_rule(int64_t sets, const struct event_rule *rule, int64_t priced);
/* Published quantity of a listing that could show `sellable_sets` (min over components of
   floor(available / units), may be negative) under a rule. */
int64_t stock_quantity_under_rule(int64_t sellable_sets, const struct event_rule *rule,
                                  int64_t priced);
/* How near a rule's scope is to a listing, its only SKU ("": several) and the tier of that: listing
   7 > SKU with channel 6 > SKU 5 > tier with channel 4 > tier 3 > channel 2 > everything 1; 0: the
   rule is not for it. */
int stock_rule_closeness(const struct event_rule *rule, const char *channel, const char *listing,
                         const char *sku, const char *tier);
/* The rule in force for a listing out of candidates: the closest; within one scope the newest
   valid_from_ms, then the greatest id. NULL: none. */
const struct stock_rule *stock_pick_rule(const struct stock_rule *const *rules, size_t count,
                                         const char *channel, const char *listing, const char *sku,
                                         const char *tier);
/* The mapping in force at a time: greatest valid_from_ms <= at_ms, then greatest id. NULL: none. */
const struct stock_mapping *stock_pick_mapping(const struct stock_mapping *const *mappings,
                                               size_t count, int64_t at_ms);
