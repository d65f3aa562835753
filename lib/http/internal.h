/*
 * What the files of the HTTP server share; included nowhere else.
 *
 * Locks are taken in this order: server -> connection -> request -> libmicrohttpd's own. A request
 * is counted by two sides, the library's connection and the handler; it lives until both are done.
 */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/http/server.h"

enum {
    HTTP_IDLE_MS = 75000,              /* keep-alive without a request; load balancers use 60 s */
    HTTP_IDLE_FULL_MS = 1000,          /* the same when every place is taken */
    HTTP_SEND_MS = 30000,              /* for the client to take the answer */
    HTTP_DISCARD_MAX = 1 << 20,        /* bytes of a refused body that are read and dropped */
    HTTP_WORKER_CONNECTIONS_MAX = 124, /* 0.9.75..1.0.1 stall at 128 ready events per epoll */
    HTTP_WORKERS_MAX = 64,
};

enum http_phase { HTTP_PHASE_IDLE, HTTP_PHASE_READING, HTTP_PHASE_HANDLING, HTTP_PHASE_SENDING };

struct http_keeper;

struct http_worker {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    atomic_int connections; /* counted from accept() on, so that no worker ever gets too many */
};

struct http_server {
    struct http_server_options options;
    atomic_int refs; /* one for the owner, one per request: late answers outlive a stop */
    struct http_worker workers[HTTP_WORKERS_MAX];
    int workers_len;
    int port;
    struct http_keeper *keeper;
    pthread_mutex_t lock;
    struct http_connection *connections; /* under lock */
    atomic_bool stopping;                /* answers close their connection */
    atomic_bool closing;                 /* nothing is handed to the handler any more */
    atomic_int in_hand;                  /* requests from their first line to their last byte */
    atomic_int handling;                 /* of these, those that the handler has not answered */
    atomic_bool full;                    /* somebody may wait for a place */
    atomic_int closes_wanted; /* answers that shall close, because others wait for a place */
    atomic_size_t bodies;     /* bytes reserved for bodies */
    atomic_ullong ids;
    atomic_llong logged_ms;
};

struct http_connection {
    struct http_connection *next;
    struct http_connection *previous;
    struct http_worker *worker;
    int fd;
    pthread_mutex_t lock; /* guards what follows */
    enum http_phase phase;
    int64_t since_ms;
    uint64_t bytes_seen;
    bool bytes_known;
    bool cut;
    struct http_request *request; /* while the handler has it */
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection; /* only for the library's side */
    struct arena *arena;
    unsigned long long id;
    atomic_int refs;

    const char *method;
    const char *target; /* as sent; once it is read, without host */
    const char *path;
    bool http_1_0;
    bool malformed; /* a NUL in a header or in the target */
    struct http_header *headers;
    size_t headers_len;
    size_t headers_capacity;
    struct http_header *query;
    size_t query_len;
    size_t query_capacity;

    int64_t content_length; /* -1: chunked */
    char *body;
    size_t body_len;
    size_t body_capacity;
    size_t reserved;
    size_t discarded;
    int64_t received_ms;
    int64_t received_us; /* monotonic */
    bool head_read;
    bool handed;
    bool close;

    pthread_mutex_t lock; /* guards what follows */
    struct MHD_Connection *mhd;
    bool suspended;
    bool settled;
    int status;
    struct MHD_Response *response; /* owned until queued */
};

struct http_refusal {
    int status;
    const char *type;
    const char *detail;
    int retry_after_s;
};

/* address.c: an owned listening socket and its port, or -1. */
int http_address_listen(const char *address, int *ret_port, struct err *err);

/* request.c. uri may be NULL. */
struct http_request *http_request_new(struct http_server *server, const char *uri);
void http_request_ref(struct http_request *request);
void http_request_unref(struct http_request *request);
/* Copies method and headers, decodes the target. False when the target is malformed. */
bool http_request_read_head(struct http_request *request, struct MHD_Connection *mhd,
                            const char *method, const char *version);
/* False: over the budget of the server. */
bool http_request_reserve(struct http_request *request, size_t len);
void http_request_append(struct http_request *request, const char *bytes, size_t len);
size_t http_request_header_count(const struct http_request *request, const char *name);

/* framing.c: what must not reach a handler. Sets content_length. */
bool http_framing_check(struct http_request *request, struct http_refusal *ret_refusal);

/* answer.c. Takes response; false when the request was answered before. */
bool http_answer_settle(struct http_request *request, int status, struct MHD_Response *response);
bool http_answer_refuse(struct http_request *request, const struct http_refusal *refusal);
/* The text of a problem document. */
void http_answer_problem_text(const struct http_request *request, struct buf *out, int status,
                              const char *type, const char *detail);

/* exchange.c: the library's callbacks. cls is the worker. */
void *http_exchange_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_exchange_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                     const char *method, const char *version, const char *upload,
                                     size_t *upload_len, void **context);
void http_exchange_end(void *cls, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode code);
void http_exchange_connection(void *cls, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode code);

/* keeper.c: the thread that accepts and that watches deadlines. Takes listen_fd. */
struct http_keeper *http_keeper_start(struct http_server *server, int listen_fd, struct err *err);
void http_keeper_wake(struct http_keeper *keeper);
/* Reads and drops what still comes, so that the peer gets its refusal and no reset. */
void http_keeper_linger(struct http_keeper *keeper, int fd);
/* Ends the thread; the rest goes when no daemon can call back any more. */
void http_keeper_stop(struct http_keeper *keeper);
void http_keeper_free(struct http_keeper *keeper);
/* Answers all that the handler still has. */
void http_keeper_answer_all(struct http_server *server, const struct http_refusal *refusal);

/* meter.c */
void http_meter_answered(const struct http_server *server, int status, int64_t elapsed_us);
void http_meter_refused(const struct http_server *server, const char *reason);
void http_meter_gauges(struct http_server *server);
/* At most one line a second and server. */
bool http_meter_may_log(struct http_server *server);

/* server.c */
void http_server_ref(struct http_server *server);
void http_server_unref(struct http_server *server);
