#include "lib/stock/provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/json/json.h"
#include "sql.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"

/* ---- rows in ---- */

struct rows_by_role {
    struct provenance_move *moves;
    struct provenance_count *counts;
    struct provenance_line *lines;
    struct provenance_rows all;
};

static void take_row(struct rows_by_role *taken, const struct pg_rows *rows, size_t row)
{
    const char *role = pg_rows_text(rows, row, "role");
    const char *id = pg_rows_text(rows, row, "id");
    int64_t at_ms = pg_rows_int(rows, row, "at_ms");
    int64_t units = pg_rows_int(rows, row, "units");

    if (strcmp(role, "count") == 0)
        taken->counts[taken->all.counts_len++] = (struct provenance_count){id, at_ms, units};
    else if (strcmp(role, "line") == 0)
        taken->lines[taken->all.lines_len++] = (struct provenance_line){
            pg_rows_text(rows, row, "channel"), pg_rows_text(rows, row, "order_id"),
            pg_rows_text(rows, row, "line_id"), at_ms, units};
    else
        taken->moves[taken->all.moves_len++] =
            (struct provenance_move){pg_rows_text(rows, row, "kind"), id, at_ms, units,
                                     strcmp(role, "shipped") == 0};
}

static struct provenance trace_rows(struct arena *arena, const struct pg_rows *rows)
{
    size_t count = pg_rows_count(rows);
    struct rows_by_role taken = {
        .moves = arena_alloc(arena, count * sizeof(struct provenance_move)),
        .counts = arena_alloc(arena, count * sizeof(struct provenance_count)),
        .lines = arena_alloc(arena, count * sizeof(struct provenance_line)),
    };

    for (size_t row = 0; row < count; row++)
        take_row(&taken, rows, row);
    taken.all.moves = taken.moves;
    taken.all.counts = taken.counts;
    taken.all.lines = taken.lines;
    return provenance_trace(arena, &taken.all);
}

/* ---- shares out ---- */

static const struct stockctl_column columns[] = {
    {"taken_ms", COLUMN_TIME, false},
    {"taken_by", COLUMN_TEXT, false},
    {"channel", COLUMN_TEXT, false},
    {"order_id", COLUMN_TEXT, false},
    {"line_id", COLUMN_TEXT, false},
    {"taken_id", COLUMN_TEXT, true},
    {"units", COLUMN_NUMBER, false},
    {"came_by", COLUMN_TEXT, false},
    {"came_id", COLUMN_TEXT, false},
    {"came_ms", COLUMN_TIME, false},
    {0},
};

static const char *number(struct arena *arena, int64_t value)
{
    return arena_printf(arena, "%" PRId64, value);
}

static void print_shares(const struct stockctl_options *options, struct arena *arena,
                         const struct provenance *trace)
{
    int64_t limit = options->limit < 0 ? OPTIONS_LIMIT_FALLBACK : options->limit;
    SCOPED(stockctl_output) struct stockctl_output *output =
        stockctl_output_new(columns, options->json, limit);

    for (size_t i = 0; i < trace->shares_len; i++) {
        const struct provenance_share *share = &trace->shares[i];
        const struct provenance_end *taker = share->taker;
        const struct provenance_end *source = share->source;
        const char *const cells[] = {
            number(arena, taker->at_ms),
            taker->kind,
            taker->channel,
            taker->order_id,
            taker->line_id,
            taker->id,
            number(arena, share->units),
            source == NULL ? "nothing" : source->kind,
            source == NULL ? NULL : source->id,
            source == NULL ? NULL : number(arena, source->at_ms),
        };

        stockctl_output_row(output, cells);
    }
    stockctl_output_print(output);
    if ((int64_t)trace->shares_len > limit)
        fprintf(stderr, "stockctl: the last %" PRId64 " are shown, --limit N shows more\n", limit);
}

/* ---- the sentence ---- */

static const char *name_of(struct arena *arena, const struct provenance_end *end)
{
    if (*end->order_id == '\0')
        return arena_printf(arena, "%s %s", end->kind, end->id);
    return arena_printf(arena, "order %s on %s", end->order_id, end->channel);
}

static void print_sentence(struct arena *arena, const struct provenance *trace)
{
    SCOPED(buf) struct buf line = {0};

    if (trace->last != NULL)
        buf_printf(&line, "The last unit was taken by %s. ", name_of(arena, trace->last));
    if (trace->first_short != NULL)
        buf_printf(&line,
                   "The first to go without was %s; %" PRId64 " are taken that there are not.",
                   name_of(arena, trace->first_short), -trace->left);
    else
        buf_printf(&line, "%" PRId64 " are left.", trace->left);
    SCOPED(buf) struct buf clean = {0};
    stockctl_output_clean(buf_str(&line), &clean);
    puts(buf_str(&clean));
}

static void put_end(struct json_out *out, const char *key, const struct provenance_end *end)
{
    json_key(out, key);
    if (end == NULL)
        return json_put_null(out);
    json_object(out);
    json_put_member(out, "taken_by", end->kind);
    json_put_member(out, "id", end->id);
    json_put_member(out, "channel", end->channel);
    json_put_member(out, "order_id", end->order_id);
    json_put_member(out, "line_id", end->line_id);
    json_object_end(out);
}

static void print_summary(const struct provenance *trace)
{
    SCOPED(buf) struct buf line = {0};
    struct json_out out;

    json_begin(&out, &line);
    json_object(&out);
    json_put_member_int(&out, "left", trace->left);
    put_end(&out, "last", trace->last);
    put_end(&out, "first_short", trace->first_short);
    json_object_end(&out);
    puts(buf_str(&line));
}

int stockctl_read_provenance(const struct stockctl_options *options, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(arena) struct arena *arena = arena_new();

    if (options->pool == NULL) {
        err_set(err, ERR_REJECT, "--pool is missing: units are traced within one pool");
        return EXIT_USAGE;
    }
    pg_params_text(params, options->arguments[0]);
    pg_params_text(params, options->pool);
    int status = stockctl_database_ask(sql_stockctl_select_provenance, params, &rows, err);
    if (status != EXIT_OK)
        return status;
    if (pg_rows_count(rows) == 0) {
        fputs("stockctl: no such stock\n", stderr);
        return EXIT_FINDINGS;
    }
    const struct provenance trace = trace_rows(arena, rows);
    print_shares(options, arena, &trace);
    if (options->json)
        print_summary(&trace);
    else
        print_sentence(arena, &trace);
    return EXIT_OK;
}
