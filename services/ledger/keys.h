/* Sets of text tuples, in first-seen order: the keys that a batch must load. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"
#include "lib/pg/pg.h"

enum { LEDGER_KEYS_PARTS_MAX = 3 };

struct ledger_keys {
    struct arena *arena;
    struct map *seen;
    const char **parts[LEDGER_KEYS_PARTS_MAX];
    size_t capacity[LEDGER_KEYS_PARTS_MAX];
    size_t len;
};

void ledger_keys_init(struct ledger_keys *keys, struct arena *arena);
void ledger_keys_release(struct ledger_keys *keys);
static inline void ledger_keys_scope_end(struct ledger_keys *keys)
{
    ledger_keys_release(keys);
}
/* False when it was there. Unused parts are "". Texts are borrowed. */
bool ledger_keys_add(struct ledger_keys *keys, const char *a, const char *b, const char *c);
bool ledger_keys_has(const struct ledger_keys *keys, const char *a, const char *b, const char *c);
/* One text array per part, for the first `parts` parts. */
void ledger_keys_params(const struct ledger_keys *keys, struct pg_params *params, size_t parts);
