#include "services/ingest/pace.h"

static const double pace_grain = 1e-6; /* sums of fractions are not exact */

bool ingest_pace_take(struct ingest_pace *pace, double per_second, double burst, double cost,
                      int64_t now_ms)
{
    if (per_second <= 0)
        return true;
    if (now_ms > pace->at_ms) {
        pace->spent -= (double)(now_ms - pace->at_ms) / 1000 * per_second;
        pace->at_ms = now_ms;
    }
    if (pace->spent < 0)
        pace->spent = 0;
    if (pace->spent > pace_grain && pace->spent + cost > burst + pace_grain)
        return false;
    pace->spent += cost;
    return true;
}
