#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/http/internal.h"

enum { METER_LOG_EVERY_MS = 1000 };

static const struct metric requests_total = {
    .name = "stockbus_http_requests_total",
    .help = "Answers by status, refusals included.",
    .kind = METRIC_COUNTER,
    .labels = {"server", "status"},
};
static const struct metric request_seconds = {
    .name = "stockbus_http_request_seconds",
    .help = "From the last byte of a request to its answer.",
    .kind = METRIC_HISTOGRAM,
    .labels = {"server"},
};
static const struct metric refusals_total = {
    .name = "stockbus_http_refusals_total",
    .help = "Requests refused or cut before or instead of a handler's answer.",
    .kind = METRIC_COUNTER,
    .labels = {"server", "reason"},
};
static const struct metric in_flight = {
    .name = "stockbus_http_in_flight",
    .help = "Requests that wait for a handler's answer.",
    .kind = METRIC_GAUGE,
    .labels = {"server"},
};
static const struct metric open_connections = {
    .name = "stockbus_http_connections",
    .help = "Open connections.",
    .kind = METRIC_GAUGE,
    .labels = {"server"},
};
static const struct metric body_bytes = {
    .name = "stockbus_http_body_bytes",
    .help = "Memory reserved for the bodies of requests in hand.",
    .kind = METRIC_GAUGE,
    .labels = {"server"},
};

void http_meter_answered(const struct http_server *server, int status, int64_t elapsed_us)
{
    const char text[] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
                         (char)('0' + status % 10), '\0'};

    metric_add(&requests_total, 1, server->options.name, text, NULL);
    if (elapsed_us >= 0)
        metric_observe(&request_seconds, (double)elapsed_us / 1e6, server->options.name, NULL,
                       NULL);
}

void http_meter_refused(const struct http_server *server, const char *reason)
{
    metric_add(&refusals_total, 1, server->options.name, reason, NULL);
}

/* Set by the keeper, not per request: a gauge is only looked at every few seconds. */
void http_meter_gauges(struct http_server *server)
{
    int connections = 0;

    for (int i = 0; i < server->workers_len; i++)
        connections += atomic_load(&server->workers[i].connections);
    metric_set(&open_connections, connections, server->options.name, NULL, NULL);
    metric_set(&in_flight, atomic_load(&server->handling), server->options.name, NULL, NULL);
    metric_set(&body_bytes, (double)atomic_load(&server->bodies), server->options.name, NULL, NULL);
}

bool http_meter_may_log(struct http_server *server)
{
    long long now = clock_monotonic_ms();
    long long last = atomic_load(&server->logged_ms);

    return (last == 0 || now - last >= METER_LOG_EVERY_MS) &&
           atomic_compare_exchange_strong(&server->logged_ms, &last, now);
}
