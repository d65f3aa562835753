#include <stdio.h>

#include "lib/base/clock.h"
#include "sql.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/read.h"

enum { JSON_ONLY = true };

int stockctl_read_stock(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"sku", COLUMN_TEXT, false},
        {"pool", COLUMN_TEXT, false},
        {"sellable", COLUMN_NUMBER, false},
        {"committed", COLUMN_NUMBER, false},
        {"available", COLUMN_NUMBER, false},
        {"elsewhere", COLUMN_NUMBER, false},
        {0},
    };
    const char *sql = sql_stockctl_select_stock;
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments_len > 0 ? options->arguments[0] : NULL);
    pg_params_text(params, options->pool);
    if (options->at_ms >= 0 || options->known) {
        pg_params_int(params, options->at_ms < 0 ? clock_now_ms() : options->at_ms);
        sql = options->known ? sql_stockctl_select_stock_known_at : sql_stockctl_select_stock_as_of;
    }
    return stockctl_read_query(options, sql, params, columns, "no such stock", err);
}

int stockctl_read_inbound(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"shipment_id", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, JSON_ONLY},
        {"from_pool", COLUMN_TEXT, false},
        {"to_pool", COLUMN_TEXT, false},
        {"status", COLUMN_TEXT, false},
        {"sent", COLUMN_NUMBER, false},
        {"received", COLUMN_NUMBER, false},
        {"damaged", COLUMN_NUMBER, false},
        {"lost", COLUMN_NUMBER, false},
        {"missing", COLUMN_NUMBER, false},
        {"in_transit", COLUMN_NUMBER, false},
        {"late", COLUMN_BOOL, false},
        {"arrived_ms", COLUMN_TIME, JSON_ONLY},
        {"expected_ms", COLUMN_TIME, JSON_ONLY},
        {"receiving_due_ms", COLUMN_TIME, JSON_ONLY},
        {"sellable_from_ms", COLUMN_TIME, JSON_ONLY},
        {"sellable_by_ms", COLUMN_TIME, false},
        {"closed_ms", COLUMN_TIME, JSON_ONLY},
        {"report_id", COLUMN_TEXT, JSON_ONLY},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments_len > 0 ? options->arguments[0] : NULL);
    pg_params_text(params, options->pool);
    pg_params_bool(params, options->open);
    pg_params_bool(params, options->late);
    return stockctl_read_query(options, sql_stockctl_select_inbound, params, columns,
                      "no such inbound shipments", err);
}

int stockctl_read_removals(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"removal_id", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, JSON_ONLY},
        {"from_pool", COLUMN_TEXT, false},
        {"bucket", COLUMN_TEXT, false},
        {"to_pool", COLUMN_TEXT, false},
        {"status", COLUMN_TEXT, false},
        {"requested", COLUMN_NUMBER, false},
        {"cancelled", COLUMN_NUMBER, false},
        {"shipped", COLUMN_NUMBER, false},
        {"received", COLUMN_NUMBER, false},
        {"damaged", COLUMN_NUMBER, JSON_ONLY},
        {"disposed", COLUMN_NUMBER, false},
        {"lost", COLUMN_NUMBER, false},
        {"expected_units", COLUMN_NUMBER, false},
        {"open", COLUMN_BOOL, false},
        {"age_days", COLUMN_NUMBER, false},
        {"created_ms", COLUMN_TIME, JSON_ONLY},
        {"closed_ms", COLUMN_TIME, JSON_ONLY},
        {"report_id", COLUMN_TEXT, JSON_ONLY},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments_len > 0 ? options->arguments[0] : NULL);
    pg_params_text(params, options->pool);
    pg_params_bool(params, options->open);
    pg_params_int(params, options->days < 0 ? 0 : options->days);
    return stockctl_read_query(options, sql_stockctl_select_removals, params, columns,
                      "no such removal orders", err);
}

int stockctl_read_tiers(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"tier", COLUMN_TEXT, false},
        {"from_per_day", COLUMN_NUMBER, false},
        {"latency_ms", COLUMN_NUMBER, false},
        {"lead_time_days", COLUMN_NUMBER, false},
        {"valid_from_ms", COLUMN_TIME, false},
        {"tier_id", COLUMN_TEXT, JSON_ONLY},
        {0},
    };

    return stockctl_read_query(options, sql_stockctl_select_tiers, pg_params_new(), columns,
                      "no tier is defined: T1 to T4 are as 'tiers defaults --dry-run' says", err);
}

int stockctl_read_orders(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel", COLUMN_TEXT, false},
        {"order_id", COLUMN_TEXT, false},
        {"line_id", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"ordered", COLUMN_NUMBER, false},
        {"cancelled", COLUMN_NUMBER, false},
        {"shipped", COLUMN_NUMBER, false},
        {"returned", COLUMN_NUMBER, false},
        {"open", COLUMN_NUMBER, false},
        {"status", COLUMN_TEXT, false},
        {"placed_ms", COLUMN_TIME, false},
        {"waiting", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    pg_params_text(params, options->order);
    pg_params_bool(params, options->open);
    return stockctl_read_query(options, sql_stockctl_select_orders, params, columns,
                               "no such orders", err);
}

int stockctl_read_targets(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"address", COLUMN_TEXT, JSON_ONLY},
        {"sku", COLUMN_TEXT, false},
        {"quantity", COLUMN_NUMBER, false},
        {"version", COLUMN_NUMBER, false},
        {"confirmed_quantity", COLUMN_NUMBER, false},
        {"confirmed_version", COLUMN_NUMBER, false},
        {"confirmed_ms", COLUMN_TIME, false},
        {"observed_quantity", COLUMN_NUMBER, false},
        {"observed_ms", COLUMN_TIME, JSON_ONLY},
        {"at_rest", COLUMN_BOOL, false},
        {"changed_ms", COLUMN_TIME, JSON_ONLY},
        {"event_id", COLUMN_TEXT, JSON_ONLY},
        {"rule_id", COLUMN_TEXT, JSON_ONLY},
        {"mapping_id", COLUMN_TEXT, JSON_ONLY},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    pg_params_text(params, options->sku);
    pg_params_bool(params, options->unsettled);
    return stockctl_read_query(options, sql_stockctl_select_targets, params, columns,
                               "no such targets", err);
}

int stockctl_read_pushes(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"version", COLUMN_NUMBER, false},
        {"quantity", COLUMN_NUMBER, false},
        {"result", COLUMN_TEXT, false},
        {"attempt", COLUMN_NUMBER, false},
        {"http_status", COLUMN_NUMBER, false},
        {"received_ms", COLUMN_TIME, JSON_ONLY},
        {"published_ms", COLUMN_TIME, false},
        {"confirmed_ms", COLUMN_TIME, false},
        {"latency_ms", COLUMN_NUMBER, false},
        {"request_us", COLUMN_NUMBER, JSON_ONLY},
        {"event_id", COLUMN_TEXT, JSON_ONLY},
        {"error_class", COLUMN_TEXT, false},
        {"error_text", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    pg_params_text(params, options->listing);
    pg_params_text(params, options->result);
    return stockctl_read_query(options, sql_stockctl_select_pushes, params, columns,
                               "no such pushes", err);
}

int stockctl_read_oversells(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"sku", COLUMN_TEXT, false},
        {"pool", COLUMN_TEXT, false},
        {"available", COLUMN_NUMBER, false},
        {"channel", COLUMN_TEXT, false},
        {"order_id", COLUMN_TEXT, false},
        {"event_id", COLUMN_TEXT, false},
        {"opened_ms", COLUMN_TIME, false},
        {"closed_ms", COLUMN_TIME, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_bool(params, options->open);
    return stockctl_read_query(options, sql_stockctl_select_oversells, params, columns,
                               "no oversells", err);
}

int stockctl_read_findings(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"class", COLUMN_TEXT, false},
        {"shown", COLUMN_NUMBER, false},
        {"expected", COLUMN_NUMBER, false},
        {"snapshot_ms", COLUMN_TIME, false},
        {"found_ms", COLUMN_TIME, JSON_ONLY},
        {"event_id", COLUMN_TEXT, JSON_ONLY},
        {"run_id", COLUMN_TEXT, JSON_ONLY},
        {"cause", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    return stockctl_read_query(options, sql_stockctl_select_findings, params, columns,
                               "no findings", err);
}

int stockctl_read_movements(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"movement_id", COLUMN_NUMBER, JSON_ONLY},
        {"applied_ms", COLUMN_TIME, false},
        {"occurred_ms", COLUMN_TIME, JSON_ONLY},
        {"sku", COLUMN_TEXT, JSON_ONLY},
        {"pool", COLUMN_TEXT, false},
        {"bucket", COLUMN_TEXT, false},
        {"delta", COLUMN_NUMBER, false},
        {"effect", COLUMN_NUMBER, false},
        {"balance", COLUMN_NUMBER, false},
        {"reason", COLUMN_TEXT, false},
        {"kind", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, JSON_ONLY},
        {"order_id", COLUMN_TEXT, false},
        {"line_id", COLUMN_TEXT, JSON_ONLY},
        {"actor", COLUMN_TEXT, JSON_ONLY},
        {"event_id", COLUMN_TEXT, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments[0]);
    pg_params_text(params, options->pool);
    return stockctl_read_query(options, sql_stockctl_select_movements, params, columns,
                               "no movements", err);
}

int stockctl_read_latency(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"channel", COLUMN_TEXT, false},
        {"pushes", COLUMN_NUMBER, false},
        {"p50_ms", COLUMN_NUMBER, false},
        {"p95_ms", COLUMN_NUMBER, false},
        {"p99_ms", COLUMN_NUMBER, false},
        {"max_ms", COLUMN_NUMBER, false},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    return stockctl_read_query(options, sql_stockctl_select_latency, params, columns,
                               "no push was confirmed", err);
}

/* Here a row is what must not be. */
int stockctl_read_conservation(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"sku", COLUMN_TEXT, false},
        {"pool", COLUMN_TEXT, false},
        {"bucket", COLUMN_TEXT, false},
        {"quantity", COLUMN_NUMBER, false},
        {"effects", COLUMN_NUMBER, false},
        {"derived", COLUMN_NUMBER, false},
        {0},
    };
    int64_t rows = 0;
    int status = stockctl_read_rows(options, sql_stockctl_select_conservation, pg_params_new(),
                                    columns, &rows, err);

    if (status != EXIT_OK)
        return status;
    if (rows == 0)
        fputs("stockctl: every position is the sum of its movements\n", stderr);
    return rows == 0 ? EXIT_OK : EXIT_FINDINGS;
}
