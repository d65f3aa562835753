#include "services/ingest/ingest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/stop.h"
#include "lib/event/topic.h"
#include "lib/http/admin.h"

#include "services/ingest/admit.h"
#include "services/ingest/answer.h"
#include "services/ingest/asking.h"
#include "services/ingest/keys.h"
#include "services/ingest/manual.h"
#include "services/ingest/notify.h"
#include "services/ingest/service.h"

enum {
    INGEST_START_MS = 30000,
    INGEST_CATALOG_MS = 30000, /* a hint is worth no longer wait */
    INGEST_REFRESH_MS = 2000,
    INGEST_DRAIN_EXTRA_MS = 500, /* for the answers to leave */
    INGEST_HOST_LEN = 256,
    INGEST_SEEN_KEEP = 50000, /* ids, some minutes of a busy hour */
};

static const struct metric catalog_entries = {
    "stockbus_ingest_catalog_entries", "Listings whose SKU is known.", METRIC_GAUGE, {0}};
static const struct metric queue_records = {
    "stockbus_ingest_queue_records", "Records on their way to the broker.", METRIC_GAUGE, {0}};
static const struct metric accounts_failed_total = {"stockbus_ingest_channels_failed_total",
                                                    "Times that the channels file was unreadable.",
                                                    METRIC_COUNTER,
                                                    {0}};

/* ---- handlers */

static void ingest_handle(void *opaque, struct http_request *request)
{
    struct ingest_route route = ingest_route_of(http_request_path(request));

    /* Other routes ended at the admission. */
    if (strcmp(http_request_method(request), "GET") == 0 && route.kind == INGEST_ROUTE_NOTIFY)
        ingest_notify_challenge(opaque, request, route.channel);
    else if (strcmp(http_request_method(request), "POST") != 0)
        ingest_answer_wrong_method(request);
    else if (route.kind == INGEST_ROUTE_EVENTS)
        ingest_manual(opaque, request);
    else
        ingest_notify(opaque, request, route.channel);
}

static bool ingest_ready(void *opaque, char *why, unsigned long why_len)
{
    struct ingest_service *service = opaque;

    if (kafka_producer_is_fatal(service->producer)) {
        snprintf(why, why_len, "the producer is dead");
        return false;
    }
    if (!ingest_catalog_is_read(service->catalog) &&
        clock_monotonic_ms() < service->catalog_until_ms) {
        snprintf(why, why_len, "reading the catalogue");
        return false;
    }
    return ingest_health_now(service->health, why, why_len);
}

/* ---- start */

static int ingest_fail(int status, struct err *err, const char *what)
{
    err_wrap(err, "%s", what);
    return status;
}

static void ingest_broker_away(const char *brokers, const char *why)
{
    log_warn("ingest.broker_away", "brokers", brokers, "why", why);
}

static struct kafka_producer *ingest_producer(const struct ingest_settings *settings,
                                              struct err *err)
{
    const struct kafka_producer_options options = {
        .brokers = settings->brokers,
        .client_id = "stockbus-ingest",
        .linger_ms = 1,
        .message_timeout_ms = (int)settings->produce_ms,
        .queue_max = (int)settings->queue_max,
    };

    return kafka_producer_new(&options, err);
}

static struct http_server *ingest_server(struct ingest_service *service, struct err *err)
{
    const struct ingest_settings *settings = service->settings;
    const struct http_server_options options = {
        .address = settings->address,
        .handler = ingest_handle,
        .admit = ingest_admit,
        .opaque = service,
        .name = "ingest",
        .body_max = (size_t)settings->body_max,
        .bodies_max = (size_t)settings->bodies_max,
        .connections_max = (int)settings->connections_max,
        .request_ms = (int)settings->request_ms,
        .answer_ms = (int)settings->answer_ms,
    };

    return http_server_start(&options, err);
}

/* ---- while it runs */

/* A bad file is told once, and not every two seconds. */
static void ingest_refresh(struct ingest_service *service)
{
    struct err err = {0};

    switch (channel_live_refresh(service->accounts, &err)) {
    case CHANNEL_LIVE_SAME:
        break;
    case CHANNEL_LIVE_CHANGED:
        log_info("ingest.channels_changed", "file", service->settings->channels_file);
        break;
    case CHANNEL_LIVE_BROKEN:
        log_error("ingest.channels_unreadable", "why", err.text, "next", "the old ones stay");
        __attribute__((fallthrough));
    case CHANNEL_LIVE_STILL_BROKEN:
        metric_add(&accounts_failed_total, 1, NULL, NULL, NULL);
        break;
    }
}

/* What was replaced is kept: a request may be comparing with it. */
static void ingest_refresh_token(struct ingest_service *service)
{
    const char *held = atomic_load(&service->admin_token);
    SCOPED(mem) char *fresh = settings_fresh("STOCKBUS_ADMIN_TOKEN", held);

    if (strcmp(fresh, held) == 0)
        return;
    atomic_store(&service->admin_token, arena_strdup(service->arena, fresh));
    log_info("ingest.admin_token_changed");
}

static void ingest_watch(struct ingest_service *service)
{
    while (!stop_requested()) {
        metric_set(&catalog_entries, (double)ingest_catalog_len(service->catalog), NULL, NULL,
                   NULL);
        metric_set(&queue_records, kafka_producer_pending(service->producer), NULL, NULL, NULL);
        if (kafka_producer_is_fatal(service->producer))
            stop_request(EXIT_INTERNAL);
        ingest_refresh(service);
        ingest_refresh_token(service);
        stop_wait(INGEST_REFRESH_MS);
    }
}

/* Stopping: readiness turned false with the flag -> new requests are refused -> those in hand get
   their answer -> what the broker does not have by then was answered 503. */
static int ingest_drain(struct ingest_service *service, struct http_server *server, struct err *err)
{
    const struct ingest_settings *settings = service->settings;

    http_server_stop(server, (int)settings->answer_ms + INGEST_DRAIN_EXTRA_MS);
    if (kafka_producer_flush(service->producer, (int)settings->produce_ms, err))
        return stop_exit_status();
    return stop_exit_status() != EXIT_OK ? stop_exit_status() : EXIT_UNAVAILABLE;
}

static int ingest_serve(struct ingest_service *service, struct err *err)
{
    const struct ingest_settings *settings = service->settings;
    const struct http_admin_options admin_options = {.address = settings->admin_address,
                                                     .service = "ingest",
                                                     .ready = ingest_ready,
                                                     .opaque = service};
    struct http_admin *admin = http_admin_start(&admin_options, err);

    if (admin == NULL)
        return ingest_fail(EXIT_USAGE, err, "STOCKBUS_ADMIN_ADDRESS");
    struct http_server *server = ingest_server(service, err);
    int status = EXIT_USAGE;
    if (server != NULL) {
        log_info("ingest.started", "address", settings->address, "port",
                 log_int(http_server_port(server)), "admin_port", log_int(http_admin_port(admin)));
        ingest_watch(service);
        status = ingest_drain(service, server, err);
    } else {
        err_wrap(err, "STOCKBUS_INGEST_ADDRESS");
    }
    http_admin_stop(admin);
    return status;
}

struct ingest_topics {
    const char *catalog;
    const char *group;
};

/* Asking ends before the producer does: its records are told of. */
static int ingest_serve_and_ask(struct ingest_service *service, const char *group, struct err *err)
{
    SCOPED(ingest_asking)
    struct ingest_asking *asking = ingest_asking_start(service, group, err);
    int status = asking == NULL ? EXIT_INTERNAL : ingest_serve(service, err);

    stop_request(EXIT_OK);
    return status;
}

/* The watching threads end with the stop flag, so whoever leaves here raises it. */
static int ingest_connect(struct ingest_service *service, const struct ingest_topics *topics,
                          struct err *err)
{
    const char *brokers = service->settings->brokers;
    SCOPED(ingest_seen) struct ingest_seen *seen = ingest_seen_new(INGEST_SEEN_KEEP);
    SCOPED(ingest_catalog) struct ingest_catalog *catalog = ingest_catalog_new();
    SCOPED(ingest_keys) struct ingest_keys *keys = ingest_keys_new();
    SCOPED(ingest_health) struct ingest_health *health = NULL;

    service->seen = seen;
    service->catalog = catalog;
    service->catalog_until_ms = clock_monotonic_ms() + INGEST_CATALOG_MS;
    service->keys = keys;
    service->producer = ingest_producer(service->settings, err);
    if (service->producer == NULL)
        return EXIT_INTERNAL;
    health = ingest_health_start(brokers, service->events_topic, err);
    service->health = health;
    int status = EXIT_INTERNAL;
    if (health != NULL && ingest_catalog_follow(catalog, brokers, topics->catalog, err))
        status = ingest_serve_and_ask(service, topics->group, err);
    stop_request(EXIT_OK);
    kafka_producer_close(service->producer, 0); /* reports what is left to the captures */
    return status;
}

int ingest_run(const struct ingest_settings *settings, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(channel_live) struct channel_live *accounts = NULL;
    const char *prefix = settings->topic_prefix;
    const char *const topics[] = {topic_events(arena, prefix), topic_rejected(arena, prefix),
                                  topic_catalog(arena, prefix), topic_cursors(arena, prefix)};
    char host[INGEST_HOST_LEN] = "";

    gethostname(host, sizeof(host) - 1);
    if (settings->produce_ms >= settings->answer_ms) {
        err_set(err, ERR_FATAL, "STOCKBUS_PRODUCE_MS must be less than STOCKBUS_ANSWER_MS");
        return EXIT_USAGE;
    }
    accounts = channel_live_new(settings->channels_file, err);
    if (accounts == NULL)
        return ingest_fail(EXIT_USAGE, err, "STOCKBUS_CHANNELS_FILE");
    if (!kafka_await_topics(settings->brokers, topics, ARRAY_LEN(topics), INGEST_START_MS,
                            ingest_broker_away, err))
        return stop_requested() ? EXIT_OK : EXIT_UNAVAILABLE;
    struct ingest_service service = {
        .settings = settings,
        .arena = arena,
        .admin_token = settings->admin_token,
        .host = host,
        .events_topic = topics[0],
        .rejected_topic = topics[1],
        .cursors_topic = topics[3],
        .accounts = accounts,
    };
    const struct ingest_topics own = {topics[2], arena_printf(arena, "%singest-polls", prefix)};
    return ingest_connect(&service, &own, err);
}
