#include "services/ingest/asking.h"

#include <pthread.h>
#include <signal.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"

#include "services/ingest/keys.h"
#include "services/ingest/poll.h"
#include "services/ingest/queue.h"
#include "services/ingest/reading.h"

enum {
    ASKING_TURN_MS = 100,
    ASKING_CONNECTIONS_MAX = 64,
    ASKING_BODY_MAX = 32 << 20, /* of an answer: a report */
    ASKING_PAUSE_MS = 5000,     /* after the group's client broke */
    ASKING_NOTES_MAX = 20000,   /* of a channel's hints in memory, some 10 MB */
};

struct ingest_asking {
    struct ingest_service *service;
    const char *group;
    pthread_t thread;
    bool has_thread;
};

static void asking_turn(struct ingest_service *service, struct ingest_polls *polls,
                        struct ingest_readings *readings, struct ingest_queues *queues)
{
    SCOPED(channel_live_held)
    struct channel_live_held *held = channel_live_hold(service->accounts);

    for (size_t i = 0; i < channel_live_len(held); i++) {
        const struct channel_account *account = channel_live_at(held, i);

        ingest_polls_turn(polls, account);
        ingest_readings_turn(readings, account);
        ingest_queues_turn(queues, account);
    }
}

static bool asking_work(struct ingest_errands *shared, struct ingest_cursors *cursors,
                        struct ingest_hints *hints, struct err *err)
{
    SCOPED(ingest_polls) struct ingest_polls *polls = ingest_polls_new(shared, cursors);
    SCOPED(ingest_readings)
    struct ingest_readings *readings = ingest_readings_new(shared, cursors, hints);
    SCOPED(ingest_queues) struct ingest_queues *queues = ingest_queues_new(shared);
    struct ingest_keys *keys = shared->service->keys;
    bool ok = true;

    ingest_keys_attach(keys, shared);
    while (ok && !stop_requested()) {
        ok = ingest_cursors_run(cursors, err);
        ingest_keys_turn(keys);
        asking_turn(shared->service, polls, readings, queues);
        http_client_run(shared->client, ASKING_TURN_MS);
    }
    ingest_keys_detach(keys);
    /* The producer's thread must not find an errand that is gone, nor a reply one. */
    while (atomic_load(&shared->writing) > 0)
        stop_wait(ASKING_TURN_MS);
    return ok;
}

/* Until stopping, or until a client is of no more use. */
static bool asking_run(struct ingest_asking *asking, struct err *err)
{
    struct ingest_service *service = asking->service;
    const struct http_client_options client_options = {.connections_max = ASKING_CONNECTIONS_MAX,
                                                       .body_max = ASKING_BODY_MAX,
                                                       .user_agent = "stockbus-ingest"};
    struct ingest_cursors_writer writer = {service->producer, service->cursors_topic};
    SCOPED(ingest_hints)
    struct ingest_hints *hints = ingest_hints_new(ASKING_NOTES_MAX, ingest_cursors_cross, &writer);
    const struct ingest_cursors_options cursors_options = {.brokers = service->settings->brokers,
                                                           .topic = service->cursors_topic,
                                                           .group = asking->group,
                                                           .producer = service->producer,
                                                           .hints = hints};
    SCOPED(channel_sessions) struct channel_sessions *sessions = NULL;
    SCOPED(http_client) struct http_client *client = http_client_new(&client_options, err);
    SCOPED(ingest_cursors)
    struct ingest_cursors *cursors =
        client == NULL ? NULL : ingest_cursors_new(&cursors_options, err);

    if (cursors == NULL)
        return false;
    sessions = channel_sessions_new(client);
    struct ingest_errands shared = {.service = service, .client = client, .sessions = sessions};
    return asking_work(&shared, cursors, hints, err);
}

static void *asking_main(void *opaque)
{
    struct ingest_asking *asking = opaque;

    while (!stop_requested()) {
        struct err err = {0};

        if (asking_run(asking, &err))
            break;
        log_warn("ingest.asking_broke", "topic", asking->service->cursors_topic, "why", err.text);
        stop_wait(ASKING_PAUSE_MS);
    }
    return NULL;
}

struct ingest_asking *ingest_asking_start(struct ingest_service *service, const char *group,
                                          struct err *err)
{
    SCOPED(ingest_asking) struct ingest_asking *asking = mem_calloc(1, sizeof(*asking));
    sigset_t all;
    sigset_t before;

    asking->service = service;
    asking->group = group;
    /* Signals are for the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&asking->thread, NULL, asking_main, asking);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    asking->has_thread = failed == 0;
    if (failed == 0)
        return STEAL(asking);
    err_set(err, ERR_FATAL, "no thread to ask channels (%d)", failed);
    return NULL;
}

void ingest_asking_free(struct ingest_asking *asking)
{
    if (asking == NULL)
        return;
    if (asking->has_thread)
        pthread_join(asking->thread, NULL);
    mem_free(asking);
}
