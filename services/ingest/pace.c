#include "services/ingest/pace.h"

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
    if (pace->spent > 0 && pace->spent + cost > burst)
        return false;
    pace->spent += cost;
    return true;
}
