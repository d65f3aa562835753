/* Within lib/kafka only: the librdkafka handle with its one configuration and one way to die. */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/kafka/kafka.h"

/* rd_kafka_destroy() waits for ever for a list that nobody destroyed: every list is SCOPED. */
SCOPE_DEFINE(kafka_list, rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy)
SCOPE_DEFINE(kafka_conf, rd_kafka_conf_t, rd_kafka_conf_destroy)
SCOPE_DEFINE(kafka_topic, rd_kafka_topic_t, rd_kafka_topic_destroy)
SCOPE_DEFINE(kafka_event, rd_kafka_event_t, rd_kafka_event_destroy)
SCOPE_DEFINE(kafka_queue, rd_kafka_queue_t, rd_kafka_queue_destroy)

/* ---- config.c */

struct kafka_setting {
    const char *name;
    const char *value;
};

/* An owned configuration: the operator's properties, ours for every client, then the given ones;
   NULL when one is refused. */
rd_kafka_conf_t *kafka_config_new(const char *brokers, const char *client_id,
                                  const struct kafka_setting *settings, size_t count,
                                  struct err *err);
/* The same with these properties instead of the operator's. */
rd_kafka_conf_t *kafka_config_with(const char *properties, const char *brokers,
                                   const char *client_id, const struct kafka_setting *settings,
                                   size_t count, struct err *err);
bool kafka_config_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                      struct err *err) MUST_CHECK;
bool kafka_config_int(rd_kafka_conf_t *conf, const char *name, int value,
                      struct err *err) MUST_CHECK;

/* ---- properties.c */

/* The operator's properties with copies of the files named in them. */
struct kafka_properties;

/* Says nothing about whether they are good. Owned. */
struct kafka_properties *kafka_properties_read(const char *source) MUST_CHECK;
void kafka_properties_free(struct kafka_properties *properties);
SCOPE_DEFINE(kafka_properties, struct kafka_properties, kafka_properties_free)
/* Of all that they say and their files hold; to be compared. */
uint64_t kafka_properties_digest(const struct kafka_properties *properties);
/* Borrowed. */
const char *kafka_properties_text(const struct kafka_properties *properties);
/* Sets each line's property; what is set after it wins. */
bool kafka_properties_apply(rd_kafka_conf_t *conf, const char *text, struct err *err) MUST_CHECK;
/* Takes them: they are in force. */
void kafka_properties_install(struct kafka_properties *properties);
/* Those in force: as they were given, and as clients are made with them, both owned. Any thread. */
void kafka_properties_now(char **ret_source, char **ret_text, uint64_t *ret_digest);

/* ---- renewal.c */

/* Grows when properties that changed are in force: a client that was made under an older number is
   to be made anew. Any thread. */
unsigned kafka_renewal_number(void);
/* Looks at the properties and their files from now on, for the life of the process. */
void kafka_renewal_watch(const char *brokers);

/* ---- client.c */

/* librdkafka's threads hold this (it is the opaque), so it outlives a handle that hangs. */
struct kafka_client {
    rd_kafka_t *rk;
    void *owner; /* producer or consumer */
    atomic_llong log_window_ms;
    atomic_int log_lines;
};

/* Takes conf, also on failure. */
struct kafka_client *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, void *owner,
                                      struct err *err);
/* Bounded: a handle that does not go within timeout_ms is left behind. NULL is fine. */
void kafka_client_free_within(struct kafka_client *client, int timeout_ms);
enum { KAFKA_CLIENT_FREE_MS = 3000 };
static inline void kafka_client_free(struct kafka_client *client)
{
    kafka_client_free_within(client, KAFKA_CLIENT_FREE_MS);
}
SCOPE_DEFINE(kafka_client, struct kafka_client, kafka_client_free)
void kafka_pause_ms(int ms);

/* ---- error.c */

/* What the caller shall do about a code of librdkafka or of the broker. */
enum err_code kafka_error_class(rd_kafka_resp_err_t code);
/* "<what>: <NAME>: <description>", classed; a fatal error tells its cause. Returns false. */
bool kafka_error_set(struct err *err, rd_kafka_t *rk, rd_kafka_resp_err_t code, const char *what);

/* ---- record.c */

/* A message seen as a record. {0} is empty. */
struct kafka_view {
    rd_kafka_message_t *message;
    struct buf key; /* librdkafka's key has no NUL behind it */
    struct kafka_header *headers;
    size_t headers_capacity;
    struct kafka_record record;
};

/* Takes the message; the record is borrowed until the next call. */
const struct kafka_record *kafka_view_set(struct kafka_view *view, rd_kafka_message_t *message);
void kafka_view_clear(struct kafka_view *view);
void kafka_view_release(struct kafka_view *view);

/* ---- admin.c */

/* The topic's id as text; "" where the broker gives none, or librdkafka (before 2.3.0) can't ask.
 */
bool kafka_admin_topic_id(rd_kafka_t *rk, const char *topic, char *ret_id, size_t size,
                          struct err *err) MUST_CHECK;

/* ---- metadata.c */

/* Partitions of a topic, all with a leader, once they are. ERR_REJECT: no such topic. */
bool kafka_metadata_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms,
                               int *ret_partitions, struct err *err) MUST_CHECK;
/* First and next offset of a partition. Asked again while a topic is new or its leader moves, at
   most timeout_ms. */
bool kafka_metadata_watermarks(rd_kafka_t *rk, const char *topic, int32_t partition, int timeout_ms,
                               int64_t *ret_low, int64_t *ret_high, struct err *err) MUST_CHECK;
/* A client that only asks. Owned. */
struct kafka_client *kafka_metadata_client(const char *brokers, struct err *err);
