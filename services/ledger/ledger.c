#include "services/ledger/ledger.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/event/topic.h"
#include "lib/http/admin.h"
#include "lib/kafka/kafka.h"
#include "lib/pg/pg.h"

#include "services/ledger/assessor.h"
#include "services/ledger/feed.h"
#include "services/ledger/history.h"
#include "services/ledger/posting.h"
#include "services/ledger/relay.h"
#include "services/ledger/session.h"
#include "services/ledger/upkeep.h"

#include "sql.h"

enum { LEDGER_START_MS = 60000 };

struct ledger {
    const struct ledger_settings *settings;
    struct ledger_feed *events;
    struct ledger_feed *outcomes;
    struct ledger_relay *relay;
};

/* ---- loops as threads: the first that fails stops all ---- */

struct ledger_loop {
    struct ledger *ledger;
    const char *name;
    bool (*run)(struct ledger *ledger, struct err *err);
    pthread_t thread;
    bool ok;
    struct err err;
};

static bool run_events(struct ledger *ledger, struct err *err)
{
    return ledger_feed_run(ledger->events, err);
}

static bool run_outcomes(struct ledger *ledger, struct err *err)
{
    return ledger_feed_run(ledger->outcomes, err);
}

static bool run_relay(struct ledger *ledger, struct err *err)
{
    return ledger_relay_run(ledger->relay, err);
}

static bool run_upkeep(struct ledger *ledger, struct err *err)
{
    (void)err;
    ledger_upkeep_run(ledger->settings);
    return true;
}

static bool run_assessor(struct ledger *ledger, struct err *err)
{
    return ledger_assessor_run(ledger->settings, err);
}

static void *loop_main(void *opaque)
{
    struct ledger_loop *loop = opaque;

    loop->ok = loop->run(loop->ledger, &loop->err);
    if (!loop->ok) {
        log_error("ledger.loop_ended", "loop", loop->name, "why", loop->err.text);
        stop_request(EXIT_INTERNAL);
    }
    return NULL;
}

static bool ledger_loops(struct ledger *ledger, struct err *err)
{
    struct ledger_loop loops[] = {
        {.ledger = ledger, .name = "events",   .run = run_events  },
        {.ledger = ledger, .name = "outcomes", .run = run_outcomes},
        {.ledger = ledger, .name = "relay",    .run = run_relay   },
        {.ledger = ledger, .name = "upkeep",   .run = run_upkeep  },
        {.ledger = ledger, .name = "assessor", .run = run_assessor},
    };
    bool ok = true;

    for (size_t i = 0; i < ARRAY_LEN(loops); i++)
        pthread_create(&loops[i].thread, NULL, loop_main, &loops[i]);
    for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
        pthread_join(loops[i].thread, NULL);
        if (ok && !loops[i].ok) {
            *err = loops[i].err;
            ok = false;
        }
    }
    return ok;
}

/* ---- wiring ---- */

static void events_committed(void *opaque, size_t count)
{
    struct ledger *ledger = opaque;

    (void)count;
    ledger_relay_wake(ledger->relay);
}

static void outcomes_committed(void *opaque, size_t count)
{
    (void)opaque;
    (void)count;
}

static bool ledger_ready(void *opaque, char *why, unsigned long why_len)
{
    struct ledger *ledger = opaque;

    return ledger_feed_is_ready(ledger->events, why, why_len);
}

static void ledger_broker_away(const char *brokers, const char *why)
{
    log_warn("ledger.broker_away", "brokers", brokers, "why", why);
}

/* What no waiting cures shall be said at once. A database that is away is waited for by the loops.
 */
static bool ledger_check_database(const struct ledger_settings *settings, struct err *err)
{
    SCOPED(pg)
    struct pg *pg = ledger_session_open(settings->database_url, settings->replica, LEDGER_SCHEMA,
                                        ledger_session_folding, err);
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (pg == NULL || !pg_run(pg, sql_ledger_select_rights, NULL, &rows, err)) {
        if (err->code != ERR_RETRY)
            return err_wrap(err, pg == NULL ? "STOCKBUS_DATABASE_URL"
                                            : "STOCKBUS_DATABASE_URL: is the database migrated, "
                                              "and the role stockbus_ledger?");
        *err = (struct err){0};
        return true;
    }
    return pg_rows_bool(rows, 0, "may_write") ||
           err_set(err, ERR_FATAL,
                   "STOCKBUS_DATABASE_URL: its role may not write: it must be "
                   "stockbus_ledger");
}

static struct ledger_feed *ledger_feed_of(const struct ledger_settings *settings, const char *topic,
                                          const char *group, ledger_feed_apply *apply,
                                          ledger_feed_committed *committed, void *opaque)
{
    const struct ledger_feed_options options = {
        .brokers = settings->brokers,
        .topic = topic,
        .group = group,
        .replica = settings->replica,
        .database_url = settings->database_url,
        .batch_max = settings->batch_max,
        .session_timeout_ms = settings->session_timeout_ms,
        .makes_movements = apply == ledger_posting_apply,
        .apply = apply,
        .committed = committed,
        .opaque = opaque,
    };

    return ledger_feed_new(&options);
}

static int ledger_serve(const struct ledger_settings *settings, struct ledger *ledger,
                        struct err *err)
{
    const struct http_admin_options admin_options = {.address = settings->admin_address,
                                                     .service = "ledger",
                                                     .ready = ledger_ready,
                                                     .opaque = ledger};
    struct http_admin *admin = http_admin_start(&admin_options, err);

    if (admin == NULL) {
        err_wrap(err, "STOCKBUS_ADMIN_ADDRESS");
        return EXIT_USAGE;
    }
    log_info("ledger.started", "replica", settings->replica);
    bool ok = ledger_loops(ledger, err);
    http_admin_stop(admin);
    if (ok)
        return stop_exit_status();
    return err->code == ERR_RETRY ? EXIT_UNAVAILABLE : EXIT_INTERNAL;
}

int ledger_run(const struct ledger_settings *settings, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *const topics[] = {topic_events(arena, settings->topic_prefix),
                                  topic_outcomes(arena, settings->topic_prefix)};
    const struct ledger_relay_options relay_options = {
        .brokers = settings->brokers,
        .topic_prefix = settings->topic_prefix,
        .database_url = settings->database_url,
        .replica = settings->replica,
    };
    SCOPED(ledger_relay) struct ledger_relay *relay = NULL;
    SCOPED(ledger_feed) struct ledger_feed *events_feed = NULL;
    SCOPED(ledger_feed) struct ledger_feed *outcomes_feed = NULL;
    struct ledger ledger = {0};

    if (!kafka_await_topics(settings->brokers, topics, ARRAY_LEN(topics), LEDGER_START_MS,
                            ledger_broker_away, err))
        return stop_requested() ? EXIT_OK : EXIT_UNAVAILABLE;
    if (!ledger_check_database(settings, err))
        return EXIT_USAGE;
    relay = ledger_relay_new(&relay_options, err);
    if (relay == NULL)
        return EXIT_INTERNAL;
    /* Groups carry the prefix: suites that share a broker must not share partitions. */
    events_feed =
        ledger_feed_of(settings, topics[0], arena_printf(arena, "%sledger", settings->topic_prefix),
                       ledger_posting_apply, events_committed, &ledger);
    outcomes_feed = ledger_feed_of(settings, topics[1],
                                   arena_printf(arena, "%sledger-history", settings->topic_prefix),
                                   ledger_history_apply, outcomes_committed, &ledger);
    ledger = (struct ledger){settings, events_feed, outcomes_feed, relay};
    return ledger_serve(settings, &ledger, err);
}
