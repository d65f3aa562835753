#include "tools/sandbox/random.h"

#include <assert.h>
#include <stdio.h>

uint64_t sandbox_random_next(struct sandbox_random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15u;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t sandbox_random_below(struct sandbox_random *random, uint64_t below)
{
    assert(below > 0);
    return sandbox_random_next(random) % below;
}

bool sandbox_random_chance(struct sandbox_random *random, double probability)
{
    if (probability <= 0)
        return false;
    if (probability >= 1)
        return true;
    return (double)(sandbox_random_next(random) >> 11) * 0x1p-53 < probability;
}

void sandbox_random_hex(struct sandbox_random *random, char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = "0123456789abcdef"[sandbox_random_next(random) >> 60];
    text[len] = '\0';
}

void sandbox_random_uuid(struct sandbox_random *random, char text[SANDBOX_UUID_LEN + 1])
{
    uint64_t a = sandbox_random_next(random);
    uint64_t b = sandbox_random_next(random);

    snprintf(text, SANDBOX_UUID_LEN + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16) & 0xFFFF, (unsigned)a & 0xFFF,
             0x8000 | ((unsigned)(b >> 48) & 0x3FFF), (unsigned long long)b & 0xFFFFFFFFFFFFu);
}
