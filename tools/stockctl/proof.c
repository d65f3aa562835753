#include "tools/stockctl/proof.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/event/codec.h"
#include "lib/event/taking.h"

struct stockctl_proof {
    struct arena *arena;   /* as long as the proof */
    struct arena *scratch; /* of one record */
    struct buf bytes;
    struct stock *stock;
    struct map *known; /* id -> hash */
    size_t first;      /* movement of the last record */
};

struct stockctl_proof *stockctl_proof_new(void)
{
    struct stockctl_proof *proof = mem_calloc(1, sizeof(*proof));

    proof->arena = arena_new();
    proof->scratch = arena_new();
    proof->known = map_new();
    proof->stock = stock_new(proof->arena);
    return proof;
}

void stockctl_proof_free(struct stockctl_proof *proof)
{
    if (proof == NULL)
        return;
    map_free(proof->known);
    arena_free(proof->arena);
    arena_free(proof->scratch);
    buf_release(&proof->bytes);
    mem_free(proof);
}

void stockctl_proof_next_batch(struct stockctl_proof *proof)
{
    stock_next_batch(proof->stock);
    proof->first = 0;
}

/* The fact and its channel, in the long-lived arena: nothing else is folded. */
static bool proof_keep(struct stockctl_proof *proof, const struct event *event,
                       struct event *ret_kept, struct err *err)
{
    struct event fact = *event;

    fact.source = (struct event_source){.channel = event->source.channel,
                                        .account = "",
                                        .notification_id = "",
                                        .adapter = "",
                                        .host = "",
                                        .actor = ""};
    fact.traceparent = "";
    fact.raw = (struct event_raw){.content_type = "", .topic_header = "", .in_event_id = ""};
    buf_clear(&proof->bytes);
    event_encode(&fact, &proof->bytes);
    return event_decode(proof->arena, proof->bytes.bytes, proof->bytes.len, ret_kept, err);
}

static enum stockctl_proof_taking proof_take(struct stockctl_proof *proof, const void *body,
                                             size_t len, struct err *err)
{
    unsigned char hash[EVENT_HASH_LEN];
    struct event event;
    struct event kept;
    const char *reason = NULL;

    if (!event_take(proof->scratch, body, len, &event, hash, err))
        return PROOF_POISON;
    const void *known = map_get(proof->known, event.id);
    if (known != NULL)
        return memcmp(known, hash, sizeof(hash)) == 0 ? PROOF_REPEATED : PROOF_CONFLICT;
    if (!proof_keep(proof, &event, &kept, err))
        return PROOF_POISON;
    map_set(proof->known, event.id, arena_memdup(proof->arena, hash, sizeof(hash)));
    stock_apply(proof->stock, &kept, &reason);
    return PROOF_FOLDED;
}

enum stockctl_proof_taking stockctl_proof_take(struct stockctl_proof *proof, const void *body,
                                               size_t len, struct err *err)
{
    const struct stock_movement *const *ignored = NULL;

    proof->first = stock_new_movements(proof->stock, &ignored);
    enum stockctl_proof_taking taking = proof_take(proof, body, len, err);
    arena_reset(proof->scratch);
    return taking;
}

size_t stockctl_proof_movements(const struct stockctl_proof *proof,
                                const struct stock_movement *const **ret_movements)
{
    size_t len = stock_new_movements(proof->stock, ret_movements);

    if (len == proof->first)
        return 0;
    *ret_movements += proof->first;
    return len - proof->first;
}

const struct stock *stockctl_proof_end(struct stockctl_proof *proof)
{
    stock_settle(proof->stock);
    return proof->stock;
}
