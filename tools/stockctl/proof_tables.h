/*
 * What a proof makes of the topic, table by table: the rows that the ledger must have. Loads them
 * into a fold and takes back what it changed; knows nothing of rounds. Internal to the proof.
 */
#pragma once

#include "lib/stock/measure.h"
#include "lib/stock/stock.h"

#include "tools/stockctl/rows.h"
#include "tools/stockctl/tracks.h"

/* The order in which they are compared: what follows from others comes after them. */
enum stockctl_proof_table {
    PROOF_CONFLICTS,
    PROOF_PARKED_BODIES,
    PROOF_DECISIONS,
    PROOF_POOLS,
    PROOF_MAPPINGS,
    PROOF_COMPONENTS,
    PROOF_RULES,
    PROOF_TIERS,
    PROOF_VELOCITIES,
    PROOF_LATENCIES,
    PROOF_PROMOTIONS,
    PROOF_VOIDED,
    PROOF_PARTS,
    PROOF_LINES,
    PROOF_REPORTS,
    PROOF_RECEIPTS,
    PROOF_CONSIGNMENTS,
    PROOF_COUNT_FACTS,
    PROOF_COUNTS,
    PROOF_POSITIONS,
    PROOF_OVERSELLS,
    PROOF_LISTINGS,
    PROOF_TABLES,
};

extern const struct stockctl_table stockctl_proof_tables[PROOF_TABLES];

/* ---- rows that lib/stock has in another form ---- */

struct proof_conflict {
    const char *event_id;
    const char *content_hash; /* hex */
    int64_t partition;
    int64_t offset;
};

struct proof_parked {
    const char *event_id;
    const char *detail;
    const char *body; /* hex */
};

struct proof_decision {
    const char *event_id; /* that it is about */
    const char *decision_id;
    int64_t number;
    const char *decision;
    const char *note;
    const char *body; /* hex */
};

struct proof_pool {
    const char *id;
    const char *pool;
    const char *authority;
    const char *title;
    int64_t valid_from_ms;
};

struct proof_part {
    const char *channel;
    const char *order_id;
    const char *line_id;
    const char *event_id;
    const char *kind;
    const char *part_id;
    int64_t quantity;
    const char *bucket;
    int64_t occurred_ms;
    int64_t is_dropped;
};

/* ---- loading and saving ---- */

struct proof_tables {
    struct stockctl_names *names;
    struct stockctl_rows *rows[PROOF_TABLES];
    /* of each listing and channel: by which numbers its lines are found, 8 bytes each */
    struct stockctl_tracks *listed;
};

void stockctl_proof_tables_init(struct proof_tables *tables);
void stockctl_proof_tables_release(struct proof_tables *tables);

/* All that is not loaded when it is needed: everything but lines, their parts and voids, counts
   that are not in force, movements, and decisions. Returns how many rows. */
size_t stockctl_proof_tables_load(const struct proof_tables *tables, struct arena *arena,
                                  struct stock *stock);
/* What a settled fold changed. title_of: that of the pool's event. */
void stockctl_proof_tables_save(const struct proof_tables *tables, struct arena *arena,
                                const struct stock *stock,
                                const char *(*title_of)(void *opaque, const char *event_id),
                                void *opaque);
