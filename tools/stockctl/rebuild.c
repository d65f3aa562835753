/*
 * stockctl rebuild: folds Kafka into a fresh schema through the ledger's own statements, and
 * compares every table with the live one, as of one snapshot. Nothing is sent: nobody relays what
 * the schema's outbox holds.
 */
#include "tools/stockctl/rebuild.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/event/topic.h"

#include "tools/stockctl/command.h"
#include "tools/stockctl/settings.h"

#include "sql.h"

static bool rebuild_ends(struct rebuild *rebuild, const struct pg_rows *rows, struct err *err)
{
    int64_t *from = rebuild->ends;

    /* The partitions of the first look: who was not there then has nothing to fold. */
    if (from == NULL)
        rebuild->partitions_len = kafka_stream_partitions(rebuild->stream);
    const size_t size = (size_t)rebuild->partitions_len * sizeof(*rebuild->ends);
    rebuild->from = from == NULL ? arena_alloc(rebuild->arena, size) : from;
    rebuild->ends = arena_alloc(rebuild->arena, size);
    for (int i = 0; i < rebuild->partitions_len; i++) {
        rebuild->ends[i] = -1;
        if (from == NULL)
            rebuild->from[i] = 0;
    }
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        int64_t number = pg_rows_int(rows, row, "partition");
        int64_t end = pg_rows_int(rows, row, "next_offset");
        int64_t low = 0;
        int64_t high = 0;

        kafka_stream_bounds(rebuild->stream, (int32_t)number, &low, &high);
        if (end > 0 && (low > 0 || high < end || pg_rows_int(rows, row, "generation") > 1))
            return err_set(err, ERR_REJECT,
                           "partition %" PRId64 ": the ledger took offsets 0 to %" PRId64
                           ", the topic has %" PRId64 " to %" PRId64
                           " of them: it can't be rebuilt",
                           number, end - 1, low, high - 1);
        if (number < rebuild->partitions_len)
            rebuild->ends[number] = end;
    }
    return true;
}

static bool rebuild_steps(struct rebuild *rebuild, struct err *err)
{
    enum { BATCH_ID, BATCH_TOPIC, BATCH_PARTITION, BATCH_GENERATION, BATCH_FIRST, BATCH_NEXT };
    SCOPED(stockctl_cursor) struct stockctl_cursor batches = {0};
    int64_t known = rebuild->last_batch_id;

    rebuild->steps_len = 0;
    if (!stockctl_cursor_open(&batches, rebuild->live, sql_stockctl_declare_proof_batches,
                              sql_stockctl_fetch_batches, err))
        return false;
    while (batches.is_there) {
        const struct rebuild_step step = {
            .batch_id = stockctl_cursor_int(&batches, BATCH_ID),
            .partition = (int32_t)stockctl_cursor_int(&batches, BATCH_PARTITION),
            .next_offset = stockctl_cursor_int(&batches, BATCH_NEXT),
        };

        if (step.batch_id > known) {
            rebuild->steps = arena_grow(rebuild->arena, rebuild->steps, rebuild->steps_len,
                                        &rebuild->steps_capacity, sizeof(*rebuild->steps));
            rebuild->steps[rebuild->steps_len++] = step;
            rebuild->last_batch_id = step.batch_id;
        }
        if (!stockctl_cursor_next(&batches, err))
            return false;
    }
    return true;
}

/* The snapshot first: then the topic has all that it says. */
bool stockctl_rebuild_look(struct rebuild *rebuild, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_text(params, rebuild->topic);
    if (!pg_exec(rebuild->live, sql_stockctl_begin_proof, err) ||
        !pg_run(rebuild->live, sql_stockctl_select_proof_partitions, params, &rows, err))
        return false;
    kafka_stream_close(rebuild->stream);
    rebuild->stream = kafka_stream_open(rebuild->brokers, rebuild->topic, err);
    if (rebuild->stream == NULL) {
        stockctl_command_kafka_failed(rebuild->brokers, err); /* says what to check */
        return false;
    }
    return rebuild_ends(rebuild, rows, err) &&
           (rebuild->options->fresh || rebuild_steps(rebuild, err));
}

static struct pg *rebuild_connect(const struct rebuild *rebuild, struct err *err)
{
    struct pg *pg = pg_open(rebuild->database_url, "stockctl-rebuild", err);

    if (pg == NULL)
        err_wrap(err, "STOCKBUS_DATABASE_URL");
    return pg;
}

static int rebuild_open(struct rebuild *rebuild, struct err *err)
{
    struct stockctl_settings settings = {0};

    if (rebuild->schema == NULL) {
        err_set(err, ERR_REJECT, "--into is missing: the name of a schema that is made");
        return EXIT_USAGE;
    }
    if (!stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, err) ||
        !stockctl_settings_load(STOCKCTL_NEED_DATABASE, &settings, err))
        return EXIT_USAGE;
    rebuild->brokers = settings.brokers;
    rebuild->database_url = settings.database_url;
    rebuild->topic = topic_events(rebuild->arena, settings.topic_prefix);
    rebuild->live = rebuild_connect(rebuild, err);
    if (rebuild->live != NULL)
        rebuild->work = rebuild_connect(rebuild, err);
    if (rebuild->work == NULL)
        return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_USAGE;
    return EXIT_OK;
}

static bool rebuild_schema(const struct rebuild *rebuild, const char *statement, struct err *err)
{
    return stockctl_rebuild_set(rebuild->work, rebuild->schema, "", "{}", "{}", err) &&
           pg_exec(rebuild->work, statement, err);
}

static int rebuild_run(struct rebuild *rebuild, struct err *err)
{
    if ((rebuild->options->drop && !rebuild_schema(rebuild, sql_stockctl_drop_rebuild, err)) ||
        !rebuild_schema(rebuild, sql_stockctl_create_rebuild, err)) {
        err_wrap(err, "schema '%s' can't be made", rebuild->schema);
        return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_REFUSED;
    }
    if (!stockctl_rebuild_fold(rebuild, err) || !stockctl_rebuild_compare(rebuild, err))
        return stockctl_command_status(err);
    /* What differs stays, to be looked at. */
    if (rebuild->options->keep || rebuild->differences.count > 0 ||
        rebuild_schema(rebuild, sql_stockctl_drop_rebuild, err))
        return EXIT_OK;
    return stockctl_command_status(err);
}

static int rebuild_tell(const struct rebuild *rebuild)
{
    int64_t rate = rebuild->events * 1000 / (rebuild->folded_ms > 0 ? rebuild->folded_ms : 1);
    bool is_equal = rebuild->differences.count == 0;
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    if (!rebuild->options->json) {
        stockctl_differences_print(&rebuild->differences);
        printf("%" PRId64 " events in %" PRId64 " batches, %" PRId64 " events/s, %" PRId64
               " tables compared: %s\n",
               rebuild->events, rebuild->batches, rate, rebuild->tables,
               is_equal ? "equal" : "NOT equal");
        return is_equal ? EXIT_OK : EXIT_FINDINGS;
    }
    json_begin(&out, &text);
    json_object(&out);
    json_key(&out, "equal");
    json_put_bool(&out, is_equal);
    json_put_member_int(&out, "events", rebuild->events);
    json_put_member_int(&out, "batches", rebuild->batches);
    json_put_member_int(&out, "events_per_s", rate);
    json_put_member_int(&out, "tables", rebuild->tables);
    stockctl_differences_json(&rebuild->differences, &out);
    json_object_end(&out);
    puts(buf_str(&text));
    return is_equal ? EXIT_OK : EXIT_FINDINGS;
}

static void rebuild_scope_end(struct rebuild *rebuild)
{
    stockctl_differences_release(&rebuild->differences);
    kafka_stream_close(rebuild->stream);
    pg_close(rebuild->live);
    pg_close(rebuild->work);
    arena_free(rebuild->arena);
}

int stockctl_rebuild(const struct stockctl_options *options, struct err *err)
{
    SCOPED(rebuild)
    struct rebuild rebuild = {.options = options, .arena = arena_new(), .schema = options->into};
    int status = rebuild_open(&rebuild, err);

    if (status != EXIT_OK)
        return status;
    if (!stockctl_rebuild_look(&rebuild, err))
        return stockctl_command_status(err);
    status = rebuild_run(&rebuild, err);
    if (status != EXIT_OK)
        return status;
    return rebuild_tell(&rebuild);
}
