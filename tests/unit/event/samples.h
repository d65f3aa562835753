/*
 * One valid event of every kind with every field filled, for the tests of this folder. Ids and
 * golden lines depend on them: add, don't change.
 */
#pragma once

#include "lib/base/scope.h"
#include "lib/event/event.h"

static const struct event_component sample_components[] = {{"MUG-RED", 2}, {"BOX-S", 1}};
static const char *const sample_pools[] = {"main", "overflow"};
static const struct event_change sample_changes[] = {{"bucket", "damaged"}, {"quantity", "3"}};
static const char *const sample_buckets[] = {"sellable", "quarantine"};

static const struct event_channel_units sample_units[] = {{"shopify-main", 31}, {"ebay", 4}};

static inline void sample_fact(struct event *event)
{
    static const struct event_line_part part = {
        "450789469000000001", "466157049000000002", "1071823172", "gid/808950810",
        .quantity = 2, .bucket = ""};
    static const struct event_stock stock = {"count-2026-11-21-7", "MUG-RED", "main", "sellable",
                                             41, "shelf count", "", "", ""};

    switch (event->kind) {
    case EVENT_ORDER_LINE:
        event->order_line = (struct event_order_line){
            "450789469000000001", "466157049000000002", "gid/808950810", 3, 1,
            .placed_ms = 1795252500000, .version_ms = 1795252620123, .status = "paid",
            .pool = "", .fulfils = ""};
        break;
    case EVENT_ORDER_VOIDED:
        event->order_voided = (struct event_order_voided){"450789469000000001", 1795252620123};
        break;
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
        event->part = part;
        break;
    case EVENT_LINE_RETURNED:
        event->part = part;
        event->part.bucket = "quarantine";
        break;
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
        event->stock = stock;
        break;
    case EVENT_STOCK_ADJUSTED:
        event->stock = stock;
        event->stock.quantity = -3;
        break;
    case EVENT_STOCK_TRANSFERRED:
        event->transfer = (struct event_transfer){"move-1", "MUG-RED",  "main", "sellable",
                                                  "main",   "damaged", 4,      "dropped",
                                                  ""};
        break;
    case EVENT_MAPPING_CHANGED:
        event->mapping = (struct event_mapping){
            "map-1", "shopify-main", "gid/808950810", "gid/49148385", sample_components,
            ARRAY_LEN(sample_components), "main"};
        break;
    case EVENT_POOL_CHANGED:
        event->pool =
            (struct event_pool){"pool-1", "main", EVENT_POOL_LEDGER, "Warehouse \xC3\xA9"};
        break;
    case EVENT_RULE_CHANGED:
        event->rule = (struct event_rule){
            "rule-1", "shopify-main", "", "MUG-RED", sample_pools, ARRAY_LEN(sample_pools),
            sample_buckets, ARRAY_LEN(sample_buckets), 2, 5, 100, 1, .tier = ""};
        break;
    case EVENT_OBSERVATION:
        event->observation = (struct event_observation){
            "gid/808950810", "gid/49148385", "MUG-RED", true, -1, 1795252620123, .origin = ""};
        break;
    case EVENT_TIER_DEFINED:
        event->tier = (struct event_tier){"tier-1", "T2", 20, 120000, 5};
        break;
    case EVENT_VELOCITY_MEASURED:
        event->velocity = (struct event_velocity){"MUG-RED", 1795252620000, 604800000, sample_units,
                                                  ARRAY_LEN(sample_units)};
        break;
    case EVENT_LATENCY_MEASURED:
        event->latency = (struct event_latency){"shopify-main", 1795252620000, 4200, 312};
        break;
    case EVENT_PROMOTION_CHANGED:
        event->promotion = (struct event_promotion){"promo-1", "MUG-RED", true};
        break;
    case EVENT_INBOUND_REPORTED:
        event->inbound = (struct event_inbound){
            "FBA15DQ9XYZ", "MUG-RED", "main", "fba-us", "receiving", 24, 20, 1, 1,
            1795252620123, 1795252500000, 1795352500000};
        break;
    case EVENT_REMOVAL_REPORTED:
        event->removal = (struct event_removal){
            "RMV-77", "MUG-RED", "fba-us", "unfulfillable", "main", 12, 2, 8, 1, 3, 1,
            "Processing", 1795252620123, 1795252500000};
        break;
    case EVENT_DECIDED:
        event->source.channel = "admin";
        event->decided = (struct event_decided){
            "4bd51a01-8812-5ebf-9b5a-20b080e42e9a", 2, EVENT_FIX, sample_changes,
            ARRAY_LEN(sample_changes), "counted in the damaged rack"};
        break;
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        break;
    }
}

static inline struct event sample_event(enum event_kind kind)
{
    struct event event;

    event_init(&event, kind);
    event.source = (struct event_source){
        "shopify-main", "mugs.example", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        EVENT_VIA_PUSH, "shopify/1", "gateway-0", "anna"};
    event.times = (struct event_times){1795252620123, 1795252620456, 1795252620789, 1795252621000,
                                       1795252622000};
    event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    event.raw = (struct event_raw){"application/json", "orders/updated", "{\"id\":1}\0x", 10,
                                   "5e1c0f8a-0000-5000-8000-000000000000"};
    sample_fact(&event);
    event_identify(&event);
    return event;
}
