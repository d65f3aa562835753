/*
 * A leaky bucket as marketplaces keep it: so many points at most, refilled at so many a second. A
 * request that costs more than is there takes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sandbox_bucket {
    double per_second; /* 0: no limit */
    double burst;
    double level;
    int64_t at_ms; /* when level was true; monotonic */
};

/* Full at now_ms. */
void sandbox_bucket_init(struct sandbox_bucket *bucket, double per_second, double burst,
                         int64_t now_ms);
bool sandbox_bucket_take(struct sandbox_bucket *bucket, double cost, int64_t now_ms);
/* Points that are there now. */
double sandbox_bucket_level(struct sandbox_bucket *bucket, int64_t now_ms);
/* Until cost will be there. */
int64_t sandbox_bucket_wait_ms(struct sandbox_bucket *bucket, double cost, int64_t now_ms);
