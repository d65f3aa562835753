#include "lib/http/server.h"

#include <assert.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/internal.h"

enum {
    SERVER_MEMORY_BYTES = 32 * 1024, /* per connection; bounds the head: 431 beyond */
    SERVER_REQUEST_MS = 5000,
    SERVER_ANSWER_MS = 3800,
    SERVER_BODIES_MAX = 64 << 20,
    /* MHD_add_connection() looks at a count that falls a moment after we are told of a closed
       connection, so it must not be the limit that matters. */
    SERVER_LIBRARY_CONNECTIONS = HTTP_WORKER_CONNECTIONS_MAX + 2,
    SERVER_FLUSH_MS = 1000, /* for the last answers to leave */
    SERVER_POLL_US = 2000,
};

/* The option is a vararg of another name in 1.0: both refuse what a strict reader would. */
#if MHD_VERSION >= 0x00097701
#define SERVER_STRICT_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define SERVER_STRICT_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#endif

void http_server_ref(struct http_server *server)
{
    atomic_fetch_add(&server->refs, 1);
}

void http_server_unref(struct http_server *server)
{
    if (atomic_fetch_sub(&server->refs, 1) > 1)
        return;
    pthread_mutex_destroy(&server->lock);
    mem_free(server);
}

static int server_threads(int wanted)
{
    cpu_set_t cpus;
    int threads = wanted;

    if (threads <= 0)
        threads = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return threads < HTTP_WORKERS_MAX ? threads : HTTP_WORKERS_MAX;
}

static struct http_server *server_new(const struct http_server_options *options)
{
    struct http_server *server = mem_calloc(1, sizeof(*server));
    struct http_server_options *own = &server->options;

    *own = *options;
    own->address = NULL; /* borrowed only for the start */
    own->threads = server_threads(options->threads);
    int connections_max = own->threads * HTTP_WORKER_CONNECTIONS_MAX;
    if (own->connections_max <= 0 || own->connections_max > connections_max)
        own->connections_max = connections_max;
    own->request_ms = own->request_ms > 0 ? own->request_ms : SERVER_REQUEST_MS;
    own->answer_ms = own->answer_ms > 0 ? own->answer_ms : SERVER_ANSWER_MS;
    own->bodies_max = own->bodies_max > 0 ? own->bodies_max : SERVER_BODIES_MAX;
    atomic_init(&server->refs, 1);
    /* Unlike from run to run, so that an id of a problem document finds its log line. */
    atomic_init(&server->ids, (unsigned long long)clock_now_ms() << 20);
    pthread_mutex_init(&server->lock, NULL);
    return server;
}

static bool server_start_worker(struct http_server *server)
{
    struct http_worker *worker = &server->workers[server->workers_len];
    const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                           MHD_USE_NO_LISTEN_SOCKET;

    worker->server = server;
    worker->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_exchange_handle, worker, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SERVER_LIBRARY_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SERVER_MEMORY_BYTES, SERVER_STRICT_OPTION, 1, MHD_OPTION_URI_LOG_CALLBACK,
        http_exchange_begin, worker, MHD_OPTION_NOTIFY_COMPLETED, http_exchange_end, worker,
        MHD_OPTION_NOTIFY_CONNECTION, http_exchange_connection, worker, MHD_OPTION_END);
    if (worker->daemon == NULL)
        return false;
    server->workers_len++;
    return true;
}

static void server_stop_workers(struct http_server *server)
{
    for (int i = 0; i < server->workers_len; i++)
        MHD_stop_daemon(server->workers[i].daemon);
    server->workers_len = 0;
}

static bool server_start_threads(struct http_server *server, int listen_fd, struct err *err)
{
    while (server->workers_len < server->options.threads) {
        if (!server_start_worker(server)) {
            close(listen_fd);
            server_stop_workers(server);
            return err_set(err, ERR_FATAL, "http server '%s' can't start its threads",
                           server->options.name);
        }
    }
    server->keeper = http_keeper_start(server, listen_fd, err);
    if (server->keeper == NULL)
        server_stop_workers(server);
    return server->keeper != NULL;
}

struct http_server *http_server_start(const struct http_server_options *options, struct err *err)
{
    sigset_t all;
    sigset_t before;
    int port = 0;
    int listen_fd = http_address_listen(options->address, &port, err);

    assert(options->handler != NULL && options->name != NULL);
    if (listen_fd < 0)
        return NULL;
    struct http_server *server = server_new(options);
    server->port = port;
    /* Signals belong to the main thread, whose waits they end. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = server_start_threads(server, listen_fd, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        return server;
    http_server_unref(server);
    return NULL;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

static bool server_wait_until_empty(struct http_server *server, int timeout_ms)
{
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;

    while (atomic_load(&server->in_hand) > 0) {
        if (clock_monotonic_ms() >= until_ms)
            return false;
        usleep(SERVER_POLL_US);
    }
    return true;
}

/*
 * The library aborts on MHD_stop_daemon() with suspended connections. None is left: `closing` keeps
 * new requests from the handler, and all that it had are answered. Their requests may still be in
 * the handler's hands; the server's memory goes with the last of them.
 */
void http_server_stop(struct http_server *server, int drain_ms)
{
    static const struct http_refusal stopping = {503, "stopping", "the service is stopping", 2};

    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    http_keeper_wake(server->keeper);
    if (!server_wait_until_empty(server, drain_ms)) {
        log_warn("http.drain_over", "server", server->options.name, "in_hand",
                 log_int(atomic_load(&server->in_hand)));
        atomic_store(&server->closing, true);
        http_keeper_answer_all(server, &stopping);
        server_wait_until_empty(server, SERVER_FLUSH_MS);
    }
    atomic_store(&server->closing, true);
    http_keeper_answer_all(server, &stopping);
    http_keeper_stop(server->keeper);
    server_stop_workers(server);
    http_keeper_free(server->keeper);
    http_server_unref(server);
}
