#include "lib/event/breach.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/record.h"
#include "lib/event/words.h"

/* ---- what no single field's row can say ---- */

static bool breaks(struct event_breach *ret_breach, const char *reason)
{
    *ret_breach = (struct event_breach){.reason = reason};
    return false;
}

static bool check_order_line(const struct event_order_line *line, struct event_breach *ret_breach,
                             struct err *err)
{
    if (line->cancelled <= line->ordered)
        return true;
    err_set(err, ERR_REJECT, "cancelled is %lld, want at most the %lld ordered",
            (long long)line->cancelled, (long long)line->ordered);
    return breaks(ret_breach, EVENT_TOO_MUCH);
}

static bool check_part(const struct event *event, struct event_breach *ret_breach, struct err *err)
{
    bool has_bucket = event->part.bucket[0] != '\0';

    if (event->kind == EVENT_LINE_RETURNED && !has_bucket) {
        err_set(err, ERR_REJECT, "bucket is missing");
        return breaks(ret_breach, EVENT_FIELD_MISSING);
    }
    if (event->kind != EVENT_LINE_RETURNED && has_bucket) {
        err_set(err, ERR_REJECT, "bucket is '%s', but only returned units go to one",
                event->part.bucket);
        return breaks(ret_breach, EVENT_UNKNOWN_BUCKET);
    }
    return true;
}

static bool check_transfer(const struct event_transfer *transfer, struct event_breach *ret_breach,
                           struct err *err)
{
    if (strcmp(transfer->from_pool, transfer->to_pool) != 0 ||
        strcmp(transfer->from_bucket, transfer->to_bucket) != 0)
        return true;
    err_set(err, ERR_REJECT, "to_pool and to_bucket are where it comes from, '%s' '%s'",
            transfer->to_pool, transfer->to_bucket);
    return breaks(ret_breach, EVENT_SAME_PLACE);
}

static bool check_received(const struct event_stock *stock, struct event_breach *ret_breach,
                           struct err *err)
{
    if (stock->shipment_id[0] == '\0' || stock->removal_id[0] == '\0')
        return true;
    err_set(err, ERR_REJECT, "shipment_id and removal_id are both given, want one");
    return breaks(ret_breach, EVENT_NAMED_TWICE);
}

static bool check_route(const char *from_pool, const char *to_pool,
                        struct event_breach *ret_breach, struct err *err)
{
    if (strcmp(from_pool, to_pool) != 0)
        return true;
    err_set(err, ERR_REJECT, "to_pool is where it comes from, '%s'", to_pool);
    return breaks(ret_breach, EVENT_SAME_PLACE);
}

static bool check_inbound(const struct event_inbound *inbound, struct event_breach *ret_breach,
                          struct err *err)
{
    if (event_inbound_status(inbound->status) == NULL) {
        err_set(err, ERR_REJECT, "status is '%.100s', want one like 'receiving'", inbound->status);
        return breaks(ret_breach, EVENT_UNKNOWN_STATUS);
    }
    return check_route(inbound->from_pool, inbound->to_pool, ret_breach, err);
}

static bool check_removal(const struct event_removal *removal, struct event_breach *ret_breach,
                          struct err *err)
{
    if (strcmp(removal->bucket, "in_removal") == 0) {
        err_set(err, ERR_REJECT, "bucket is 'in_removal', want one that units leave");
        return breaks(ret_breach, EVENT_SAME_PLACE);
    }
    if (removal->cancelled > removal->requested) {
        err_set(err, ERR_REJECT, "cancelled is %lld, want at most the %lld requested",
                (long long)removal->cancelled, (long long)removal->requested);
        return breaks(ret_breach, EVENT_TOO_MUCH);
    }
    if (removal->received > 0 && removal->to_pool[0] == '\0') {
        err_set(err, ERR_REJECT, "to_pool is missing beside %lld received",
                (long long)removal->received);
        return breaks(ret_breach, EVENT_FIELD_MISSING);
    }
    return check_route(removal->from_pool, removal->to_pool, ret_breach, err);
}

static bool check_mapping(const struct event_mapping *mapping, struct event_breach *ret_breach,
                          struct err *err)
{
    if (mapping->components_len > 0 && mapping->pool[0] == '\0') {
        err_set(err, ERR_REJECT, "pool is missing");
        return breaks(ret_breach, EVENT_FIELD_MISSING);
    }
    for (size_t i = 0; i < mapping->components_len; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(mapping->components[i].sku, mapping->components[j].sku) != 0)
                continue;
            err_set(err, ERR_REJECT, "components name sku '%.100s' twice",
                    mapping->components[i].sku);
            return breaks(ret_breach, EVENT_NAMED_TWICE);
        }
    }
    return true;
}

static bool check_rule(const struct event_rule *rule, struct event_breach *ret_breach,
                       struct err *err)
{
    if (rule->listing[0] != '\0' && rule->channel[0] == '\0') {
        err_set(err, ERR_REJECT, "channel is missing beside listing '%.100s'", rule->listing);
        return breaks(ret_breach, EVENT_BAD_SCOPE);
    }
    if (rule->listing[0] != '\0' && rule->sku[0] != '\0') {
        err_set(err, ERR_REJECT, "sku and listing are both given, want one scope");
        return breaks(ret_breach, EVENT_BAD_SCOPE);
    }
    if (rule->tier[0] != '\0' && (rule->sku[0] != '\0' || rule->listing[0] != '\0')) {
        err_set(err, ERR_REJECT, "tier and %s are both given, want one scope",
                rule->sku[0] != '\0' ? "sku" : "listing");
        return breaks(ret_breach, EVENT_BAD_SCOPE);
    }
    return true;
}

static bool check_observation(const struct event_observation *observation,
                              struct event_breach *ret_breach, struct err *err)
{
    if (observation->listing[0] != '\0' || observation->address[0] != '\0' ||
        observation->sku[0] != '\0')
        return true;
    err_set(err, ERR_REJECT, "listing, address and sku are all missing");
    return breaks(ret_breach, EVENT_FIELD_MISSING);
}

static bool check_velocity(const struct event_velocity *velocity, struct event_breach *ret_breach,
                           struct err *err)
{
    for (size_t i = 0; i < velocity->units_len; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(velocity->units[i].channel, velocity->units[j].channel) != 0)
                continue;
            err_set(err, ERR_REJECT, "units name channel '%.100s' twice",
                    velocity->units[i].channel);
            return breaks(ret_breach, EVENT_NAMED_TWICE);
        }
    }
    return true;
}

static bool check_decided(const struct event *event, struct event_breach *ret_breach,
                          struct err *err)
{
    bool is_fix = event->decided.decision == EVENT_FIX;

    if (!event_id_is_valid(event->decided.event_id))
        err_set(err, ERR_REJECT, "event_id is '%.36s', want a uuid", event->decided.event_id);
    else if (is_fix && event->decided.changes_len == 0)
        err_set(err, ERR_REJECT, "changes is missing: say what is right");
    else if (!is_fix && event->decided.changes_len > 0)
        err_set(err, ERR_REJECT, "changes are given, but only a fix has any");
    else if (strcmp(event->source.channel, "admin") != 0)
        err_set(err, ERR_REJECT, "channel is '%.64s', but only admin decides",
                event->source.channel);
    else
        return true;
    return breaks(ret_breach, EVENT_BAD_DECISION);
}

static bool check_fact(const struct event *event, struct event_breach *ret_breach, struct err *err)
{
    switch (event->kind) {
    case EVENT_ORDER_LINE:
        return check_order_line(&event->order_line, ret_breach, err);
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        return check_part(event, ret_breach, err);
    case EVENT_STOCK_TRANSFERRED:
        return check_transfer(&event->transfer, ret_breach, err);
    case EVENT_STOCK_RECEIVED:
        return check_received(&event->stock, ret_breach, err);
    case EVENT_INBOUND_REPORTED:
        return check_inbound(&event->inbound, ret_breach, err);
    case EVENT_REMOVAL_REPORTED:
        return check_removal(&event->removal, ret_breach, err);
    case EVENT_MAPPING_CHANGED:
        return check_mapping(&event->mapping, ret_breach, err);
    case EVENT_RULE_CHANGED:
        return check_rule(&event->rule, ret_breach, err);
    case EVENT_OBSERVATION:
        return check_observation(&event->observation, ret_breach, err);
    case EVENT_VELOCITY_MEASURED:
        return check_velocity(&event->velocity, ret_breach, err);
    case EVENT_DECIDED:
        return check_decided(event, ret_breach, err);
    case EVENT_NONE:
    case EVENT_ORDER_VOIDED:
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_ADJUSTED:
    case EVENT_POOL_CHANGED:
    case EVENT_TIER_DEFINED:
    case EVENT_LATENCY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
    case EVENT_KIND_COUNT:
        return true;
    }
    return true;
}

/* ---- what may be waived ---- */

static bool check_count(const struct event *event, struct err *err)
{
    char occurred[CLOCK_TEXT_LEN];
    char received[CLOCK_TEXT_LEN];

    if (event->kind != EVENT_STOCK_COUNTED || event->times.received_ms == 0 ||
        event->times.occurred_ms <= event->times.received_ms + EVENT_COUNT_AHEAD_MS)
        return true;
    return err_set(err, ERR_REJECT, "it was counted at %s, after it was received at %s",
                   clock_format(event->times.occurred_ms, occurred),
                   clock_format(event->times.received_ms, received));
}

static bool check_reasons(const struct event *event, struct err *err)
{
    const struct record *fact = &record_facts[event->kind];

    for (size_t i = 0; i < fact->fields_len; i++) {
        const struct record_field *field = &fact->fields[i];

        if ((field->flags & RECORD_REASON) == 0)
            continue;
        const char *reason = record_text(field, &event->order_line);
        if (*reason != '\0' && !event_reason_is_known(reason))
            return err_set(err, ERR_REJECT, "%s is '%.100s', want one that is known, like '%s'",
                           field->name, reason, event_reasons[0].name);
    }
    return true;
}

/* Waived, it is a receipt like any other. */
static bool check_names_removal(const struct event *event, struct err *err)
{
    if (event->kind != EVENT_STOCK_RECEIVED || strcmp(event->stock.reason, "removal") != 0 ||
        event->stock.removal_id[0] != '\0')
        return true;
    return err_set(err, ERR_REJECT, "removal_id is missing beside reason 'removal'");
}

static bool check_waivable(const struct event *event, struct event_breach *ret_breach,
                           struct err *err)
{
    const char *reason = "";

    if (!check_count(event, err))
        reason = EVENT_COUNT_IN_FUTURE;
    else if (!check_reasons(event, err))
        reason = EVENT_REASON_UNKNOWN;
    else if (!check_names_removal(event, err))
        reason = EVENT_REMOVAL_MISSING;
    *ret_breach = (struct event_breach){reason, true};
    return *reason == '\0';
}

/* ---- all ---- */

bool event_check_rules(const struct event *event, struct event_breach *ret_breach, struct err *err)
{
    const char *reason = "";

    if (!record_check_rules(&record_facts[event->kind], &event->order_line, &reason, err)) {
        breaks(ret_breach, reason);
    } else if (check_fact(event, ret_breach, err) && check_waivable(event, ret_breach, err)) {
        *ret_breach = (struct event_breach){.reason = ""};
        return true;
    }
    return err_wrap(err, "%s", event_kind_name(event->kind));
}

/* ---- words ---- */

static const struct {
    const char *reason;
    const char *meaning;
} meanings[] = {
    {EVENT_BAD_DECISION, "a decision that can't be one: drop it and decide again"},
    {EVENT_BAD_NAME, "a channel or pool has a name that no channel or pool can have"},
    {EVENT_BAD_SCOPE, "a rule names a scope that there is not"},
    {EVENT_COUNT_IN_FUTURE, "it says that stock was counted later than we heard of it"},
    {EVENT_FIELD_MISSING, "it does not say what it must say"},
    {EVENT_NAMED_TWICE, "it names the same thing twice"},
    {EVENT_NEGATIVE_QUANTITY, "a quantity is below zero where that makes no sense"},
    {EVENT_OUT_OF_RANGE, "a time is beyond its bounds"},
    {EVENT_OVERFLOW, "a quantity, or what would come of it, is larger than the ledger can hold"},
    {EVENT_REASON_MISSING, "stock was adjusted or transferred without a reason"},
    {EVENT_REASON_UNKNOWN, "the reason is none of the known ones"},
    {EVENT_REMOVAL_MISSING, "units of a removal were received, and it does not say of which one"},
    {EVENT_SAME_PLACE, "it ends where it starts"},
    {EVENT_TOO_MUCH, "more was cancelled than ordered"},
    {EVENT_UNKNOWN_BUCKET, "there is no such bucket, or facts may not name it"},
    {EVENT_UNKNOWN_STATUS, "the status is none of those that a shipment can have"},
    {EVENT_ZERO_QUANTITY, "a quantity is zero where that makes no sense"},
    {"no-mapping", "nobody said what the listing sells: it is applied when a mapping comes"},
    {"not-reported", "what it is a part of was not reported yet: it is applied when it is"},
    {"receiving", "it was counted while units were received: it is in force when that is closed"},
    {"retired", "the listing was retired when the order was placed: map it from then on, or drop"},
};

const char *event_reason_meaning(const char *reason)
{
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (strcmp(meanings[i].reason, reason) == 0)
            return meanings[i].meaning;
    }
    return "";
}
