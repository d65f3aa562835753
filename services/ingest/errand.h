/*
 * A sequence of calls to one channel and what their answers bring: what rounds of polls, readings
 * of hints and queues have in common. An errand asks, hands the answer to its kind, has written
 * what that took from it, and goes on when the broker has all of it. One thread runs them; only the
 * producer's reports come from another.
 */
#pragma once

#include <stdatomic.h>

#include "lib/http/client.h"

#include "channels/session.h"
#include "services/ingest/intake.h"
#include "services/ingest/service.h"

/* What all errands share; borrowed. */
struct ingest_errands {
    struct ingest_service *service;
    struct http_client *client;
    struct channel_sessions *sessions;
    atomic_int writing; /* captures that may still be told of; to be 0 before any of it goes */
};

struct ingest_errand;

enum ingest_errand_phase {
    ERRAND_RESTS,   /* nothing is under way */
    ERRAND_ASKS,    /* an answer is to come */
    ERRAND_WRITES,  /* the broker has not told of everything yet */
    ERRAND_WRITTEN, /* it has it all: goes on with its next request, or was at the end */
    ERRAND_LOST,    /* it has not */
};

struct ingest_failure {
    const char *result; /* label of the metrics: "http_500", "no_answer", "no_token" */
    const char *why;
    int64_t pause_ms; /* as told by the channel, or enough for what is expected; -1: unknown */
    bool is_expected; /* nothing is wrong */
    bool is_throttled;
};

struct ingest_errand_kind {
    bool forgets; /* what was made of the answer before is of no more use */
    bool needs_no_token;
    bool takes_refusal; /* answered() also gets 4xx that are no matter of load or login */
    /* An answer came: ends with ingest_errand_take(), ingest_errand_go_on() or a failure that is
       the errand's own. The account has its token; both live until this returns. */
    void (*answered)(struct ingest_errand *errand, const struct channel_account *account,
                     const struct channel_response *response);
    /* What a refusal says, in words; in the errand's arena. May be NULL: nothing is known of it. */
    const char *(*explain)(const struct ingest_errand *errand,
                           const struct channel_account *account,
                           const struct channel_response *response);
    /* It can't go on. The phase is ERRAND_RESTS. */
    void (*failed)(struct ingest_errand *errand, const struct ingest_failure *failure);
};

struct ingest_errand {
    struct ingest_errands *shared;
    const struct ingest_errand_kind *kind;
    const char *channel; /* borrowed */
    struct arena *arena; /* of the answer in hand and of the next request; owned */
    atomic_int phase;
    bool is_sealed;                 /* the next request's maker knew the time */
    struct channel_request next;    /* in the arena; url "": there is none */
    const char *token;              /* of the account as the errand opened it last; in the arena */
    struct ingest_errand_rest {     /* events that are to be written after those under way */
        const struct event *events; /* in the arena */
        size_t len;
        const char *traceparent;
        int64_t received_ms;
        const char *result;
    } rest;
};

/* Fills an errand that rests. channel is borrowed. */
void ingest_errand_begin(struct ingest_errand *errand, struct ingest_errands *shared,
                         const struct ingest_errand_kind *kind, const char *channel);
/* Only in ERRAND_RESTS, ERRAND_WRITTEN or ERRAND_LOST. */
void ingest_errand_end(struct ingest_errand *errand);

/* Moves on what it can by itself, and says where it stands. */
enum ingest_errand_phase ingest_errand_phase(struct ingest_errand *errand);
/* The account with its token. False: it failed() for want of one. */
bool ingest_errand_open(struct ingest_errand *errand, const struct channel_account *account,
                        struct channel_account *ret_opened) MUST_CHECK;
/* What is to be asked next, copied into the arena. */
void ingest_errand_plan(struct ingest_errand *errand, const struct channel_request *request);
bool ingest_errand_has_next(const struct ingest_errand *errand);
/* Sends the next request; the account as it is now. */
void ingest_errand_ask(struct ingest_errand *errand, const struct channel_account *account);
/* What the broker has to have before the errand goes on. result is the label of the metrics. */
void ingest_errand_take(struct ingest_errand *errand, const struct channel_account *account,
                        const struct channel_notification *notification,
                        const struct ingest_intake *intake, const char *result);
/* The same for more than one notification: begins their capture, which the caller ends. */
struct ingest_capture *ingest_errand_capture(struct ingest_errand *errand, const char *traceparent,
                                             int64_t received_ms);
/* Nothing is to be written. */
void ingest_errand_go_on(struct ingest_errand *errand);
/* result: a label of the metrics. */
void ingest_errand_fail(struct ingest_errand *errand, const char *result, const char *why);
