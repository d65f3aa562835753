/*
 * YAML in, the one door to libyaml: one document as a tree that keeps places, so that every
 * complaint names file, line and column. Stricter than YAML: keys are text and stand once, one
 * document a file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml; /* a node; borrowed from its arena */

/* The root, living as long as the arena, or NULL with ERR_FATAL: "channels.yaml:3:5: ...". name is
   what the complaints call the file. An empty file is NULL with ERR_FATAL, too. */
const struct yaml *yaml_parse(struct arena *arena, const char *name, const char *bytes, size_t len,
                              struct err *err);

/* Sets err to ERR_FATAL with the node's place before the text. Returns false. */
bool yaml_fail(const struct yaml *node, struct err *err, const char *format, ...) PRINTF_LIKE(3, 4);

enum yaml_kind yaml_kind(const struct yaml *node);
/* Of a scalar, whatever its style, without embedded NUL; NULL for lists and maps, and for text that
   has one. */
const char *yaml_text(const struct yaml *node);
/* Elements of a list, pairs of a map; 0 for text. */
size_t yaml_len(const struct yaml *node);
/* Element of a list or value of a map's pair. */
const struct yaml *yaml_at(const struct yaml *node, size_t index);
/* Key of a map's pair: its node knows the key's place. */
const struct yaml *yaml_key_at(const struct yaml *map, size_t index);
/* NULL when absent, or no map. */
const struct yaml *yaml_get(const struct yaml *map, const char *key);
