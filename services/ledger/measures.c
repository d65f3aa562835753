#include "services/ledger/measures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "services/ledger/rows.h"

#include "sql.h"

/* ---- loading ---- */

struct measures_row {
    struct arena *arena;
    const struct pg_rows *rows;
    size_t row;
};

static const char *measures_text(const struct measures_row *row, const char *column)
{
    return arena_strdup(row->arena, pg_rows_text(row->rows, row->row, column));
}

static int64_t measures_int(const struct measures_row *row, const char *column)
{
    return pg_rows_int(row->rows, row->row, column);
}

/* "amazon,ebay" and "31,4". */
static size_t measures_units(const struct measures_row *row,
                             const struct event_channel_units **ret_units)
{
    struct event_channel_units *units =
        arena_alloc(row->arena, EVENT_CHANNELS_MAX * sizeof(*units));
    const char *channels = measures_text(row, "channels");
    const char *numbers = measures_text(row, "units");
    size_t len = 0;

    while (*channels != '\0' && len < EVENT_CHANNELS_MAX) {
        size_t name_len = strcspn(channels, ",");
        char *end = NULL;

        units[len].channel = arena_strndup(row->arena, channels, name_len);
        units[len++].units = strtoll(numbers, &end, 10);
        channels += name_len + (channels[name_len] == ',');
        numbers = *end == ',' ? end + 1 : end;
    }
    *ret_units = units;
    return len;
}

static void measures_take_velocity(struct stock *stock, const struct measures_row *row)
{
    struct stock_velocity velocity = {
        .id = measures_text(row, "id"),
        .velocity = {.sku = measures_text(row, "name"),
                     .as_of_ms = measures_int(row, "at_ms"),
                     .window_ms = measures_int(row, "first")},
    };

    velocity.velocity.units_len = measures_units(row, &velocity.velocity.units);
    stock_load_velocity(stock, &velocity);
}

static void measures_take_latency(struct stock *stock, const struct measures_row *row)
{
    const struct stock_latency latency = {
        .id = measures_text(row, "id"),
        .latency = {.channel = measures_text(row, "name"),
                    .as_of_ms = measures_int(row, "at_ms"),
                    .latency_ms = measures_int(row, "first"),
                    .samples = measures_int(row, "second")},
    };

    stock_load_latency(stock, &latency);
}

static void measures_take_promotion(struct stock *stock, const struct measures_row *row)
{
    const struct stock_promotion promotion = {
        .id = measures_text(row, "id"),
        .valid_from_ms = measures_int(row, "at_ms"),
        .promotion = {.fact_id = "",
                      .sku = measures_text(row, "name"),
                      .active = measures_int(row, "first") != 0},
    };

    stock_load_promotion(stock, &promotion);
}

static void measures_take_tier(struct stock *stock, const struct measures_row *row)
{
    const struct stock_tier tier = {
        .id = measures_text(row, "id"),
        .valid_from_ms = measures_int(row, "at_ms"),
        .tier = {.fact_id = "",
                 .tier = measures_text(row, "name"),
                 .from_per_day = measures_int(row, "first"),
                 .latency_ms = measures_int(row, "second"),
                 .lead_time_days = measures_int(row, "third")},
    };

    stock_load_tier(stock, &tier);
}

bool ledger_measures_load(struct pg *pg, struct arena *arena, struct stock *stock,
                          const struct ledger_keys *skus, const struct ledger_keys *channels,
                          struct err *err)
{
    static const struct {
        const char *kind;
        void (*take)(struct stock *stock, const struct measures_row *row);
    } kinds[] = {
        {"velocity",  measures_take_velocity },
        {"latency",   measures_take_latency  },
        {"promotion", measures_take_promotion},
        {"tier",      measures_take_tier     },
    };
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(skus, params, 1);
    ledger_keys_params(channels, params, 1);
    if (!pg_run(pg, sql_ledger_select_measures, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const char *kind = pg_rows_text(rows, row, "kind");

        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            if (strcmp(kind, kinds[i].kind) == 0)
                kinds[i].take(stock, &(struct measures_row){arena, rows, row});
        }
    }
    return true;
}

/* ---- flushing ---- */

struct velocity_row {
    const char *id;
    const char *sku;
    int64_t as_of_ms;
    int64_t window_ms;
    const char *channels;
    const char *units;
};

struct promotion_row {
    const char *id;
    const char *sku;
    int64_t active;
    int64_t valid_from_ms;
};

#define TEXT(field) LEDGER_ROWS_TEXT_OF(ROW, field)
#define INT(field)  LEDGER_ROWS_INT_OF(ROW, field)
#define ROW         struct stock_tier
static const struct ledger_rows_column tier_columns[] = {
    TEXT(id),
    TEXT(tier.tier),
    INT(tier.from_per_day),
    INT(tier.latency_ms),
    INT(tier.lead_time_days),
    INT(valid_from_ms),
    {0},
};
#undef ROW
#define ROW struct stock_latency
static const struct ledger_rows_column latency_columns[] = {
    TEXT(id),
    TEXT(latency.channel),
    INT(latency.as_of_ms),
    INT(latency.latency_ms),
    INT(latency.samples),
    {0},
};
#undef ROW
#define ROW struct velocity_row
static const struct ledger_rows_column velocity_columns[] = {
    TEXT(id), TEXT(sku), INT(as_of_ms), INT(window_ms), TEXT(channels), TEXT(units), {0},
};
#undef ROW
#define ROW struct promotion_row
static const struct ledger_rows_column promotion_columns[] = {
    TEXT(id), TEXT(sku), INT(active), INT(valid_from_ms), {0}};
#undef ROW

static const struct velocity_row *measures_velocity_row(struct arena *arena,
                                                        const struct stock_velocity *velocity)
{
    const struct event_velocity *fact = &velocity->velocity;
    struct velocity_row row = {velocity->id, fact->sku, fact->as_of_ms, fact->window_ms, "", ""};

    for (size_t i = 0; i < fact->units_len; i++) {
        const char *comma = i == 0 ? "" : ",";

        row.channels = arena_printf(arena, "%s%s%s", row.channels, comma, fact->units[i].channel);
        row.units = arena_printf(arena, "%s%s%" PRId64, row.units, comma, fact->units[i].units);
    }
    return arena_memdup(arena, &row, sizeof(row));
}

static bool measures_flush_velocities(struct pg *pg, struct arena *arena, const struct stock *stock,
                                      struct err *err)
{
    const struct stock_velocity *const *velocities = NULL;
    size_t count = stock_new_velocities(stock, &velocities);
    const struct velocity_row **rows = arena_alloc(arena, count * sizeof(*rows));

    for (size_t i = 0; i < count; i++)
        rows[i] = measures_velocity_row(arena, velocities[i]);
    return ledger_rows_run(pg, arena, sql_ledger_insert_velocities, (const void *const *)rows,
                           count, velocity_columns, NULL, err);
}

static bool measures_flush_promotions(struct pg *pg, struct arena *arena, const struct stock *stock,
                                      struct err *err)
{
    const struct stock_promotion *const *promotions = NULL;
    size_t count = stock_new_promotions(stock, &promotions);
    const struct promotion_row **rows = arena_alloc(arena, count * sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        const struct promotion_row row = {promotions[i]->id, promotions[i]->promotion.sku,
                                          promotions[i]->promotion.active,
                                          promotions[i]->valid_from_ms};

        rows[i] = arena_memdup(arena, &row, sizeof(row));
    }
    return ledger_rows_run(pg, arena, sql_ledger_insert_promotions, (const void *const *)rows,
                           count, promotion_columns, NULL, err);
}

bool ledger_measures_flush(struct pg *pg, struct arena *arena, const struct stock *stock,
                           struct err *err)
{
    const struct stock_tier *const *tiers = NULL;
    const struct stock_latency *const *latencies = NULL;
    size_t tiers_len = stock_new_tiers(stock, &tiers);
    size_t latencies_len = stock_new_latencies(stock, &latencies);

    return ledger_rows_run(pg, arena, sql_ledger_insert_tiers, (const void *const *)tiers,
                           tiers_len, tier_columns, NULL, err) &&
           ledger_rows_run(pg, arena, sql_ledger_insert_latencies, (const void *const *)latencies,
                           latencies_len, latency_columns, NULL, err) &&
           measures_flush_velocities(pg, arena, stock, err) &&
           measures_flush_promotions(pg, arena, stock, err);
}
