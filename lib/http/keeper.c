#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/http/internal.h"

/*
 * One thread per server. It accepts by itself and deals connections to single-threaded daemons,
 * because the library's own way has two faults in 0.9.75: MHD_quiesce_daemon() aborts the process
 * when a worker of a pool drops the listening socket at the same moment, and a pool fills unevenly.
 */

enum {
    KEEPER_TICK_MS = 100,
    KEEPER_ACCEPT_MAX = 64, /* per round, so that deadlines are looked at under a flood, too */
    KEEPER_CLOSES_PER_TICK = 8,
    KEEPER_LINGER_MAX = 64,
    KEEPER_LINGER_MS = 2000,
    KEEPER_LINGER_BYTES = 1 << 20, /* per connection and round */
};

struct keeper_linger {
    int fd;
    int64_t until_ms;
};

struct http_keeper {
    struct http_server *server;
    pthread_t thread;
    int listen_fd;
    int wake_fd;
    bool accept_failed; /* until the next tick */
    int64_t swept_ms;
    atomic_bool stop;
    pthread_mutex_t lock; /* guards lingers */
    struct keeper_linger lingers[KEEPER_LINGER_MAX];
    size_t lingers_len;
};

void http_keeper_wake(struct http_keeper *keeper)
{
    uint64_t one = 1;
    ssize_t ignored = write(keeper->wake_fd, &one, sizeof(one));

    (void)ignored;
}

/* The worker with the fewest connections, or NULL when all places are taken. */
static struct http_worker *keeper_place(struct http_server *server)
{
    struct http_worker *best = NULL;
    int best_connections = HTTP_WORKER_CONNECTIONS_MAX;
    int total = 0;

    for (int i = 0; i < server->workers_len; i++) {
        int connections = atomic_load(&server->workers[i].connections);

        total += connections;
        if (connections < best_connections) {
            best = &server->workers[i];
            best_connections = connections;
        }
    }
    return total < server->options.connections_max ? best : NULL;
}

static void keeper_accept(struct http_keeper *keeper)
{
    struct http_server *server = keeper->server;

    for (int i = 0; i < KEEPER_ACCEPT_MAX; i++) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof(peer);
        struct http_worker *worker = keeper_place(server);

        if (worker == NULL)
            return;
        int fd = accept4(keeper->listen_fd, (struct sockaddr *)&peer, &peer_len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            keeper->accept_failed = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
            if (keeper->accept_failed && http_meter_may_log(server))
                log_error("http.accept_failed", "server", server->options.name, "why",
                          strerrordesc_np(errno));
            return;
        }
        atomic_fetch_add(&worker->connections, 1);
        /* The library closes the socket itself when it can't take it. */
        if (MHD_add_connection(worker->daemon, fd, (struct sockaddr *)&peer, peer_len) != MHD_YES)
            atomic_fetch_sub(&worker->connections, 1);
    }
}

/* Has a byte of the next request come? Only the kernel knows: the library tells at the end of the
   request line, and a drip-feed may never get there. */
static bool keeper_first_byte(struct http_connection *connection)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return false;
    bool first = connection->bytes_known && info.tcpi_bytes_received > connection->bytes_seen;
    connection->bytes_known = true;
    connection->bytes_seen = info.tcpi_bytes_received;
    return first;
}

static void keeper_cut(struct http_connection *connection, const char *reason)
{
    struct http_server *server = connection->worker->server;

    /* The library sees the end of the stream and closes; closing here would free the number. */
    shutdown(connection->fd, SHUT_RDWR);
    connection->cut = true;
    if (connection->phase == HTTP_PHASE_IDLE)
        return;
    http_meter_refused(server, reason);
    if (http_meter_may_log(server))
        log_warn("http.cut", "server", server->options.name, "reason", reason);
}

static void keeper_answer_late(struct http_connection *connection)
{
    static const struct http_refusal late = {503, "timeout", "no answer in time", 2};
    struct http_server *server = connection->worker->server;

    if (connection->request == NULL || !http_answer_refuse(connection->request, &late))
        return;
    http_meter_refused(server, late.type);
    if (http_meter_may_log(server))
        log_warn("http.unanswered", "server", server->options.name, "path",
                 connection->request->path, "after_ms", log_int(server->options.answer_ms));
}

/* Under the connection's lock. */
static void keeper_look(struct http_connection *connection, int64_t now_ms, int idle_ms)
{
    const struct http_server_options *options = &connection->worker->server->options;
    int64_t age_ms = now_ms - connection->since_ms;

    if (connection->cut)
        return;
    switch (connection->phase) {
    case HTTP_PHASE_IDLE:
        if (keeper_first_byte(connection)) {
            connection->phase = HTTP_PHASE_READING;
            connection->since_ms = now_ms;
        } else if (age_ms > idle_ms) {
            keeper_cut(connection, "idle");
        }
        break;
    case HTTP_PHASE_READING:
        if (age_ms > options->request_ms)
            keeper_cut(connection, "slow-request");
        break;
    case HTTP_PHASE_HANDLING:
        if (age_ms > options->answer_ms)
            keeper_answer_late(connection);
        break;
    case HTTP_PHASE_SENDING:
        if (age_ms > HTTP_SEND_MS)
            keeper_cut(connection, "slow-reader");
        break;
    }
}

/* All places taken and somebody in the backlog? */
static bool keeper_is_crowded(const struct http_keeper *keeper)
{
    struct pollfd door = {.fd = keeper->listen_fd, .events = POLLIN};

    return keeper->listen_fd >= 0 && keeper_place(keeper->server) == NULL && poll(&door, 1, 0) > 0;
}

static void keeper_sweep(struct http_keeper *keeper, int64_t now_ms)
{
    struct http_server *server = keeper->server;
    bool crowded = keeper_is_crowded(keeper);
    int idle_ms = crowded ? HTTP_IDLE_FULL_MS : HTTP_IDLE_MS;

    atomic_store(&server->closes_wanted, crowded ? KEEPER_CLOSES_PER_TICK : 0);
    pthread_mutex_lock(&server->lock);
    for (struct http_connection *at = server->connections; at != NULL; at = at->next) {
        pthread_mutex_lock(&at->lock);
        keeper_look(at, now_ms, idle_ms);
        pthread_mutex_unlock(&at->lock);
    }
    pthread_mutex_unlock(&server->lock);
    http_meter_gauges(server);
}

void http_keeper_answer_all(struct http_server *server, const struct http_refusal *refusal)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_connection *at = server->connections; at != NULL; at = at->next) {
        pthread_mutex_lock(&at->lock);
        if (at->request != NULL)
            http_answer_refuse(at->request, refusal);
        pthread_mutex_unlock(&at->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

/*
 * A socket closed with unread bytes sends a reset, which throws away the refusal on its way to the
 * peer. A second descriptor keeps the socket open until the peer has read it and closed.
 */
void http_keeper_linger(struct http_keeper *keeper, int fd)
{
    pthread_mutex_lock(&keeper->lock);
    if (keeper->lingers_len < KEEPER_LINGER_MAX) {
        int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);

        if (twin >= 0)
            keeper->lingers[keeper->lingers_len++] =
                (struct keeper_linger){twin, clock_monotonic_ms() + KEEPER_LINGER_MS};
    }
    pthread_mutex_unlock(&keeper->lock);
    http_keeper_wake(keeper);
}

/* False when there is nothing more to come. */
static bool keeper_drop_bytes(int fd)
{
    char bytes[16 * 1024];

    for (size_t total = 0; total < KEEPER_LINGER_BYTES;) {
        ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (len < 0)
            return true;
        total += (size_t)len;
    }
    return true;
}

static void keeper_drop_all(struct http_keeper *keeper, int64_t now_ms)
{
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = 0; i < keeper->lingers_len;) {
        struct keeper_linger *linger = &keeper->lingers[i];

        if (now_ms < linger->until_ms && keeper_drop_bytes(linger->fd)) {
            i++;
        } else {
            close(linger->fd);
            *linger = keeper->lingers[--keeper->lingers_len];
        }
    }
    pthread_mutex_unlock(&keeper->lock);
}

static void keeper_wait(struct http_keeper *keeper)
{
    struct pollfd fds[2 + KEEPER_LINGER_MAX] = {
        {.fd = keeper->wake_fd, .events = POLLIN}
    };
    nfds_t len = 2;
    uint64_t ignored = 0;

    /* Said before looking: a place that gets free after the look wakes us. */
    atomic_store(&keeper->server->full, true);
    bool full = keeper_place(keeper->server) == NULL;
    bool accepting = keeper->listen_fd >= 0 && !keeper->accept_failed && !full;
    atomic_store(&keeper->server->full, full);
    fds[1] = (struct pollfd){.fd = accepting ? keeper->listen_fd : -1, .events = POLLIN};
    pthread_mutex_lock(&keeper->lock);
    for (size_t i = 0; i < keeper->lingers_len; i++)
        fds[len++] = (struct pollfd){.fd = keeper->lingers[i].fd, .events = POLLIN};
    pthread_mutex_unlock(&keeper->lock);
    poll(fds, len, KEEPER_TICK_MS);
    if (fds[0].revents != 0 && read(keeper->wake_fd, &ignored, sizeof(ignored)) < 0)
        return;
    if (fds[1].revents != 0)
        keeper_accept(keeper);
}

static void keeper_close_door(struct http_keeper *keeper)
{
    if (keeper->listen_fd < 0)
        return;
    keeper_accept(keeper); /* who is through the handshake already is still served */
    close(keeper->listen_fd);
    keeper->listen_fd = -1;
}

static void *keeper_run(void *opaque)
{
    struct http_keeper *keeper = opaque;

    while (!atomic_load(&keeper->stop)) {
        keeper_wait(keeper);
        int64_t now_ms = clock_monotonic_ms();

        if (atomic_load(&keeper->server->stopping))
            keeper_close_door(keeper);
        keeper_drop_all(keeper, now_ms);
        if (now_ms - keeper->swept_ms >= KEEPER_TICK_MS) {
            keeper->swept_ms = now_ms;
            keeper->accept_failed = false;
            keeper_sweep(keeper, now_ms);
        }
    }
    return NULL;
}

struct http_keeper *http_keeper_start(struct http_server *server, int listen_fd, struct err *err)
{
    struct http_keeper *keeper = mem_calloc(1, sizeof(*keeper));

    keeper->server = server;
    keeper->listen_fd = listen_fd;
    keeper->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&keeper->lock, NULL);
    int failed = keeper->wake_fd < 0 ? errno : 0;
    if (failed == 0)
        failed = pthread_create(&keeper->thread, NULL, keeper_run, keeper);
    if (failed == 0)
        return keeper;
    err_set(err, ERR_FATAL, "http server: no thread or descriptor: %s", strerrordesc_np(failed));
    close(listen_fd);
    if (keeper->wake_fd >= 0)
        close(keeper->wake_fd);
    mem_free(keeper);
    return NULL;
}

void http_keeper_stop(struct http_keeper *keeper)
{
    atomic_store(&keeper->stop, true);
    http_keeper_wake(keeper);
    pthread_join(keeper->thread, NULL);
}

void http_keeper_free(struct http_keeper *keeper)
{
    if (keeper == NULL)
        return;
    for (size_t i = 0; i < keeper->lingers_len; i++)
        close(keeper->lingers[i].fd);
    if (keeper->listen_fd >= 0)
        close(keeper->listen_fd);
    close(keeper->wake_fd);
    pthread_mutex_destroy(&keeper->lock);
    mem_free(keeper);
}
