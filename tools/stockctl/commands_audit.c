/* The questions of an audit: functions of schema api, by name (db/README.md). */
#include "lib/base/clock.h"

#include "tools/stockctl/command.h"
#include "tools/stockctl/read.h"

#include "sql.h"

enum { JSON_ONLY = true };

/* What every question begins with: the first two arguments, as far as there are so many. */
static struct pg_params *audit_params(const struct stockctl_options *options)
{
    struct pg_params *params = pg_params_new();

    for (size_t i = 0; i < options->arguments_len && i < 2; i++)
        pg_params_text(params, options->arguments[i]);
    return params;
}

static void audit_interval(const struct stockctl_options *options, struct pg_params *params)
{
    pg_params_int(params, options->from_ms < 0 ? 0 : options->from_ms);
    pg_params_int(params, options->to_ms < 0 ? clock_now_ms() : options->to_ms);
}

int stockctl_audit_timeline(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"time_ms",  COLUMN_TIME, false},
        {"what",     COLUMN_TEXT, false},
        {"channel",     COLUMN_TEXT, false},
        {"place",     COLUMN_TEXT, false},
        {"change",  COLUMN_NUMBER, false},
        {"quantity",     COLUMN_NUMBER, false},
        {"version",    COLUMN_NUMBER, JSON_ONLY},
        {"detail",     COLUMN_TEXT, false},
        {"event_id",   COLUMN_TEXT, JSON_ONLY},
        {"occurred_ms",     COLUMN_TIME, JSON_ONLY},
        {0},
    };
    struct pg_params *params = audit_params(options);

    audit_interval(options, params);
    return stockctl_read_query(options, sql_stockctl_select_timeline, params, columns,
                               "nothing is known of it", err);
}

int stockctl_audit_showed(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"time_ms",  COLUMN_TIME, false},
        {"what",     COLUMN_TEXT, false},
        {"quantity",     COLUMN_NUMBER, false},
        {"shows",     COLUMN_NUMBER, false},
        {"until_ms", COLUMN_TIME, false},
        {"version",     COLUMN_NUMBER, false},
        {"detail",    COLUMN_TEXT, false},
        {"event_id",     COLUMN_TEXT, JSON_ONLY},
        {0},
    };
    struct pg_params *params = audit_params(options);

    audit_interval(options, params);
    return stockctl_read_query(options, sql_stockctl_select_showed, params, columns,
                               "nothing is known of it", err);
}

int stockctl_audit_order(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"time_ms", COLUMN_TIME, false},
        {"what",    COLUMN_TEXT, false},
        {"channel",    COLUMN_TEXT, false},
        {"place",    COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"change",    COLUMN_NUMBER, false},
        {"quantity",   COLUMN_NUMBER, false},
        {"version",    COLUMN_NUMBER, JSON_ONLY},
        {"latency_ms",     COLUMN_NUMBER, false},
        {"detail",    COLUMN_TEXT, false},
        {"event_id",  COLUMN_TEXT, JSON_ONLY},
        {0   },
    };

    return stockctl_read_query(options, sql_stockctl_select_order_effects, audit_params(options),
                               columns, "no such order", err);
}

int stockctl_audit_oversell(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"sku",       COLUMN_TEXT, false},
        {"pool",      COLUMN_TEXT, false},
        {"below_ms",      COLUMN_TIME, false},
        {"known_ms",      COLUMN_TIME, false},
        {"available",  COLUMN_NUMBER, false},
        {"lowest",      COLUMN_NUMBER, false},
        {"back_ms",  COLUMN_TIME, false},
        {"reason",      COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"order_id",      COLUMN_TEXT, false},
        {"line_id",    COLUMN_TEXT, JSON_ONLY},
        {"listing",      COLUMN_TEXT, JSON_ONLY},
        {"event_id",   COLUMN_TEXT, false},
        {"is_this_order",      COLUMN_BOOL, false},
        {0   },
    };

    return stockctl_read_query(options, sql_stockctl_select_oversell_story, audit_params(options),
                               columns, "it was in no oversell", err);
}

int stockctl_audit_last_unit(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"time_before",      COLUMN_NUMBER, false},
        {"verdict",             COLUMN_TEXT, false},
        {"happened_ms",          COLUMN_TIME, false},
        {"available_before",             COLUMN_NUMBER, false},
        {"available_after",      COLUMN_NUMBER, false},
        {"reason",             COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"order_id",             COLUMN_TEXT, false},
        {"line_id",  COLUMN_TEXT, JSON_ONLY},
        {"listing",             COLUMN_TEXT, false},
        {"actor",           COLUMN_TEXT, JSON_ONLY},
        {"event_id",             COLUMN_TEXT, JSON_ONLY},
        {"applied_ms",          COLUMN_TIME, JSON_ONLY},
        {0            },
    };

    return stockctl_read_query(options, sql_stockctl_select_last_unit, audit_params(options),
                               columns, "it never ran out", err);
}

int stockctl_audit_why(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"step",        COLUMN_NUMBER, false},
        {"occurred_ms",        COLUMN_TIME, false},
        {"applied_ms", COLUMN_TIME, JSON_ONLY},
        {"delta",        COLUMN_NUMBER, false},
        {"effect",  COLUMN_NUMBER, false},
        {"balance",    COLUMN_NUMBER, false},
        {"running",       COLUMN_NUMBER, false},
        {"counts",        COLUMN_BOOL, false},
        {"reason",      COLUMN_TEXT, false},
        {"kind",        COLUMN_TEXT, false},
        {"channel",     COLUMN_TEXT, false},
        {"listing",        COLUMN_TEXT, JSON_ONLY},
        {"order_id",     COLUMN_TEXT, false},
        {"line_id",        COLUMN_TEXT, JSON_ONLY},
        {"actor",      COLUMN_TEXT, false},
        {"event_id",        COLUMN_TEXT, JSON_ONLY},
        {0     },
    };
    struct pg_params *params = audit_params(options);

    pg_params_text(params, options->bucket == NULL ? "sellable" : options->bucket);
    return stockctl_read_query(options, sql_stockctl_select_why, params, columns,
                               "no such position", err);
}

int stockctl_audit_drifted(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"time_ms", COLUMN_TIME, false},
        {"source",    COLUMN_TEXT, false},
        {"channel",  COLUMN_TEXT, false},
        {"listing",    COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"shown",    COLUMN_NUMBER, false},
        {"expected", COLUMN_NUMBER, false},
        {"class",    COLUMN_TEXT, false},
        {"cause",     COLUMN_TEXT, false},
        {"event_id",    COLUMN_TEXT, JSON_ONLY},
        {0  },
    };
    struct pg_params *params = pg_params_new();

    pg_params_int(params, options->from_ms < 0 ? 0 : options->from_ms);
    pg_params_text(params, options->channel);
    return stockctl_read_query(options, sql_stockctl_select_drifted, params, columns,
                               "nothing drifted", err);
}

int stockctl_audit_unconfirmed(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel",            COLUMN_TEXT, false},
        {"listing",               COLUMN_TEXT, false},
        {"sku",            COLUMN_TEXT, false},
        {"quantity",               COLUMN_NUMBER, false},
        {"version",                COLUMN_NUMBER, JSON_ONLY},
        {"confirmed_quantity",               COLUMN_NUMBER, false},
        {"since_ms",           COLUMN_TIME, false},
        {"age_s",               COLUMN_NUMBER, false},
        {"attempts",            COLUMN_NUMBER, false},
        {"last_ms",           COLUMN_TIME, JSON_ONLY},
        {"last_result", COLUMN_TEXT, false},
        {"last_error",               COLUMN_TEXT, false},
        {0          },
    };
    struct pg_params *params = pg_params_new();

    pg_params_int(params, options->older_s < 0 ? 0 : options->older_s);
    pg_params_text(params, options->channel);
    return stockctl_read_query(options, sql_stockctl_select_unconfirmed, params, columns,
                               "everything is confirmed", err);
}

int stockctl_audit_mappings(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"valid_from_ms",  COLUMN_TIME, false},
        {"valid_until_ms",           COLUMN_TIME, false},
        {"sells", COLUMN_TEXT, false},
        {"pool",           COLUMN_TEXT, false},
        {"placed_ms",          COLUMN_TIME, false},
        {"order_id",           COLUMN_TEXT, false},
        {"line_id",           COLUMN_TEXT, false},
        {"ordered",           COLUMN_NUMBER, false},
        {"kind",      COLUMN_TEXT, false},
        {"occurred_ms",           COLUMN_TIME, JSON_ONLY},
        {"actor",       COLUMN_TEXT, JSON_ONLY},
        {"mapping_id",           COLUMN_TEXT, JSON_ONLY},
        {"event_id",        COLUMN_TEXT, JSON_ONLY},
        {0          },
    };

    return stockctl_read_query(options, sql_stockctl_select_by_mapping, audit_params(options),
                               columns, "no such listing", err);
}
