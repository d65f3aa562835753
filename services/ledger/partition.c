#include "services/ledger/partition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/event/digest.h"

#include "services/ledger/rows.h"

#include "sql.h"

_Static_assert(LEDGER_PARTITION_ANCHOR_LEN == (int)DIGEST_SHA256_LEN, "an anchor is a SHA-256");

static void anchor_add(struct buf *bytes, const void *value, size_t len)
{
    if (value == NULL) {
        buf_text(bytes, "none");
        return;
    }
    buf_printf(bytes, "%zu:", len);
    buf_append(bytes, value, len);
}

struct ledger_anchor ledger_partition_anchor(int64_t offset, int64_t timestamp_ms, const char *key,
                                             const void *body, size_t body_len)
{
    SCOPED(buf) struct buf bytes = {0};
    struct ledger_anchor anchor = {.offset = offset};

    buf_printf(&bytes, "%" PRId64 ";", timestamp_ms);
    anchor_add(&bytes, key, key == NULL ? 0 : strlen(key));
    anchor_add(&bytes, body, body_len);
    digest_sha256(bytes.bytes, bytes.len, anchor.hash);
    return anchor;
}

/* ---- claiming ---- */

struct claim_row {
    int64_t partition;
    const char *genesis;
};

#define ROW struct claim_row
static const struct ledger_rows_column claim_columns[] = {
    LEDGER_ROWS_INT_OF(ROW, partition), LEDGER_ROWS_TEXT_OF(ROW, genesis), {0}};
#undef ROW

static const void *const *claim_rows(struct arena *arena, const char *topic, const int32_t *numbers,
                                     size_t count)
{
    const void **rows = arena_alloc(arena, count * sizeof(*rows));

    for (size_t i = 0; i < count; i++) {
        unsigned char genesis[STOCK_CHAIN_LEN];

        stock_chain_genesis(topic, numbers[i], 1, NULL, genesis);
        const struct claim_row row = {numbers[i], ledger_rows_hex(arena, genesis, sizeof(genesis))};
        rows[i] = arena_memdup(arena, &row, sizeof(row));
    }
    return rows;
}

/* Empty: zeros. */
static void claim_bytes(const struct pg_rows *rows, size_t row, const char *column,
                        unsigned char *ret_bytes, size_t len)
{
    size_t found = 0;
    const void *bytes = pg_rows_bytes(rows, row, column, &found);

    memset(ret_bytes, 0, len);
    if (found == len)
        memcpy(ret_bytes, bytes, len);
}

bool ledger_partition_claim(struct pg *pg, const char *topic, const char *replica,
                            const int32_t *numbers, size_t count, struct ledger_partition *all,
                            size_t most, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    pg_params_text(params, topic);
    pg_params_text(params, replica);
    ledger_rows_params(params, arena, claim_rows(arena, topic, numbers, count), count,
                       claim_columns);
    if (!pg_run(pg, sql_ledger_claim_partitions, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        int64_t number = pg_rows_int(rows, row, "partition");

        if (number < 0 || (size_t)number >= most)
            return err_set(err, ERR_FATAL, "partition %" PRId64 " is beyond %zu", number, most);
        struct ledger_partition *partition = &all[number];
        *partition =
            (struct ledger_partition){.owned = true,
                                      .epoch = pg_rows_int(rows, row, "epoch"),
                                      .generation = pg_rows_int(rows, row, "generation"),
                                      .next_offset = pg_rows_int(rows, row, "next_offset"),
                                      .anchor.offset = pg_rows_int(rows, row, "anchor_offset"),
                                      .newest.offset = -1};
        claim_bytes(rows, row, "head", partition->head, sizeof(partition->head));
        claim_bytes(rows, row, "anchor", partition->anchor.hash, sizeof(partition->anchor.hash));
        snprintf(partition->cluster_id, sizeof(partition->cluster_id), "%s",
                 pg_rows_text(rows, row, "cluster_id"));
        snprintf(partition->topic_id, sizeof(partition->topic_id), "%s",
                 pg_rows_text(rows, row, "topic_id"));
    }
    return true;
}

/* ---- beginning again ---- */

void ledger_partition_renew(struct ledger_partition *partition, const char *topic, int64_t number)
{
    partition->generation++;
    partition->next_offset = 0;
    partition->anchor.offset = -1;
    partition->newest.offset = -1;
    stock_chain_genesis(topic, number, partition->generation, partition->head, partition->head);
}

struct store_row {
    int64_t partition;
    int64_t epoch;
    int64_t generation;
    int64_t next_offset;
    const char *head; /* hex */
    int64_t anchor_offset;
    const char *anchor; /* hex */
    const char *cluster_id;
    const char *topic_id;
};

#define ROW     struct store_row
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
#define INT(f)  LEDGER_ROWS_INT_OF(ROW, f)
static const struct ledger_rows_column store_columns[] = {
    INT(partition),     INT(epoch),   INT(generation),  INT(next_offset), TEXT(head),
    INT(anchor_offset), TEXT(anchor), TEXT(cluster_id), TEXT(topic_id),   {0},
};
#undef ROW

bool ledger_partition_store(struct pg *pg, const char *topic, const int32_t *numbers, size_t count,
                            const struct ledger_partition *all, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    const void **stored = arena_alloc(arena, count * sizeof(*stored));

    for (size_t i = 0; i < count; i++) {
        const struct ledger_partition *partition = &all[numbers[i]];
        const struct store_row row = {
            .partition = numbers[i],
            .epoch = partition->epoch,
            .generation = partition->generation,
            .next_offset = partition->next_offset,
            .head = ledger_rows_hex(arena, partition->head, sizeof(partition->head)),
            .anchor_offset = partition->anchor.offset,
            .anchor =
                ledger_rows_hex(arena, partition->anchor.hash, sizeof(partition->anchor.hash)),
            .cluster_id = partition->cluster_id,
            .topic_id = partition->topic_id,
        };

        stored[i] = arena_memdup(arena, &row, sizeof(row));
    }
    pg_params_text(params, topic);
    ledger_rows_params(params, arena, stored, count, store_columns);
    if (!pg_run(pg, sql_ledger_store_partitions, params, &rows, err))
        return false;
    return pg_rows_affected(rows) == (int64_t)count ||
           err_set(err, ERR_FATAL, "fenced: another owner has a partition of '%s'", topic);
}
