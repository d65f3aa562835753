/*
 * Random sets of facts for the property tests: few names and few times, so that everything meets.
 * A seed makes the same case on every machine. Each event passes event_check_form(); some break
 * a rule, and decisions are about these, or about others.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/event/breach.h"
#include "lib/event/event.h"

enum { CASE_EVENTS_MAX = 60 };

/* ---- xoshiro256**, seeded by splitmix64 ---- */

struct random {
    uint64_t words[4];
};

static inline uint64_t rotated(uint64_t word, int by)
{
    return (word << by) | (word >> (64 - by));
}

static inline uint64_t random_next(struct random *random)
{
    uint64_t *s = random->words;
    uint64_t result = rotated(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

static inline struct random random_from(uint64_t seed)
{
    struct random random;

    for (size_t i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        random.words[i] = z ^ (z >> 31);
    }
    return random;
}

static inline int64_t pick(struct random *random, int64_t from, int64_t to)
{
    return from + (int64_t)(random_next(random) % (uint64_t)(to - from + 1));
}

static inline bool chance(struct random *random, int64_t percent)
{
    return pick(random, 1, 100) <= percent;
}

#define ONE_OF(random, names) ((names)[pick(random, 0, (int64_t)ARRAY_LEN(names) - 1)])

/* ---- events: few names and few times, so that everything meets ---- */

static const char *const case_channels[] = {"amazon", "ebay"};
static const char *const case_orders[] = {"o1", "o2", "o3"};
static const char *const case_line_ids[] = {"1", "2"};
static const char *const case_listings[] = {"hat", "set", "sock"};
static const char *const case_skus[] = {"cap", "tie", "sash"};
static const char *const case_pools[] = {"wh", "shop", "fba"};
static const char *const case_buckets[] = {"sellable", "damaged"};
static const char *const case_shipments[] = {"s1", "s2"};
static const char *const case_removals[] = {"r1", "r2"};

static inline int64_t any_time(struct random *random)
{
    return pick(random, 1, 20);
}

/* The listing that the source names for a line: mostly the same, sometimes forgotten or another. */
static inline const char *any_listing(struct random *random, const char *order_id,
                                      const char *line_id)
{
    if (chance(random, 10))
        return "";
    if (chance(random, 10))
        return ONE_OF(random, case_listings);
    return case_listings[(size_t)(order_id[1] + line_id[0]) % ARRAY_LEN(case_listings)];
}

static inline void make_report(struct random *random, struct event *event)
{
    struct event_order_line *line = &event->order_line;

    line->order_id = ONE_OF(random, case_orders);
    line->line_id = ONE_OF(random, case_line_ids);
    line->listing = any_listing(random, line->order_id, line->line_id);
    line->ordered = pick(random, 0, 5);
    line->cancelled = chance(random, 30) ? pick(random, 0, line->ordered) : 0;
    line->placed_ms = chance(random, 10) ? any_time(random) : 3 + 5 * (line->order_id[1] - '0');
    line->version_ms = any_time(random);
    line->status = "open";
    line->pool = chance(random, 15) ? ONE_OF(random, case_pools) : "";
    line->fulfils = chance(random, 5) ? "ebay/o1" : "";
}

static inline void make_part(struct random *random, struct event *event)
{
    struct event_line_part *part = &event->part;

    part->order_id = ONE_OF(random, case_orders);
    part->line_id = ONE_OF(random, case_line_ids);
    part->part_id = event->id;
    part->listing = chance(random, 50) ? "" : any_listing(random, part->order_id, part->line_id);
    part->quantity = pick(random, 1, 4);
    part->bucket = event->kind == EVENT_LINE_RETURNED ? ONE_OF(random, case_buckets) : "";
}

static inline void make_stock(struct random *random, struct event *event)
{
    struct event_stock *fact = &event->stock;
    int64_t least = event->kind == EVENT_STOCK_RECEIVED ? 1 : 0;

    fact->fact_id = event->id;
    fact->sku = ONE_OF(random, case_skus);
    fact->pool = ONE_OF(random, case_pools);
    fact->bucket = chance(random, 80) ? "sellable" : ONE_OF(random, case_buckets);
    if (event->kind == EVENT_STOCK_ADJUSTED)
        fact->quantity = chance(random, 50) ? pick(random, -4, -1) : pick(random, 1, 9);
    else
        fact->quantity = pick(random, least, chance(random, 50) ? 9 : 50);
    fact->reason = "found";
    if (event->kind != EVENT_STOCK_RECEIVED || chance(random, 40))
        return;
    if (chance(random, 60))
        fact->shipment_id = ONE_OF(random, case_shipments);
    else if (chance(random, 80))
        fact->removal_id = ONE_OF(random, case_removals);
    else
        fact->reason = "removal";
    fact->quantity = pick(random, 1, 6);
}

/* Mostly the same pools for a shipment, so that its reports meet. */
static inline void make_inbound(struct random *random, struct event *event)
{
    struct event_inbound *fact = &event->inbound;
    static const char *const statuses[] = {"working",   "IN_TRANSIT", "delivered", "receiving",
                                           "receiving", "RECEIVING",  "closed",    "cancelled"};
    size_t from = chance(random, 90) ? 0 : 1;

    fact->shipment_id = ONE_OF(random, case_shipments);
    fact->sku = chance(random, 70) ? case_skus[0] : ONE_OF(random, case_skus);
    fact->from_pool = chance(random, 20) ? "" : case_pools[from];
    fact->to_pool = case_pools[from + 1 + (size_t)chance(random, 20 * (from == 0))];
    fact->status = ONE_OF(random, statuses);
    fact->sent = pick(random, 0, 9);
    fact->received = chance(random, 50) ? pick(random, 0, 9) : 0;
    fact->damaged = chance(random, 20) ? pick(random, 1, 3) : 0;
    fact->lost = chance(random, 20) ? pick(random, 1, 3) : 0;
    fact->version_ms = any_time(random);
    fact->created_ms = chance(random, 20) ? any_time(random) : 0;
}

static inline void make_removal(struct random *random, struct event *event)
{
    struct event_removal *fact = &event->removal;

    fact->removal_id = ONE_OF(random, case_removals);
    fact->sku = chance(random, 70) ? case_skus[0] : ONE_OF(random, case_skus);
    fact->from_pool = "fba";
    fact->bucket = ONE_OF(random, case_buckets);
    fact->to_pool = chance(random, 80) ? "wh" : "shop";
    fact->requested = pick(random, 0, 9);
    fact->cancelled = chance(random, 20) ? pick(random, 0, fact->requested) : 0;
    fact->shipped = pick(random, 0, 9);
    fact->disposed = chance(random, 20) ? pick(random, 1, 3) : 0;
    fact->received = chance(random, 40) ? pick(random, 0, 9) : 0;
    fact->lost = chance(random, 20) ? pick(random, 1, 3) : 0;
    fact->status = "open";
    fact->version_ms = any_time(random);
}

static inline void make_transfer(struct random *random, struct event *event)
{
    struct event_transfer *fact = &event->transfer;

    fact->fact_id = event->id;
    fact->sku = ONE_OF(random, case_skus);
    fact->from_pool = ONE_OF(random, case_pools);
    fact->from_bucket = "sellable";
    fact->to_pool = ONE_OF(random, case_pools);
    fact->to_bucket = chance(random, 50) ? "damaged" : "inbound";
    fact->reason = "relocation";
    fact->quantity = pick(random, 1, 4);
}

static inline void make_mapping(struct random *random, struct arena *arena, struct event *event)
{
    struct event_mapping *fact = &event->mapping;
    struct event_component *components = arena_alloc(arena, 3 * sizeof(*components));
    size_t first = (size_t)pick(random, 0, 2);
    size_t len = chance(random, 50) ? 1 : (size_t)pick(random, 2, 3);

    for (size_t i = 0; i < len; i++) {
        components[i].sku = case_skus[(first + i) % ARRAY_LEN(case_skus)];
        components[i].units = pick(random, 1, 3);
    }
    fact->fact_id = event->id;
    fact->channel = ONE_OF(random, case_channels);
    fact->listing = ONE_OF(random, case_listings);
    fact->address = chance(random, 30) ? "" : chance(random, 50) ? "here" : "there";
    fact->components = components;
    fact->components_len = chance(random, 85) ? len : 0;
    fact->pool = ONE_OF(random, case_pools);
    /* Most are older than most orders, or else every line would wait. */
    if (chance(random, 70))
        event->times.occurred_ms = pick(random, 1, 8);
}

static inline void make_pool(struct random *random, struct event *event)
{
    event->pool.fact_id = event->id;
    event->pool.pool = ONE_OF(random, case_pools);
    event->pool.authority = chance(random, 50) ? EVENT_POOL_CHANNEL : EVENT_POOL_LEDGER;
}

static const char *const case_tiers[] = {"T1", "T2", "T3", "T4", "slow"};

static inline void make_rule(struct random *random, struct event *event)
{
    struct event_rule *rule = &event->rule;
    static const char *const either_first[] = {"sellable", "damaged", "sellable"};

    rule->fact_id = event->id;
    rule->channel = chance(random, 60) ? ONE_OF(random, case_channels) : "";
    if (*rule->channel != '\0' && chance(random, 40))
        rule->listing = ONE_OF(random, case_listings);
    if (*rule->listing == '\0' && chance(random, 40))
        rule->sku = ONE_OF(random, case_skus);
    if (*rule->listing == '\0' && *rule->sku == '\0' && chance(random, 50))
        rule->tier = ONE_OF(random, case_tiers);
    rule->pools = case_pools + pick(random, 0, 1);
    rule->pools_len = (size_t)pick(random, 0, 2);
    rule->buckets = either_first + pick(random, 0, 1);
    rule->buckets_len = (size_t)pick(random, 0, 2);
    rule->buffer_units = pick(random, 0, 2);
    rule->buffer_percent = chance(random, 50) ? pick(random, 0, 100) : 0;
    rule->cap = chance(random, 20) ? pick(random, 1, 5) : 0;
    rule->floor = chance(random, 20) ? pick(random, 1, 3) : 0;
    rule->risk_bound_ppm = chance(random, 50) ? pick(random, 1, EVENT_RISK_BOUND_MAX) : 0;
    rule->safety_stock = pick(random, 0, 3);
}

static inline void make_tier(struct random *random, struct event *event)
{
    static const int64_t from[] = {0, 4, 5, 20, 100, 500};

    event->tier.fact_id = event->id;
    event->tier.tier = ONE_OF(random, case_tiers);
    event->tier.from_per_day = ONE_OF(random, from);
}

/* Around the bounds of the tiers, and such that some units are sold in a latency. */
static inline void make_velocity(struct random *random, struct arena *arena, struct event *event)
{
    static const int64_t rates[] = {0, 1, 4, 5, 19, 20, 99, 100, 600};
    struct event_velocity *fact = &event->velocity;
    struct event_channel_units *units = arena_alloc(arena, 3 * sizeof(*units));
    int64_t days = pick(random, 1, 7);

    fact->sku = ONE_OF(random, case_skus);
    fact->as_of_ms = any_time(random);
    fact->window_ms = days * 86400000;
    fact->units = units;
    fact->units_len = (size_t)pick(random, 0, 3);
    units[0] = (struct event_channel_units){"amazon", ONE_OF(random, rates) * days};
    units[1] = (struct event_channel_units){"ebay", ONE_OF(random, rates)};
    units[2] = (struct event_channel_units){"etsy", ONE_OF(random, rates)};
}

static inline void make_latency(struct random *random, struct event *event)
{
    struct event_latency *fact = &event->latency;

    fact->channel = ONE_OF(random, case_channels);
    fact->as_of_ms = any_time(random);
    fact->latency_ms = pick(random, 0, chance(random, 80) ? 600000 : 7200000);
    fact->samples = pick(random, 1, 100);
}

static inline void make_promotion(struct random *random, struct event *event)
{
    event->promotion.fact_id = event->id;
    event->promotion.sku = ONE_OF(random, case_skus);
    event->promotion.active = chance(random, 50);
}

static inline void make_void(struct random *random, struct event *event)
{
    event->order_voided.order_id = ONE_OF(random, case_orders);
    event->order_voided.version_ms = any_time(random);
}

static inline void make_observation(struct random *random, struct event *event)
{
    event->observation.listing = ONE_OF(random, case_listings);
    event->observation.tracked = true;
    event->observation.quantity = pick(random, -2, 9);
    event->observation.version_ms = any_time(random);
    event->observation.origin = chance(random, 50) ? "sale" : "";
}

static inline enum event_kind any_kind(struct random *random)
{
    static const enum event_kind kinds[] = {
        EVENT_ORDER_LINE,       EVENT_ORDER_LINE,        EVENT_ORDER_LINE,
        EVENT_ORDER_LINE,       EVENT_LINE_CANCELLED,    EVENT_LINE_SHIPPED,
        EVENT_LINE_SHIPPED,     EVENT_LINE_RETURNED,     EVENT_ORDER_VOIDED,
        EVENT_STOCK_COUNTED,    EVENT_STOCK_COUNTED,     EVENT_STOCK_RECEIVED,
        EVENT_STOCK_ADJUSTED,   EVENT_STOCK_TRANSFERRED, EVENT_MAPPING_CHANGED,
        EVENT_MAPPING_CHANGED,  EVENT_MAPPING_CHANGED,   EVENT_POOL_CHANGED,
        EVENT_RULE_CHANGED,     EVENT_OBSERVATION,       EVENT_RULE_CHANGED,
        EVENT_TIER_DEFINED,     EVENT_VELOCITY_MEASURED, EVENT_VELOCITY_MEASURED,
        EVENT_LATENCY_MEASURED, EVENT_PROMOTION_CHANGED, EVENT_STOCK_RECEIVED,
        EVENT_INBOUND_REPORTED, EVENT_INBOUND_REPORTED,  EVENT_INBOUND_REPORTED,
        EVENT_REMOVAL_REPORTED};

    return ONE_OF(random, kinds);
}

static inline void make_fact(struct random *random, struct arena *arena, struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        return make_report(random, event);
    case EVENT_ORDER_VOIDED:
        return make_void(random, event);
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        return make_part(random, event);
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        return make_stock(random, event);
    case EVENT_STOCK_TRANSFERRED:
        return make_transfer(random, event);
    case EVENT_MAPPING_CHANGED:
        return make_mapping(random, arena, event);
    case EVENT_POOL_CHANGED:
        return make_pool(random, event);
    case EVENT_RULE_CHANGED:
        return make_rule(random, event);
    case EVENT_OBSERVATION:
        return make_observation(random, event);
    case EVENT_INBOUND_REPORTED:
        return make_inbound(random, event);
    case EVENT_REMOVAL_REPORTED:
        return make_removal(random, event);
    case EVENT_TIER_DEFINED:
        return make_tier(random, event);
    case EVENT_VELOCITY_MEASURED:
        return make_velocity(random, arena, event);
    case EVENT_LATENCY_MEASURED:
        return make_latency(random, event);
    case EVENT_PROMOTION_CHANGED:
        return make_promotion(random, event);
    case EVENT_DECIDED:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        return;
    }
}

/* Any id: ties must not hang on the order of making. */
static inline void make_id(struct random *random, struct event *event)
{
    uint64_t first = random_next(random) & 0xffffffff;
    uint64_t last = random_next(random) & 0xffffffffffff;

    snprintf(event->id, sizeof(event->id), "%08" PRIx64 "-0000-0000-0000-%012" PRIx64, first, last);
}

static inline struct event *make_event(struct random *random, struct arena *arena)
{
    struct event *event = arena_alloc(arena, sizeof(*event));

    event_init(event, any_kind(random));
    event->source.channel = ONE_OF(random, case_channels);
    event->times.occurred_ms = any_time(random);
    event->times.received_ms = event->times.occurred_ms;
    make_id(random, event);
    make_fact(random, arena, event);
    return event;
}

/* ---- events that break a rule, and decisions ---- */

static inline const char *spoil_stock(struct random *random, struct event *event)
{
    if (event->kind == EVENT_STOCK_COUNTED && chance(random, 50)) {
        event->times.occurred_ms += EVENT_COUNT_AHEAD_MS + 20;
        return "occurred_at";
    }
    if (event->kind == EVENT_STOCK_ADJUSTED && chance(random, 50)) {
        event->stock.reason = "because";
        return "reason";
    }
    event->stock.bucket = "shelf";
    return "bucket";
}

/* The field that is wrong then, or NULL: there is none to spoil. */
static inline const char *spoil(struct random *random, struct event *event)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        event->order_line.ordered = chance(random, 70) ? -1 : EVENT_QUANTITY_MAX + 1;
        return "ordered";
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        event->part.quantity = chance(random, 50) ? 0 : -2;
        return "quantity";
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        return spoil_stock(random, event);
    case EVENT_STOCK_TRANSFERRED:
        event->transfer.reason = "because";
        return "reason";
    case EVENT_MAPPING_CHANGED:
        event->mapping.pool = "no pool";
        return "pool";
    case EVENT_INBOUND_REPORTED:
    case EVENT_REMOVAL_REPORTED:
    case EVENT_NONE:
    case EVENT_ORDER_VOIDED:
    case EVENT_POOL_CHANGED:
    case EVENT_RULE_CHANGED:
    case EVENT_OBSERVATION:
    case EVENT_TIER_DEFINED:
    case EVENT_VELOCITY_MEASURED:
    case EVENT_LATENCY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
    case EVENT_DECIDED:
    case EVENT_KIND_COUNT:
        break;
    }
    return NULL;
}

static inline const char *right_value(struct random *random, const char *field)
{
    static const struct {
        const char *field;
        const char *values[2];
    } rights[] = {
        {"ordered",     {"3", "-7"}       }, /* the second ones do not always help */
        {"quantity",    {"1", "0"}        },
        {"occurred_at", {"7", "900000"}   },
        {"bucket",      {"damaged", "rack"}},
        {"reason",      {"found", "why"}  },
        {"pool",        {"wh", ""}        },
    };

    for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
        if (strcmp(rights[i].field, field) == 0)
            return rights[i].values[chance(random, 75) ? 0 : 1];
    }
    return "";
}

static inline struct event *make_decision(struct random *random, struct arena *arena,
                                          const struct event *about, const char *field,
                                          int64_t number)
{
    struct event *event = arena_alloc(arena, sizeof(*event));
    struct event_decided *decided = &event->decided;

    event_init(event, EVENT_DECIDED);
    event->source.channel = chance(random, 95) ? "admin" : "ebay";
    event->times.occurred_ms = any_time(random);
    make_id(random, event);
    decided->event_id = about->id;
    decided->number = number;
    decided->decision = chance(random, 40) ? EVENT_DROP : EVENT_RELEASE;
    decided->note = "because";
    if (field == NULL || chance(random, 50))
        return event;
    struct event_change *change = arena_alloc(arena, sizeof(*change));
    *change = (struct event_change){chance(random, 95) ? field : "colour",
                                    right_value(random, field)};
    decided->decision = EVENT_FIX;
    decided->changes = change;
    decided->changes_len = 1;
    return event;
}

/* Some about an event that came, or will; now and then a number is left out. */
static inline size_t make_decisions(struct random *random, struct arena *arena,
                                    const struct event *about, const char *field,
                                    const struct event **events, size_t len)
{
    int64_t number = 1;

    while (len < CASE_EVENTS_MAX && chance(random, 60)) {
        number += chance(random, 5);
        events[len++] = make_decision(random, arena, about, field, number++);
    }
    return len;
}

/* The events of the case that the seed makes; returns how many. */
static inline size_t make_case(uint64_t seed, struct arena *arena,
                               const struct event *events[CASE_EVENTS_MAX])
{
    struct random random = random_from(seed);
    size_t made = (size_t)pick(&random, 2, CASE_EVENTS_MAX);
    size_t len = made;
    bool is_spoilt = chance(&random, 50);

    for (size_t i = 0; i < made; i++) {
        struct event *event = make_event(&random, arena);
        const char *field = is_spoilt && chance(&random, 20) ? spoil(&random, event) : NULL;

        events[i] = event;
        if (field != NULL || (is_spoilt && chance(&random, 8)))
            len = make_decisions(&random, arena, event, field, events, len);
    }
    return len;
}
