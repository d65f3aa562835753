#include "services/ledger/keys.h"

#include "lib/base/buf.h"

void ledger_keys_init(struct ledger_keys *keys, struct arena *arena)
{
    *keys = (struct ledger_keys){.arena = arena, .seen = map_new()};
}

void ledger_keys_release(struct ledger_keys *keys)
{
    map_free(keys->seen);
    keys->seen = NULL;
}

/* Names and ids hold no control characters (event_check), so the separator is unambiguous. */
static const char *keys_joined(const struct ledger_keys *keys, const char *a, const char *b,
                               const char *c)
{
    const char *const parts[LEDGER_KEYS_PARTS_MAX] = {a, b, c};

    return arena_join(keys->arena, parts, LEDGER_KEYS_PARTS_MAX, '\x1f');
}

bool ledger_keys_has(const struct ledger_keys *keys, const char *a, const char *b, const char *c)
{
    return map_get(keys->seen, keys_joined(keys, a, b, c)) != NULL;
}

bool ledger_keys_add(struct ledger_keys *keys, const char *a, const char *b, const char *c)
{
    const char *parts[LEDGER_KEYS_PARTS_MAX] = {a, b, c};
    const char *joined = keys_joined(keys, a, b, c);

    if (map_get(keys->seen, joined) != NULL)
        return false;
    map_set(keys->seen, joined, keys);
    for (size_t i = 0; i < LEDGER_KEYS_PARTS_MAX; i++) {
        keys->parts[i] = arena_grow(keys->arena, keys->parts[i], keys->len, &keys->capacity[i],
                                    sizeof(*keys->parts[i]));
        keys->parts[i][keys->len] = parts[i];
    }
    keys->len++;
    return true;
}

void ledger_keys_params(const struct ledger_keys *keys, struct pg_params *params, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        pg_params_text_array(params, keys->parts[i], keys->len);
}
