/*
 * The working set behind stock.h. Internal to this folder. All of it lives in the arena, nothing is
 * freed: a batch that fails on any path is forgotten with its arena.
 *
 * One event is one plan: every step is computed and bounded first, then all are done, or none.
 */
#pragma once

#include "lib/event/breach.h"
#include "lib/stock/decision.h"
#include "lib/stock/measure.h"
#include "lib/stock/stock.h"

/* What a double, a JSON number of any reader, holds exactly. */
#define STOCK_QUANTITY_LIMIT (INT64_C(1) << 53)

#define STOCK_OVERFLOW     EVENT_OVERFLOW
#define STOCK_NOT_REPORTED "not-reported"
#define STOCK_NO_MAPPING   "no-mapping"
#define STOCK_RETIRED      "retired"
#define STOCK_RECEIVING    "receiving"
#define STOCK_WAS_DROPPED  "dropped"

/* ---- table.c: text tuples to pointers. Not lib/base/map, which must be freed and joins keys ----
 */

enum { STOCK_TABLE_TEXTS = 3 };

struct stock_table_entry {
    const char *texts[STOCK_TABLE_TEXTS]; /* borrowed */
    uint64_t hash;
    void *value;
};

/* Entries stand in insertion order: iterate over them. */
struct stock_table {
    struct stock_table_entry *entries;
    size_t len;
    size_t capacity;
    uint32_t *slots; /* twice the capacity; 0 is free, else the entry's number + 1 */
};

/* NULL when it is not there. Unused texts are "". */
void *stock_table_get(const struct stock_table *table, const char *a, const char *b, const char *c);
/* The key is not there yet. */
void stock_table_add(struct stock_table *table, struct arena *arena,
                     const char *const texts[STOCK_TABLE_TEXTS], void *value);

/* ---- the working set ---- */

struct stock_list {
    void **items;
    size_t len;
    size_t capacity;
};

/* Who changed something last; seq 0: nobody in this batch. */
struct cause {
    size_t seq;
    const char *event_id;
    const char *record_id; /* the event in hand: it, or a decision about it */
    const char *channel;
    const char *order_id;
};

struct later {
    int64_t occurred_ms;
    int64_t delta;
};

/* A count that was told, in force or not. */
struct count_fact {
    struct stock_count row;
    struct position *position;
    bool was_held; /* as the status of its event says */
};

struct position {
    struct stock_position row;
    struct shelf *shelf;
    bool is_touched;
    struct cause changed;     /* the event that changed it last */
    struct stock_count count; /* the latest in force; event_id NULL: none */
    bool is_count_loaded;     /* and is not among the facts */
    struct stock_count count_row;
    bool is_count_new;
    struct count_fact **facts;
    size_t facts_len;
    size_t facts_capacity;
    /* Movements after the count, for the next count: a heap, the earliest on top. Behind it the
       others, for a count that steps back. */
    struct later *later;
    size_t later_len;
    size_t moved_len;
    size_t later_capacity;
    __int128 later_sum;
    int64_t planned; /* quantity after the plan, valid when planned_seq is the event's */
    size_t planned_seq;
};

/* All positions of one SKU in one pool. */
struct shelf {
    const char *sku;
    const char *pool;
    struct position **positions;
    size_t len;
    size_t capacity;
    struct position *sellable;  /* NULL: no such position */
    struct position *committed; /* the same */
    bool is_touched;
    size_t net_seq; /* net is what the event of this number did to available */
    int64_t net;
    struct cause lowered;           /* the last event that lowered available */
    struct cause lowered_before;    /* the same, without the event in hand */
    struct stock_oversell oversell; /* event_id NULL: none open */
    bool is_oversell_listed;        /* among the changed ones */
    struct consignment **inbounds;  /* that were ever reported into this pool */
    size_t inbounds_len;
    size_t inbounds_capacity;
};

struct pool {
    struct stock_pool row; /* the newest; id NULL: never declared */
};

struct mapping {
    struct stock_mapping row;
    struct shelf **shelves; /* one per component */
    const struct pool *pool;
};

struct rule {
    struct stock_rule row; /* the newest of its scope */
    struct cause changed;
};

/* A dated fact about speed, see measure.h: the newest of its name. */
struct measure {
    int64_t at_ms;
    const char *id;
    union {
        const struct event_tier *tier;
        const struct event_velocity *velocity;
        const struct event_latency *latency;
        const struct event_promotion *promotion;
    };
    struct cause changed;
};

struct line_state {
    struct stock_line row;
    int64_t cancelled_parts;         /* sum of LINE_CANCELLED */
    bool is_dropped;                 /* its newest report */
    struct listing *listing;         /* NULL: not said yet */
    const struct mapping *in_force;  /* when placed; maybe a retired one; NULL: none */
    const struct mapping *effective; /* whose effects are in the positions; NULL: no effects */
};

struct line {
    struct line_state now;
    struct order *order;
    size_t listing_at; /* index in listing->lines */
    size_t parts_capacity;
    bool is_changed;
    bool is_restated; /* it waited for something else before */
};

struct order {
    struct stock_voided voided; /* voided_ms 0: it is not */
    bool is_voided_new;
    struct line **lines;
    size_t len;
    size_t capacity;
};

struct listing {
    struct stock_listing row; /* as loaded, but for sold_here and open_here */
    bool is_stored;
    int64_t sold_stored;
    int64_t open_stored;
    const struct mapping **mappings;
    size_t mappings_len;
    size_t mappings_capacity;
    const struct mapping *newest;
    struct line **lines;
    size_t lines_len;
    size_t lines_capacity;
    struct cause changed; /* its mapping, sold_here or open_here */
    int64_t planned_sold; /* valid when planned_seq is the event's */
    size_t planned_seq;
};

/* All that is known of one SKU of a shipment or removal, in order of time. */
struct consignment_facts {
    const struct stock_consignment_report *const *reports;
    size_t reports_len;
    const struct stock_receipt *const *receipts;
    size_t receipts_len;
};

struct consignment {
    struct stock_consignment row;
    struct consignment_facts facts;
    const struct shelf *to; /* that the newest inbound report names; else NULL */
    bool is_changed;
    bool has_waited;
};

/* Another count is in force from now on. */
struct recount {
    struct position *position;
    struct stock_count was;
    int64_t was_quantity;
};

struct step {
    struct position *position;
    int64_t delta;
    int64_t occurred_ms;
    const char *reason;
    const struct stock_line *line; /* that it is for, which names the order; or NULL */
};

struct line_change {
    struct line *line;
    struct line_state after;
};

struct plan {
    struct step *steps;
    size_t steps_len;
    size_t steps_capacity;
    struct line_change *changes;
    size_t changes_len;
    size_t changes_capacity;
    struct recount *recounts;
    size_t recounts_len;
    size_t recounts_capacity;
    bool overflows;
};

/* An event, and what is decided about it. */
struct decided {
    const char *event_id;
    bool is_known;              /* it came */
    struct event_breach breach; /* reason "": it keeps the rules */
    const struct event *event;  /* one that breaks a rule, as it came */
    enum event_kind kind;
    const char *channel; /* these name the line of one that keeps them */
    const char *order_id;
    const char *line_id;
    const struct event **decisions;
    size_t len;
    size_t capacity;
    bool counts; /* see decision.h */
    bool is_dropped;
};

struct stock {
    struct arena *arena;
    bool is_loaded;
    /* the event in hand */
    enum event_kind kind;
    struct cause cause;
    struct plan plan;

    struct stock_table lines;      /* channel, order, line -> struct line */
    struct stock_table orders;     /* channel, order -> struct order */
    struct stock_table listings;   /* channel, listing -> struct listing */
    struct stock_table pools;      /* pool -> struct pool */
    struct stock_table rules;      /* channel, listing, sku -> struct rule */
    struct stock_table tier_rules; /* channel, tier -> struct rule */
    struct stock_table shelves;    /* sku, pool -> struct shelf */
    struct stock_table elsewhere;  /* mapping, pool -> struct mapping that draws from there */
    struct stock_table consignments; /* kind, id, sku -> struct consignment */
    struct stock_table tiers;      /* tier -> struct measure */
    struct stock_table velocities; /* sku -> struct measure */
    struct stock_table latencies;  /* channel -> struct measure */
    struct stock_table promotions; /* sku -> struct measure */
    /* all tiers, and who changed any of them last; set at settling */
    const struct event_tier **tiers_now;
    size_t tiers_now_len;
    struct cause tiers_changed;
    struct stock_table decided;    /* event id -> struct decided */
    struct stock_outcome told;     /* what becomes of the event in hand */

    struct stock_list touched_lines;     /* struct line */
    struct stock_list touched_positions; /* struct position */
    struct stock_list touched_shelves;   /* struct shelf */
    struct stock_list touched_consignments; /* struct consignment */
    struct stock_list count_facts;          /* struct count_fact */

    struct stock_list changed_lines;
    struct stock_list restated_lines;
    struct stock_new_part *new_parts;
    size_t new_parts_len;
    size_t new_parts_capacity;
    struct stock_list new_voided;
    struct stock_list new_mappings;
    struct stock_list new_rules;
    struct stock_list new_pools;
    struct stock_list new_tiers;
    struct stock_list new_velocities;
    struct stock_list new_latencies;
    struct stock_list new_promotions;
    struct stock_list new_counts;
    struct stock_list new_count_facts;
    struct stock_list changed_consignments;
    struct stock_list new_reports;
    struct stock_list new_receipts;
    struct stock_status *statuses;
    size_t statuses_len;
    size_t statuses_capacity;
    struct stock_list new_movements;
    struct stock_list changed_positions;
    struct stock_listing_change *changed_listings;
    size_t changed_listings_len;
    size_t changed_listings_capacity;
    struct stock_list changed_oversells;
};

/* ---- stock.c ---- */

void stock_list_add(struct stock *stock, struct stock_list *list, void *item);
/* Of two dated facts: the later valid_from_ms, then the greater id. */
bool stock_is_later(int64_t at_ms, const char *id, int64_t than_ms, const char *than_id);
bool stock_is_same(const char *a, const char *b);
/* The event is parked: nothing of it is kept. */
enum stock_verdict stock_overflows(const char **ret_reason);
/* What became of an event other than the one in hand, of this batch or an older one. */
void stock_status_add(struct stock *stock, const char *event_id, enum stock_verdict verdict,
                      const char *reason);

/* The event is the cause of what follows; the record in hand may be another. */
void stock_begin(struct stock *stock, const struct event *event);
/* What a fact that counts does. */
enum stock_verdict stock_apply_fact(struct stock *stock, const struct event *event,
                                    const char **ret_reason);

/* ---- decision.c ---- */

/* Once, when all is loaded. */
void stock_decision_attach(struct stock *stock);
bool stock_decision_is_dropped(const struct stock *stock, const char *event_id);
/* Any event; it counts, or is parked. */
enum stock_verdict stock_decision_know(struct stock *stock, const struct event *event,
                                       const char **ret_reason);
/* A decision that counts. */
enum stock_verdict stock_decision_take(struct stock *stock, const struct event *event,
                                       const char **ret_reason);

/* ---- plan.c ---- */

void stock_plan_begin(struct stock *stock);
/* `delta` units more in the position, as of occurred_ms. A delta of 0 is no step. */
void stock_plan_step(struct stock *stock, const struct step *step);
void stock_plan_sold(struct stock *stock, struct listing *listing, int64_t delta);
/* The line becomes `after`. */
void stock_plan_change(struct stock *stock, struct line *line, const struct line_state *after);
/* Another count of the position is in force (event_id NULL: none); before any step. */
void stock_plan_recount(struct stock *stock, struct position *position,
                        const struct stock_count *count);
/* Does everything, or on overflow nothing: false. */
bool stock_plan_commit(struct stock *stock) MUST_CHECK;

/* ---- position.c ---- */

/* Finds or makes. */
struct shelf *stock_position_shelf(struct stock *stock, const char *sku, const char *pool);
struct position *stock_position_at(struct stock *stock, struct shelf *shelf, const char *bucket);
/* NULL when it is not there. */
const struct position *stock_position_find(const struct shelf *shelf, const char *bucket);
bool stock_position_is_after_count(const struct position *position, int64_t occurred_ms);
/* What the step does: 0 when a later count replaced it. */
int64_t stock_position_effect(const struct position *position, int64_t delta, int64_t occurred_ms);
/* Writes the movement and changes the quantity; both were bounded before. */
void stock_position_move(struct stock *stock, const struct step *step, int64_t effect);
enum stock_verdict stock_position_receive(struct stock *stock, const struct event *event,
                                          const char **ret_reason);
enum stock_verdict stock_position_transfer(struct stock *stock, const struct event *event,
                                           const char **ret_reason);

/* ---- count.c ---- */

enum stock_verdict stock_count_apply(struct stock *stock, const struct event *event,
                                     const char **ret_reason);
/* A movement that another count may have to keep; is_later: the one in force keeps it. */
void stock_count_remember(struct stock *stock, struct position *position, int64_t delta,
                          int64_t occurred_ms, bool is_later);
void stock_count_load(struct stock *stock, struct position *position,
                      const struct stock_count *count);
void stock_count_end_loading(struct stock *stock);
/* Plans what it takes when counts are held, or are held no more. */
void stock_count_refresh(struct stock *stock, struct shelf *shelf);
/* Called by the plan: puts the count in force, or back; says the position's quantity, false: out of
   bounds; writes the row. */
void stock_count_switch(struct position *position, const struct stock_count *count);
bool stock_count_total(const struct position *position, int64_t *ret_quantity);
void stock_count_write(struct stock *stock, struct position *position);
void stock_count_settle(struct stock *stock);

/* ---- consignment.c ---- */

/* A count of the shelf at that time waits for an inbound shipment to be closed. */
bool stock_consignment_holds(const struct stock *stock, const struct shelf *shelf, int64_t at_ms);
/* Plans the counts that are in force in a pool when it is counted by somebody else. */
void stock_consignment_refresh_pool(struct stock *stock, const char *pool);
enum stock_verdict stock_consignment_report(struct stock *stock, const struct event *event,
                                            const char **ret_reason);
/* A receipt of a shipment or removal. */
bool stock_consignment_is_for(const struct event *received);
enum stock_verdict stock_consignment_receive(struct stock *stock, const struct event *event,
                                             const char **ret_reason);
void stock_consignment_settle(struct stock *stock);

/* ---- line.c ---- */

/* Finds or makes. */
struct order *stock_line_order(struct stock *stock, const char *channel, const char *order_id);
struct line *stock_line_at(struct stock *stock, const char *channel, const char *order_id,
                           const char *line_id);
/* Plans all that it takes for the line to become `after`, whose derived fields are set here. */
void stock_line_plan(struct stock *stock, struct line *line, struct line_state *after);
/* Called by the plan. */
void stock_line_commit(struct stock *stock, const struct line_change *change);
/* Once, when all is loaded. */
void stock_line_attach(struct stock *stock, struct line *line);
enum stock_verdict stock_line_report(struct stock *stock, const struct event *event,
                                     const char **ret_reason);
enum stock_verdict stock_line_part(struct stock *stock, const struct event *event,
                                   const char **ret_reason);
/* A report or part that counts shall move nothing any more, or again. */
enum stock_verdict stock_line_drop(struct stock *stock, const struct event *event, bool is_dropped,
                                   const char **ret_reason);
enum stock_verdict stock_line_void(struct stock *stock, const struct event *event,
                                   const char **ret_reason);

/* ---- effect.c ---- */

/* Plans the movements between the effects of two states of a line. The plan keeps `before`. */
void stock_effect_plan(struct stock *stock, const struct line_state *before,
                       const struct line_state *after);

/* ---- mapping.c ---- */

/* Later in force; of the same time, the greater id. */
bool stock_mapping_is_later(const struct stock_mapping *a, const struct stock_mapping *b);

/* Finds or makes. */
struct listing *stock_mapping_listing(struct stock *stock, const char *channel,
                                      const char *listing);
struct pool *stock_mapping_pool(struct stock *stock, const char *pool);
/* In force at a time, or NULL. Retired ones too. */
const struct mapping *stock_mapping_at(const struct listing *listing, int64_t at_ms);
/* The mapping, drawing from that pool: always the same pointer for both. */
const struct mapping *stock_mapping_in_pool(struct stock *stock, const struct mapping *mapping,
                                            const char *pool);
enum stock_verdict stock_mapping_apply(struct stock *stock, const struct event *event,
                                       const char **ret_reason);
enum stock_verdict stock_mapping_apply_pool(struct stock *stock, const struct event *event,
                                            const char **ret_reason);

/* ---- measure.c ---- */

enum stock_verdict stock_measure_apply(struct stock *stock, const struct event *event);
/* Before the two below. */
void stock_measure_settle(struct stock *stock);
/* The later of the two causes; measure NULL: nothing. */
void stock_measure_note(struct cause *changed, const struct measure *measure);

/* How fast a SKU is. */
struct pace {
    const char *tier;           /* "": none */
    const char *measurement_id; /* "": never measured */
    struct cause changed;
};
/* sku "": a listing that sells several, or none. */
struct pace stock_measure_pace(const struct stock *stock, const char *sku);

/* What the risk of overselling holds back. */
struct price {
    int64_t sets;
    const char *measurement_id; /* of the component that is dearest; "": it costs nothing */
    const char *latency_id;     /* "": not priced */
    struct cause changed;
};
struct price stock_measure_price(const struct stock *stock, const struct mapping *mapping,
                                 int64_t bound_ppm);

/* ---- allocation.c ---- */

enum stock_verdict stock_allocation_apply_rule(struct stock *stock, const struct event *event);
void stock_allocation_settle(struct stock *stock);

/* ---- oversell.c ---- */

/* Keeps who lowered what is available; called before the quantity changes. */
void stock_oversell_note(struct stock *stock, const struct position *position, int64_t effect,
                         const struct stock_line *line);
void stock_oversell_settle(struct stock *stock);
void stock_oversell_next_batch(struct stock *stock);
