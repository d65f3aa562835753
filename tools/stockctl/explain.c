#include "tools/stockctl/explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"
#include "lib/stock/velocity.h"

#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"

#include "sql.h"

/* ---- sentences */

static void explain_cause(const struct stockctl_shown *shown, struct buf *out)
{
    if (shown->event_id[0] == '\0') {
        buf_text(out, "an unknown event");
        return;
    }
    buf_printf(out, "event %s (", shown->event_id);
    if (shown->order_id[0] != '\0')
        buf_printf(out, "order %s on %s", shown->order_id, shown->cause_channel);
    else
        buf_text(out, shown->kind[0] == '\0' ? "not in the database" : shown->kind);
    if (shown->actor[0] != '\0')
        buf_printf(out, " by %s", shown->actor);
    buf_char(out, ')');
}

/* Numbers for people, like 0.31 and 8640: what was decided was decided in integers. */
static double explain_rate(int64_t units, int64_t window_ms, int64_t time_ms)
{
    return window_ms == 0 ? 0 : (double)units * (double)time_ms / (double)window_ms;
}

static void explain_price(const struct stockctl_held *held, struct buf *out)
{
    if (held->latency_id[0] == '\0') {
        buf_text(out, "the risk, which has no price while the latency is not measured");
        return;
    }
    buf_printf(out,
               "%" PRId64 " that the risk costs: %.3g sales are expected elsewhere within %.3g s, "
               "and more than %" PRId64 " have a chance of at most %.3g %% (measurements %s and "
               "%s)",
               held->priced, explain_rate(held->elsewhere, held->window_ms, held->latency_ms),
               (double)held->latency_ms / 1e3, held->priced, (double)held->bound_ppm / 1e4,
               held->measurement_id[0] == '\0' ? "none" : held->measurement_id, held->latency_id);
}

void stockctl_explain_held(const struct stockctl_held *held, struct buf *out)
{
    if (held->tier[0] != '\0') {
        buf_printf(out, ", SKU of tier %s", held->tier);
        if (held->measurement_id[0] == '\0')
            buf_text(out, " (never measured)");
        else
            buf_printf(out, " (%.4g units a day, measurement %s)",
                       explain_rate(held->sold, held->window_ms, STOCK_DAY_MS),
                       held->measurement_id);
    }
    if (held->buffer_units + held->buffer_percent + held->bound_ppm == 0)
        return;
    buf_printf(out, ", held back the largest of %" PRId64 " units, %" PRId64 " %%",
               held->buffer_units, held->buffer_percent);
    if (held->bound_ppm > 0) {
        buf_text(out, " and ");
        explain_price(held, out);
    }
}

static void explain_confirmed(const struct stockctl_shown *shown, const char *at, struct buf *out)
{
    char confirmed[CLOCK_TEXT_LEN];

    buf_printf(out, "%s showed %" PRId64 " at %s on listing %s: target version %" PRId64 " from ",
               shown->channel, shown->quantity, at, shown->listing, shown->version);
    explain_cause(shown, out);
    if (shown->rule_id[0] == '\0')
        buf_text(out, ", the default rule");
    else
        buf_printf(out, ", rule %s", shown->rule_id);
    buf_printf(out, ", mapping %s", shown->mapping_id[0] == '\0' ? "unknown" : shown->mapping_id);
    stockctl_explain_held(&shown->held, out);
    buf_printf(out, ", confirmed at %s", clock_format(shown->confirmed_ms, confirmed));
}

static void explain_newest(const struct stockctl_shown *shown, struct buf *out)
{
    if (!shown->has_newest || (shown->confirmed && shown->newest_version <= shown->version))
        return;
    buf_printf(out, "; target version %" PRId64 " with %" PRId64 " was not confirmed by then",
               shown->newest_version, shown->newest_quantity);
    if (shown->newest_result[0] == '\0')
        buf_text(out, ", and no attempt is known");
    else
        buf_printf(out, ", the last attempt was %s", shown->newest_result);
    if (shown->newest_error[0] != '\0')
        buf_printf(out, ": %s", shown->newest_error);
}

void stockctl_explain_sentence(const struct stockctl_shown *shown, struct buf *out)
{
    char at[CLOCK_TEXT_LEN];

    clock_format(shown->at_ms, at);
    if (shown->confirmed)
        explain_confirmed(shown, at, out);
    else
        buf_printf(out, "%s had confirmed nothing for listing %s at %s", shown->channel,
                   shown->listing, at);
    explain_newest(shown, out);
    buf_char(out, '.');
}

/* ---- rows to sentences */

static const char *explain_text(const struct pg_rows *rows, size_t row, const char *column)
{
    const char *text = pg_rows_text(rows, row, column);

    return text == NULL ? "" : text;
}

static struct stockctl_shown explain_shown(const struct pg_rows *rows, size_t row, int64_t at_ms)
{
    return (struct stockctl_shown){
        .channel = explain_text(rows, row, "channel"),
        .listing = explain_text(rows, row, "listing"),
        .at_ms = at_ms,
        .confirmed = !pg_rows_is_null(rows, row, "version"),
        .quantity = pg_rows_int(rows, row, "quantity"),
        .version = pg_rows_int(rows, row, "version"),
        .confirmed_ms = pg_rows_int(rows, row, "confirmed_ms"),
        .event_id = explain_text(rows, row, "event_id"),
        .kind = explain_text(rows, row, "kind"),
        .cause_channel = explain_text(rows, row, "cause_channel"),
        .order_id = explain_text(rows, row, "order_id"),
        .actor = explain_text(rows, row, "actor"),
        .rule_id = explain_text(rows, row, "rule_id"),
        .mapping_id = explain_text(rows, row, "mapping_id"),
        .held = {.tier = explain_text(rows, row, "tier"),
                 .measurement_id = explain_text(rows, row, "measurement_id"),
                 .sold = pg_rows_int(rows, row, "sold"),
                 .window_ms = pg_rows_int(rows, row, "window_ms"),
                 .buffer_units = pg_rows_int(rows, row, "buffer_units"),
                 .buffer_percent = pg_rows_int(rows, row, "buffer_percent"),
                 .bound_ppm = pg_rows_int(rows, row, "risk_bound_ppm"),
                 .priced = pg_rows_int(rows, row, "priced"),
                 .elsewhere = pg_rows_int(rows, row, "elsewhere"),
                 .latency_ms = pg_rows_int(rows, row, "latency_ms"),
                 .latency_id = explain_text(rows, row, "latency_id")},
        .has_newest = !pg_rows_is_null(rows, row, "newest_version"),
        .newest_version = pg_rows_int(rows, row, "newest_version"),
        .newest_quantity = pg_rows_int(rows, row, "newest_quantity"),
        .newest_result = explain_text(rows, row, "newest_result"),
        .newest_error = explain_text(rows, row, "newest_error"),
    };
}

static void explain_json(const struct stockctl_shown *shown, const char *sentence)
{
    SCOPED(buf) struct buf line = {0};
    struct json_out out;

    json_begin(&out, &line);
    json_object(&out);
    json_put_member(&out, "what", "shown");
    json_put_member(&out, "channel", shown->channel);
    json_put_member(&out, "listing", shown->listing);
    json_key(&out, "quantity");
    if (shown->confirmed)
        json_put_int(&out, shown->quantity);
    else
        json_put_null(&out);
    json_put_member(&out, "text", sentence);
    json_object_end(&out);
    puts(buf_str(&line));
}

static void explain_print(const struct pg_rows *rows, int64_t at_ms, bool json)
{
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        SCOPED(buf) struct buf sentence = {0};
        SCOPED(buf) struct buf clean = {0};
        const struct stockctl_shown shown = explain_shown(rows, row, at_ms);

        stockctl_explain_sentence(&shown, &sentence);
        if (json) {
            explain_json(&shown, buf_str(&sentence));
            continue;
        }
        stockctl_output_clean(buf_str(&sentence), &clean);
        printf("%s%s\n", row == 0 ? "\n" : "", buf_str(&clean));
    }
}

/* ---- the story */

static const struct stockctl_column story_columns[] = {
    {"time_ms",  COLUMN_TIME, false},
    {"what",     COLUMN_TEXT, false},
    {"channel",     COLUMN_TEXT, false},
    {"place",     COLUMN_TEXT, false},
    {"change",  COLUMN_NUMBER, false},
    {"quantity",     COLUMN_NUMBER, false},
    {"version",    COLUMN_NUMBER, false},
    {"detail",     COLUMN_TEXT, false},
    {"event_id",   COLUMN_TEXT, false},
    {"occurred_ms",     COLUMN_TIME, true},
    {0},
};

static struct pg_params *explain_params(const struct stockctl_options *options, int64_t at_ms)
{
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->arguments[0]);
    pg_params_text(params, options->channel);
    pg_params_int(params, at_ms);
    return params;
}

static int explain_story(const struct stockctl_options *options, int64_t at_ms, size_t *ret_rows,
                         struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = explain_params(options, at_ms);
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;
    int64_t limit = options->limit < 0 ? OPTIONS_LIMIT_FALLBACK : options->limit;

    pg_params_int(params, limit);
    int status = stockctl_database_ask(sql_stockctl_select_story, params, &rows, err);
    if (status != EXIT_OK)
        return status;
    *ret_rows = pg_rows_count(rows);
    output = stockctl_output_new(story_columns, options->json, limit);
    stockctl_database_print(rows, *ret_rows, story_columns, output);
    stockctl_output_print(output);
    return EXIT_OK;
}

int stockctl_explain(const struct stockctl_options *options, struct err *err)
{
    int64_t at_ms = options->at_ms < 0 ? clock_now_ms() : options->at_ms;
    SCOPED(pg_params) struct pg_params *params = explain_params(options, at_ms);
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    size_t story = 0;
    int status = explain_story(options, at_ms, &story, err);

    if (status == EXIT_OK)
        status = stockctl_database_ask(sql_stockctl_select_shown, params, &rows, err);
    if (status != EXIT_OK)
        return status;
    explain_print(rows, at_ms, options->json);
    if (story > 0)
        return EXIT_OK;
    fprintf(stderr, "stockctl: nothing is known of '%s' until then\n", options->arguments[0]);
    return EXIT_FINDINGS;
}
