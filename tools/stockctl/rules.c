#include "tools/stockctl/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"

#include "sql.h"

static const struct stockctl_column rule_columns[] = {
    {"channel",        COLUMN_TEXT, false},
    {"listing",           COLUMN_TEXT, false},
    {"sku",        COLUMN_TEXT, false},
    {"tier",           COLUMN_TEXT, false},
    {"pools",            COLUMN_TEXT, false},
    {"buckets",           COLUMN_TEXT, false},
    {"buffer_units",           COLUMN_NUMBER, false},
    {"buffer_percent",           COLUMN_NUMBER, false},
    {"risk_bound_ppm",          COLUMN_NUMBER, false},
    {"cap",           COLUMN_NUMBER, false},
    {"floor",        COLUMN_NUMBER, false},
    {"safety_stock",           COLUMN_NUMBER, false},
    {"valid_from_ms",   COLUMN_TIME, false},
    {"rule_id",           COLUMN_TEXT, false},
    {0},
};

static const struct stockctl_column effective_columns[] = {
    {"channel",      COLUMN_TEXT, false},
    {"listing",         COLUMN_TEXT, false},
    {"tier",      COLUMN_TEXT, false},
    {"scope",         COLUMN_TEXT, false},
    {"in_force",         COLUMN_BOOL, false},
    {"why",         COLUMN_TEXT, false},
    {"buffer_units",        COLUMN_NUMBER, false},
    {"buffer_percent",         COLUMN_NUMBER, false},
    {"risk_bound_ppm",     COLUMN_NUMBER, false},
    {"cap",         COLUMN_NUMBER, false},
    {"floor",          COLUMN_NUMBER, false},
    {"safety_stock",         COLUMN_NUMBER, false},
    {"rule_id", COLUMN_TEXT, false},
    {0        },
};

/* ---- pure ---- */

void stockctl_rules_scope(const struct event_rule *rule, struct buf *out)
{
    const char *of_channel = *rule->channel == '\0' ? "" : rule->channel;

    if (*rule->listing != '\0')
        buf_printf(out, "listing %s", rule->listing);
    else if (*rule->sku != '\0')
        buf_printf(out, "SKU %s", rule->sku);
    else if (*rule->tier != '\0')
        buf_printf(out, "tier %s", rule->tier);
    else
        buf_text(out, *of_channel == '\0' ? "everything" : "all");
    if (*of_channel != '\0')
        buf_printf(out, " on %s", of_channel);
}

static int rules_closeness(const struct stock_rule *rule, const struct stockctl_listing *listing)
{
    return stock_rule_closeness(&rule->rule, listing->channel, listing->listing, listing->sku,
                                listing->tier);
}

size_t stockctl_rules_rank(const struct stock_rule **rules, size_t count,
                           const struct stockctl_listing *listing)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        const struct stock_rule *rule = rules[i];
        size_t at = len;

        if (rules_closeness(rule, listing) == 0)
            continue;
        for (; at > 0 && rules_closeness(rules[at - 1], listing) < rules_closeness(rule, listing);
             at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
        len++;
    }
    return len;
}

/* ---- asking and printing ---- */

static const char *rules_text(struct arena *arena, const struct pg_rows *rows, size_t row,
                              const char *column)
{
    return arena_strdup(arena, pg_rows_text(rows, row, column));
}

static struct stock_rule *rules_read(struct arena *arena, const struct pg_rows *rows)
{
    struct stock_rule *all = arena_alloc(arena, pg_rows_count(rows) * sizeof(*all));

    for (size_t row = 0; row < pg_rows_count(rows); row++)
        all[row] = (struct stock_rule){
            .id = rules_text(arena, rows, row, "rule_id"),
            .valid_from_ms = pg_rows_int(rows, row, "valid_from_ms"),
            .rule = {.channel = rules_text(arena, rows, row, "channel"),
                     .listing = rules_text(arena, rows, row, "listing"),
                     .sku = rules_text(arena, rows, row, "sku"),
                     .tier = rules_text(arena, rows, row, "tier"),
                     .buffer_units = pg_rows_int(rows, row, "buffer_units"),
                     .buffer_percent = pg_rows_int(rows, row, "buffer_percent"),
                     .risk_bound_ppm = pg_rows_int(rows, row, "risk_bound_ppm"),
                     .cap = pg_rows_int(rows, row, "cap"),
                     .floor = pg_rows_int(rows, row, "floor"),
                     .safety_stock = pg_rows_int(rows, row, "safety_stock")},
        };
    return all;
}

static const char *rules_number(struct arena *arena, int64_t number)
{
    return arena_printf(arena, "%" PRId64, number);
}

/* winner NULL: the rule is in force itself. */
static void rules_put(struct arena *arena, struct stockctl_output *output,
                      const struct stockctl_listing *listing, const struct stock_rule *rule,
                      const struct stock_rule *winner)
{
    SCOPED(buf) struct buf scope = {0};
    SCOPED(buf) struct buf why = {0};
    const struct event_rule *say = &rule->rule;

    stockctl_rules_scope(say, &scope);
    if (winner == NULL) {
        buf_text(&why, "the closest scope");
    } else {
        buf_text(&why, "wider than ");
        stockctl_rules_scope(&winner->rule, &why);
    }
    stockctl_output_row(
        output, (const char *[]){listing->channel, listing->listing, listing->tier, buf_str(&scope),
                                 winner == NULL ? "t" : "f", buf_str(&why),
                                 rules_number(arena, say->buffer_units),
                                 rules_number(arena, say->buffer_percent),
                                 rules_number(arena, say->risk_bound_ppm),
                                 rules_number(arena, say->cap), rules_number(arena, say->floor),
                                 rules_number(arena, say->safety_stock), rule->id});
}

static void rules_put_listing(struct arena *arena, struct stockctl_output *output,
                              const struct stockctl_listing *listing, const struct stock_rule *all,
                              size_t count)
{
    const struct stock_rule **rules = arena_alloc(arena, count * sizeof(*rules));

    for (size_t i = 0; i < count; i++)
        rules[i] = &all[i];
    size_t len = stockctl_rules_rank(rules, count, listing);
    for (size_t i = 0; i < len; i++)
        rules_put(arena, output, listing, rules[i], i == 0 ? NULL : rules[0]);
    if (len == 0)
        stockctl_output_row(
            output, (const char *[]){listing->channel, listing->listing, listing->tier, "default",
                                     "t", "no rule is for it", "0", "0", "0", "0", "0", "0", ""});
}

static int rules_effective(const struct stockctl_options *options, const struct pg_rows *rules,
                           struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;
    const struct stock_rule *all = rules_read(arena, rules);

    pg_params_text(params, options->effective);
    pg_params_text(params, options->channel);
    int status = stockctl_database_ask(sql_stockctl_select_listings_of_sku, params, &rows, err);
    if (status != EXIT_OK)
        return status;
    output = stockctl_output_new(effective_columns, options->json, OPTIONS_LIMIT_MAX);
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct stockctl_listing listing = {
            rules_text(arena, rows, row, "channel"), rules_text(arena, rows, row, "listing"),
            rules_text(arena, rows, row, "sku"), rules_text(arena, rows, row, "tier")};

        rules_put_listing(arena, output, &listing, all, pg_rows_count(rules));
    }
    stockctl_output_print(output);
    if (pg_rows_count(rows) > 0)
        return EXIT_OK;
    fprintf(stderr, "stockctl: no listing sells '%s'\n", options->effective);
    return EXIT_FINDINGS;
}

static int rules_list(const struct stockctl_options *options, const struct pg_rows *rows,
                      int64_t limit)
{
    SCOPED(stockctl_output)
    struct stockctl_output *output = stockctl_output_new(rule_columns, options->json, limit);

    stockctl_database_print(rows, pg_rows_count(rows), rule_columns, output);
    stockctl_output_print(output);
    if (pg_rows_count(rows) > 0)
        return EXIT_OK;
    fputs("stockctl: there are no rules\n", stderr);
    return EXIT_FINDINGS;
}

int stockctl_read_rules(const struct stockctl_options *options, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    bool is_list = options->effective == NULL;
    int64_t limit = is_list && options->limit >= 0 ? options->limit : OPTIONS_LIMIT_MAX;

    pg_params_text(params, is_list ? options->channel : NULL);
    pg_params_int(params, limit);
    int status = stockctl_database_ask(sql_stockctl_select_rules, params, &rows, err);
    if (status != EXIT_OK)
        return status;
    return is_list ? rules_list(options, rows, limit) : rules_effective(options, rows, err);
}
