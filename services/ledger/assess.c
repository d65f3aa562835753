#include "services/ledger/assess.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/stock/stock.h"
#include "lib/stock/velocity.h"

#include "services/ledger/keys.h"
#include "services/ledger/measures.h"
#include "services/ledger/working_set.h"

#include "sql.h"

/* Windows are whole hours, see select_sales.sql. */
#define ASSESS_HOUR_MS INT64_C(3600000)
#define ASSESS_WEEK_MS (7 * STOCK_DAY_MS)

enum { ASSESS_SAMPLES_MIN = 20 };

struct assess {
    struct pg *pg;
    struct arena *arena;
    const struct ledger_assess_options *options;
    struct ledger_keys skus;
    struct ledger_keys channels;
    const struct event **drafts;
    size_t drafts_len;
    size_t drafts_capacity;
};

static const char *assess_text(struct assess *assess, const struct pg_rows *rows, size_t row,
                               const char *column)
{
    return arena_strdup(assess->arena, pg_rows_text(rows, row, column));
}

/* ---- which SKUs ---- */

static bool assess_take_skus(struct assess *assess, const char *sql, struct pg_params *params,
                             size_t *ret_count, const char **ret_last, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!pg_run(assess->pg, sql, params, &rows, err))
        return false;
    *ret_count = pg_rows_count(rows);
    for (size_t row = 0; row < *ret_count; row++) {
        *ret_last = assess_text(assess, rows, row, "sku");
        ledger_keys_add(&assess->skus, *ret_last, "", "");
    }
    return true;
}

/* The fastest of the last hour every time; the others in turn, so that what slows down, or was told
   late, is seen too. */
static bool assess_choose_skus(struct assess *assess, const char **swept_sku, struct err *err)
{
    SCOPED(pg_params) struct pg_params *fast = pg_params_new();
    SCOPED(pg_params) struct pg_params *next = pg_params_new();
    const struct ledger_assess_options *options = assess->options;
    const char *last = "";
    size_t count = 0;

    pg_params_int(fast, options->as_of_ms - ASSESS_HOUR_MS);
    pg_params_int(fast, options->as_of_ms);
    pg_params_int(fast, options->skus_max);
    if (!assess_take_skus(assess, sql_ledger_select_fast_skus, fast, &count, &last, err))
        return false;
    pg_params_text(next, *swept_sku);
    pg_params_int(next, options->skus_max);
    last = "";
    if (!assess_take_skus(assess, sql_ledger_select_next_skus, next, &count, &last, err))
        return false;
    *swept_sku = count < (size_t)options->skus_max ? "" : last;
    return true;
}

/* ---- measuring ---- */

static struct event *assess_draft(struct assess *assess, enum event_kind kind)
{
    struct event *event = arena_alloc(assess->arena, sizeof(*event));

    event_init(event, kind);
    event->source.channel = "ledger";
    event->source.adapter = "ledger/1";
    event->source.host = assess->options->replica;
    event->times.occurred_ms = assess->options->as_of_ms;
    event->times.received_ms = assess->options->now_ms;
    return event;
}

static bool assess_add(struct assess *assess, struct event *event, struct err *err)
{
    event_identify(event);
    if (!event_check(event, err))
        return false;
    assess->drafts = arena_grow(assess->arena, assess->drafts, assess->drafts_len,
                                &assess->drafts_capacity, sizeof(*assess->drafts));
    assess->drafts[assess->drafts_len++] = event;
    return true;
}

static void assess_measure(struct assess *assess, const struct stock_sale *sales, size_t count,
                           int64_t window_ms, struct event_velocity *velocity)
{
    struct event_channel_units units[EVENT_CHANNELS_MAX];

    velocity->as_of_ms = assess->options->as_of_ms;
    velocity->window_ms = window_ms;
    velocity->units_len =
        stock_velocity_measure(sales, count, velocity->as_of_ms, window_ms, units);
    velocity->units = arena_memdup(assess->arena, units, velocity->units_len * sizeof(*units));
}

/* A week tells the pace; an hour with enough units tells when it has risen since. */
static bool assess_velocity(struct assess *assess, const char *sku, const struct stock_sale *sales,
                            size_t count, struct err *err)
{
    struct event *event = assess_draft(assess, EVENT_VELOCITY_MEASURED);
    struct event_velocity hour = {.sku = sku};

    event->velocity.sku = sku;
    assess_measure(assess, sales, count, ASSESS_WEEK_MS, &event->velocity);
    assess_measure(assess, sales, count, ASSESS_HOUR_MS, &hour);
    if (stock_velocity_units(&hour, "") >= assess->options->surge_units &&
        stock_velocity_compare(&hour, &event->velocity) > 0)
        event->velocity = hour;
    return assess_add(assess, event, err);
}

/* Of the rows from `at` on those of one SKU; returns where the next one's begin. */
static size_t assess_sales_of(struct assess *assess, const struct pg_rows *rows, size_t at,
                              const char *sku, struct stock_sale **ret_sales)
{
    size_t capacity = 0;
    size_t len = 0;

    *ret_sales = NULL;
    for (; at < pg_rows_count(rows) && strcmp(pg_rows_text(rows, at, "sku"), sku) == 0; at++) {
        *ret_sales = arena_grow(assess->arena, *ret_sales, len, &capacity, sizeof(**ret_sales));
        (*ret_sales)[len++] = (struct stock_sale){
            .channel = assess_text(assess, rows, at, "channel"),
            .units = pg_rows_int(rows, at, "units"),
            .placed_ms = pg_rows_int(rows, at, "placed_ms"),
        };
    }
    return at;
}

static bool assess_velocities(struct assess *assess, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(map) struct map *sold = map_new();

    ledger_keys_params(&assess->skus, params, 1);
    pg_params_int(params, assess->options->as_of_ms - ASSESS_WEEK_MS);
    pg_params_int(params, assess->options->as_of_ms);
    if (!pg_run(assess->pg, sql_ledger_select_sales, params, &rows, err))
        return false;
    for (size_t at = 0; at < pg_rows_count(rows);) {
        const char *sku = assess_text(assess, rows, at, "sku");
        struct stock_sale *sales = NULL;
        size_t next = assess_sales_of(assess, rows, at, sku, &sales);

        if (!assess_velocity(assess, sku, sales, next - at, err))
            return false;
        map_set(sold, sku, sales);
        at = next;
    }
    for (size_t i = 0; i < assess->skus.len; i++) {
        if (map_get(sold, assess->skus.parts[0][i]) == NULL &&
            !assess_velocity(assess, assess->skus.parts[0][i], NULL, 0, err))
            return false;
    }
    return true;
}

static bool assess_latencies(struct assess *assess, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_int(params, assess->options->as_of_ms - ASSESS_HOUR_MS);
    pg_params_int(params, assess->options->as_of_ms);
    pg_params_int(params, ASSESS_SAMPLES_MIN);
    if (!pg_run(assess->pg, sql_ledger_select_lateness, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct event *event = assess_draft(assess, EVENT_LATENCY_MEASURED);

        event->latency = (struct event_latency){
            .channel = assess_text(assess, rows, row, "channel"),
            .as_of_ms = assess->options->as_of_ms,
            .latency_ms = pg_rows_int(rows, row, "latency_ms"),
            .samples = pg_rows_int(rows, row, "samples"),
        };
        ledger_keys_add(&assess->channels, event->latency.channel, "", "");
        if (!assess_add(assess, event, err))
            return false;
    }
    return true;
}

/* ---- what is worth telling ---- */

static bool assess_is_news(const struct stock *stock, const struct event *draft, int64_t hold_ms)
{
    if (draft->kind == EVENT_LATENCY_MEASURED)
        return stock_latency_is_news(stock_newest_latency(stock, draft->latency.channel),
                                     &draft->latency, hold_ms);
    return stock_velocity_is_news(stock_newest_velocity(stock, draft->velocity.sku),
                                  &draft->velocity, hold_ms);
}

/* Keeps the drafts that say something else than the measurements in force. */
static bool assess_keep_news(struct assess *assess, struct err *err)
{
    struct stock *stock = stock_new(assess->arena);
    size_t kept = 0;

    if (!ledger_measures_load(assess->pg, assess->arena, stock, &assess->skus, &assess->channels,
                              err))
        return false;
    for (size_t i = 0; i < assess->drafts_len; i++) {
        if (assess_is_news(stock, assess->drafts[i], assess->options->hold_ms))
            assess->drafts[kept++] = assess->drafts[i];
    }
    assess->drafts_len = kept;
    return true;
}

/* Ids of the measurements that a tier or a price changed by. */
static void assess_effective(struct stock *stock, struct map *effective)
{
    const struct stock_listing_change *changes = NULL;
    size_t count = stock_changed_listings(stock, &changes);

    for (size_t i = 0; i < count; i++) {
        if (!changes[i].pace_changed)
            continue;
        map_set(effective, changes[i].listing->measurement_id, stock);
        map_set(effective, changes[i].listing->latency_id, stock);
    }
}

/* Folds them into the present rows, and keeps those that change something there. */
static bool assess_keep_effective(struct assess *assess, struct err *err)
{
    SCOPED(map) struct map *versions = map_new();
    SCOPED(map) struct map *effective = map_new();
    struct ledger_working_set set = {.stock = stock_new(assess->arena), .versions = versions};
    size_t kept = 0;

    if (assess->drafts_len == 0)
        return true;
    if (!ledger_working_set_load(assess->pg, assess->arena, assess->drafts, assess->drafts_len,
                                 &set, err))
        return false;
    for (size_t i = 0; i < assess->drafts_len; i++) {
        const char *reason = NULL;

        stock_apply(set.stock, assess->drafts[i], &reason);
    }
    stock_settle(set.stock);
    assess_effective(set.stock, effective);
    for (size_t i = 0; i < assess->drafts_len; i++) {
        if (map_get(effective, assess->drafts[i]->id) != NULL)
            assess->drafts[kept++] = assess->drafts[i];
    }
    assess->drafts_len = kept;
    return true;
}

bool ledger_assess(struct pg *pg, struct arena *arena, const struct ledger_assess_options *options,
                   struct ledger_assessed *assessed, struct err *err)
{
    struct assess assess = {.pg = pg, .arena = arena, .options = options};
    const char *swept_sku = assessed->swept_sku;

    ledger_keys_init(&assess.skus, arena);
    ledger_keys_init(&assess.channels, arena);
    bool ok = assess_choose_skus(&assess, &swept_sku, err) && assess_velocities(&assess, err) &&
              assess_latencies(&assess, err) && assess_keep_news(&assess, err) &&
              assess_keep_effective(&assess, err);

    ledger_keys_release(&assess.skus);
    ledger_keys_release(&assess.channels);
    if (ok)
        *assessed = (struct ledger_assessed){swept_sku, assess.drafts, assess.drafts_len};
    return ok;
}
