#include "tools/sandbox/bucket.h"

#include <math.h>

void sandbox_bucket_init(struct sandbox_bucket *bucket, double per_second, double burst,
                         int64_t now_ms)
{
    *bucket = (struct sandbox_bucket){
        .per_second = per_second, .burst = burst, .level = burst, .at_ms = now_ms};
}

double sandbox_bucket_level(struct sandbox_bucket *bucket, int64_t now_ms)
{
    if (now_ms > bucket->at_ms) {
        bucket->level += bucket->per_second * (double)(now_ms - bucket->at_ms) / 1000;
        bucket->level = fmin(bucket->level, bucket->burst);
        bucket->at_ms = now_ms;
    }
    return bucket->level;
}

bool sandbox_bucket_take(struct sandbox_bucket *bucket, double cost, int64_t now_ms)
{
    if (bucket->per_second <= 0)
        return true;
    if (sandbox_bucket_level(bucket, now_ms) < cost)
        return false;
    bucket->level -= cost;
    return true;
}

int64_t sandbox_bucket_wait_ms(struct sandbox_bucket *bucket, double cost, int64_t now_ms)
{
    double missing = cost - sandbox_bucket_level(bucket, now_ms);

    if (bucket->per_second <= 0 || missing <= 0)
        return 0;
    return (int64_t)ceil(missing * 1000 / bucket->per_second);
}
