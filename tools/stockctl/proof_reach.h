/*
 * What the next event of a round touches is loaded before it is folded: whole orders, movements and
 * counts of positions, decisions and what they are about. Rather too much than too little. Internal
 * to the proof.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/map.h"

#include "tools/stockctl/history.h"
#include "tools/stockctl/known.h"
#include "tools/stockctl/proof.h"

/* Of one round. */
struct proof_reach {
    const struct proof_tables *tables;
    const struct stockctl_known *known;
    struct stockctl_history *history;
    stockctl_proof_line_fn *line_of;
    void *opaque;
    struct arena *arena;
    struct stock *stock;
    struct map *skus; /* whose movements and counts are loaded */
    bool has_all_orders;
};

bool stockctl_proof_reach(struct proof_reach *reach, const struct event *event,
                          struct err *err) MUST_CHECK;
/* An event of before that broke a rule or overflowed, decoded; NULL: there is none. */
const struct event *stockctl_proof_parked(const struct proof_tables *tables, struct arena *arena,
                                          const char *event_id);
