#include "services/ingest/keys.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/metrics.h"

#include "services/ingest/pace.h"

enum {
    KEYS_KEEP_MS = 3600 * 1000,
    KEYS_KEEP_UNKNOWN_MS = 300 * 1000,
    KEYS_MAX = 1000, /* of all channels, unknown ones too */
    KEYS_WAITING_MAX = 1000,
    KEYS_ID_MAX = 200,
    KEYS_TOKEN_MS = 3000, /* that a key waits for the token to ask with: senders wait as long */
};
/* Ids that are asked for, of one channel: a channel has a handful. */
static const double keys_per_second = 1;
static const double keys_burst = 10;

static const struct metric requests_total = {
    "stockbus_ingest_key_requests_total",
    "Questions for public keys, by their end.",
    METRIC_COUNTER,
    {"channel", "result"}
};

struct waiter {
    struct waiter *next;
    ingest_key_told *told;
    void *opaque;
};

struct key {
    struct ingest_errand errand; /* first: its callbacks get the key by it */
    struct ingest_keys *keys;
    char *name; /* "<channel>/<id>" */
    char *channel;
    char *id;
    /* The asking thread's, as is the errand. */
    void *state; /* the kind's */
    struct channel_key found;
    enum ingest_key_answer answer;
    const char *result; /* NULL: not concluded */
    int64_t begun_ms;   /* monotonic, as is the next */
    int64_t again_ms;   /* 0: it goes on */
    /* Under the lock. */
    struct key *next; /* of those that are asked for */
    bool is_asked;
    char *pem; /* NULL: unknown */
    enum channel_signature_digest digest;
    int64_t until_ms;
    struct waiter *waiters;
};

struct ingest_keys {
    pthread_mutex_t lock;          /* guards what follows */
    struct ingest_errands *shared; /* NULL: nobody asks */
    struct map *keys;              /* name -> struct key * */
    struct map *paces;             /* channel -> struct ingest_pace * */
    struct arena *arena;
    struct key *asked;
    int waiting;
};

/* ---- the ring ---- */

struct ingest_keys *ingest_keys_new(void)
{
    struct ingest_keys *keys = mem_calloc(1, sizeof(*keys));

    pthread_mutex_init(&keys->lock, NULL);
    keys->keys = map_new();
    keys->paces = map_new();
    keys->arena = arena_new();
    return keys;
}

static void key_free(struct key *key)
{
    map_remove(key->keys->keys, key->name);
    mem_free(key->name);
    mem_free(key->channel);
    mem_free(key->id);
    mem_free(key->pem);
    mem_free(key);
}

void ingest_keys_free(struct ingest_keys *keys)
{
    struct key *key = NULL;

    if (keys == NULL)
        return;
    for (size_t at = 0; (key = map_next(keys->keys, &at, NULL)) != NULL; at = 0)
        key_free(key);
    map_free(keys->keys);
    map_free(keys->paces);
    arena_free(keys->arena);
    pthread_mutex_destroy(&keys->lock);
    mem_free(keys);
}

/* The one that ends first goes; false: all are being asked for. */
static bool keys_make_room(struct ingest_keys *keys)
{
    struct key *first = NULL;
    struct key *key = NULL;

    if (map_len(keys->keys) < KEYS_MAX)
        return true;
    for (size_t at = 0; (key = map_next(keys->keys, &at, NULL)) != NULL;)
        if (!key->is_asked && (first == NULL || key->until_ms < first->until_ms))
            first = key;
    if (first != NULL)
        key_free(first);
    return first != NULL;
}

static bool keys_may_ask(struct ingest_keys *keys, const char *channel)
{
    struct ingest_pace *pace = map_get(keys->paces, channel);

    if (pace == NULL) {
        pace = arena_alloc(keys->arena, sizeof(*pace));
        map_set(keys->paces, channel, pace);
    }
    return ingest_pace_take(pace, keys_per_second, keys_burst, 1, clock_monotonic_ms());
}

/* NULL: not now. What was known before is asked for whatever strangers do. */
static struct key *keys_ask(struct ingest_keys *keys, const char *channel, const char *id,
                            const char *name, bool was_known)
{
    if ((!was_known && !keys_may_ask(keys, channel)) || !keys_make_room(keys))
        return NULL;
    struct key *key = mem_calloc(1, sizeof(*key));
    key->keys = keys;
    key->name = mem_strdup(name);
    key->channel = mem_strdup(channel);
    key->id = mem_strdup(id);
    key->is_asked = true;
    key->next = keys->asked;
    keys->asked = key;
    map_set(keys->keys, name, key);
    http_client_wake(keys->shared->client);
    return key;
}

static enum ingest_key_answer keys_wait(struct ingest_keys *keys, struct key *key,
                                        ingest_key_told *told, void *opaque)
{
    if (keys->waiting >= KEYS_WAITING_MAX)
        return INGEST_KEY_AWAY;
    struct waiter *waiter = mem_calloc(1, sizeof(*waiter));
    waiter->told = told;
    waiter->opaque = opaque;
    waiter->next = key->waiters;
    key->waiters = waiter;
    keys->waiting++;
    return INGEST_KEY_LATER;
}

static enum ingest_key_answer keys_get(struct ingest_keys *keys, const char *channel,
                                       const char *id, struct arena *arena,
                                       struct channel_key *ret_key, ingest_key_told *told,
                                       void *opaque)
{
    const char *name = arena_printf(arena, "%s/%s", channel, id);
    struct key *key = map_get(keys->keys, name);
    bool was_known = key != NULL && key->pem != NULL;

    if (key != NULL && !key->is_asked && clock_monotonic_ms() >= key->until_ms) {
        key_free(key);
        key = NULL;
    }
    if (key == NULL && keys->shared != NULL)
        key = keys_ask(keys, channel, id, name, was_known);
    if (key == NULL) {
        metric_add(&requests_total, 1, channel, "not_asked", NULL);
        return INGEST_KEY_AWAY;
    }
    if (key->is_asked)
        return keys_wait(keys, key, told, opaque);
    if (key->pem == NULL)
        return INGEST_KEY_UNKNOWN;
    *ret_key = (struct channel_key){arena_strdup(arena, key->pem), key->digest};
    return INGEST_KEY_HERE;
}

enum ingest_key_answer ingest_keys_get(struct ingest_keys *keys, const char *channel,
                                       const char *key_id, struct arena *arena,
                                       struct channel_key *ret_key, ingest_key_told *told,
                                       void *opaque)
{
    if (strlen(key_id) > KEYS_ID_MAX)
        return INGEST_KEY_UNKNOWN;
    pthread_mutex_lock(&keys->lock);
    enum ingest_key_answer answer = keys_get(keys, channel, key_id, arena, ret_key, told, opaque);
    pthread_mutex_unlock(&keys->lock);
    return answer;
}

/* ---- asking ---- */

static void keys_unlink(struct ingest_keys *keys, struct key *key)
{
    struct key **at = &keys->asked;

    while (*at != key)
        at = &(*at)->next;
    *at = key->next;
}

/* Under the lock. An answer that is none leaves nothing behind. */
static struct waiter *key_settle(struct key *key)
{
    struct ingest_keys *keys = key->keys;
    struct waiter *waiters = key->waiters;
    bool is_here = key->answer == INGEST_KEY_HERE;

    for (const struct waiter *waiter = waiters; waiter != NULL; waiter = waiter->next)
        keys->waiting--;
    keys_unlink(keys, key);
    key->waiters = NULL;
    key->is_asked = false;
    key->pem = is_here ? mem_strdup(key->found.pem) : NULL;
    key->digest = key->found.digest;
    key->until_ms = clock_monotonic_ms() + (is_here ? KEYS_KEEP_MS : KEYS_KEEP_UNKNOWN_MS);
    return waiters;
}

/* Tells who waits. */
static void key_conclude(struct key *key)
{
    struct ingest_keys *keys = key->keys;
    struct arena *arena = key->errand.arena; /* of found; NULL: not begun */
    const struct channel_key found = key->found;
    enum ingest_key_answer answer = key->answer;

    metric_add(&requests_total, 1, key->channel, key->result, NULL);
    pthread_mutex_lock(&keys->lock);
    struct waiter *waiters = key_settle(key);
    key->errand.arena = NULL;
    if (answer == INGEST_KEY_AWAY)
        key_free(key);
    pthread_mutex_unlock(&keys->lock);
    while (waiters != NULL) {
        struct waiter *waiter = waiters;

        waiters = waiter->next;
        waiter->told(waiter->opaque, answer, answer == INGEST_KEY_HERE ? &found : NULL);
        mem_free(waiter);
    }
    arena_free(arena);
}

static void key_end(struct key *key, enum ingest_key_answer answer, const char *result)
{
    key->answer = answer;
    key->result = result;
}

static void key_failed(struct ingest_errand *errand, const struct ingest_failure *failure)
{
    struct key *key = (struct key *)errand;
    int64_t now_ms = clock_monotonic_ms();

    if (failure->is_expected && now_ms - key->begun_ms < KEYS_TOKEN_MS) {
        key->again_ms = now_ms + failure->pause_ms;
        return;
    }
    if (!failure->is_expected)
        log_warn("ingest.key_failed", "channel", key->channel, "key", key->id, "class",
                 failure->result, "why", failure->why);
    key_end(key, INGEST_KEY_AWAY, arena_strdup(errand->arena, failure->result));
}

static void key_step(struct key *key, const struct channel_account *account,
                     const struct channel_response *response)
{
    struct ingest_errand *errand = &key->errand;
    struct channel_fetch fetch = {.request = {.url = ""}};
    struct err err = {0};

    if (account->kind->key(account, key->id, response, &key->state, errand->arena, &fetch,
                           &key->found, &err)) {
        ingest_errand_plan(errand, &fetch.request);
        if (ingest_errand_has_next(errand))
            ingest_errand_go_on(errand);
        else
            key_end(key, INGEST_KEY_HERE, "here");
    } else if (err.code == ERR_REJECT) {
        key_end(key, INGEST_KEY_UNKNOWN, "unknown");
    } else {
        ingest_errand_fail(errand, "not_understood", err.text);
    }
}

static void key_answered(struct ingest_errand *errand, const struct channel_account *account,
                         const struct channel_response *response)
{
    key_step((struct key *)errand, account, response);
}

static const struct ingest_errand_kind key_kind = {
    .takes_refusal = true,
    .answered = key_answered,
    .failed = key_failed,
};

static void key_begin(struct key *key, const struct channel_account *account)
{
    struct channel_account opened;

    key->again_ms = 0;
    key->state = NULL;
    if (ingest_errand_open(&key->errand, account, &opened))
        key_step(key, &opened, NULL);
}

static void key_go_on(struct key *key, const struct channel_account *account)
{
    if (account == NULL || account->kind->key == NULL) {
        key_end(key, INGEST_KEY_UNKNOWN, "unknown");
    } else if (key->errand.arena == NULL) {
        ingest_errand_begin(&key->errand, key->keys->shared, &key_kind, key->channel);
        key->begun_ms = clock_monotonic_ms();
        key_begin(key, account);
    } else if (key->again_ms != 0) {
        if (clock_monotonic_ms() >= key->again_ms)
            key_begin(key, account);
    } else if (ingest_errand_phase(&key->errand) == ERRAND_WRITTEN) {
        ingest_errand_ask(&key->errand, account);
    }
}

void ingest_keys_turn(struct ingest_keys *keys)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(keys->shared->service->accounts);

    pthread_mutex_lock(&keys->lock);
    struct key *key = keys->asked; /* others only add before it */
    pthread_mutex_unlock(&keys->lock);
    while (key != NULL) {
        struct key *next = key->next;

        if (key->result == NULL)
            key_go_on(key, channel_live_find(held, key->channel));
        if (key->result != NULL)
            key_conclude(key);
        key = next;
    }
}

void ingest_keys_attach(struct ingest_keys *keys, struct ingest_errands *shared)
{
    pthread_mutex_lock(&keys->lock);
    keys->shared = shared;
    pthread_mutex_unlock(&keys->lock);
}

/* No more come, as nobody asks. */
void ingest_keys_detach(struct ingest_keys *keys)
{
    ingest_keys_attach(keys, NULL);
    while (keys->asked != NULL) {
        key_end(keys->asked, INGEST_KEY_AWAY, "stopped");
        key_conclude(keys->asked);
    }
}
