#include <assert.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/stock/internal.h"

enum { TABLE_CAPACITY_MIN = 16 };

/* Each text's hash is keyed, so any mix of them is as hard to make collide as one. */
static uint64_t table_hash(const char *const texts[STOCK_TABLE_TEXTS])
{
    uint64_t hash = 0;

    for (size_t i = 0; i < STOCK_TABLE_TEXTS; i++)
        hash = hash * UINT64_C(0x9e3779b97f4a7c15) + (*texts[i] == '\0' ? 1 : hash_text(texts[i]));
    return hash;
}

static bool table_is_key(const struct stock_table_entry *entry, uint64_t hash,
                         const char *const texts[STOCK_TABLE_TEXTS])
{
    if (entry->hash != hash)
        return false;
    for (size_t i = 0; i < STOCK_TABLE_TEXTS; i++) {
        if (!stock_is_same(entry->texts[i], texts[i]))
            return false;
    }
    return true;
}

void *stock_table_get(const struct stock_table *table, const char *a, const char *b, const char *c)
{
    const char *const texts[STOCK_TABLE_TEXTS] = {a, b, c};
    size_t mask = 2 * table->capacity - 1;

    if (table->len == 0)
        return NULL;
    uint64_t hash = table_hash(texts);
    for (size_t at = hash & mask; table->slots[at] != 0; at = (at + 1) & mask) {
        struct stock_table_entry *entry = &table->entries[table->slots[at] - 1];

        if (table_is_key(entry, hash, texts))
            return entry->value;
    }
    return NULL;
}

static void table_link(struct stock_table *table, size_t index)
{
    size_t mask = 2 * table->capacity - 1;
    size_t at = table->entries[index].hash & mask;

    while (table->slots[at] != 0)
        at = (at + 1) & mask;
    table->slots[at] = (uint32_t)(index + 1);
}

static void table_grow(struct stock_table *table, struct arena *arena)
{
    size_t capacity = table->capacity == 0 ? TABLE_CAPACITY_MIN : 2 * table->capacity;
    struct stock_table_entry *entries = arena_alloc(arena, capacity * sizeof(*entries));

    assert(capacity < UINT32_MAX / 2);
    if (table->len > 0)
        memcpy(entries, table->entries, table->len * sizeof(*entries));
    table->entries = entries;
    table->capacity = capacity;
    table->slots = arena_alloc(arena, 2 * capacity * sizeof(*table->slots));
    for (size_t i = 0; i < table->len; i++)
        table_link(table, i);
}

void stock_table_add(struct stock_table *table, struct arena *arena,
                     const char *const texts[STOCK_TABLE_TEXTS], void *value)
{
    if (table->len == table->capacity)
        table_grow(table, arena);
    struct stock_table_entry *entry = &table->entries[table->len];

    memcpy(entry->texts, texts, sizeof(entry->texts));
    entry->hash = table_hash(texts);
    entry->value = value;
    table_link(table, table->len++);
}
