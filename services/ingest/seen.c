#include "services/ingest/seen.h"

#include <pthread.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"

/* Two generations: when the young one is full it becomes the old one, whose ids are forgotten. */
struct ingest_seen {
    size_t keep;
    pthread_mutex_t lock; /* guards what follows */
    struct map *young;
    struct map *old;
};

struct ingest_seen *ingest_seen_new(size_t keep)
{
    struct ingest_seen *seen = mem_calloc(1, sizeof(*seen));

    seen->keep = keep;
    seen->young = map_new();
    seen->old = map_new();
    pthread_mutex_init(&seen->lock, NULL);
    return seen;
}

void ingest_seen_free(struct ingest_seen *seen)
{
    if (seen == NULL)
        return;
    map_free(seen->young);
    map_free(seen->old);
    pthread_mutex_destroy(&seen->lock);
    mem_free(seen);
}

void ingest_seen_add(struct ingest_seen *seen, const char *id)
{
    pthread_mutex_lock(&seen->lock);
    if (map_len(seen->young) >= seen->keep) {
        struct map *emptied = seen->old;

        map_clear(emptied);
        seen->old = seen->young;
        seen->young = emptied;
    }
    map_set(seen->young, id, seen);
    pthread_mutex_unlock(&seen->lock);
}

bool ingest_seen_has(struct ingest_seen *seen, const char *id)
{
    pthread_mutex_lock(&seen->lock);
    bool has = map_get(seen->young, id) != NULL || map_get(seen->old, id) != NULL;
    pthread_mutex_unlock(&seen->lock);
    return has;
}
