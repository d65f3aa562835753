/*
 * The tables of schema ledger: what a proof from the topic and a rebuild compare of each, and why
 * not the rest. One list for both.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Texts may be NULL: nothing. A table that is not in the list is rebuilt and compared whole. */
struct stockctl_coverage {
    const char *table;
    const char *unproved;    /* why `verify` can't judge it, or what of it; a table or a part */
    bool is_proved;          /* it does, but for that */
    bool is_out;             /* what other topics, operators or the relay write */
    bool is_order;           /* tells what came first: only the recorded batches make it again */
    const char *leave;       /* columns that number or name the writing, beside the clocks */
    const char *leave_fresh; /* columns that tell what came first */
    const char *only_fresh;  /* what the rows must contain that do not, as JSON */
};

size_t stockctl_coverage_all(const struct stockctl_coverage **ret_all);
/* Of a table that is not in the list: one that compares all. */
const struct stockctl_coverage *stockctl_coverage_of(const char *table);
