/*
 * A table of keys says what a map of the spec may hold and where it goes: one reader of all maps,
 * whose complaints name file, line and column, and one writer of their JSON Schema. Pure.
 */
#pragma once

#include "lib/base/buf.h"
#include "lib/yaml/yaml.h"

#include "channels/channel.h"

struct generic_pair {
    const char *name;
    const char *value;
};

/* These three, and lists of maps, are a pointer and a length in memory. */
struct generic_pairs {
    const struct generic_pair *list;
    size_t len;
};

struct generic_texts {
    const char *const *list;
    size_t len;
};

enum generic_key_kind {
    GENERIC_KEY_TEXT,
    GENERIC_KEY_BYTE, /* a text of one byte */
    GENERIC_KEY_SOURCE,
    GENERIC_KEY_POINTER,  /* a source that gives a list or a number */
    GENERIC_KEY_TEMPLATE, /* names: which */
    GENERIC_KEY_CHOICE,   /* names; an enum in their order, or values */
    GENERIC_KEY_BOOL,
    GENERIC_KEY_WHOLE,    /* from min to max */
    GENERIC_KEY_REAL,     /* the same */
    GENERIC_KEY_TEXTS,    /* a list, or one text; templates when names, else any text */
    GENERIC_KEY_PAIRS,    /* a map of texts; values templates when names, else any text */
    GENERIC_KEY_VERDICTS, /* a map whose values are verdicts */
    GENERIC_KEY_MAP,      /* of: the table of an inline struct */
    GENERIC_KEY_MAPS,     /* a list of 1 to max of these, of size bytes each, preset at first */
};

struct generic_reading {
    struct arena *arena;
    struct err *err;
};

struct generic_key {
    const char *name;
    enum generic_key_kind kind;
    size_t offset;
    bool needed;
    const char *means; /* for people: the schema's description */
    const char *const *names;
    const int *values;
    double min;
    double max;
    const struct generic_key *of;
    size_t size;
    const void *preset;
    /* What one key does not tell, of a map that was read. NULL: all is well. */
    bool (*check)(struct generic_reading *reading, const struct yaml *node, const void *map);
};

/* Tables are closed by a NULL name. False: err has the place. */
bool generic_keys_read(struct generic_reading *reading, const struct yaml *node,
                       const struct generic_key *keys, void *to) MUST_CHECK;
/* JSON Schema (2020-12) of such a map. */
void generic_keys_schema(const struct generic_key *keys, const char *title, struct buf *out);

/* For checks of what a pair's value is. */
bool generic_keys_source(struct generic_reading *reading, const struct yaml *node, const char *key,
                         const char *text) MUST_CHECK;
