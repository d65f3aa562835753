/*
 * As much of GraphQL as is needed to tell what a request asks for: its first root field, which
 * variable an argument takes, the key of @idempotent. Pure. Arguments given inline are not read.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/mem.h"

struct sandbox_graphql {
    const char *text; /* without comments */
    bool mutation;
    const char *field; /* "" when none was found */
    const char *alias; /* what the answer calls it: the field, unless it was given another name */
    const char *after; /* what follows the field's name */
};

/* Everything lives in the arena. */
void sandbox_graphql_read(struct arena *arena, const char *text, struct sandbox_graphql *ret);
/* The name of the variable that this argument of the root field takes, or NULL. */
const char *sandbox_graphql_variable(struct arena *arena, const struct sandbox_graphql *query,
                                     const char *argument);
/* The directive is there: true, and either its text (*ret_key) or a variable's name. */
bool sandbox_graphql_idempotent(struct arena *arena, const struct sandbox_graphql *query,
                                const char **ret_key, const char **ret_variable);
/* Does the word occur, anywhere? A field that does not can't have been asked for. */
bool sandbox_graphql_mentions(const struct sandbox_graphql *query, const char *word);
