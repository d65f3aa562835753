#include "lib/base/map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/mem.h"

enum { MAP_CAPACITY_MIN = 8 };

struct map_entry {
    char *key; /* NULL: removed */
    void *value;
    uint64_t hash;
};

/* Entries stand in insertion order; slots find them: 0 is free, else the entry's number + 1. Slots
   of removed entries stay until the next rebuild; there are twice as many slots as entries, so a
   search always meets a free one. */
struct map {
    struct map_entry *entries;
    size_t used; /* of entries, removed ones too */
    size_t capacity;
    size_t len;
    uint32_t *slots;
};

struct map *map_new(void)
{
    return mem_calloc(1, sizeof(struct map));
}

void map_clear(struct map *map)
{
    for (size_t i = 0; i < map->used; i++)
        mem_free(map->entries[i].key);
    if (map->slots != NULL)
        memset(map->slots, 0, 2 * map->capacity * sizeof(*map->slots));
    map->used = 0;
    map->len = 0;
}

void map_free(struct map *map)
{
    if (map == NULL)
        return;
    map_clear(map);
    mem_free(map->entries);
    mem_free(map->slots);
    mem_free(map);
}

static size_t map_slot_mask(const struct map *map)
{
    return 2 * map->capacity - 1;
}

static struct map_entry *map_find(const struct map *map, const char *key, uint64_t hash)
{
    if (map->capacity == 0)
        return NULL;
    for (size_t at = hash & map_slot_mask(map);; at = (at + 1) & map_slot_mask(map)) {
        if (map->slots[at] == 0)
            return NULL;
        struct map_entry *entry = &map->entries[map->slots[at] - 1];
        if (entry->key != NULL && entry->hash == hash && strcmp(entry->key, key) == 0)
            return entry;
    }
}

static void map_link(struct map *map, size_t index)
{
    size_t at = map->entries[index].hash & map_slot_mask(map);

    while (map->slots[at] != 0)
        at = (at + 1) & map_slot_mask(map);
    map->slots[at] = (uint32_t)(index + 1);
}

/* Squeezes removed entries out and leaves room for as many again as there are. */
static void map_rebuild(struct map *map)
{
    size_t capacity = MAP_CAPACITY_MIN;
    size_t kept = 0;

    while (capacity < 2 * map->len)
        capacity *= 2;
    assert(capacity < UINT32_MAX / 2);
    for (size_t i = 0; i < map->used; i++) {
        if (map->entries[i].key != NULL)
            map->entries[kept++] = map->entries[i];
    }
    map->used = kept;
    map->capacity = capacity;
    map->entries = mem_realloc(map->entries, capacity, sizeof(*map->entries));
    mem_free(map->slots);
    map->slots = mem_calloc(2 * capacity, sizeof(*map->slots));
    for (size_t i = 0; i < kept; i++)
        map_link(map, i);
}

void *map_get(const struct map *map, const char *key)
{
    const struct map_entry *entry = map->len == 0 ? NULL : map_find(map, key, hash_text(key));

    return entry == NULL ? NULL : entry->value;
}

void map_set(struct map *map, const char *key, void *value)
{
    uint64_t hash = hash_text(key);
    struct map_entry *entry = map_find(map, key, hash);

    assert(value != NULL);
    if (entry != NULL) {
        entry->value = value;
        return;
    }
    if (map->used == map->capacity)
        map_rebuild(map);
    map->entries[map->used] = (struct map_entry){mem_strdup(key), value, hash};
    map_link(map, map->used);
    map->used += 1;
    map->len += 1;
}

void *map_remove(struct map *map, const char *key)
{
    struct map_entry *entry = map_find(map, key, hash_text(key));

    if (entry == NULL)
        return NULL;
    mem_free(entry->key);
    entry->key = NULL;
    map->len -= 1;
    return entry->value;
}

size_t map_len(const struct map *map)
{
    return map->len;
}

void *map_next(const struct map *map, size_t *cursor, const char **ret_key)
{
    while (*cursor < map->used) {
        const struct map_entry *entry = &map->entries[(*cursor)++];

        if (entry->key == NULL)
            continue;
        if (ret_key != NULL)
            *ret_key = entry->key;
        return entry->value;
    }
    return NULL;
}
