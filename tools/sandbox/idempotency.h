/*
 * What a marketplace remembers of idempotency keys: the parameters they came with and the answer
 * they got. The oldest is forgotten beyond SANDBOX_IDEMPOTENCY_MAX.
 */
#pragma once

#include "lib/base/scope.h"

enum { SANDBOX_IDEMPOTENCY_MAX = 20000 };

enum sandbox_idempotency_kind {
    SANDBOX_IDEMPOTENCY_NEW,
    SANDBOX_IDEMPOTENCY_SAME,     /* the answer of then is to be given again */
    SANDBOX_IDEMPOTENCY_MISMATCH, /* the key came with other parameters */
};

struct sandbox_idempotency;

struct sandbox_idempotency *sandbox_idempotency_new(void);
void sandbox_idempotency_free(struct sandbox_idempotency *memory);
SCOPE_DEFINE(sandbox_idempotency, struct sandbox_idempotency, sandbox_idempotency_free)

/* *ret_answer is set for SAME only, borrowed until the next sandbox_idempotency_keep(). */
enum sandbox_idempotency_kind sandbox_idempotency_find(const struct sandbox_idempotency *memory,
                                                       const char *key, const char *parameters,
                                                       const char **ret_answer);
/* Copies all three. A key that is known already keeps its first answer. */
void sandbox_idempotency_keep(struct sandbox_idempotency *memory, const char *key,
                              const char *parameters, const char *answer);
