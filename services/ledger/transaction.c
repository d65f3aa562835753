#include "services/ledger/transaction.h"

#include <string.h>

#include "services/ledger/rows.h"

#include "sql.h"

/* From what the database has: a run that failed may have moved heads. */
static void transaction_begin(struct ledger_transaction *tx)
{
    struct ledger_feed_batch *batch = &tx->batch;

    batch->batch_id = 0;
    batch->moves = tx->moves;
    batch->moves_len = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct ledger_feed_record *record = batch->records[i];
        const struct ledger_partition *partition = &tx->partitions[record->partition];

        if (i == 0 || batch->records[i - 1]->partition != record->partition) {
            struct ledger_feed_move *move = &batch->moves[batch->moves_len++];

            *move = (struct ledger_feed_move){.partition = record->partition,
                                              .epoch = partition->epoch,
                                              .generation = partition->generation,
                                              .expected = partition->next_offset};
            memcpy(move->head, partition->head, sizeof(move->head));
        }
        batch->moves[batch->moves_len - 1].next_offset = record->offset + 1;
    }
}

struct move_row {
    int64_t partition;
    int64_t epoch;
    int64_t expected;
    int64_t next_offset;
    const char *head; /* hex */
    int64_t movements;
    int64_t anchor_offset;
    const char *anchor; /* hex */
};

#define ROW     struct move_row
#define TEXT(f) LEDGER_ROWS_TEXT_OF(ROW, f)
#define INT(f)  LEDGER_ROWS_INT_OF(ROW, f)
static const struct ledger_rows_column move_columns[] = {
    INT(partition),     INT(epoch),   INT(expected), INT(next_offset), TEXT(head), INT(movements),
    INT(anchor_offset), TEXT(anchor), {0},
};
#undef ROW

static bool transaction_move(struct pg *pg, const struct ledger_transaction *tx, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    struct arena *arena = tx->arena;
    size_t count = tx->batch.moves_len;
    const struct move_row **moved = arena_alloc(arena, count * sizeof(*moved));

    for (size_t i = 0; i < count; i++) {
        const struct ledger_feed_move *move = &tx->moves[i];
        const struct ledger_partition *partition = &tx->partitions[move->partition];
        const struct move_row row = {
            .partition = move->partition,
            .epoch = move->epoch,
            .expected = move->expected,
            .next_offset = move->next_offset,
            .head = ledger_rows_hex(arena, move->head, sizeof(move->head)),
            .movements = move->movements,
            .anchor_offset = partition->anchor.offset,
            .anchor =
                ledger_rows_hex(arena, partition->anchor.hash, sizeof(partition->anchor.hash)),
        };

        moved[i] = arena_memdup(arena, &row, sizeof(row));
    }
    pg_params_text(params, tx->options->topic);
    pg_params_text(params, tx->options->replica);
    pg_params_int(params, tx->batch.batch_id);
    ledger_rows_params(params, arena, (const void *const *)moved, count, move_columns);
    if (!pg_run(pg, sql_ledger_move_partitions, params, &rows, err))
        return false;
    if (pg_rows_int(rows, 0, "moved") != (int64_t)count)
        return err_set(err, ERR_FATAL, "fenced: another owner has a partition of '%s'",
                       tx->options->topic);
    return true;
}

static bool transaction_number(struct pg *pg, struct ledger_transaction *tx, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!tx->options->makes_movements)
        return true;
    if (!pg_run(pg, sql_ledger_select_batch_number, NULL, &rows, err))
        return false;
    tx->batch.batch_id = pg_rows_int(rows, 0, "batch_id");
    return true;
}

static bool transaction_poison(struct pg *pg, const struct ledger_transaction *tx, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    const struct ledger_feed_record *record = tx->batch.records[0];

    pg_params_text(params, tx->options->topic);
    pg_params_int(params, record->partition);
    pg_params_int(params, tx->moves[0].generation);
    pg_params_int(params, record->offset);
    pg_params_text(params, tx->poison);
    pg_params_bytes(params, record->body, record->body_len);
    return pg_run(pg, sql_ledger_insert_poison, params, NULL, err);
}

bool ledger_transaction_body(struct pg *pg, void *transaction, struct err *err)
{
    struct ledger_transaction *tx = transaction;

    arena_reset(tx->arena);
    transaction_begin(tx);
    if (!transaction_number(pg, tx, err))
        return false;
    bool ok = tx->poison != NULL
                  ? transaction_poison(pg, tx, err)
                  : tx->options->apply(tx->options->opaque, pg, tx->arena, &tx->batch, err);
    return ok && transaction_move(pg, tx, err);
}

void ledger_transaction_done(const struct ledger_transaction *tx,
                             struct ledger_partition *partitions)
{
    for (size_t i = 0; i < tx->batch.moves_len; i++) {
        const struct ledger_feed_move *move = &tx->batch.moves[i];
        struct ledger_partition *partition = &partitions[move->partition];

        partition->next_offset = move->next_offset;
        memcpy(partition->head, move->head, sizeof(partition->head));
    }
}
