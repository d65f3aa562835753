/* HMAC signatures over raw bytes, and digests that stand in for ids that a sender does not give. */
#pragma once

#include <stddef.h>

#include "lib/base/mem.h"

/* SHA-256 in hex, of the texts (each with its end, so that "a","bc" is not "ab","c"; NULL is "")
   and then the body. In the arena. */
const char *channel_signature_digest(struct arena *arena, const char *const *texts,
                                     size_t texts_len, const void *body, size_t body_len);
