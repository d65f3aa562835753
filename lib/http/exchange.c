#include <assert.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/internal.h"

/*
 * One request after the other on one connection, as the library calls us: begin (request line) ->
 * handle (head) -> handle (piece of the body)... -> handle (whole) -> end. Answering in the head
 * call closes the connection, so only refusals of a request with a body do that.
 */

enum { EXCHANGE_RETRY_AFTER_S = 2 };

static void exchange_phase(struct http_connection *connection, enum http_phase phase,
                           struct http_request *request)
{
    pthread_mutex_lock(&connection->lock);
    /* The keeper may have seen the first byte before the whole first line was there. */
    if (phase != HTTP_PHASE_READING || connection->phase != HTTP_PHASE_READING)
        connection->since_ms = clock_monotonic_ms();
    connection->phase = phase;
    connection->bytes_known = false;
    connection->request = request;
    pthread_mutex_unlock(&connection->lock);
}

static void exchange_opened(struct http_worker *worker, struct MHD_Connection *mhd, void **context)
{
    struct http_server *server = worker->server;
    struct http_connection *connection = mem_calloc(1, sizeof(*connection));

    connection->worker = worker;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->since_ms = clock_monotonic_ms();
    connection->bytes_known = true; /* none so far */
    pthread_mutex_init(&connection->lock, NULL);
    pthread_mutex_lock(&server->lock);
    connection->next = server->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    server->connections = connection;
    pthread_mutex_unlock(&server->lock);
    *context = connection;
}

/* The library closes the socket after this call: the keeper, under the same lock, never touches a
   descriptor that means another connection by now. */
static void exchange_closed(struct http_worker *worker, struct http_connection *connection)
{
    struct http_server *server = worker->server;

    pthread_mutex_lock(&server->lock);
    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    pthread_mutex_unlock(&server->lock);
    pthread_mutex_destroy(&connection->lock);
    mem_free(connection);
    atomic_fetch_sub(&worker->connections, 1);
    if (atomic_load(&server->full))
        http_keeper_wake(server->keeper);
}

void http_exchange_connection(void *cls, struct MHD_Connection *mhd, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        exchange_opened(cls, mhd, context);
    else
        exchange_closed(cls, *context);
}

void *http_exchange_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct http_worker *worker = cls;
    struct http_request *request = http_request_new(worker->server, uri);

    request->connection =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    atomic_fetch_add(&worker->server->in_hand, 1);
    exchange_phase(request->connection, HTTP_PHASE_READING, NULL);
    return request;
}

void http_exchange_end(void *cls, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode code)
{
    struct http_worker *worker = cls;
    struct http_request *request = *context;

    (void)mhd;
    if (request == NULL)
        return;
    /* The library refused it without asking us: 400, 413, 414 or 431. */
    if (!request->head_read && code == MHD_REQUEST_TERMINATED_WITH_ERROR)
        http_meter_refused(worker->server, "malformed");
    *context = NULL;
    exchange_phase(request->connection, HTTP_PHASE_IDLE, NULL);
    pthread_mutex_lock(&request->lock);
    assert(!request->suspended);
    request->mhd = NULL;
    pthread_mutex_unlock(&request->lock);
    http_request_unref(request);
    atomic_fetch_sub(&worker->server->in_hand, 1);
}

/* Busy connections never idle long enough to be cut: some give up their place by turns. */
static bool exchange_must_close(const struct http_request *request)
{
    struct http_server *server = request->server;

    if (request->close || atomic_load(&server->stopping))
        return true;
    return atomic_load(&server->closes_wanted) > 0 &&
           atomic_fetch_sub(&server->closes_wanted, 1) > 0;
}

static enum MHD_Result exchange_queue(struct http_request *request)
{
    exchange_phase(request->connection, HTTP_PHASE_SENDING, NULL);
    if (exchange_must_close(request))
        MHD_add_response_header(request->response, "Connection", "close");
    enum MHD_Result queued =
        MHD_queue_response(request->mhd, (unsigned)request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return queued;
}

static void exchange_refuse(struct http_request *request, const struct http_refusal *refusal)
{
    struct http_server *server = request->server;

    request->close = request->content_length != 0;
    http_meter_refused(server, refusal->type);
    if (http_meter_may_log(server))
        log_warn("http.refused", "server", server->options.name, "status", log_int(refusal->status),
                 "reason", refusal->type, "path", request->path);
    http_answer_refuse(request, refusal);
}

/* False with the refusal filled. Asked before a byte of the body is read. */
static bool exchange_admit(struct http_request *request, struct http_refusal *refusal)
{
    const struct http_server_options *options = &request->server->options;

    *refusal = (struct http_refusal){0};
    if (options->admit != NULL)
        refusal->status = options->admit(options->opaque, request, request->content_length,
                                         &refusal->type, &refusal->detail);
    if (refusal->status == 0 && request->content_length > (int64_t)options->body_max)
        *refusal = (struct http_refusal){413, "body-too-large", "body over the limit", 0};
    if (refusal->status == 0 && request->content_length > 0 &&
        !http_request_reserve(request, (size_t)request->content_length))
        *refusal =
            (struct http_refusal){503, "busy", "too many bodies in hand", EXCHANGE_RETRY_AFTER_S};
    if (refusal->status == 503 && refusal->retry_after_s == 0)
        refusal->retry_after_s = EXCHANGE_RETRY_AFTER_S;
    return refusal->status == 0;
}

static enum MHD_Result exchange_head(struct http_request *request, struct MHD_Connection *mhd,
                                     const char *method, const char *version)
{
    struct http_refusal refusal = {400, "bad-target", "the target is malformed", 0};

    request->head_read = true;
    bool target_ok = http_request_read_head(request, mhd, method, version);
    struct http_refusal framing;
    bool framing_ok = http_framing_check(request, &framing);

    if (!framing_ok)
        refusal = framing;
    if (framing_ok && target_ok && exchange_admit(request, &refusal))
        return MHD_YES;
    exchange_refuse(request, &refusal);
    /* Without a body there is nothing to misread: answer in the last call and keep alive. */
    if (!request->close)
        return MHD_YES;
    http_keeper_linger(request->server->keeper, request->connection->fd);
    return exchange_queue(request);
}

static void exchange_take(struct http_request *request, const char *bytes, size_t len)
{
    static const struct http_refusal large = {413, "body-too-large", "body over the limit", 0};
    static const struct http_refusal busy = {503, "busy", "too many bodies in hand",
                                             EXCHANGE_RETRY_AFTER_S};

    if (len > request->server->options.body_max - request->body_len)
        exchange_refuse(request, &large);
    else if (request->content_length < 0 && !http_request_reserve(request, len))
        exchange_refuse(request, &busy);
    else
        http_request_append(request, bytes, len);
}

/* A chunked body shows its size too late: the library takes an answer only at its end, so the rest
   is read and dropped, up to a limit. */
static enum MHD_Result exchange_body(struct http_request *request, const char *bytes, size_t *len)
{
    if (request->settled)
        request->discarded += *len;
    else
        exchange_take(request, bytes, *len);
    *len = 0;
    return request->discarded > HTTP_DISCARD_MAX ? MHD_NO : MHD_YES;
}

/* Answered by now, or suspended until it is. The lock closes the gap between the two. */
static enum MHD_Result exchange_await(struct http_request *request)
{
    pthread_mutex_lock(&request->lock);
    bool settled = request->settled;

    if (!settled) {
        MHD_suspend_connection(request->mhd);
        request->suspended = true;
    }
    pthread_mutex_unlock(&request->lock);
    return settled ? exchange_queue(request) : MHD_YES;
}

static enum MHD_Result exchange_hand_over(struct http_request *request)
{
    static const struct http_refusal stopping = {503, "stopping", "the service is stopping",
                                                 EXCHANGE_RETRY_AFTER_S};
    struct http_server *server = request->server;

    request->received_ms = clock_now_ms();
    request->received_us = clock_monotonic_us();
    request->handed = true;
    atomic_fetch_add(&server->handling, 1);
    exchange_phase(request->connection, HTTP_PHASE_HANDLING, request);
    /* After the phase: whoever set closing before we look finds this request and answers it. */
    if (atomic_load(&server->closing)) {
        http_answer_refuse(request, &stopping);
        return exchange_queue(request);
    }
    http_request_ref(request);
    server->options.handler(server->options.opaque, request);
    return exchange_await(request);
}

/* The library's prototype. NOLINTNEXTLINE(readability-function-size) */
enum MHD_Result http_exchange_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                     const char *method, const char *version, const char *upload,
                                     size_t *upload_len, void **context)
{
    struct http_request *request = *context;

    (void)cls;
    (void)url; /* decoded by the library, which cuts it at %00 */
    if (request == NULL)
        return MHD_NO;
    if (!request->head_read)
        return exchange_head(request, mhd, method, version);
    if (*upload_len > 0)
        return exchange_body(request, upload, upload_len);
    if (request->handed)
        return exchange_await(request);
    return request->settled ? exchange_queue(request) : exchange_hand_over(request);
}
