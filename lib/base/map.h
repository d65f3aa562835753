/*
 * Text-keyed hash map of pointers, for working sets and registries. Keys are copied; values are
 * borrowed. Keys may come from outside: the hash is seeded, so nobody can choose colliding ones.
 */
#pragma once

#include <stddef.h>

#include "lib/base/scope.h"

struct map;

struct map *map_new(void);
void map_free(struct map *map);
SCOPE_DEFINE(map, struct map, map_free)
/* NULL when the key is not there. */
void *map_get(const struct map *map, const char *key);
/* Sets or replaces. value must not be NULL. */
void map_set(struct map *map, const char *key, void *value);
/* Returns the value that was there, or NULL. */
void *map_remove(struct map *map, const char *key);
size_t map_len(const struct map *map);
void map_clear(struct map *map);
/* Iteration in insertion order, which makes every fold deterministic: for (size_t i = 0;
   (value = map_next(map, &i, &key)) != NULL;). Removing while iterating is not allowed. */
void *map_next(const struct map *map, size_t *cursor, const char **ret_key);
