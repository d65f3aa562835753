#include "services/ingest/health.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

enum {
    HEALTH_OLDEST_MS = 2000,    /* a record without a report for so long: performance.md, 3.6 */
    HEALTH_HOLD_MS = 1000,      /* after a failed report, even if the broker answers questions */
    HEALTH_ASK_IDLE_MS = 5000,  /* without reports */
    HEALTH_ASK_AWAY_MS = 500,   /* while it is away */
    HEALTH_ASK_LIMIT_MS = 2000, /* for its answer */
    HEALTH_TICK_MS = 200,
};

struct ingest_health {
    char *brokers;
    char *topic;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the list, oldest first */
    struct ingest_health_ticket *first;
    struct ingest_health_ticket *last;
    atomic_llong succeeded_ms;
    atomic_llong failed_ms;
    atomic_llong seen_ms;
    atomic_llong unseen_ms;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool ingest_health_is_good(const struct ingest_health_facts *facts, char *why, size_t why_len)
{
    int64_t good_ms = later(facts->succeeded_ms, facts->seen_ms);
    const char *text = NULL;

    if (facts->oldest_ms != 0 && facts->now_ms - facts->oldest_ms > HEALTH_OLDEST_MS)
        text = "the broker is slow to confirm records";
    else if (facts->unseen_ms > good_ms)
        text = "the broker does not answer";
    else if (facts->failed_ms > good_ms || (facts->failed_ms > facts->succeeded_ms &&
                                            facts->now_ms - facts->failed_ms < HEALTH_HOLD_MS))
        text = "the broker did not take the last record";
    if (text != NULL)
        snprintf(why, why_len, "%s", text);
    return text == NULL;
}

static struct ingest_health_facts health_facts(struct ingest_health *health)
{
    struct ingest_health_facts facts = {
        .now_ms = clock_monotonic_ms(),
        .succeeded_ms = atomic_load(&health->succeeded_ms),
        .failed_ms = atomic_load(&health->failed_ms),
        .seen_ms = atomic_load(&health->seen_ms),
        .unseen_ms = atomic_load(&health->unseen_ms),
    };

    pthread_mutex_lock(&health->lock);
    facts.oldest_ms = health->first == NULL ? 0 : health->first->since_ms;
    pthread_mutex_unlock(&health->lock);
    return facts;
}

bool ingest_health_now(struct ingest_health *health, char *why, size_t why_len)
{
    const struct ingest_health_facts facts = health_facts(health);

    return ingest_health_is_good(&facts, why, why_len);
}

/* ---- reports */

void ingest_health_open(struct ingest_health *health, struct ingest_health_ticket *ticket)
{
    pthread_mutex_lock(&health->lock);
    *ticket = (struct ingest_health_ticket){.previous = health->last,
                                            .since_ms = clock_monotonic_ms()};
    if (health->last != NULL)
        health->last->next = ticket;
    else
        health->first = ticket;
    health->last = ticket;
    pthread_mutex_unlock(&health->lock);
}

void ingest_health_close(struct ingest_health *health, struct ingest_health_ticket *ticket)
{
    pthread_mutex_lock(&health->lock);
    if (ticket->previous != NULL)
        ticket->previous->next = ticket->next;
    else
        health->first = ticket->next;
    if (ticket->next != NULL)
        ticket->next->previous = ticket->previous;
    else
        health->last = ticket->previous;
    pthread_mutex_unlock(&health->lock);
}

void ingest_health_report(struct ingest_health *health, bool ok)
{
    atomic_store(ok ? &health->succeeded_ms : &health->failed_ms, clock_monotonic_ms());
}

/* ---- asking */

static bool health_must_ask(const struct ingest_health_facts *facts)
{
    char ignored[1];
    bool good = ingest_health_is_good(facts, ignored, sizeof(ignored));
    int64_t asked_ms = later(facts->seen_ms, facts->unseen_ms);
    int64_t news_ms = good ? later(asked_ms, facts->succeeded_ms) : asked_ms;

    return facts->now_ms - news_ms >= (good ? HEALTH_ASK_IDLE_MS : HEALTH_ASK_AWAY_MS);
}

/* One line when it goes and one when it comes. */
static void health_ask(struct ingest_health *health, bool *away)
{
    struct err err = {0};
    int partitions = 0;
    bool seen = kafka_topic_partitions(health->brokers, health->topic, HEALTH_ASK_LIMIT_MS,
                                       &partitions, &err);

    if (stop_requested())
        return;
    atomic_store(seen ? &health->seen_ms : &health->unseen_ms, clock_monotonic_ms());
    if (!seen && !*away)
        log_error("ingest.broker_away", "why", err.text);
    else if (seen && *away)
        log_info("ingest.broker_back");
    *away = !seen;
}

static void *health_main(void *opaque)
{
    struct ingest_health *health = opaque;
    bool away = false;

    while (!stop_requested()) {
        const struct ingest_health_facts facts = health_facts(health);

        if (health_must_ask(&facts))
            health_ask(health, &away);
        stop_wait(HEALTH_TICK_MS);
    }
    return NULL;
}

static void health_release(struct ingest_health *health)
{
    pthread_mutex_destroy(&health->lock);
    mem_free(health->brokers);
    mem_free(health->topic);
    mem_free(health);
}

struct ingest_health *ingest_health_start(const char *brokers, const char *topic, struct err *err)
{
    struct ingest_health *health = mem_calloc(1, sizeof(*health));
    sigset_t all;
    sigset_t before;

    health->brokers = mem_strdup(brokers);
    health->topic = mem_strdup(topic);
    atomic_init(&health->seen_ms, clock_monotonic_ms());
    pthread_mutex_init(&health->lock, NULL);
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&health->thread, NULL, health_main, health);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0)
        return health;
    health_release(health);
    err_set(err, ERR_FATAL, "no thread to watch the broker (%d)", failed);
    return NULL;
}

void ingest_health_free(struct ingest_health *health)
{
    if (health == NULL)
        return;
    pthread_join(health->thread, NULL);
    health_release(health);
}
