/*
 * The ledger once more, from records alone and in memory: takes them as the ledger takes them,
 * folds them in lib/stock, and holds the movements of the record in hand. Pure; no database, no
 * Kafka.
 *
 * It folds in rounds of some thousand events. Between two rounds everything is a packed row
 * (rows.h), and a round loads what it needs: the small tables at its beginning, orders, the
 * movements and counts of a position, and decisions when the first event touches them. So memory
 * grows by what must be kept of an event (its id, its line, its movements: about 100 bytes), not by
 * what folding it takes.
 */
#pragma once

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/stock/chain.h"

#include "tools/stockctl/proof_tables.h"

struct stockctl_proof;

/* Names the order line of an event that was taken before and keeps every rule; texts in the arena.
   Asked when somebody decides about it, so hardly ever: that of each event would be too much to
   keep. */
typedef bool stockctl_proof_line_fn(void *opaque, const char *event_id, struct arena *arena,
                                    struct stock_line *ret_line, struct err *err);

/* round: events that are folded between two packings, at least; 0: a good number. */
struct stockctl_proof *stockctl_proof_new(size_t round, stockctl_proof_line_fn *line_of,
                                          void *opaque);
void stockctl_proof_free(struct stockctl_proof *proof);
SCOPE_DEFINE(stockctl_proof, struct stockctl_proof, stockctl_proof_free)

/* The next record is of another transaction than the last one. */
void stockctl_proof_next_batch(struct stockctl_proof *proof);

enum stockctl_proof_taking {
    PROOF_FOLDED,
    PROOF_REPEATED, /* the id is known, with the same content */
    PROOF_CONFLICT, /* the id is known, with other content */
    PROOF_POISON,   /* can't be read: err says why */
    PROOF_FAILED,   /* line_of did: err says why */
};

struct stockctl_proof_record {
    const void *body;
    size_t len;
    int64_t partition;
    int64_t offset;
};

enum stockctl_proof_taking stockctl_proof_take(struct stockctl_proof *proof,
                                               const struct stockctl_proof_record *record,
                                               struct err *err);
/* Of the last record that was folded, until the next one: the event, and its content's hash. */
const struct event *stockctl_proof_event(const struct stockctl_proof *proof,
                                         const unsigned char **ret_hash);
/* Those of the last record. */
size_t stockctl_proof_movements(const struct stockctl_proof *proof,
                                const struct stock_movement *const **ret_movements);

/* After the last record, before what follows. */
void stockctl_proof_end(struct stockctl_proof *proof);
/* Every row that there must be. Borrowed. */
struct stockctl_rows *stockctl_proof_rows(const struct stockctl_proof *proof,
                                          enum stockctl_proof_table table);
/* What became of an event, after the end; false: it is not known. Those of a line follow what the
   line waits for; line names it. */
struct stockctl_proof_status {
    const char *status;
    const char *reason;
};
bool stockctl_proof_status(const struct stockctl_proof *proof, const char *event_id,
                           const struct stock_line *line, struct stockctl_proof_status *ret_status);
