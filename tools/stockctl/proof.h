/*
 * The ledger once more, from records alone and in memory: takes them as the ledger takes them,
 * folds them in lib/stock, and holds the movements of the record in hand. Pure; no database, no
 * Kafka. Memory grows with lines, positions and ids of events; raw notifications are not kept.
 */
#pragma once

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/stock/stock.h"

struct stockctl_proof;

struct stockctl_proof *stockctl_proof_new(void);
void stockctl_proof_free(struct stockctl_proof *proof);
SCOPE_DEFINE(stockctl_proof, struct stockctl_proof, stockctl_proof_free)

/* The next record is of another transaction than the last one. */
void stockctl_proof_next_batch(struct stockctl_proof *proof);

enum stockctl_proof_taking {
    PROOF_FOLDED,
    PROOF_REPEATED, /* the id is known, with the same content */
    PROOF_CONFLICT, /* the id is known, with other content */
    PROOF_POISON,   /* can't be read: err says why */
};

enum stockctl_proof_taking stockctl_proof_take(struct stockctl_proof *proof, const void *body,
                                               size_t len, struct err *err);
/* Those of the last record. */
size_t stockctl_proof_movements(const struct stockctl_proof *proof,
                                const struct stock_movement *const **ret_movements);
/* After the last record: settled, every row there ever was. Borrowed. */
const struct stock *stockctl_proof_end(struct stockctl_proof *proof);
