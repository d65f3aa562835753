/*
 * What a comparison found: the first difference in full, of the others how many there are. A row is
 * named by its place on the topic, or by its key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/json/json.h"

enum stockctl_difference_kind {
    DIFFERENCE_VALUE,   /* a column says something else */
    DIFFERENCE_MISSING, /* the row should be there */
    DIFFERENCE_EXTRA,   /* the row should not be there */
};

/* Texts are "" and numbers -1 where they mean nothing. */
struct stockctl_difference {
    enum stockctl_difference_kind kind;
    const char *table;
    const char *key; /* or what the row is, for one that is missing */
    int64_t partition;
    int64_t offset;
    int64_t ordinal;
    int64_t movement_id;
    const char *column;
    const char *stored;
    const char *expected;
};

/* No texts, no numbers. */
struct stockctl_difference stockctl_difference_of(enum stockctl_difference_kind kind,
                                                  const char *table);

/* Whose word the expected value is. */
#define DIFFERENCE_BY_TOPIC   "the topic"
#define DIFFERENCE_BY_REBUILD "the rebuilt ledger"

/* {0} is none. */
struct stockctl_differences {
    int64_t count;
    struct buf first;      /* a sentence */
    struct buf first_json; /* an object */
};

void stockctl_differences_release(struct stockctl_differences *differences);
static inline void stockctl_differences_scope_end(struct stockctl_differences *differences)
{
    stockctl_differences_release(differences);
}
/* who: DIFFERENCE_BY_*. */
void stockctl_differences_add(struct stockctl_differences *differences,
                              const struct stockctl_difference *difference, const char *who);
/* The first one and how many more, a line each; nothing when there is none. */
void stockctl_differences_print(const struct stockctl_differences *differences);
/* Members "differences" and "first" of the object that is open. */
void stockctl_differences_json(const struct stockctl_differences *differences,
                               struct json_out *out);
