#include "tools/stockctl/known.h"

#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"

enum { KNOWN_BLOCK = 4096, KNOWN_CAPACITY_MIN = 8192 };

/* Events stand in blocks, so that none ever moves; slots find them: 0 is free, else the event's
   number + 1. At least a third of them is free. */
struct stockctl_known {
    struct stockctl_known_event **blocks;
    size_t len;
    uint32_t *slots;
    size_t capacity; /* of the slots, a power of two */
    struct hash_key hash_key;
};

struct stockctl_known *stockctl_known_new(void)
{
    struct stockctl_known *known = mem_calloc(1, sizeof(*known));

    known->capacity = KNOWN_CAPACITY_MIN;
    known->slots = mem_calloc(known->capacity, sizeof(*known->slots));
    known->hash_key = (struct hash_key){
        {hash_text("known"), hash_text("events")}
    };
    return known;
}

void stockctl_known_free(struct stockctl_known *known)
{
    if (known == NULL)
        return;
    for (size_t i = 0; i * KNOWN_BLOCK < known->len; i++)
        mem_free(known->blocks[i]);
    mem_free(known->blocks);
    mem_free(known->slots);
    mem_free(known);
}

static struct stockctl_known_event *known_at(const struct stockctl_known *known, size_t number)
{
    return &known->blocks[number / KNOWN_BLOCK][number % KNOWN_BLOCK];
}

static void id_bytes(const char *text, unsigned char id[STOCKCTL_KNOWN_ID_LEN])
{
    size_t digits = 0;

    memset(id, 0, STOCKCTL_KNOWN_ID_LEN);
    for (; *text != '\0' && digits < 2 * (size_t)STOCKCTL_KNOWN_ID_LEN; text++) {
        if (*text == '-')
            continue;
        int digit = *text <= '9' ? *text - '0' : *text - 'a' + 10;

        id[digits / 2] = (unsigned char)(id[digits / 2] << 4 | (digit & 0xf));
        digits++;
    }
}

/* Of the event, or of the free slot that it would have. */
static uint32_t *known_slot(const struct stockctl_known *known,
                            const unsigned char id[STOCKCTL_KNOWN_ID_LEN])
{
    size_t at = hash_bytes(known->hash_key, id, STOCKCTL_KNOWN_ID_LEN) & (known->capacity - 1);

    while (known->slots[at] != 0 &&
           memcmp(known_at(known, known->slots[at] - 1)->id, id, STOCKCTL_KNOWN_ID_LEN) != 0)
        at = (at + 1) & (known->capacity - 1);
    return &known->slots[at];
}

static void known_grow(struct stockctl_known *known)
{
    mem_free(known->slots);
    known->capacity *= 2;
    assert(known->capacity < UINT32_MAX);
    known->slots = mem_calloc(known->capacity, sizeof(*known->slots));
    for (size_t i = 0; i < known->len; i++)
        *known_slot(known, known_at(known, i)->id) = (uint32_t)(i + 1);
}

struct stockctl_known_event *stockctl_known_get(const struct stockctl_known *known, const char *id)
{
    unsigned char bytes[STOCKCTL_KNOWN_ID_LEN];

    id_bytes(id, bytes);
    uint32_t number = *known_slot(known, bytes);
    return number == 0 ? NULL : known_at(known, number - 1);
}

struct stockctl_known_event *stockctl_known_add(struct stockctl_known *known, const char *id)
{
    size_t block = known->len / KNOWN_BLOCK;

    if (3 * known->len >= 2 * known->capacity)
        known_grow(known);
    if (known->len % KNOWN_BLOCK == 0) {
        known->blocks = mem_realloc(known->blocks, block + 1, sizeof(*known->blocks));
        known->blocks[block] = mem_calloc(KNOWN_BLOCK, sizeof(**known->blocks));
    }
    struct stockctl_known_event *event = known_at(known, known->len++);
    id_bytes(id, event->id);
    *known_slot(known, event->id) = (uint32_t)known->len;
    return event;
}

size_t stockctl_known_len(const struct stockctl_known *known)
{
    return known->len;
}
