#include "tools/stockctl/facts.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/codec.h"
#include "lib/event/event.h"
#include "lib/json/json.h"
#include "lib/stock/velocity.h"

static void facts_begin(struct json_out *out, struct buf *buf, const char *kind,
                        const struct stockctl_fact *fact)
{
    char at[CLOCK_TEXT_LEN];

    json_begin(out, buf);
    json_object(out);
    json_put_member(out, "kind", kind);
    json_put_member(out, "fact_id", fact->fact_id);
    json_put_member(out, "occurred_at", clock_format(fact->occurred_ms, at));
    json_put_member(out, "actor", fact->actor);
}

/* Left out when not given: ingest's default counts. */
static void facts_text(struct json_out *out, const char *key, const char *text)
{
    if (text != NULL)
        json_put_member(out, key, text);
}

static void facts_number(struct json_out *out, const char *key, int64_t value)
{
    if (value >= 0)
        json_put_member_int(out, key, value);
}

static void facts_texts(struct json_out *out, const char *key, const struct stockctl_texts *texts)
{
    if (texts->len == 0)
        return;
    json_key(out, key);
    json_array(out);
    for (size_t i = 0; i < texts->len; i++)
        json_put_text(out, texts->texts[i]);
    json_array_end(out);
}

static const char *sellable_unless(const char *bucket)
{
    return bucket == NULL ? "sellable" : bucket;
}

/* The same checks that ingest makes, before anything is sent. */
static bool facts_end(struct json_out *out, size_t start, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct event event;

    json_object_end(out);
    const struct json *object =
        json_parse(arena, out->buf->bytes + start, out->buf->len - start, err);
    if (object == NULL || !event_from_json(arena, object, &event, err))
        return false;
    event_identify(&event);
    return event_check(&event, err);
}

/* ---- stock */

static bool facts_quantity(const char *text, const char *name, int64_t min, int64_t *ret_quantity,
                           struct err *err)
{
    const char *digits = text[0] == '+' && min < 0 ? text + 1 : text;

    if (stockctl_options_number(digits, min, EVENT_QUANTITY_MAX, ret_quantity))
        return true;
    return err_set(err, ERR_REJECT, "%s is '%s': want a whole number from %" PRId64 " to %" PRId64,
                   name, text, min, EVENT_QUANTITY_MAX);
}

/* SKU POOL QUANTITY */
static bool facts_stock(const struct stockctl_options *options, const struct stockctl_fact *fact,
                        const char *kind, const char *quantity_key, int64_t min, struct buf *out,
                        struct err *err)
{
    int64_t quantity = 0;
    struct json_out json;
    size_t start = out->len;

    if (!facts_quantity(options->arguments[2], quantity_key, min, &quantity, err))
        return false;
    facts_begin(&json, out, kind, fact);
    json_put_member(&json, "sku", options->arguments[0]);
    json_put_member(&json, "pool", options->arguments[1]);
    json_put_member(&json, "bucket", sellable_unless(options->bucket));
    json_put_member_int(&json, quantity_key, quantity);
    facts_text(&json, "reason", options->reason);
    facts_text(&json, "note", options->note);
    facts_text(&json, "shipment_id", options->shipment);
    facts_text(&json, "removal_id", options->removal);
    return facts_end(&json, start, err);
}

bool stockctl_facts_count(const struct stockctl_options *options, const struct stockctl_fact *fact,
                          struct buf *out, struct err *err)
{
    return facts_stock(options, fact, "stock_counted", "quantity", 0, out, err);
}

bool stockctl_facts_receive(const struct stockctl_options *options,
                            const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    return facts_stock(options, fact, "stock_received", "quantity", 1, out, err);
}

bool stockctl_facts_adjust(const struct stockctl_options *options, const struct stockctl_fact *fact,
                           struct buf *out, struct err *err)
{
    if (options->reason == NULL)
        return err_set(err, ERR_REJECT, "--reason is missing: say why the stock changed");
    return facts_stock(options, fact, "stock_adjusted", "delta", -EVENT_QUANTITY_MAX, out, err);
}

bool stockctl_facts_transfer(const struct stockctl_options *options,
                             const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    int64_t quantity = 0;
    struct json_out json;
    size_t start = out->len;

    if (options->reason == NULL)
        return err_set(err, ERR_REJECT, "--reason is missing: say why the stock moved");
    if (!facts_quantity(options->arguments[3], "quantity", 1, &quantity, err))
        return false;
    facts_begin(&json, out, "stock_transferred", fact);
    json_put_member(&json, "sku", options->arguments[0]);
    json_put_member(&json, "from_pool", options->arguments[1]);
    json_put_member(&json, "from_bucket", sellable_unless(options->from_bucket));
    json_put_member(&json, "to_pool", options->arguments[2]);
    json_put_member(&json, "to_bucket", sellable_unless(options->to_bucket));
    json_put_member_int(&json, "quantity", quantity);
    facts_text(&json, "reason", options->reason);
    facts_text(&json, "note", options->note);
    return facts_end(&json, start, err);
}

/* ---- units on their way */

/* Reports have no fact id: their content is their key. */
static void facts_begin_report(struct json_out *out, struct buf *buf, const char *kind,
                               const struct stockctl_fact *fact)
{
    char at[CLOCK_TEXT_LEN];

    json_begin(out, buf);
    json_object(out);
    json_put_member(out, "kind", kind);
    json_put_member(out, "occurred_at", clock_format(fact->occurred_ms, at));
    json_put_member(out, "version_at", at);
    json_put_member(out, "actor", fact->actor);
}

/* ID SKU QUANTITY */
static bool facts_report(struct json_out *out, struct buf *buf, const char *kind,
                         const char *id_key, const char *quantity_key,
                         const struct stockctl_options *options, const struct stockctl_fact *fact,
                         struct err *err)
{
    int64_t quantity = 0;

    if (!facts_quantity(options->arguments[2], quantity_key, 0, &quantity, err))
        return false;
    facts_begin_report(out, buf, kind, fact);
    json_put_member(out, id_key, options->arguments[0]);
    json_put_member(out, "sku", options->arguments[1]);
    json_put_member_int(out, quantity_key, quantity);
    facts_text(out, "from_pool", options->from_pool);
    facts_text(out, "to_pool", options->to_pool);
    facts_number(out, "received", options->received);
    facts_number(out, "lost", options->lost);
    return true;
}

bool stockctl_facts_inbound(const struct stockctl_options *options,
                            const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    char at[CLOCK_TEXT_LEN];
    struct json_out json;
    size_t start = out->len;

    if (!facts_report(&json, out, "inbound_reported", "shipment_id", "sent", options, fact, err))
        return false;
    json_put_member(&json, "status", options->status == NULL ? "shipped" : options->status);
    facts_number(&json, "damaged", options->damaged);
    if (options->expected_ms >= 0)
        json_put_member(&json, "expected_at", clock_format(options->expected_ms, at));
    return facts_end(&json, start, err);
}

bool stockctl_facts_removal(const struct stockctl_options *options,
                            const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    struct json_out json;
    size_t start = out->len;

    if (!facts_report(&json, out, "removal_reported", "removal_id", "requested", options, fact,
                      err))
        return false;
    json_put_member(&json, "bucket", sellable_unless(options->bucket));
    facts_text(&json, "status", options->status);
    facts_number(&json, "cancelled", options->cancelled);
    facts_number(&json, "shipped", options->shipped);
    facts_number(&json, "disposed", options->disposed);
    return facts_end(&json, start, err);
}

/* ---- listings, pools, rules */

/* SKU[:UNITS]: what follows the last colon counts as units if it is a number. */
static bool facts_component(struct json_out *out, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    int64_t units = 1;
    size_t len = strlen(text);

    if (colon != NULL && stockctl_options_number(colon + 1, 0, INT64_MAX, &units))
        len = (size_t)(colon - text);
    if (len == 0)
        return err_set(err, ERR_REJECT, "--sku is '%s': want SKU or SKU:UNITS", text);
    json_object(out);
    json_key(out, "sku");
    json_put_bytes(out, text, len);
    json_put_member_int(out, "units", units);
    json_object_end(out);
    return true;
}

static bool facts_components(struct json_out *out, const struct stockctl_texts *skus,
                             struct err *err)
{
    json_key(out, "components");
    json_array(out);
    for (size_t i = 0; i < skus->len; i++) {
        if (!facts_component(out, skus->texts[i], err))
            return false;
    }
    json_array_end(out);
    return true;
}

bool stockctl_facts_listing(const struct stockctl_options *options,
                            const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    struct json_out json;
    size_t start = out->len;

    if (options->retire == (options->skus.len > 0))
        return err_set(err, ERR_REJECT, "want --sku with what the listing sells, or --retire");
    if (!options->retire && options->pool == NULL)
        return err_set(err, ERR_REJECT, "--pool is missing: say which pool its orders draw from");
    facts_begin(&json, out, "mapping_changed", fact);
    json_put_member(&json, "channel", options->arguments[0]);
    json_put_member(&json, "listing", options->arguments[1]);
    facts_text(&json, "address", options->address);
    if (!facts_components(&json, &options->skus, err))
        return false;
    facts_text(&json, "pool", options->pool);
    return facts_end(&json, start, err);
}

bool stockctl_facts_pool(const struct stockctl_options *options, const struct stockctl_fact *fact,
                         struct buf *out, struct err *err)
{
    const char *authority = options->authority == NULL ? "ledger" : options->authority;
    struct json_out json;
    size_t start = out->len;

    if (strcmp(authority, "ledger") != 0 && strcmp(authority, "channel") != 0)
        return err_set(err, ERR_REJECT, "--authority is '%s': want ledger or channel", authority);
    facts_begin(&json, out, "pool_changed", fact);
    json_put_member(&json, "pool", options->arguments[0]);
    json_put_member(&json, "authority", authority);
    facts_text(&json, "title", options->title);
    return facts_end(&json, start, err);
}

bool stockctl_facts_rule(const struct stockctl_options *options, const struct stockctl_fact *fact,
                         struct buf *out, struct err *err)
{
    struct json_out json;
    size_t start = out->len;

    facts_begin(&json, out, "rule_changed", fact);
    facts_text(&json, "channel", options->channel);
    facts_text(&json, "listing", options->listing);
    facts_text(&json, "sku", options->sku);
    facts_texts(&json, "pools", &options->pools);
    facts_texts(&json, "buckets", &options->buckets);
    facts_number(&json, "buffer_units", options->buffer);
    facts_number(&json, "buffer_percent", options->percent);
    facts_number(&json, "cap", options->cap);
    facts_number(&json, "floor", options->floor);
    facts_text(&json, "tier", options->tier);
    facts_number(&json, "risk_bound_ppm", options->risk_bound);
    facts_number(&json, "safety_stock", options->safety_stock);
    return facts_end(&json, start, err);
}

/* ---- the pace of sales */

bool stockctl_facts_tier(const struct stockctl_options *options, const struct stockctl_fact *fact,
                         struct buf *out, struct err *err)
{
    struct json_out json;
    size_t start = out->len;

    if (options->per_day < 0)
        return err_set(err, ERR_REJECT, "--per-day is missing: say from which rate on it is");
    facts_begin(&json, out, "tier_defined", fact);
    json_put_member(&json, "tier", options->arguments[0]);
    facts_number(&json, "from_per_day", options->per_day);
    facts_number(&json, "latency_ms", options->latency_ms);
    facts_number(&json, "lead_time_days", options->lead_days);
    return facts_end(&json, start, err);
}

/* What each of the default tiers holds back: so many percent, or what the risk of overselling
   costs. */
enum { TIERS_RISK_BOUND = 1000 };
static const int64_t tiers_percent[STOCK_TIERS_DEFAULT] = {20, 15, 10, 5};

static bool facts_default_tier(size_t at, const struct stockctl_fact *fact, struct buf *out,
                               struct err *err)
{
    const struct event_tier *tier = &stock_velocity_tiers[at];
    struct json_out json;
    size_t start = out->len;

    facts_begin(&json, out, "tier_defined", fact);
    json_put_member(&json, "tier", tier->tier);
    facts_number(&json, "from_per_day", tier->from_per_day);
    facts_number(&json, "latency_ms", tier->latency_ms);
    facts_number(&json, "lead_time_days", tier->lead_time_days);
    if (!facts_end(&json, start, err))
        return false;
    buf_char(out, ',');
    start = out->len;
    facts_begin(&json, out, "rule_changed", fact);
    json_put_member(&json, "tier", tier->tier);
    facts_number(&json, "buffer_percent", tiers_percent[at]);
    facts_number(&json, "risk_bound_ppm", TIERS_RISK_BOUND);
    return facts_end(&json, start, err);
}

bool stockctl_facts_tiers(const struct stockctl_options *options, const struct stockctl_fact *fact,
                          struct buf *out, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();

    (void)options;
    for (size_t i = 0; i < STOCK_TIERS_DEFAULT; i++) {
        struct stockctl_fact of_tier = *fact;

        of_tier.fact_id = arena_printf(arena, "%s-%s", fact->fact_id, stock_velocity_tiers[i].tier);
        buf_char(out, i == 0 ? '[' : ',');
        if (!facts_default_tier(i, &of_tier, out, err))
            return false;
    }
    buf_char(out, ']');
    return true;
}

/* SKU on|off */
bool stockctl_facts_promotion(const struct stockctl_options *options,
                              const struct stockctl_fact *fact, struct buf *out, struct err *err)
{
    bool active = strcmp(options->arguments[1], "on") == 0;
    struct json_out json;
    size_t start = out->len;

    if (!active && strcmp(options->arguments[1], "off") != 0)
        return err_set(err, ERR_REJECT, "it is '%s': want on or off", options->arguments[1]);
    facts_begin(&json, out, "promotion_changed", fact);
    json_put_member(&json, "sku", options->arguments[0]);
    json_key(&json, "active");
    json_put_bool(&json, active);
    return facts_end(&json, start, err);
}
