/* Signatures over raw bytes, and digests that stand in for ids that a sender does not give. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

#include "channels/channel.h"

/* True: the key made the ECDSA signature that the header holds over the bytes. */
bool channel_ecdsa_verifies(const struct channel_key *key, const char *header,
                            const struct buf *bytes);

/* SHA-256 in hex, of the texts (each with its end, so that "a","bc" is not "ab","c"; NULL is "")
   and then the body. In the arena. */
const char *channel_signature_digest(struct arena *arena, const char *const *texts,
                                     size_t texts_len, const void *body, size_t body_len);
