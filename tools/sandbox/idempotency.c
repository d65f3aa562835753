#include "tools/sandbox/idempotency.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"

#include "tools/sandbox/signature.h"

enum { IDEMPOTENCY_DIGEST_LEN = 64 };

struct idempotency_entry {
    char *key;
    char *answer;
    char digest[IDEMPOTENCY_DIGEST_LEN + 1]; /* of the parameters, which may be long */
};

struct sandbox_idempotency {
    struct map *by_key;
    struct idempotency_entry ring[SANDBOX_IDEMPOTENCY_MAX];
    size_t next;
};

struct sandbox_idempotency *sandbox_idempotency_new(void)
{
    struct sandbox_idempotency *memory = mem_calloc(1, sizeof(*memory));

    memory->by_key = map_new();
    return memory;
}

static void idempotency_forget(struct sandbox_idempotency *memory, struct idempotency_entry *entry)
{
    if (entry->key == NULL)
        return;
    map_remove(memory->by_key, entry->key);
    mem_free(entry->key);
    mem_free(entry->answer);
    *entry = (struct idempotency_entry){0};
}

void sandbox_idempotency_free(struct sandbox_idempotency *memory)
{
    if (memory == NULL)
        return;
    for (size_t i = 0; i < SANDBOX_IDEMPOTENCY_MAX; i++)
        idempotency_forget(memory, &memory->ring[i]);
    map_free(memory->by_key);
    mem_free(memory);
}

enum sandbox_idempotency_kind sandbox_idempotency_find(const struct sandbox_idempotency *memory,
                                                       const char *key, const char *parameters,
                                                       const char **ret_answer)
{
    const struct idempotency_entry *entry = map_get(memory->by_key, key);
    char digest[IDEMPOTENCY_DIGEST_LEN + 1];

    if (entry == NULL)
        return SANDBOX_IDEMPOTENCY_NEW;
    sandbox_signature_digest(parameters, strlen(parameters), digest, IDEMPOTENCY_DIGEST_LEN);
    if (strcmp(digest, entry->digest) != 0)
        return SANDBOX_IDEMPOTENCY_MISMATCH;
    *ret_answer = entry->answer;
    return SANDBOX_IDEMPOTENCY_SAME;
}

void sandbox_idempotency_keep(struct sandbox_idempotency *memory, const char *key,
                              const char *parameters, const char *answer)
{
    struct idempotency_entry *entry = &memory->ring[memory->next];

    if (map_get(memory->by_key, key) != NULL)
        return;
    idempotency_forget(memory, entry);
    memory->next = (memory->next + 1) % SANDBOX_IDEMPOTENCY_MAX;
    entry->key = mem_strdup(key);
    entry->answer = mem_strdup(answer);
    sandbox_signature_digest(parameters, strlen(parameters), entry->digest, IDEMPOTENCY_DIGEST_LEN);
    map_set(memory->by_key, key, entry);
}
