/*
 * Finds the listing that a snapshot's row is about: by the listing's name, else by the address of
 * the mapping in force, else by SKU. Only what is unique is taken, nothing is guessed.
 */
#pragma once

#include "services/reconciler/compare.h"

struct reconciler_match {
    const struct channel_row *row; /* NULL: the snapshot has none */
    bool is_torn;                  /* several rows that contradict each other */
};

struct reconciler_stray {
    const struct channel_row *row;
    const char *why;
};

struct reconciler_matches {
    struct reconciler_match *matches; /* one per listing */
    struct reconciler_stray *strays;  /* rows of no listing */
    size_t strays_len;
};

struct reconciler_matches reconciler_match(struct arena *arena,
                                           const struct reconciler_comparison *comparison);
