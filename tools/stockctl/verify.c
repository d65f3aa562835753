/*
 * stockctl verify: proves the ledger from the topic alone. The batches say which records each
 * transaction took; the same records are folded again in memory, batch by batch, and every row that
 * the ledger wrote is compared with the one that it should have written. Writes nothing.
 */
#include "tools/stockctl/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "lib/base/clock.h"
#include "lib/event/topic.h"

#include "tools/stockctl/command.h"
#include "tools/stockctl/settings.h"

#include "sql.h"

/* ---- beginning ---- */

static bool verify_ask(struct verify *verify, const char *sql, struct pg_rows **ret_rows,
                       struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    pg_params_text(params, verify->topic);
    return pg_run(verify->pg, sql, params, ret_rows, err);
}

static bool verify_take_partitions(struct verify *verify, const struct pg_rows *rows,
                                   struct err *err)
{
    verify->partitions_len = kafka_stream_partitions(verify->stream);
    verify->partitions =
        arena_alloc(verify->arena, (size_t)verify->partitions_len * sizeof(*verify->partitions));
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        int64_t number = pg_rows_int(rows, row, "partition");

        if (number < 0 || number >= verify->partitions_len)
            return err_set(err, ERR_REJECT, "topic '%s' has no partition %" PRId64, verify->topic,
                           number);
        struct verify_partition *partition = &verify->partitions[number];
        partition->is_there = true;
        partition->proved_generation = 1;
        partition->generation = pg_rows_int(rows, row, "generation");
        partition->next_offset = pg_rows_int(rows, row, "next_offset");
        snprintf(partition->head_stored, sizeof(partition->head_stored), "%s",
                 pg_rows_text(rows, row, "head"));
        stock_chain_genesis(verify->topic, number, 1, NULL, partition->head);
    }
    return true;
}

static void verify_take_poison(struct verify *verify, const struct pg_rows *rows)
{
    for (size_t row = 0; row < pg_rows_count(rows); row++)
        map_set(verify->poison,
                stockctl_verify_poison_key(verify, pg_rows_int(rows, row, "partition"),
                                           pg_rows_int(rows, row, "kafka_offset")),
                verify);
}

/* Whether the topic still has every record that the ledger took; says what is gone. */
static bool verify_topic_is_whole(const struct verify *verify)
{
    bool is_whole = true;

    for (int64_t i = 0; i < verify->partitions_len; i++) {
        const struct verify_partition *partition = &verify->partitions[i];
        int64_t low = 0;
        int64_t high = 0;

        kafka_stream_bounds(verify->stream, (int32_t)i, &low, &high);
        if (!partition->is_there || partition->next_offset == 0)
            continue;
        if (partition->generation == 1 && low == 0 && high >= partition->next_offset)
            continue;
        is_whole = false;
        fprintf(stderr,
                "stockctl: partition %" PRId64 ": the ledger took offsets 0 to %" PRId64
                " of generation %" PRId64 ", the topic has %" PRId64 " to %" PRId64 "\n",
                i, partition->next_offset - 1, partition->generation, low, high - 1);
    }
    return is_whole;
}

/* The snapshot first: then the topic has all that it says. */
static int verify_look(struct verify *verify, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *partitions = NULL;
    SCOPED(pg_rows) struct pg_rows *poison = NULL;

    if (!pg_exec(verify->pg, sql_stockctl_begin_proof, err) ||
        !verify_ask(verify, sql_stockctl_select_proof_partitions, &partitions, err) ||
        !verify_ask(verify, sql_stockctl_select_proof_poison, &poison, err) ||
        !stockctl_cursor_open(&verify->stored, verify->pg, sql_stockctl_declare_proof_movements,
                              sql_stockctl_fetch_stored, err) ||
        !stockctl_cursor_open(&verify->batches, verify->pg, sql_stockctl_declare_proof_batches,
                              sql_stockctl_fetch_batches, err))
        return stockctl_command_status(err);
    verify->stream = kafka_stream_open(verify->brokers, verify->topic, err);
    if (verify->stream == NULL)
        return stockctl_command_kafka_failed(verify->brokers, err);
    if (!verify_take_partitions(verify, partitions, err))
        return stockctl_command_status(err);
    verify_take_poison(verify, poison);
    verify->is_provable = verify_topic_is_whole(verify);
    return !verify->is_provable || stockctl_verify_events_open(verify, err)
               ? EXIT_OK
               : stockctl_command_status(err);
}

static int verify_open(struct verify *verify, struct err *err)
{
    struct stockctl_settings settings = {0};

    if (!stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, err) ||
        !stockctl_settings_load(STOCKCTL_NEED_DATABASE, &settings, err))
        return EXIT_USAGE;
    verify->brokers = settings.brokers;
    verify->topic = topic_events(verify->arena, settings.topic_prefix);
    verify->pg = pg_open(settings.database_url, "stockctl-verify", err);
    if (verify->pg == NULL) {
        err_wrap(err, "STOCKBUS_DATABASE_URL");
        return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_USAGE;
    }
    return verify_look(verify, err);
}

static bool verify_run(struct verify *verify, struct err *err)
{
    if (!verify->is_provable)
        return stockctl_verify_chain(verify, err);
    return stockctl_verify_batches(verify, err) &&
           pg_exec(verify->pg, sql_stockctl_close_stored, err) &&
           (verify->options->partition >= 0 || stockctl_verify_rows(verify, err));
}

/* Its row was compared with the topic when it was taken. */
static bool verify_line_of(void *opaque, const char *event_id, struct arena *arena,
                           struct stock_line *ret_line, struct err *err)
{
    const struct verify *verify = opaque;
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_text(params, event_id);
    if (!pg_run(verify->pg, sql_stockctl_select_proof_line, params, &rows, err))
        return false;
    if (pg_rows_count(rows) == 0)
        return true;
    ret_line->channel = arena_strdup(arena, pg_rows_text(rows, 0, "channel"));
    ret_line->order_id = arena_strdup(arena, pg_rows_text(rows, 0, "order_id"));
    ret_line->line_id = arena_strdup(arena, pg_rows_text(rows, 0, "line_id"));
    return true;
}

/* ---- ending ---- */

/* Peak, in MB. */
static int64_t verify_memory_mb(void)
{
    struct rusage usage = {0};

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static int verify_tell(const struct verify *verify)
{
    int64_t ms = clock_monotonic_ms() - verify->start_ms;
    int64_t rate = verify->events * 1000 / (ms > 0 ? ms : 1);
    bool is_verified = verify->is_provable && verify->differences.count == 0;
    SCOPED(buf) struct buf text = {0};
    struct json_out out;

    if (!verify->options->json) {
        stockctl_differences_print(&verify->differences);
        if (!verify->is_provable)
            printf(
                "the topic has not all records any more: only the chain was checked, and is %s\n",
                verify->differences.count == 0 ? "whole" : "broken");
        printf("%" PRId64 " events, %" PRId64 " movements, %" PRId64 " positions, %" PRId64
               " other rows, %" PRId64 " events/s, %" PRId64 " MB: %s\n",
               verify->events, verify->movements, verify->positions,
               verify->rows - verify->positions, rate, verify_memory_mb(),
               is_verified ? "verified" : "NOT verified");
        return is_verified ? EXIT_OK : EXIT_FINDINGS;
    }
    json_begin(&out, &text);
    json_object(&out);
    json_key(&out, "verified");
    json_put_bool(&out, is_verified);
    json_key(&out, "topic_is_whole");
    json_put_bool(&out, verify->is_provable);
    json_put_member_int(&out, "events", verify->events);
    json_put_member_int(&out, "movements", verify->movements);
    json_put_member_int(&out, "positions", verify->positions);
    json_put_member_int(&out, "other_rows", verify->rows - verify->positions);
    json_put_member_int(&out, "events_per_s", rate);
    json_put_member_int(&out, "memory_mb", verify_memory_mb());
    stockctl_differences_json(&verify->differences, &out);
    json_object_end(&out);
    puts(buf_str(&text));
    return is_verified ? EXIT_OK : EXIT_FINDINGS;
}

static void verify_scope_end(struct verify *verify)
{
    stockctl_cursor_release(&verify->batches);
    stockctl_cursor_release(&verify->stored);
    stockctl_cursor_release(&verify->events_stored);
    stockctl_differences_release(&verify->differences);
    buf_release(&verify->text);
    stockctl_proof_free(verify->proof);
    kafka_stream_close(verify->stream);
    pg_close(verify->pg);
    map_free(verify->poison);
    arena_free(verify->arena);
}

int stockctl_verify(const struct stockctl_options *options, struct err *err)
{
    SCOPED(verify)
    struct verify verify = {.options = options,
                            .arena = arena_new(),
                            .poison = map_new(),
                            .start_ms = clock_monotonic_ms(),
                            .told_ms = clock_monotonic_ms()};
    verify.proof = stockctl_proof_new(0, verify_line_of, &verify);
    int status = verify_open(&verify, err);

    if (status != EXIT_OK)
        return status;
    if (!verify_run(&verify, err))
        return stockctl_command_status(err);
    return verify_tell(&verify);
}
