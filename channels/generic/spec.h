/*
 * What the spec of a generic channel says, read from YAML by one set of tables that makes the
 * complaints, with file, line and column, and the JSON Schema. Sources and templates: value.h.
 */
#pragma once

#include "channels/channel.h"
#include "lib/base/buf.h"
#include "lib/yaml/yaml.h"

struct generic_pair {
    const char *name;
    const char *value;
};

struct generic_pairs {
    const struct generic_pair *list;
    size_t len;
};

struct generic_texts {
    const char *const *list;
    size_t len;
};

/* One kind of fact that a document can hold. */
struct generic_fact {
    enum event_kind kind;
    struct generic_texts topics; /* none: any */
    const char *each;            /* source of a list: one event an element; "": the document */
    const char *where;           /* source; "": always */
    struct generic_texts is;     /* what `where` must give, one of these */
    struct generic_pairs fields; /* member of the fact -> source */
};

struct generic_notifications {
    struct channel_signature signature;
    int64_t tolerance_s;
    const char *id;      /* source; "": none */
    const char *topic;   /* source; "": none */
    const struct generic_fact *facts;
    size_t facts_len;
};

enum generic_means {
    GENERIC_MEANS_AVAILABLE,
    GENERIC_MEANS_ON_HAND, /* the shop keeps back what it sold until it is shipped */
};

enum generic_confirms {
    GENERIC_CONFIRMS_STATUS, /* a 2xx means that it is shown */
    GENERIC_CONFIRMS_VALUE,  /* only an answer that shows our quantity does */
};

struct generic_answer {
    const char *results; /* source of a list, a result an element; "": the document is the one */
    const char *key;     /* source: which push a result is of, by its address; "": by its place */
    const char *shown;   /* source; "": not told */
    const char *error;   /* source: its presence makes the result a failure; "": never */
    const char *error_text;
    struct generic_pairs errors;   /* error -> verdict; others are "rejected" */
    struct generic_pairs statuses; /* HTTP status -> verdict, before the general rule */
    enum generic_confirms confirms;
};

struct generic_push {
    const char *method;
    const char *path;
    struct generic_pairs headers;
    const char *body;
    const char *item;      /* "{items}" of the body: one a push; "": the body is for one */
    const char *separator; /* between items */
    bool basic;            /* HTTP Basic with token and token_secret */
    enum generic_means means; /* of {quantity} and of a snapshot's */
    struct generic_answer answer;
};

enum generic_format { GENERIC_JSON, GENERIC_JSONL };

struct generic_snapshot {
    const char *path; /* "": there is none */
    enum generic_format format;
    const char *rows; /* source of the list; "": the document is it */
    const char *listing;
    const char *address;
    const char *sku;
    const char *quantity;
    const char *version_at;
    const char *cursor;  /* source: the next page's {cursor}; absent or null ends; "": by {page} */
    int64_t page_len;    /* by {page}: fewer rows than so end; 0: one page is all */
};

struct generic_limits {
    int64_t batch_max;
    double rate_per_second;
    double rate_burst;
    int64_t concurrency;
};

struct generic_spec {
    struct generic_notifications notifications;
    struct generic_push push;
    struct generic_snapshot snapshot;
    struct generic_limits limits;
};

/* In the arena. NULL with ERR_FATAL that names the place. */
const struct generic_spec *generic_spec_read(struct arena *arena, const char *name,
                                             const char *bytes, size_t len, struct err *err);
/* JSON Schema (2020-12) of such a file, from the same tables. */
void generic_spec_schema(struct buf *out);
