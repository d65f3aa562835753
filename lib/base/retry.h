/* Pause between tries: exponential with full jitter, so that many clients do not come back at once.
 */
#pragma once

#include <stdint.h>

struct retry_policy {
    int base_ms; /* at least 1 */
    int cap_ms;  /* at least base_ms */
    int tries_max;
};

/* Pause before try number `attempt` (1 is the first repetition); random01 in [0,1). Evenly in
   [1, ceiling], where the ceiling starts at base_ms and doubles up to cap_ms. Pure. */
int retry_pause_ms(const struct retry_policy *policy, int attempt, double random01);
/* From the kernel; thread-safe. In [0,1). */
double retry_random(void);
