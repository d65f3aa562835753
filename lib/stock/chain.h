/*
 * The hash chain over movements, pure: whoever has the rows in order can compute every value again,
 * and a row that was changed, taken out or put in breaks its partition's chain.
 *
 * Each partition of the events topic has one chain. value = SHA-256(value before || row), where row
 * is the movement's canonical bytes, in this order:
 *
 *   int topic_partition, int topic_offset, int ordinal, text event_id, text sku, text pool,
 *   text bucket, int delta, int effect, int balance, int occurred_ms, text reason
 *
 * int: 8 bytes, two's complement, big-endian. text: its length in bytes as an int, then its bytes
 * (UTF-8). event_id is lower-case text with hyphens. Before the first row stands the genesis of the
 * partition's generation:
 *
 *   SHA-256(text "stockbus movements v1", text topic, int partition, int generation, text before)
 *
 * where before is the last value of the generation before (32 bytes), empty for generation 1: a
 * topic that is created anew does not cut off history.
 */
#pragma once

#include "lib/stock/stock.h"

enum { STOCK_CHAIN_LEN = 32 };

/* The record whose application made the movement, and the movement's number within it, from 0. */
struct stock_chain_place {
    int64_t partition;
    int64_t offset;
    int64_t ordinal;
};

/* before: the last value of the generation before; NULL for the first generation. */
void stock_chain_genesis(const char *topic, int64_t partition, int64_t generation,
                         const unsigned char *before, unsigned char ret_value[STOCK_CHAIN_LEN]);
/* Moves the value on by one row. */
void stock_chain_add(unsigned char value[STOCK_CHAIN_LEN], const struct stock_chain_place *place,
                     const struct stock_movement *movement);
