#include "lib/event/record.h"

#include "lib/base/scope.h"
#include "lib/event/push.h"

/* Short names, so that a row stays one line. */
enum {
    NEEDED = RECORD_NEEDED,
    NONZERO = RECORD_NONZERO,
    ID = RECORD_IN_ID,
    IF_SET = RECORD_IF_SET,
    HIDDEN = RECORD_NOT_IN_JSON,
    NAME = RECORD_NAME,
    BUCKET = RECORD_BUCKET,
    FREE = RECORD_FREE,
    REASON = RECORD_REASON,
    UNITS_MAX = EVENT_QUANTITY_MAX,
    DAY_MS = 86400000,
};

const char *const record_via_names[EVENT_VIA_COUNT] = {"none",   "push",     "poll",
                                                        "manual", "snapshot", "read"};

static const struct record_field source_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct event_source, channel), NEEDED | NAME},
    {.name = "account", RECORD_TEXT, offsetof(struct event_source, account)},
    {.name = "notification_id", RECORD_TEXT, offsetof(struct event_source, notification_id)},
    {.name = "captured_via", RECORD_ENUM, offsetof(struct event_source, captured_via),
     .max = EVENT_VIA_COUNT - 1, .names = record_via_names},
    {.name = "adapter", RECORD_TEXT, offsetof(struct event_source, adapter)},
    /* Not in JSON, where the same fact shall be the same line on every machine. */
    {.name = "host", RECORD_TEXT, offsetof(struct event_source, host), HIDDEN},
    {.name = "actor", RECORD_TEXT, offsetof(struct event_source, actor), IF_SET},
};
const struct record record_source = {
    "source", sizeof(struct event_source), source_fields, ARRAY_LEN(source_fields)};

static const struct record_field times_fields[] = {
    {.name = "occurred_ms", RECORD_TIME, offsetof(struct event_times, occurred_ms)},
    {.name = "received_ms", RECORD_TIME, offsetof(struct event_times, received_ms)},
    {.name = "applied_ms", RECORD_TIME, offsetof(struct event_times, applied_ms), IF_SET},
    {.name = "published_ms", RECORD_TIME, offsetof(struct event_times, published_ms), IF_SET},
    {.name = "confirmed_ms", RECORD_TIME, offsetof(struct event_times, confirmed_ms), IF_SET},
};
const struct record record_times = {
    "times", sizeof(struct event_times), times_fields, ARRAY_LEN(times_fields)};

static const struct record_field raw_fields[] = {
    {.name = "content_type", RECORD_TEXT, offsetof(struct event_raw, content_type)},
    {.name = "topic_header", RECORD_TEXT, offsetof(struct event_raw, topic_header)},
    {.name = "body", RECORD_BYTES, offsetof(struct event_raw, body),
     .len_offset = offsetof(struct event_raw, body_len)},
    {.name = "in_event_id", RECORD_TEXT, offsetof(struct event_raw, in_event_id)},
};
const struct record record_raw = {
    "raw", sizeof(struct event_raw), raw_fields, ARRAY_LEN(raw_fields)};

/* ---- facts ---- */

/* All of it is the key: two states within one tick of the source's clock are two facts. */
static const struct record_field order_line_fields[] = {
    {.name = "order_id", RECORD_TEXT, offsetof(struct event_order_line, order_id), NEEDED | ID},
    {.name = "line_id", RECORD_TEXT, offsetof(struct event_order_line, line_id), NEEDED | ID},
    {.name = "listing", RECORD_TEXT, offsetof(struct event_order_line, listing), ID},
    {.name = "ordered", RECORD_INT64, offsetof(struct event_order_line, ordered),
     NEEDED | ID, 0, UNITS_MAX},
    {.name = "cancelled", RECORD_INT64, offsetof(struct event_order_line, cancelled),
     ID, 0, UNITS_MAX},
    {.name = "placed_ms", RECORD_TIME, offsetof(struct event_order_line, placed_ms), NEEDED | ID},
    {.name = "version_ms", RECORD_TIME, offsetof(struct event_order_line, version_ms), NEEDED | ID},
    {.name = "status", RECORD_TEXT, offsetof(struct event_order_line, status), ID},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_order_line, pool), ID | IF_SET | NAME},
    {.name = "fulfils", RECORD_TEXT, offsetof(struct event_order_line, fulfils), ID | IF_SET},
};

/* The version is part of the key, because a voided order may come back and be voided again. */
static const struct record_field order_voided_fields[] = {
    {.name = "order_id", RECORD_TEXT, offsetof(struct event_order_voided, order_id), NEEDED | ID},
    {.name = "version_ms", RECORD_TIME, offsetof(struct event_order_voided, version_ms),
     NEEDED | ID},
};

static const struct record_field part_fields[] = {
    {.name = "order_id", RECORD_TEXT, offsetof(struct event_line_part, order_id), NEEDED},
    {.name = "line_id", RECORD_TEXT, offsetof(struct event_line_part, line_id), NEEDED},
    {.name = "part_id", RECORD_TEXT, offsetof(struct event_line_part, part_id), NEEDED | ID},
    {.name = "listing", RECORD_TEXT, offsetof(struct event_line_part, listing)},
    {.name = "quantity", RECORD_INT64, offsetof(struct event_line_part, quantity),
     NEEDED, 1, UNITS_MAX},
    {.name = "bucket", RECORD_TEXT, offsetof(struct event_line_part, bucket), BUCKET},
};
static const struct record part = {
    "part", sizeof(struct event_line_part), part_fields, ARRAY_LEN(part_fields)};
static const struct record_field line_part_fields[] = {
    {.name = "part", RECORD_INLINE, 0, .of = &part},
};

static const struct record_field counted_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_stock, fact_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_stock, sku), NEEDED},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_stock, pool), NEEDED | NAME},
    {.name = "bucket", RECORD_TEXT, offsetof(struct event_stock, bucket), NEEDED | BUCKET},
    {.name = "quantity", RECORD_INT64, offsetof(struct event_stock, quantity),
     NEEDED, 0, UNITS_MAX},
    {.name = "reason", RECORD_TEXT, offsetof(struct event_stock, reason)},
};

static const struct record_field received_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_stock, fact_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_stock, sku), NEEDED},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_stock, pool), NEEDED | NAME},
    {.name = "bucket", RECORD_TEXT, offsetof(struct event_stock, bucket), NEEDED | BUCKET},
    {.name = "quantity", RECORD_INT64, offsetof(struct event_stock, quantity),
     NEEDED, 1, UNITS_MAX},
    {.name = "reason", RECORD_TEXT, offsetof(struct event_stock, reason)},
    {.name = "shipment_id", RECORD_TEXT, offsetof(struct event_stock, shipment_id), IF_SET},
    {.name = "removal_id", RECORD_TEXT, offsetof(struct event_stock, removal_id), IF_SET},
};

static const struct record_field adjusted_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_stock, fact_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_stock, sku), NEEDED},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_stock, pool), NEEDED | NAME},
    {.name = "bucket", RECORD_TEXT, offsetof(struct event_stock, bucket), NEEDED | BUCKET},
    {.name = "delta", RECORD_INT64, offsetof(struct event_stock, quantity),
     NEEDED | NONZERO, -UNITS_MAX,
     UNITS_MAX},
    {.name = "reason", RECORD_TEXT, offsetof(struct event_stock, reason), NEEDED | REASON},
    {.name = "note", RECORD_TEXT, offsetof(struct event_stock, note), IF_SET},
};

static const struct record_field transferred_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_transfer, fact_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_transfer, sku), NEEDED},
    {.name = "from_pool", RECORD_TEXT, offsetof(struct event_transfer, from_pool), NEEDED | NAME},
    {.name = "from_bucket", RECORD_TEXT, offsetof(struct event_transfer, from_bucket),
     NEEDED | BUCKET},
    {.name = "to_pool", RECORD_TEXT, offsetof(struct event_transfer, to_pool), NEEDED | NAME},
    {.name = "to_bucket", RECORD_TEXT, offsetof(struct event_transfer, to_bucket), NEEDED | BUCKET},
    {.name = "quantity", RECORD_INT64, offsetof(struct event_transfer, quantity),
     NEEDED, 1, UNITS_MAX},
    {.name = "reason", RECORD_TEXT, offsetof(struct event_transfer, reason), NEEDED | REASON},
    {.name = "note", RECORD_TEXT, offsetof(struct event_transfer, note), IF_SET},
};

static const struct record_field component_fields[] = {
    {.name = "sku", RECORD_TEXT, offsetof(struct event_component, sku), NEEDED},
    {.name = "units", RECORD_INT64, offsetof(struct event_component, units), NEEDED, 1, UNITS_MAX},
};
static const struct record component = {
    "component", sizeof(struct event_component), component_fields, ARRAY_LEN(component_fields)};

static const struct record_field mapping_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_mapping, fact_id), NEEDED | ID},
    {.name = "channel", RECORD_TEXT, offsetof(struct event_mapping, channel), NEEDED | NAME},
    {.name = "listing", RECORD_TEXT, offsetof(struct event_mapping, listing), NEEDED},
    {.name = "address", RECORD_TEXT, offsetof(struct event_mapping, address)},
    {.name = "components", RECORD_LIST, offsetof(struct event_mapping, components), 0, 0,
     EVENT_COMPONENTS_MAX, offsetof(struct event_mapping, components_len), &component},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_mapping, pool), NAME},
};

static const char *const authority_names[] = {"none", "ledger", "channel"};
static const struct record_field pool_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_pool, fact_id), NEEDED | ID},
    {.name = "pool", RECORD_TEXT, offsetof(struct event_pool, pool), NEEDED | NAME},
    {.name = "authority", RECORD_ENUM, offsetof(struct event_pool, authority), NEEDED,
     .max = EVENT_POOL_CHANNEL, .names = authority_names},
    {.name = "title", RECORD_TEXT, offsetof(struct event_pool, title)},
};

static const struct record_field rule_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_rule, fact_id), NEEDED | ID},
    {.name = "channel", RECORD_TEXT, offsetof(struct event_rule, channel), NAME},
    {.name = "listing", RECORD_TEXT, offsetof(struct event_rule, listing)},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_rule, sku)},
    {.name = "pools", RECORD_TEXTS, offsetof(struct event_rule, pools), NAME, 0, EVENT_NAMES_MAX,
     offsetof(struct event_rule, pools_len)},
    {.name = "buckets", RECORD_TEXTS, offsetof(struct event_rule, buckets),
     BUCKET, 0, EVENT_NAMES_MAX,
     offsetof(struct event_rule, buckets_len)},
    {.name = "buffer_units", RECORD_INT64, offsetof(struct event_rule, buffer_units),
     0, 0, UNITS_MAX},
    {.name = "buffer_percent", RECORD_INT64, offsetof(struct event_rule, buffer_percent),
     0, 0, 100},
    {.name = "cap", RECORD_INT64, offsetof(struct event_rule, cap), 0, 0, UNITS_MAX},
    {.name = "floor", RECORD_INT64, offsetof(struct event_rule, floor), 0, 0, UNITS_MAX},
    {.name = "tier", RECORD_TEXT, offsetof(struct event_rule, tier), NAME | IF_SET},
    {.name = "risk_bound_ppm", RECORD_INT64, offsetof(struct event_rule, risk_bound_ppm),
     IF_SET, 0, EVENT_RISK_BOUND_MAX},
    {.name = "safety_stock", RECORD_INT64, offsetof(struct event_rule, safety_stock),
     IF_SET, 0, UNITS_MAX},
};

/* All of it is the key, as with order lines. A channel that oversold may show less than nothing. */
static const struct record_field observation_fields[] = {
    {.name = "listing", RECORD_TEXT, offsetof(struct event_observation, listing), ID},
    {.name = "address", RECORD_TEXT, offsetof(struct event_observation, address), ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_observation, sku), ID},
    {.name = "tracked", RECORD_BOOL, offsetof(struct event_observation, tracked), NEEDED | ID},
    {.name = "quantity", RECORD_INT64, offsetof(struct event_observation, quantity), NEEDED | ID,
     -UNITS_MAX, UNITS_MAX},
    {.name = "version_ms", RECORD_TIME, offsetof(struct event_observation, version_ms),
     NEEDED | ID},
    {.name = "origin", RECORD_TEXT, offsetof(struct event_observation, origin), ID | IF_SET},
};

static const struct record_field tier_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_tier, fact_id), NEEDED | ID},
    {.name = "tier", RECORD_TEXT, offsetof(struct event_tier, tier), NEEDED | NAME},
    {.name = "from_per_day", RECORD_INT64, offsetof(struct event_tier, from_per_day),
     NEEDED, 0, UNITS_MAX},
    {.name = "latency_ms", RECORD_INT64, offsetof(struct event_tier, latency_ms), 0, 0, DAY_MS},
    {.name = "lead_time_days", RECORD_INT64, offsetof(struct event_tier, lead_time_days),
     0, 0, 3660},
};

static const struct record_field channel_units_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct event_channel_units, channel), NEEDED | NAME},
    {.name = "units", RECORD_INT64, offsetof(struct event_channel_units, units),
     NEEDED, 0, UNITS_MAX},
};
static const struct record channel_units = {
    "channel_units", sizeof(struct event_channel_units), channel_units_fields,
    ARRAY_LEN(channel_units_fields)};

/* The bounds keep the fractions of lib/stock/risk.c within its integers. */
static const struct record_field velocity_fields[] = {
    {.name = "sku", RECORD_TEXT, offsetof(struct event_velocity, sku), NEEDED | ID},
    {.name = "as_of_ms", RECORD_TIME, offsetof(struct event_velocity, as_of_ms), NEEDED | ID},
    {.name = "window_ms", RECORD_INT64, offsetof(struct event_velocity, window_ms),
     NEEDED, 1, INT64_C(366) * DAY_MS},
    {.name = "units", RECORD_LIST, offsetof(struct event_velocity, units), 0, 0,
     EVENT_CHANNELS_MAX, offsetof(struct event_velocity, units_len), &channel_units},
};

static const struct record_field latency_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct event_latency, channel), NEEDED | ID | NAME},
    {.name = "as_of_ms", RECORD_TIME, offsetof(struct event_latency, as_of_ms), NEEDED | ID},
    {.name = "latency_ms", RECORD_INT64, offsetof(struct event_latency, latency_ms),
     NEEDED, 0, DAY_MS},
    {.name = "samples", RECORD_INT64, offsetof(struct event_latency, samples), 0, 0, UNITS_MAX},
};

static const struct record_field promotion_fields[] = {
    {.name = "fact_id", RECORD_TEXT, offsetof(struct event_promotion, fact_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_promotion, sku), NEEDED},
    {.name = "active", RECORD_BOOL, offsetof(struct event_promotion, active), NEEDED},
};

/* All of it is the key, as with order lines: one shipment in one state is one fact. */
static const struct record_field inbound_fields[] = {
    {.name = "shipment_id", RECORD_TEXT, offsetof(struct event_inbound, shipment_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_inbound, sku), NEEDED | ID},
    {.name = "from_pool", RECORD_TEXT, offsetof(struct event_inbound, from_pool), ID | NAME},
    {.name = "to_pool", RECORD_TEXT, offsetof(struct event_inbound, to_pool), NEEDED | ID | NAME},
    {.name = "status", RECORD_TEXT, offsetof(struct event_inbound, status), NEEDED | ID},
    {.name = "sent", RECORD_INT64, offsetof(struct event_inbound, sent), NEEDED | ID, 0, UNITS_MAX},
    {.name = "received", RECORD_INT64, offsetof(struct event_inbound, received), ID, 0, UNITS_MAX},
    {.name = "damaged", RECORD_INT64, offsetof(struct event_inbound, damaged), ID, 0, UNITS_MAX},
    {.name = "lost", RECORD_INT64, offsetof(struct event_inbound, lost), ID, 0, UNITS_MAX},
    {.name = "version_ms", RECORD_TIME, offsetof(struct event_inbound, version_ms), NEEDED | ID},
    {.name = "created_ms", RECORD_TIME, offsetof(struct event_inbound, created_ms), ID},
    {.name = "expected_ms", RECORD_TIME, offsetof(struct event_inbound, expected_ms), ID},
};

static const struct record_field removal_fields[] = {
    {.name = "removal_id", RECORD_TEXT, offsetof(struct event_removal, removal_id), NEEDED | ID},
    {.name = "sku", RECORD_TEXT, offsetof(struct event_removal, sku), NEEDED | ID},
    {.name = "from_pool", RECORD_TEXT, offsetof(struct event_removal, from_pool),
     NEEDED | ID | NAME},
    {.name = "bucket", RECORD_TEXT, offsetof(struct event_removal, bucket), NEEDED | ID | BUCKET},
    {.name = "to_pool", RECORD_TEXT, offsetof(struct event_removal, to_pool), ID | NAME},
    {.name = "requested", RECORD_INT64, offsetof(struct event_removal, requested),
     NEEDED | ID, 0, UNITS_MAX},
    {.name = "cancelled", RECORD_INT64, offsetof(struct event_removal, cancelled),
     ID, 0, UNITS_MAX},
    {.name = "shipped", RECORD_INT64, offsetof(struct event_removal, shipped), ID, 0, UNITS_MAX},
    {.name = "disposed", RECORD_INT64, offsetof(struct event_removal, disposed), ID, 0, UNITS_MAX},
    {.name = "received", RECORD_INT64, offsetof(struct event_removal, received), ID, 0, UNITS_MAX},
    {.name = "lost", RECORD_INT64, offsetof(struct event_removal, lost), ID, 0, UNITS_MAX},
    {.name = "status", RECORD_TEXT, offsetof(struct event_removal, status), ID},
    {.name = "version_ms", RECORD_TIME, offsetof(struct event_removal, version_ms), NEEDED | ID},
    {.name = "created_ms", RECORD_TIME, offsetof(struct event_removal, created_ms), ID},
};

static const struct record_field change_fields[] = {
    {.name = "field", RECORD_TEXT, offsetof(struct event_change, field), NEEDED},
    {.name = "value", RECORD_TEXT, offsetof(struct event_change, value)},
};
static const struct record change = {
    "change", sizeof(struct event_change), change_fields, ARRAY_LEN(change_fields)};

const char *const record_decision_names[] = {"none", "drop", "release", "fix"};

/* The number is part of the key: of two who decide at the same time about the same event, one is
   heard. */
static const struct record_field decided_fields[] = {
    {.name = "event_id", RECORD_TEXT, offsetof(struct event_decided, event_id), NEEDED | ID},
    {.name = "number", RECORD_INT64, offsetof(struct event_decided, number),
     NEEDED | ID, 1, EVENT_DECISIONS_MAX},
    {.name = "decision", RECORD_ENUM, offsetof(struct event_decided, decision), NEEDED,
     .max = EVENT_FIX, .names = record_decision_names},
    {.name = "changes", RECORD_LIST, offsetof(struct event_decided, changes), 0, 0,
     EVENT_CHANGES_MAX, offsetof(struct event_decided, changes_len), &change},
    {.name = "note", RECORD_TEXT, offsetof(struct event_decided, note), NEEDED},
};

const struct record record_facts[EVENT_KIND_COUNT] = {
    [EVENT_NONE] = {"none", 0, NULL, 0},
    [EVENT_ORDER_LINE] = {"order_line", sizeof(struct event_order_line), order_line_fields,
                          ARRAY_LEN(order_line_fields)},
    [EVENT_ORDER_VOIDED] = {"order_voided", sizeof(struct event_order_voided), order_voided_fields,
                            ARRAY_LEN(order_voided_fields)},
    [EVENT_LINE_CANCELLED] = {"line_cancelled", sizeof(struct event_line_part), line_part_fields,
                              ARRAY_LEN(line_part_fields)},
    [EVENT_LINE_SHIPPED] = {"line_shipped", sizeof(struct event_line_part), line_part_fields,
                            ARRAY_LEN(line_part_fields)},
    [EVENT_LINE_RETURNED] = {"line_returned", sizeof(struct event_line_part), line_part_fields,
                             ARRAY_LEN(line_part_fields)},
    [EVENT_STOCK_COUNTED] = {"stock_counted", sizeof(struct event_stock), counted_fields,
                             ARRAY_LEN(counted_fields)},
    [EVENT_STOCK_RECEIVED] = {"stock_received", sizeof(struct event_stock), received_fields,
                              ARRAY_LEN(received_fields)},
    [EVENT_STOCK_ADJUSTED] = {"stock_adjusted", sizeof(struct event_stock), adjusted_fields,
                              ARRAY_LEN(adjusted_fields)},
    [EVENT_STOCK_TRANSFERRED] = {"stock_transferred", sizeof(struct event_transfer),
                                 transferred_fields, ARRAY_LEN(transferred_fields)},
    [EVENT_MAPPING_CHANGED] = {"mapping_changed", sizeof(struct event_mapping), mapping_fields,
                               ARRAY_LEN(mapping_fields)},
    [EVENT_POOL_CHANGED] = {"pool_changed", sizeof(struct event_pool), pool_fields,
                            ARRAY_LEN(pool_fields)},
    [EVENT_RULE_CHANGED] = {"rule_changed", sizeof(struct event_rule), rule_fields,
                            ARRAY_LEN(rule_fields)},
    [EVENT_OBSERVATION] = {"observation", sizeof(struct event_observation), observation_fields,
                           ARRAY_LEN(observation_fields)},
    [EVENT_TIER_DEFINED] = {"tier_defined", sizeof(struct event_tier), tier_fields,
                            ARRAY_LEN(tier_fields)},
    [EVENT_VELOCITY_MEASURED] = {"velocity_measured", sizeof(struct event_velocity),
                                 velocity_fields, ARRAY_LEN(velocity_fields)},
    [EVENT_LATENCY_MEASURED] = {"latency_measured", sizeof(struct event_latency), latency_fields,
                                ARRAY_LEN(latency_fields)},
    [EVENT_PROMOTION_CHANGED] = {"promotion_changed", sizeof(struct event_promotion),
                                 promotion_fields, ARRAY_LEN(promotion_fields)},
    [EVENT_INBOUND_REPORTED] = {"inbound_reported", sizeof(struct event_inbound), inbound_fields,
                                ARRAY_LEN(inbound_fields)},
    [EVENT_REMOVAL_REPORTED] = {"removal_reported", sizeof(struct event_removal), removal_fields,
                                ARRAY_LEN(removal_fields)},
    [EVENT_DECIDED] = {"decided", sizeof(struct event_decided), decided_fields,
                       ARRAY_LEN(decided_fields)},
};

/* ---- targets and outcomes ---- */

static const struct record_field target_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct target, channel), NEEDED | NAME},
    {.name = "listing", RECORD_TEXT, offsetof(struct target, listing), NEEDED},
    {.name = "address", RECORD_TEXT, offsetof(struct target, address)},
    {.name = "quantity", RECORD_INT64, offsetof(struct target, quantity), NEEDED, 0, UNITS_MAX},
    {.name = "version", RECORD_INT64, offsetof(struct target, version), 0, 0, INT64_MAX},
    {.name = "event_id", RECORD_TEXT, offsetof(struct target, event_id)},
    {.name = "rule_id", RECORD_TEXT, offsetof(struct target, rule_id)},
    {.name = "mapping_id", RECORD_TEXT, offsetof(struct target, mapping_id)},
    {.name = "sold_here", RECORD_INT64, offsetof(struct target, sold_here),
     0, INT64_MIN, INT64_MAX},
    {.name = "times", RECORD_INLINE, offsetof(struct target, times), .of = &record_times},
    {.name = "traceparent", RECORD_TEXT, offsetof(struct target, traceparent), IF_SET},
    {.name = "cause_channel", RECORD_TEXT, offsetof(struct target, cause_channel)},
    {.name = "open_here", RECORD_INT64, offsetof(struct target, open_here),
     IF_SET, 0, INT64_MAX},
};
const struct record record_target = {
    "target", sizeof(struct target), target_fields, ARRAY_LEN(target_fields)};

const char *const record_result_names[] = {
    "none", "confirmed", "accepted_not_applied", "rejected", "superseded", "parked", "retrying"};
static const struct record_field outcome_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct outcome, channel), NEEDED | NAME},
    {.name = "listing", RECORD_TEXT, offsetof(struct outcome, listing), NEEDED},
    {.name = "version", RECORD_INT64, offsetof(struct outcome, version), 0, 0, INT64_MAX},
    {.name = "quantity", RECORD_INT64, offsetof(struct outcome, quantity), 0, 0, UNITS_MAX},
    {.name = "result", RECORD_ENUM, offsetof(struct outcome, result), NEEDED,
     .max = OUTCOME_RESULT_COUNT - 1, .names = record_result_names},
    {.name = "attempt", RECORD_INT32, offsetof(struct outcome, attempt), 0, 0, INT32_MAX},
    {.name = "http_status", RECORD_INT32, offsetof(struct outcome, http_status), 0, 0, INT32_MAX},
    {.name = "error_class", RECORD_TEXT, offsetof(struct outcome, error_class), FREE},
    {.name = "error_text", RECORD_TEXT, offsetof(struct outcome, error_text), FREE},
    {.name = "request_hash", RECORD_TEXT, offsetof(struct outcome, request_hash)},
    {.name = "request_us", RECORD_INT64, offsetof(struct outcome, request_us), 0, 0, INT64_MAX},
    {.name = "event_id", RECORD_TEXT, offsetof(struct outcome, event_id)},
    {.name = "times", RECORD_INLINE, offsetof(struct outcome, times), .of = &record_times},
    {.name = "traceparent", RECORD_TEXT, offsetof(struct outcome, traceparent), IF_SET},
    {.name = "address", RECORD_TEXT, offsetof(struct outcome, address)},
};
const struct record record_outcome = {
    "outcome", sizeof(struct outcome), outcome_fields, ARRAY_LEN(outcome_fields)};

static const struct record_field catalog_entry_fields[] = {
    {.name = "channel", RECORD_TEXT, offsetof(struct catalog_entry, channel), NEEDED | NAME},
    {.name = "listing", RECORD_TEXT, offsetof(struct catalog_entry, listing), NEEDED},
    {.name = "address", RECORD_TEXT, offsetof(struct catalog_entry, address)},
    {.name = "sku", RECORD_TEXT, offsetof(struct catalog_entry, sku)},
};
const struct record record_catalog_entry = {
    "catalog_entry", sizeof(struct catalog_entry), catalog_entry_fields,
    ARRAY_LEN(catalog_entry_fields)};

static const struct record_field header_fields[] = {
    {.name = "name", RECORD_TEXT, offsetof(struct rejected_header, name), FREE},
    {.name = "value", RECORD_TEXT, offsetof(struct rejected_header, value), FREE},
};
static const struct record header = {
    "header", sizeof(struct rejected_header), header_fields, ARRAY_LEN(header_fields)};
static const struct record_field rejected_fields[] = {
    {.name = "source", RECORD_INLINE, offsetof(struct rejected, source), .of = &record_source},
    {.name = "times", RECORD_INLINE, offsetof(struct rejected, times), .of = &record_times},
    {.name = "reason", RECORD_TEXT, offsetof(struct rejected, reason), FREE},
    {.name = "content_type", RECORD_TEXT, offsetof(struct rejected, content_type), FREE},
    {.name = "body", RECORD_BYTES, offsetof(struct rejected, body),
     .len_offset = offsetof(struct rejected, body_len)},
    {.name = "headers", RECORD_LIST, offsetof(struct rejected, headers), 0, 0, INT32_MAX,
     offsetof(struct rejected, headers_len), &header},
    {.name = "topic", RECORD_TEXT, offsetof(struct rejected, topic), IF_SET},
    {.name = "partition", RECORD_INT32, offsetof(struct rejected, partition), 0, 0, INT32_MAX},
    {.name = "offset", RECORD_INT64, offsetof(struct rejected, offset), 0, INT64_MIN, INT64_MAX},
};
const struct record record_rejected = {
    "rejected", sizeof(struct rejected), rejected_fields, ARRAY_LEN(rejected_fields)};
