#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/stockctl/verify.h"

enum { VERIFY_PROGRESS_MS = 2000 };

/* ---- numbers and heads ---- */

static void verify_number(struct verify *verify, const char *table, int64_t partition,
                          const char *column, int64_t stored, int64_t expected)
{
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, table);

    if (stored == expected)
        return;
    difference.partition = partition;
    difference.column = column;
    if (verify->differences.count == 0) {
        difference.stored = arena_printf(verify->arena, "%" PRId64, stored);
        difference.expected = arena_printf(verify->arena, "%" PRId64, expected);
    }
    if (verify->differences.count == 0 && verify->batch_id > 0)
        difference.key = arena_printf(verify->arena, "batch %" PRId64, verify->batch_id);
    stockctl_verify_differs(verify, &difference);
}

static void verify_head(struct verify *verify, const char *table, int64_t partition,
                        const char *stored)
{
    const char *head = stockctl_verify_hex(verify, verify->partitions[partition].head);
    struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_VALUE, table);

    if (strcmp(stored, head) == 0)
        return;
    difference.partition = partition;
    difference.column = "head";
    difference.stored = stored;
    difference.expected = head;
    stockctl_verify_differs(verify, &difference);
}

/* ---- records ---- */

static void verify_progress(struct verify *verify)
{
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - verify->told_ms < VERIFY_PROGRESS_MS)
        return;
    verify->told_ms = now_ms;
    fprintf(stderr, "stockctl: %" PRId64 " events, %" PRId64 " movements, %" PRId64 " events/s\n",
            verify->events, verify->movements, verify->events * 1000 / (now_ms - verify->start_ms));
}

const char *stockctl_verify_poison_key(struct verify *verify, int64_t partition, int64_t offset)
{
    buf_clear(&verify->text);
    buf_printf(&verify->text, "%" PRId64 "/%" PRId64, partition, offset);
    return buf_str(&verify->text);
}

/* What can't be read is set aside, and nothing else is. */
static void verify_set_aside(struct verify *verify, const struct kafka_record *record,
                             bool is_stored, bool is_poison)
{
    struct stockctl_difference difference =
        stockctl_difference_of(is_stored ? DIFFERENCE_EXTRA : DIFFERENCE_MISSING, "poison");

    if (is_stored == is_poison)
        return;
    difference.partition = record->partition;
    difference.offset = record->offset;
    stockctl_verify_differs(verify, &difference);
}

static bool verify_record(struct verify *verify, const struct kafka_record *record, struct err *err)
{
    const struct stock_movement *const *movements = NULL;
    struct err why = {0};
    bool is_stored =
        map_remove(verify->poison,
                   stockctl_verify_poison_key(verify, record->partition, record->offset)) != NULL;
    const struct stockctl_proof_record one = {record->body, record->body_len, record->partition,
                                              record->offset};
    enum stockctl_proof_taking taking = stockctl_proof_take(verify->proof, &one, &why);
    size_t count = stockctl_proof_movements(verify->proof, &movements);

    if (taking == PROOF_FAILED) {
        *err = why;
        return false;
    }
    verify->events++;
    if (taking == PROOF_FOLDED && !stockctl_verify_event(verify, record, err))
        return false;
    verify_set_aside(verify, record, is_stored, taking == PROOF_POISON);
    for (size_t i = 0; i < count; i++) {
        const struct stock_chain_place place = {record->partition, record->offset, (int64_t)i};

        if (!stockctl_verify_movement(verify, &place, movements[i], err))
            return false;
    }
    verify_progress(verify);
    return true;
}

/* ---- batches ---- */

static bool verify_batch_partition(const struct verify *verify, int64_t *ret_number,
                                   struct verify_partition **ret_partition, struct err *err)
{
    const char *topic = stockctl_cursor_text(&verify->batches, BATCH_TOPIC);
    int64_t number = stockctl_cursor_int(&verify->batches, BATCH_PARTITION);

    if (strcmp(topic, verify->topic) != 0)
        return err_set(err, ERR_REJECT,
                       "the ledger has batches of topic '%s', and this is '%s': check "
                       "STOCKBUS_TOPIC_PREFIX",
                       topic, verify->topic);
    if (number < 0 || number >= verify->partitions_len)
        return err_set(err, ERR_REJECT, "topic '%s' has no partition %" PRId64, topic, number);
    *ret_number = number;
    *ret_partition = &verify->partitions[number];
    return true;
}

static bool verify_part(struct verify *verify, struct err *err)
{
    const struct stockctl_cursor *row = &verify->batches;
    const struct kafka_record *record = NULL;
    struct verify_partition *partition = NULL;
    int64_t number = 0;

    if (!verify_batch_partition(verify, &number, &partition, err))
        return false;
    verify_number(verify, "batches", number, "first_offset", stockctl_cursor_int(row, BATCH_FIRST),
                  partition->offset);
    partition->offset = stockctl_cursor_int(row, BATCH_NEXT);
    partition->movements = 0;
    do {
        if (!kafka_stream_next(verify->stream, (int32_t)number, partition->offset, &record, err) ||
            (record != NULL && !verify_record(verify, record, err)))
            return false;
    } while (record != NULL);
    verify_number(verify, "batches", number, "movements", stockctl_cursor_int(row, BATCH_MOVEMENTS),
                  partition->movements);
    verify_head(verify, "batches", number, stockctl_cursor_text(row, BATCH_HEAD));
    return true;
}

static void verify_partitions_end(struct verify *verify)
{
    const char *key = NULL;

    for (int64_t i = 0; i < verify->partitions_len; i++) {
        const struct verify_partition *partition = &verify->partitions[i];

        if (!partition->is_there)
            continue;
        verify_number(verify, "partitions", i, "next_offset", partition->next_offset,
                      partition->offset);
        verify_head(verify, "partitions", i, partition->head_stored);
    }
    for (size_t i = 0; map_next(verify->poison, &i, &key) != NULL;) {
        struct stockctl_difference difference = stockctl_difference_of(DIFFERENCE_EXTRA, "poison");

        difference.key = key;
        stockctl_verify_differs(verify, &difference);
    }
}

bool stockctl_verify_batches(struct verify *verify, struct err *err)
{
    while (verify->batches.is_there) {
        int64_t batch_id = stockctl_cursor_int(&verify->batches, BATCH_ID);

        if (batch_id != verify->batch_id)
            stockctl_proof_next_batch(verify->proof);
        verify->batch_id = batch_id;
        if (!verify_part(verify, err) || !stockctl_cursor_next(&verify->batches, err))
            return false;
    }
    while (verify->stored.is_there) {
        if (!stockctl_verify_extra(verify, err))
            return false;
    }
    if (!stockctl_verify_events_end(verify, err))
        return false;
    verify->batch_id = 0;
    verify_partitions_end(verify);
    return true;
}

/* ---- when the topic has not all of it any more: the rows against their own chain ---- */

/* The movements of the batch's part that the cursor stands on. */
static bool verify_links(struct verify *verify, int64_t number, struct err *err)
{
    while (verify->stored.is_there) {
        const struct stock_chain_place place = stockctl_verify_stored_place(verify);
        int64_t batch_id = stockctl_cursor_int(&verify->stored, MOVEMENT_BATCH);

        if (batch_id > verify->batch_id ||
            (batch_id == verify->batch_id && place.partition > number))
            return true;
        if (batch_id < verify->batch_id || place.partition < number) {
            if (!stockctl_verify_extra(verify, err))
                return false;
            continue;
        }
        if (!stockctl_verify_link(verify, err))
            return false;
    }
    return true;
}

/* The first row whose value does not follow from the one before is named. */
bool stockctl_verify_chain(struct verify *verify, struct err *err)
{
    for (; verify->batches.is_there;) {
        struct verify_partition *partition = NULL;
        int64_t number = 0;

        if (!verify_batch_partition(verify, &number, &partition, err))
            return false;
        int64_t generation = stockctl_cursor_int(&verify->batches, BATCH_GENERATION);
        verify->batch_id = stockctl_cursor_int(&verify->batches, BATCH_ID);
        while (partition->proved_generation < generation)
            stock_chain_genesis(verify->topic, number, ++partition->proved_generation,
                                partition->head, partition->head);
        if (!verify_links(verify, number, err))
            return false;
        verify_head(verify, "batches", number, stockctl_cursor_text(&verify->batches, BATCH_HEAD));
        if (!stockctl_cursor_next(&verify->batches, err))
            return false;
    }
    while (verify->stored.is_there) {
        if (!stockctl_verify_extra(verify, err))
            return false;
    }
    for (int64_t i = 0; i < verify->partitions_len; i++) {
        if (verify->partitions[i].is_there)
            verify_head(verify, "partitions", i, verify->partitions[i].head_stored);
    }
    return true;
}
