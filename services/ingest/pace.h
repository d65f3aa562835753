/* A budget of calls: so many a second, some at once after a pause. Pure; times are milliseconds of
   any one clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeros: full. */
struct ingest_pace {
    double spent; /* less what came back since */
    int64_t at_ms;
};

/* False, and nothing is spent, while less than cost is left. A cost above the burst waits for all
   of it. per_second 0: there is no limit. */
bool ingest_pace_take(struct ingest_pace *pace, double per_second, double burst, double cost,
                      int64_t now_ms);
