#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/breach.h"
#include "lib/event/codec.h"
#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "sql.h"
#include "tools/stockctl/actor.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"
#include "tools/stockctl/parked.h"
#include "tools/stockctl/post.h"
#include "tools/stockctl/read.h"

enum {
    HEARD_MS = 15000, /* how long the ledger may take to hear a decision */
    HEARD_PAUSE_MS = 200,
    RAW_BEFORE_MS = 60000, /* clocks of ingest and broker may differ by so much */
    JSON_ONLY = true,
};

/* ---- the list ---- */

int stockctl_read_parked(const struct stockctl_options *options, struct err *err)
{
    static const struct stockctl_column columns[] = {
        {"event_id", COLUMN_TEXT, false},
        {"kind", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"order_id", COLUMN_TEXT, false},
        {"line_id", COLUMN_TEXT, false},
        {"reason", COLUMN_TEXT, false},
        {"age_s", COLUMN_NUMBER, false},
        {"decisions", COLUMN_NUMBER, JSON_ONLY},
        {"detail", COLUMN_TEXT, false},
        {"occurred_ms", COLUMN_TIME, JSON_ONLY},
        {"received_ms", COLUMN_TIME, JSON_ONLY},
        {"notification_id", COLUMN_TEXT, JSON_ONLY},
        {"actor", COLUMN_TEXT, JSON_ONLY},
        {"partition", COLUMN_NUMBER, JSON_ONLY},
        {"kafka_offset", COLUMN_NUMBER, JSON_ONLY},
        {0},
    };
    struct pg_params *params = pg_params_new();

    pg_params_text(params, options->channel);
    pg_params_text(params, options->sku);
    pg_params_text(params, options->reason);
    return stockctl_read_query(options, sql_stockctl_select_parked, params, columns,
                               "nothing is parked", err);
}

static const struct stockctl_column decision_columns[] = {
    {"decision_id", COLUMN_TEXT, JSON_ONLY},
    {"event_id", COLUMN_TEXT, false},
    {"number", COLUMN_NUMBER, false},
    {"decision", COLUMN_TEXT, false},
    {"actor", COLUMN_TEXT, false},
    {"decided_ms", COLUMN_TIME, false},
    {"status", COLUMN_TEXT, false},
    {"reason", COLUMN_TEXT, false},
    {"event_status", COLUMN_TEXT, false},
    {"event_reason", COLUMN_TEXT, false},
    {"note", COLUMN_TEXT, false},
    {0},
};

static struct pg_params *decision_params(const char *event_id, const char *decision_id)
{
    struct pg_params *params = pg_params_new();

    pg_params_text(params, event_id);
    pg_params_text(params, decision_id);
    return params;
}

int stockctl_parked_decisions(const struct stockctl_options *options, struct err *err)
{
    const char *event_id = options->arguments_len > 0 ? options->arguments[0] : NULL;

    if (event_id != NULL && !event_id_is_valid(event_id)) {
        err_set(err, ERR_REJECT, "'%s' is no id of an event", event_id);
        return EXIT_USAGE;
    }
    return stockctl_read_query(options, sql_stockctl_select_decisions,
                               decision_params(event_id, NULL), decision_columns,
                               "nobody decided anything", err);
}

/* ---- one event ---- */

static const char *text_of(struct arena *arena, const struct pg_rows *rows, const char *column)
{
    return arena_strdup(arena, pg_rows_text(rows, 0, column));
}

static bool parked_body(struct arena *arena, const struct pg_rows *rows,
                        const struct event **ret_event, struct err *err)
{
    struct event *event = arena_alloc(arena, sizeof(*event));
    size_t len = 0;

    *ret_event = NULL;
    if (pg_rows_is_null(rows, 0, "body"))
        return true;
    const void *body = pg_rows_bytes(rows, 0, "body", &len);
    if (!event_decode(arena, body, len, event, err))
        return false;
    *ret_event = event;
    return true;
}

/* EXIT_OK: *ret_rows has one row. */
static int parked_find(const struct stockctl_options *options, struct arena *arena,
                       struct stockctl_parked *ret_parked, struct pg_rows **ret_rows,
                       struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    const char *id = options->arguments[0];

    if (!event_id_is_valid(id)) {
        err_set(err, ERR_REJECT, "'%s' is no id of an event", id);
        return EXIT_USAGE;
    }
    pg_params_text(params, id);
    int status = stockctl_database_ask(sql_stockctl_select_parked_event, params, ret_rows, err);
    if (status != EXIT_OK)
        return status;
    if (pg_rows_count(*ret_rows) == 0) {
        fputs("stockctl: the ledger has no such event\n", stderr);
        return EXIT_FINDINGS;
    }
    *ret_parked = (struct stockctl_parked){
        .event_id = text_of(arena, *ret_rows, "event_id"),
        .status = text_of(arena, *ret_rows, "status"),
        .reason = text_of(arena, *ret_rows, "reason"),
        .number = pg_rows_int(*ret_rows, 0, "number"),
    };
    return parked_body(arena, *ret_rows, &ret_parked->event, err) ? EXIT_OK : EXIT_INTERNAL;
}

static void show_line(const char *name, const char *text)
{
    SCOPED(buf) struct buf clean = {0};

    if (text == NULL || *text == '\0')
        return;
    stockctl_output_clean(text, &clean);
    printf("%-13s %s\n", name, buf_str(&clean));
}

static void show_time(const char *name, int64_t ms)
{
    char at[CLOCK_TEXT_LEN];

    show_line(name, clock_format(ms, at));
}

static void show_columns(const struct pg_rows *rows)
{
    static const char *const columns[] = {"event_id", "kind",    "channel", "listing",
                                          "sku",      "order_id", "line_id", "actor"};

    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        show_line(columns[i], pg_rows_text(rows, 0, columns[i]));
    show_time("occurred", pg_rows_int(rows, 0, "occurred_ms"));
    show_time("received", pg_rows_int(rows, 0, "received_ms"));
    show_line("notification", pg_rows_text(rows, 0, "notification_id"));
    printf("%-13s partition %" PRId64 ", offset %" PRId64 "\n", "topic",
           pg_rows_int(rows, 0, "partition"), pg_rows_int(rows, 0, "kafka_offset"));
    show_line("status", pg_rows_text(rows, 0, "status"));
    show_line("reason", pg_rows_text(rows, 0, "reason"));
    show_line("", event_reason_meaning(pg_rows_text(rows, 0, "reason")));
    show_line("detail", pg_rows_text(rows, 0, "detail"));
}

static void show_event(const struct event *event, bool is_alone)
{
    SCOPED(buf) struct buf line = {0};

    if (event == NULL)
        return;
    event_to_json(event, &line);
    if (is_alone)
        puts(buf_str(&line));
    else
        show_line("event", buf_str(&line));
}

static void show_row(const struct pg_rows *rows)
{
    static const struct stockctl_column columns[] = {
        {"event_id", COLUMN_TEXT, false},
        {"kind", COLUMN_TEXT, false},
        {"channel", COLUMN_TEXT, false},
        {"listing", COLUMN_TEXT, false},
        {"sku", COLUMN_TEXT, false},
        {"order_id", COLUMN_TEXT, false},
        {"line_id", COLUMN_TEXT, false},
        {"status", COLUMN_TEXT, false},
        {"reason", COLUMN_TEXT, false},
        {"detail", COLUMN_TEXT, false},
        {"actor", COLUMN_TEXT, false},
        {"notification_id", COLUMN_TEXT, false},
        {"occurred_ms", COLUMN_TIME, false},
        {"received_ms", COLUMN_TIME, false},
        {"partition", COLUMN_NUMBER, false},
        {"kafka_offset", COLUMN_NUMBER, false},
        {0},
    };
    SCOPED(stockctl_output) struct stockctl_output *output = stockctl_output_new(columns, true, 1);

    stockctl_database_print(rows, 1, columns, output);
    stockctl_output_print(output);
}

/* ---- the raw notification, from the topic ---- */

struct raw_reader {
    struct arena *arena;
    const char *id; /* of the event that carries the bytes; NULL: the event says which one */
    int64_t partition;
    int64_t offset;
    bool is_found;
    bool is_again; /* another event carries them */
};

static bool raw_visit(void *opaque, const struct kafka_record *record)
{
    struct raw_reader *reader = opaque;
    struct event event;
    struct err ignored;
    bool is_place = reader->id == NULL && record->partition == reader->partition &&
                    record->offset == reader->offset;

    if (reader->id == NULL && !is_place)
        return true;
    arena_reset(reader->arena);
    if (record->body == NULL ||
        !event_decode(reader->arena, record->body, record->body_len, &event, &ignored) ||
        (reader->id != NULL && strcmp(event.id, reader->id) != 0))
        return !is_place;
    if (event.raw.in_event_id[0] != '\0' && reader->id == NULL) {
        reader->is_again = true;
        reader->id = mem_strdup(event.raw.in_event_id);
        return false;
    }
    reader->is_found = true;
    if (event.raw.body_len > 0)
        fwrite(event.raw.body, 1, event.raw.body_len, stdout);
    return false;
}

/* Events of one notification come within moments, in any partition. */
static int parked_raw(const struct pg_rows *rows, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(arena) struct arena *record_arena = arena_new();
    struct stockctl_settings settings = {0};
    struct raw_reader reader = {.arena = record_arena,
                                .partition = pg_rows_int(rows, 0, "partition"),
                                .offset = pg_rows_int(rows, 0, "kafka_offset")};
    int64_t from_ms = pg_rows_int(rows, 0, "received_ms") - RAW_BEFORE_MS;
    bool ok = true;

    if (!stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, err))
        return EXIT_USAGE;
    const char *topic = topic_events(arena, settings.topic_prefix);
    do {
        reader.is_again = false;
        ok = kafka_read_topic(settings.brokers, topic, from_ms > 0 ? from_ms : 0, raw_visit,
                              &reader, NULL, err);
    } while (ok && reader.is_again);
    mem_free((void *)(uintptr_t)reader.id);
    if (!ok)
        return stockctl_command_kafka_failed(settings.brokers, err);
    if (reader.is_found)
        return EXIT_OK;
    fputs("stockctl: the topic does not have it any more\n", stderr);
    return EXIT_FINDINGS;
}

int stockctl_parked_show(const struct stockctl_options *options, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct stockctl_parked parked;
    int64_t decisions = 0;
    int status = parked_find(options, arena, &parked, &rows, err);

    if (status != EXIT_OK)
        return status;
    if (options->raw)
        return parked_raw(rows, err);
    if (options->json) {
        show_row(rows);
        show_event(parked.event, true);
    } else {
        show_columns(rows);
        show_event(parked.event, false);
    }
    if (parked.number == 1)
        return EXIT_OK;
    if (!options->json)
        puts("");
    return stockctl_read_rows(options, sql_stockctl_select_decisions,
                              decision_params(parked.event_id, NULL), decision_columns, &decisions,
                              err);
}

/* ---- deciding ---- */

static void heard_print(const struct pg_rows *rows, const char *id, bool json)
{
    SCOPED(stockctl_output) struct stockctl_output *output = NULL;

    if (json) {
        output = stockctl_output_new(decision_columns, true, 1);
        stockctl_database_print(rows, 1, decision_columns, output);
        stockctl_output_print(output);
        return;
    }
    const char *reason = pg_rows_text(rows, 0, "reason");
    const char *event_status = pg_rows_text(rows, 0, "event_status");
    const char *event_reason = pg_rows_text(rows, 0, "event_reason");
    printf("%s %s%s%s; the event is %s%s%s\n", id, pg_rows_text(rows, 0, "status"),
           *reason == '\0' ? "" : ": ", reason, event_status == NULL ? "unknown" : event_status,
           event_reason == NULL || *event_reason == '\0' ? "" : ": ",
           event_reason == NULL ? "" : event_reason);
}

/* Of two decisions with one number the first on the topic is heard. */
static bool heard_is_ours(const struct pg_rows *rows, const struct stockctl_options *options,
                          const struct stockctl_fact *fact)
{
    return strcmp(pg_rows_text(rows, 0, "note"), options->reason) == 0 &&
           strcmp(pg_rows_text(rows, 0, "actor"), fact->actor) == 0 &&
           pg_rows_int(rows, 0, "decided_ms") == fact->occurred_ms;
}

static int heard_status(const struct pg_rows *rows, const struct stockctl_options *options,
                        const struct stockctl_fact *fact, const char *id, struct err *err)
{
    if (!heard_is_ours(rows, options, fact)) {
        err_set(err, ERR_REJECT, "%s decided before: %s", pg_rows_text(rows, 0, "actor"),
                pg_rows_text(rows, 0, "decision"));
        return EXIT_REFUSED;
    }
    heard_print(rows, id, options->json);
    return strcmp(pg_rows_text(rows, 0, "status"), "applied") == 0 ? EXIT_OK : EXIT_REFUSED;
}

/* What the ledger made of it; it is on the topic in any case. */
static int decide_hear(const struct stockctl_options *options, const struct stockctl_fact *fact,
                       const char *id, struct err *err)
{
    for (int64_t end_us = clock_monotonic_us() + INT64_C(1000) * HEARD_MS;;) {
        SCOPED(pg_params) struct pg_params *params = decision_params(NULL, id);
        SCOPED(pg_rows) struct pg_rows *rows = NULL;

        pg_params_int(params, 1);
        int status = stockctl_database_ask(sql_stockctl_select_decisions, params, &rows, err);
        if (status != EXIT_OK)
            return status;
        if (pg_rows_count(rows) > 0)
            return heard_status(rows, options, fact, id, err);
        if (clock_monotonic_us() > end_us)
            break;
        stop_wait(HEARD_PAUSE_MS);
    }
    printf("%s sent\n", id);
    fputs("stockctl: the ledger has not heard it yet; it will\n", stderr);
    return EXIT_OK;
}

static int decide_send(const struct stockctl_options *options, const struct stockctl_fact *fact,
                       const struct buf *body, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct stockctl_settings settings = {0};
    struct stockctl_posted posted = {0};
    int64_t ignored = -1;

    if (!stockctl_settings_load(STOCKCTL_NEED_INGEST, &settings, err) ||
        !stockctl_settings_load(STOCKCTL_NEED_TOKEN, &settings, err))
        return EXIT_USAGE;
    if (!stockctl_post(&settings, arena, body->bytes, body->len, &posted, &ignored, err))
        return stockctl_command_status(err);
    return decide_hear(options, fact, posted.event_ids[0], err);
}

static int decide(const struct stockctl_options *options, enum event_decision decision,
                  struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(buf) struct buf body = {0};
    struct stockctl_settings settings = {0};
    struct stockctl_parked parked;
    int status = parked_find(options, arena, &parked, &rows, err);

    if (status != EXIT_OK)
        return status;
    if (!stockctl_settings_load(STOCKCTL_NEED_SHELL, &settings, err))
        return EXIT_USAGE;
    const struct stockctl_fact fact = {
        .fact_id = "",
        .actor = stockctl_actor(arena, options->actor, settings.user),
        .occurred_ms = options->at_ms < 0 ? clock_now_ms() : options->at_ms,
    };
    if (!stockctl_parked_decide(options, decision, &parked, &fact, &body, err))
        return options->reason == NULL ? EXIT_USAGE : EXIT_REFUSED;
    if (!options->dry_run)
        return decide_send(options, &fact, &body, err);
    puts(buf_str(&body));
    return EXIT_OK;
}

int stockctl_parked_release(const struct stockctl_options *options, struct err *err)
{
    return decide(options, EVENT_RELEASE, err);
}

int stockctl_parked_fix(const struct stockctl_options *options, struct err *err)
{
    return decide(options, EVENT_FIX, err);
}

int stockctl_parked_drop(const struct stockctl_options *options, struct err *err)
{
    return decide(options, EVENT_DROP, err);
}
