/* SipHash-2-4: short, and keyed, so that senders of keys can't make them collide. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t words[2];
};

/* Pure; the published test vectors hold. */
uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len);
/* With a key drawn once per process: never store or send the result. Thread-safe. */
uint64_t hash_text(const char *text);
