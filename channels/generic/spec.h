/*
 * What the spec of a generic channel says, read from YAML by one set of tables that makes the
 * complaints, with file, line and column, and the JSON Schema. Sources and templates: value.h.
 */
#pragma once

#include "lib/base/buf.h"

#include "channels/channel.h"
#include "channels/generic/keys.h"

/* One kind of fact that a document can hold. */
struct generic_filter {
    const char *where;           /* source; "": always */
    struct generic_texts is;     /* what `where` must give, one of these; none: anything */
    struct generic_texts is_not; /* and none of these; all may name the account and location */
};

struct generic_fact {
    enum event_kind kind;
    struct generic_texts topics; /* none: any */
    const char *each;            /* pointer to a list: one event an element; "": the document */
    struct generic_filter wanted;
    struct generic_pairs fields; /* member of the fact -> source */
};

struct generic_facts {
    const struct generic_fact *list;
    size_t len;
};

struct generic_notifications {
    struct channel_signature signature;
    int64_t tolerance_s;
    const char *id;    /* source; "": none */
    const char *topic; /* source; "": none */
    struct generic_facts facts;
};

/* What a document only names, and how it is read. */
struct generic_read {
    const char *name;            /* "order": the hint is "order:<id>" */
    struct generic_texts topics; /* of documents that name it; none: any */
    const char *each;            /* as of facts */
    const char *id;              /* source */
    const char *path;
    const char *from;  /* pointer to what facts see of the answer; "": all of it */
    const char *under; /* and where they see it */
    const char *topic; /* by which topic; "": none */
};

struct generic_reads {
    const struct generic_read *list;
    size_t len;
};

/* How a list goes on: by the first of these that is given; none: one page is all. */
struct generic_pages {
    const char *cursor; /* source of the next page's {cursor}; absent or null: that was the last */
    const char *next;   /* source of its address, or a Link header; the same */
    int64_t page_len;   /* {page} counts; fewer rows than so were the last */
};

enum generic_since { GENERIC_SINCE_RFC3339, GENERIC_SINCE_SECONDS, GENERIC_SINCE_MILLISECONDS };

/* The list of orders that changed. */
struct generic_poll {
    const char *path; /* "": there is none */
    enum generic_since since;
    const char *rows;  /* pointer to the list; "": the document is it */
    const char *under; /* where facts see an element of it */
    const char *topic; /* by which topic; "": none */
    struct generic_pages pages;
    int64_t interval_s;
};

enum generic_type { GENERIC_TYPE_JSON, GENERIC_TYPE_FORM };

/* A token that lives for a while. */
struct generic_login {
    const char *path; /* below base_url, or a whole address; "": there is none */
    struct generic_pairs headers;
    enum generic_type type;
    const char *body;
    bool basic;         /* HTTP Basic with token and token_secret */
    const char *token;  /* source of what is granted */
    const char *life_s; /* source of how long it lives; "": preset_s */
    int64_t preset_s;
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
    const char *results; /* pointer to a list, a result an element; "": the document is the one */
    const char *key;     /* source: which push a result is of, by its address; "": by its place */
    const char *shown;   /* pointer; "": not told */
    const char *error;   /* source: its presence makes the result a failure; "": never */
    const char *error_text;
    struct generic_pairs errors;   /* error -> verdict; others are "rejected" */
    struct generic_pairs statuses; /* HTTP status -> verdict, before the general rule */
    enum generic_confirms confirms;
};

struct generic_push {
    const char *method;
    const char *path;
    struct generic_pairs headers; /* of every call but a login */
    enum generic_type type;
    const char *body;
    const char *item;      /* "{items}" of the body: one a push; "": the body is for one */
    const char *separator; /* between items */
    bool basic;            /* HTTP Basic with token and token_secret, in every call but a login */
    enum generic_means means; /* of {quantity} and of a snapshot's */
    struct generic_answer answer;
};

enum generic_format { GENERIC_JSON, GENERIC_JSONL, GENERIC_CSV };

struct generic_snapshot {
    const char *path; /* "": there is none */
    enum generic_format format;
    const char *delimiter; /* of CSV */
    const char *charset;   /* of CSV and JSONL */
    const char *rows;      /* pointer to the list; "": the document is it */
    const char *each;      /* pointer to a list in a row, each element a row; "": the row is */
    struct generic_filter wanted;
    const char *listing;
    const char *address;
    const char *sku;
    const char *quantity; /* pointer */
    const char *version_at;
    struct generic_pages pages;
};

struct generic_limits {
    int64_t batch_max;
    double rate_per_second;
    double rate_burst;
    int64_t concurrency;
};

struct generic_spec {
    struct generic_notifications notifications;
    struct generic_poll poll;
    struct generic_reads reads;
    struct generic_login login;
    struct generic_push push;
    struct generic_snapshot snapshot;
    struct generic_limits limits;
};

/* In the arena. NULL with ERR_FATAL that names the place. */
const struct generic_spec *generic_spec_read(struct arena *arena, const char *name,
                                             const char *bytes, size_t len, struct err *err);
/* JSON Schema (2020-12) of such a file, from the same tables. */
void generic_spec_schema(struct buf *out);
