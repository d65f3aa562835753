#include "services/publisher/quota.h"

#include "lib/base/map.h"
#include "lib/base/mem.h"

enum { HOUR_MS = 3600000, HOURS = 25 };

struct quota_entry {
    int64_t hour;           /* the newest that is counted */
    uint32_t writes[HOURS]; /* by hour modulo HOURS */
};

struct publisher_quota {
    int64_t per_day;
    int64_t reserve;
    struct map *entries; /* key -> struct quota_entry * */
    struct arena *arena;
};

struct publisher_quota *publisher_quota_new(int64_t per_day, int64_t reserve)
{
    struct publisher_quota *quota = mem_calloc(1, sizeof(*quota));

    quota->per_day = per_day;
    quota->reserve = reserve;
    quota->entries = map_new();
    quota->arena = arena_new();
    return quota;
}

void publisher_quota_free(struct publisher_quota *quota)
{
    if (quota == NULL)
        return;
    map_free(quota->entries);
    arena_free(quota->arena);
    mem_free(quota);
}

/* Writes of that hour, as far as it is among the last ones. */
static int64_t entry_writes(const struct quota_entry *entry, int64_t hour)
{
    if (hour < 0 || hour > entry->hour || hour <= entry->hour - HOURS)
        return 0;
    return entry->writes[hour % HOURS];
}

static int64_t quota_allowed(const struct publisher_quota *quota, enum publisher_urgency urgency)
{
    switch (urgency) {
    case PUBLISHER_RAISES:
        return quota->per_day - quota->reserve;
    case PUBLISHER_LOWERS:
        return quota->per_day - quota->reserve / 2;
    case PUBLISHER_ZEROES:
        break;
    }
    return quota->per_day;
}

int64_t publisher_quota_when_ms(const struct publisher_quota *quota, const char *key,
                                enum publisher_urgency urgency, int64_t now_ms)
{
    const struct quota_entry *entry = map_get(quota->entries, key);
    int64_t allowed = quota_allowed(quota, urgency);
    int64_t hour = now_ms / HOUR_MS;
    int64_t used = 0;

    if (entry == NULL)
        return now_ms;
    for (int64_t at = hour - HOURS + 1; at <= hour; at++)
        used += entry_writes(entry, at);
    if (used < allowed)
        return now_ms;
    /* The oldest hours leave first. */
    for (int64_t at = hour - HOURS + 1; at <= hour; at++) {
        used -= entry_writes(entry, at);
        if (used < allowed)
            return (at + HOURS) * HOUR_MS;
    }
    return (hour + HOURS) * HOUR_MS;
}

void publisher_quota_take(struct publisher_quota *quota, const char *key, int64_t now_ms)
{
    struct quota_entry *entry = map_get(quota->entries, key);
    int64_t hour = now_ms / HOUR_MS;

    if (entry == NULL) {
        entry = arena_alloc(quota->arena, sizeof(*entry));
        entry->hour = hour;
        map_set(quota->entries, key, entry);
    }
    for (int64_t at = entry->hour + 1; at <= hour && at <= entry->hour + HOURS; at++)
        entry->writes[at % HOURS] = 0;
    if (hour > entry->hour + HOURS)
        *entry = (struct quota_entry){.hour = hour};
    entry->hour = hour;
    entry->writes[hour % HOURS]++;
}
