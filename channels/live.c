#include "channels/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/base/mem.h"

enum { LIVE_SETTLE_MS = 100 };

struct channel_live_held {
    struct channel_accounts *accounts;
    atomic_int refs;
};

struct channel_live {
    char *path;
    pthread_mutex_t lock; /* guards current */
    struct channel_live_held *current;
    uint64_t digest;
    char broken[sizeof(((struct err *)0)->text)]; /* why the file is; "": it is not */
};

static struct channel_live_held *live_read(const char *path, struct err *err)
{
    struct channel_accounts *accounts = channel_accounts_read(path, err);

    if (accounts == NULL)
        return NULL;
    struct channel_live_held *held = mem_calloc(1, sizeof(*held));
    held->accounts = accounts;
    atomic_init(&held->refs, 1);
    return held;
}

struct channel_live *channel_live_new(const char *path, struct err *err)
{
    struct channel_live_held *first = live_read(path, err);

    if (first == NULL)
        return NULL;
    struct channel_live *live = mem_calloc(1, sizeof(*live));
    live->path = mem_strdup(path);
    pthread_mutex_init(&live->lock, NULL);
    live->current = first;
    live->digest = channel_accounts_digest(first->accounts);
    return live;
}

void channel_live_free(struct channel_live *live)
{
    if (live == NULL)
        return;
    channel_live_let_go(live->current);
    pthread_mutex_destroy(&live->lock);
    mem_free(live->path);
    mem_free(live);
}

static enum channel_live_news live_broken(struct channel_live *live, const struct err *err)
{
    bool known = strcmp(live->broken, err->text) == 0;

    snprintf(live->broken, sizeof(live->broken), "%s", err->text);
    return known ? CHANNEL_LIVE_STILL_BROKEN : CHANNEL_LIVE_BROKEN;
}

/* Half a secret is a secret, too: what somebody is writing is let be until it stays as it is. */
static bool live_is_settled(const struct channel_live *live, uint64_t digest)
{
    const struct timespec pause = {.tv_nsec = (long)LIVE_SETTLE_MS * 1000000};
    SCOPED(channel_live_held) struct channel_live_held *again = NULL;
    struct err ignored = {0};

    nanosleep(&pause, NULL);
    again = live_read(live->path, &ignored);
    return again != NULL && channel_accounts_digest(again->accounts) == digest;
}

/* Times of files are not asked: a mounted secret is a link that changes somewhere else. */
enum channel_live_news channel_live_refresh(struct channel_live *live, struct err *err)
{
    SCOPED(channel_live_held) struct channel_live_held *fresh = live_read(live->path, err);

    if (fresh == NULL)
        return live_broken(live, err);
    live->broken[0] = '\0';
    uint64_t digest = channel_accounts_digest(fresh->accounts);
    if (digest == live->digest || !live_is_settled(live, digest))
        return CHANNEL_LIVE_SAME;
    live->digest = digest;
    pthread_mutex_lock(&live->lock);
    struct channel_live_held *old = live->current;
    live->current = STEAL(fresh);
    pthread_mutex_unlock(&live->lock);
    channel_live_let_go(old);
    return CHANNEL_LIVE_CHANGED;
}

struct channel_live_held *channel_live_hold(struct channel_live *live)
{
    pthread_mutex_lock(&live->lock);
    struct channel_live_held *held = live->current;
    atomic_fetch_add(&held->refs, 1);
    pthread_mutex_unlock(&live->lock);
    return held;
}

struct channel_live_held *channel_live_share(struct channel_live_held *held)
{
    if (held != NULL)
        atomic_fetch_add(&held->refs, 1);
    return held;
}

void channel_live_let_go(struct channel_live_held *held)
{
    if (held == NULL || atomic_fetch_sub(&held->refs, 1) > 1)
        return;
    channel_accounts_free(held->accounts);
    mem_free(held);
}

size_t channel_live_len(const struct channel_live_held *held)
{
    return channel_accounts_len(held->accounts);
}

const struct channel_account *channel_live_at(const struct channel_live_held *held, size_t index)
{
    return channel_accounts_at(held->accounts, index);
}

const struct channel_account *channel_live_find(const struct channel_live_held *held,
                                                const char *name)
{
    return channel_accounts_find(held->accounts, name);
}
