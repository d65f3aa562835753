/*
 * Which receipt each sold unit of a SKU in a pool came from, first in, first out; which order took
 * the last one, and which was the first to get none. Pure, and a function of the set of rows: their
 * order does not matter. Units come in by receipts, returns, transfers, and by what counts showed
 * beyond the books; they are taken, in order of time, by orders when they are placed, and by
 * whatever else takes units away. A unit may come from what was received later than it was sold.
 * What nobody could take yet, or what nobody got, is available: the sums are the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/mem.h"

/* A change of the sellable units that really happened. is_shipped: units of an order left, which
   the order took before, when it was placed. */
struct provenance_move {
    const char *kind; /* "received", "returned", ... */
    const char *id;   /* of the event, or of the shipment */
    int64_t at_ms;
    int64_t delta;
    bool is_shipped;
};

/* A count that was in force at its time. */
struct provenance_count {
    const char *id;
    int64_t at_ms;
    int64_t quantity;
};

/* What an order line takes: units ordered and not cancelled, at least those shipped. */
struct provenance_line {
    const char *channel;
    const char *order_id;
    const char *line_id;
    int64_t placed_ms;
    int64_t units; /* of the SKU */
};

/* Rows are borrowed. */
struct provenance_rows {
    const struct provenance_move *moves;
    size_t moves_len;
    const struct provenance_count *counts;
    size_t counts_len;
    const struct provenance_line *lines;
    size_t lines_len;
};

/* Units that came in, or that were taken; sorted by time. */
struct provenance_end {
    const char *kind; /* "ordered", "counted", or a move's */
    const char *id;   /* "" of orders */
    const char *channel;
    const char *order_id;
    const char *line_id;
    int64_t at_ms;
    int64_t units; /* > 0 */
};

/* Units that one took of another. */
struct provenance_share {
    const struct provenance_end *taker;
    const struct provenance_end *source; /* NULL: it got none */
    int64_t units;
};

struct provenance {
    const struct provenance_share *shares; /* in order of takers, then of sources */
    size_t shares_len;
    const struct provenance_end *last; /* that took the last unit; NULL: units are left */
    const struct provenance_end *first_short; /* that got fewer than it took; NULL: none */
    int64_t left; /* units that nobody took; below zero: that nobody got */
};

/* The result lives in the arena, its texts in the rows. Sums stay within 2^62 as long as there are
   fewer than 2^32 rows. */
struct provenance provenance_trace(struct arena *arena, const struct provenance_rows *rows);
