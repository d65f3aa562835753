#include "lib/stock/chain.h"

#include <string.h>

#include "lib/base/buf.h"
#include "lib/event/digest.h"

_Static_assert(STOCK_CHAIN_LEN == (int)DIGEST_SHA256_LEN, "a value is a SHA-256");

static void chain_int(struct buf *bytes, int64_t value)
{
    unsigned char big_endian[8];

    for (int i = 0; i < 8; i++)
        big_endian[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
    buf_append(bytes, big_endian, sizeof(big_endian));
}

static void chain_bytes(struct buf *bytes, const void *value, size_t len)
{
    chain_int(bytes, (int64_t)len);
    buf_append(bytes, value, len);
}

static void chain_text(struct buf *bytes, const char *text)
{
    chain_bytes(bytes, text, strlen(text));
}

void stock_chain_genesis(const char *topic, int64_t partition, int64_t generation,
                         const unsigned char *before, unsigned char ret_value[STOCK_CHAIN_LEN])
{
    SCOPED(buf) struct buf bytes = {0};

    chain_text(&bytes, "stockbus movements v1");
    chain_text(&bytes, topic);
    chain_int(&bytes, partition);
    chain_int(&bytes, generation);
    chain_bytes(&bytes, before == NULL ? (const unsigned char *)"" : before,
                before == NULL ? 0 : STOCK_CHAIN_LEN);
    digest_sha256(bytes.bytes, bytes.len, ret_value);
}

void stock_chain_add(unsigned char value[STOCK_CHAIN_LEN], const struct stock_chain_place *place,
                     const struct stock_movement *movement)
{
    SCOPED(buf) struct buf bytes = {0};

    buf_append(&bytes, value, STOCK_CHAIN_LEN);
    chain_int(&bytes, place->partition);
    chain_int(&bytes, place->offset);
    chain_int(&bytes, place->ordinal);
    chain_text(&bytes, movement->event_id);
    chain_text(&bytes, movement->sku);
    chain_text(&bytes, movement->pool);
    chain_text(&bytes, movement->bucket);
    chain_int(&bytes, movement->delta);
    chain_int(&bytes, movement->effect);
    chain_int(&bytes, movement->balance);
    chain_int(&bytes, movement->occurred_ms);
    chain_text(&bytes, movement->reason);
    digest_sha256(bytes.bytes, bytes.len, value);
}
