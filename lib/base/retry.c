#include "lib/base/retry.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

int retry_pause_ms(const struct retry_policy *policy, int attempt, double random01)
{
    int ceiling = policy->base_ms;

    assert(policy->base_ms >= 1 && policy->cap_ms >= policy->base_ms);
    assert(attempt >= 1 && random01 >= 0 && random01 < 1);
    for (int i = 1; i < attempt && ceiling < policy->cap_ms; i++)
        ceiling = ceiling > policy->cap_ms / 2 ? policy->cap_ms : ceiling * 2;
    /* Never 0: a pause of nothing would turn a loop of tries into a busy one. */
    return 1 + (int)(random01 * ceiling);
}

double retry_random(void)
{
    uint64_t word = 0;

    if (getentropy(&word, sizeof(word)) != 0)
        abort(); /* only on a kernel without getrandom(2) */
    return (double)(word >> 11) * 0x1p-53;
}
