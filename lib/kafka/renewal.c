/*
 * Certificates and passwords that are replaced while clients live. librdkafka reads both when a
 * client is made (a password could be told to a living one, a certificate can't), so a change is a
 * new client, for both. One thread looks at the files; what changed comes into force when a client
 * that was made with it reached a broker, and each owner then makes its own anew.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/settings.h"
#include "lib/kafka/internal.h"

enum { RENEWAL_LOOK_MS = 2000, RENEWAL_ASK_MS = 5000, RENEWAL_AGAIN_MS = 30000 };

SCOPE_DEFINE(renewal_metadata, const struct rd_kafka_metadata, rd_kafka_metadata_destroy)

static atomic_uint renewal_number;
static pthread_mutex_t renewal_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the start */
static char *renewal_brokers; /* of the first long-lived client; they are the same for all */

unsigned kafka_renewal_number(void)
{
    return atomic_load(&renewal_number);
}

static bool renewal_reaches_broker(const char *text, struct err *err)
{
    SCOPED(kafka_client) struct kafka_client *client = NULL;
    SCOPED(renewal_metadata) const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_conf_t *conf =
        kafka_config_with(text, renewal_brokers, "stockbus-renewal", NULL, 0, err);

    if (conf == NULL)
        return false;
    client = kafka_client_new(RD_KAFKA_CONSUMER, conf, NULL, err);
    if (client == NULL)
        return false;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client->rk, 0, NULL, &metadata, RENEWAL_ASK_MS);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           kafka_error_set(err, client->rk, code, "no broker takes them");
}

/* What was refused is tried again when it changes, or after a while. */
struct renewal_refused {
    uint64_t digest;
    int64_t again_ms;
};

static void renewal_look(struct renewal_refused *refused)
{
    SCOPED(mem) char *held = NULL;
    SCOPED(mem) char *ignored = NULL;
    SCOPED(mem) char *source = NULL;
    SCOPED(kafka_properties) struct kafka_properties *seen = NULL;
    struct err err = {0};
    uint64_t digest = 0;

    kafka_properties_now(&held, &ignored, &digest);
    source = settings_fresh("STOCKBUS_KAFKA_PROPERTIES", held);
    seen = kafka_properties_read(source);
    uint64_t other = kafka_properties_digest(seen);
    if (other == digest || (other == refused->digest && clock_monotonic_ms() < refused->again_ms))
        return;
    if (!renewal_reaches_broker(kafka_properties_text(seen), &err)) {
        log_error("kafka.properties_refused", "why", err.text, "next", "the old ones stay");
        *refused = (struct renewal_refused){other, clock_monotonic_ms() + RENEWAL_AGAIN_MS};
        return;
    }
    kafka_properties_install(STEAL(seen));
    atomic_fetch_add(&renewal_number, 1);
    log_info("kafka.properties_renewed");
}

static void *renewal_main(void *opaque)
{
    struct renewal_refused refused = {0};

    (void)opaque;
    for (;;) {
        kafka_pause_ms(RENEWAL_LOOK_MS);
        renewal_look(&refused);
    }
    return NULL;
}

static void renewal_start(void)
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
    int failed = pthread_create(&thread, &detached, renewal_main, NULL);
    pthread_attr_destroy(&detached);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        log_error("kafka.renewal_off", "why", strerrordesc_np(failed), "next",
                  "certificates and passwords are taken at the next start");
}

void kafka_renewal_watch(const char *brokers)
{
    SCOPED(mem) char *source = NULL;
    SCOPED(mem) char *ignored = NULL;
    uint64_t digest = 0;

    kafka_properties_now(&source, &ignored, &digest);
    if (*source == '\0')
        return;
    pthread_mutex_lock(&renewal_lock);
    if (renewal_brokers == NULL) {
        renewal_brokers = mem_strdup(brokers);
        renewal_start();
    }
    pthread_mutex_unlock(&renewal_lock);
}
