/* Numbers that look random and come from a seed (SplitMix64): the same seed, the same decisions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sandbox_random {
    uint64_t state;
};

uint64_t sandbox_random_next(struct sandbox_random *random);
/* In [0, below); below must not be 0. */
uint64_t sandbox_random_below(struct sandbox_random *random, uint64_t below);
/* True with this probability; draws a number only when 0 < probability < 1. */
bool sandbox_random_chance(struct sandbox_random *random, double probability);
/* Writes len lower-case hex digits and a NUL. */
void sandbox_random_hex(struct sandbox_random *random, char *text, size_t len);

enum { SANDBOX_UUID_LEN = 36 };
/* A UUID, version 4 by its form. */
void sandbox_random_uuid(struct sandbox_random *random, char text[SANDBOX_UUID_LEN + 1]);
