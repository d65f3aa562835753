#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/kafka/internal.h"

enum { CLIENT_LOG_WINDOW_MS = 10000, CLIENT_LOG_LINES_MAX = 5 };

/* From any of librdkafka's threads. A race lets a line more through, no harm. */
static bool client_may_log(struct kafka_client *client, int *ret_suppressed)
{
    int64_t now = clock_monotonic_ms();

    *ret_suppressed = 0;
    if (now - client->log_window_ms >= CLIENT_LOG_WINDOW_MS) {
        int lines = atomic_exchange(&client->log_lines, 0);

        client->log_window_ms = now;
        *ret_suppressed = lines > CLIENT_LOG_LINES_MAX ? lines - CLIENT_LOG_LINES_MAX : 0;
    }
    return atomic_fetch_add(&client->log_lines, 1) < CLIENT_LOG_LINES_MAX;
}

/* A broker that is away makes librdkafka talk several times a second. */
static void client_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    struct kafka_client *client = rk == NULL ? NULL : rd_kafka_opaque(rk);
    int suppressed = 0;

    if (client != NULL && !client_may_log(client, &suppressed))
        return;
    log_warn("kafka.client", "facility", facility, "severity", log_int(level), "text", text,
             "suppressed", log_int(suppressed));
}

struct kafka_client *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, void *owner,
                                      struct err *err)
{
    struct kafka_client *client = mem_calloc(1, sizeof(*client));
    char why[256];

    client->owner = owner;
    client->log_window_ms = clock_monotonic_ms();
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, client_log);
    client->rk = rd_kafka_new(type, conf, why, sizeof(why));
    if (client->rk != NULL)
        return client;
    rd_kafka_conf_destroy(conf); /* still ours, because rd_kafka_new() failed */
    mem_free(client);
    err_set(err, ERR_FATAL, "kafka client: %s", why);
    return NULL;
}

/* Two owners: the thread that destroys and the one that waits; the last one frees. */
struct client_end {
    struct kafka_client *client;
    sem_t gone;
    atomic_int owners;
};

static void client_end_release(struct client_end *end)
{
    if (atomic_fetch_sub(&end->owners, 1) > 1)
        return;
    sem_destroy(&end->gone);
    mem_free(end);
}

static void *client_destroy(void *opaque)
{
    struct client_end *end = opaque;

    rd_kafka_destroy_flags(end->client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    mem_free(end->client);
    sem_post(&end->gone);
    client_end_release(end);
    return NULL;
}

static bool client_start_destroy(struct client_end *end)
{
    pthread_attr_t detached;
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    /* Signals are for the program's own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &detached, client_destroy, end);
    pthread_attr_destroy(&detached);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0;
}

void kafka_pause_ms(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

void kafka_client_free_within(struct kafka_client *client, int timeout_ms)
{
    struct timespec until;

    if (client == NULL)
        return;
    struct client_end *end = mem_calloc(1, sizeof(*end));
    end->client = client;
    end->owners = 2;
    sem_init(&end->gone, 0, 0);
    if (!client_start_destroy(end))
        client_destroy(end);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (sem_clockwait(&end->gone, CLOCK_MONOTONIC, &until) != 0 && errno == EINTR)
        continue;
    client_end_release(end);
}
