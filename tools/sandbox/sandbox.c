#include "tools/sandbox/sandbox.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"

#include "tools/sandbox/amazon.h"
#include "tools/sandbox/control.h"
#include "tools/sandbox/reply.h"
#include "tools/sandbox/trace.h"
#include "tools/sandbox/waiting.h"

enum {
    SANDBOX_BODY_MAX = 16 << 20,
    SANDBOX_BODIES_MAX = 256 << 20,
    SANDBOX_THREADS = 2,
    SANDBOX_CONNECTIONS_MAX = 240,
    SANDBOX_REQUEST_MS = 30000,
    SANDBOX_ANSWER_MS = 700000, /* longer than any fault hangs */
    SANDBOX_DRAIN_MS = 500,
    SANDBOX_WEBHOOK_ID = 142, /* the first webhook's; the others follow */
};

static const struct sandbox_kind *const kinds[] = {
    &sandbox_amazon,
    &sandbox_ebay,
    &sandbox_bigcommerce,
    &sandbox_etsy,
    &sandbox_house,
    &sandbox_shopify,
    &sandbox_tiktok,
    &sandbox_walmart,
    &sandbox_woocommerce,
};

struct sandbox_channel *sandbox_channel(const struct sandbox *sandbox, const char *name)
{
    return map_get(sandbox->by_name, name);
}

void sandbox_note(struct sandbox_channel *channel, const struct sandbox_entry *entry)
{
    struct sandbox *sandbox = channel->sandbox;
    struct sandbox_entry own = *entry;

    own.channel = channel->config->name;
    sandbox_journal_add(sandbox->journal, &own);
    if (sandbox_waiting_readers(sandbox->waiting) > 0)
        sandbox_sender_wake(sandbox->sender);
}

void sandbox_note_listing(struct sandbox_channel *channel, const char *type,
                          const struct sandbox_listing *listing, int64_t quantity,
                          const char *order)
{
    const struct sandbox_entry entry = {.type = type,
                                        .listing = listing->key,
                                        .sku = listing->sku,
                                        .quantity = quantity,
                                        .order = order};

    sandbox_note(channel, &entry);
}

bool sandbox_lies(struct sandbox_channel *channel, double probability, const char *type)
{
    const struct sandbox_entry entry = {.type = type};

    if (!sandbox_random_chance(&channel->random, probability))
        return false;
    sandbox_note(channel, &entry);
    return true;
}

/* ---- requests ---- */

static void answer(struct sandbox *sandbox, struct http_request *request,
                   struct sandbox_reply *reply, int64_t delay_ms)
{
    struct http_answer out = {.status = reply->status, .content_type = reply->content_type};

    if (delay_ms > 0) {
        sandbox_waiting_add(sandbox->waiting, request, reply, delay_ms);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(reply->headers); i++)
        out.headers[i] = reply->headers[i];
    out.body = reply->body.bytes;
    out.body_len = reply->body.len;
    http_answer(request, &out);
    buf_release(&reply->body);
}

/* What was asked for happens at once; only the answer may be late. */
static int64_t call_channel(struct sandbox_channel *channel, const struct sandbox_call *call,
                            struct sandbox_reply *reply)
{
    channel->kind->api(channel, call, reply);
    if (channel->faults.hang_ms >= 1 && sandbox_lies(channel, channel->faults.hang, "fault_hang"))
        return (int64_t)channel->faults.hang_ms;
    return 0;
}

/* Calls of a queue go to the root; the channel is the first segment of the queue's address, behind
   "http://HOST:PORT". NULL: this is none. */
static struct sandbox_channel *channel_of_queue(const struct sandbox *sandbox,
                                                const struct sandbox_call *call)
{
    const char *url = json_text(json_get(call->body, "QueueUrl"));
    const char *host = url == NULL ? NULL : strstr(url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');

    if (strcmp(call->path, "/") != 0 || path == NULL ||
        http_request_header(call->request, "X-Amz-Target") == NULL)
        return NULL;
    const char *name = sandbox_path_segment(call->arena, &path);
    struct sandbox_channel *channel = name == NULL ? NULL : sandbox_channel(sandbox, name);

    return channel != NULL && channel->kind->queue != NULL ? channel : NULL;
}

static int64_t dispatch(struct sandbox *sandbox, struct sandbox_call *call,
                        struct sandbox_reply *reply)
{
    struct sandbox_channel *queue = channel_of_queue(sandbox, call);

    if (queue != NULL)
        return queue->kind->queue(queue, call, reply);
    if (strcmp(call->path, "/healthz") == 0) {
        sandbox_reply_text(reply, 200, "text/plain", "ok\n");
        return 0;
    }
    if (sandbox_path_skip(&call->path, "/control/")) {
        sandbox_control(sandbox, call->path, call, reply);
        return 0;
    }
    const char *name = sandbox_path_segment(call->arena, &call->path);
    struct sandbox_channel *channel = name == NULL ? NULL : sandbox_channel(sandbox, name);

    if (channel != NULL)
        return call_channel(channel, call, reply);
    sandbox_reply_text(reply, 404, "application/json", "{\"error\":\"no such channel\"}");
    return 0;
}

void sandbox_handle(void *opaque, struct http_request *request)
{
    struct sandbox *sandbox = opaque;
    struct sandbox_reply reply = {0};
    struct sandbox_call call = {.request = request,
                                .method = http_request_method(request),
                                .path = http_request_path(request),
                                .arena = http_request_arena(request)};
    struct err err = {0};
    size_t len = 0;
    const void *body = http_request_body(request, &len);

    if (strcmp(call.path, "/control/log") == 0) {
        sandbox_control_log(sandbox, request);
        return;
    }
    if (len > 0)
        call.body = json_parse(call.arena, body, len, &err);
    pthread_mutex_lock(&sandbox->lock);
    int64_t delay_ms = dispatch(sandbox, &call, &reply);
    pthread_mutex_unlock(&sandbox->lock);
    answer(sandbox, request, &reply, delay_ms);
}

/* ---- life ---- */

/* The same for the same name in every run, unlike hash_text(). */
static uint64_t name_number(const char *name)
{
    const struct hash_key key = {
        {0, 0}
    };

    return hash_bytes(key, name, strlen(name));
}

static const struct sandbox_kind *kind_of(const struct sandbox_channel_config *config)
{
    size_t i = 0;

    while (i < ARRAY_LEN(kinds) && strcmp(kinds[i]->name, config->kind) != 0)
        i++;
    assert(i < ARRAY_LEN(kinds)); /* the configuration was checked */
    return kinds[i];
}

static void channel_init(struct sandbox *sandbox, struct sandbox_channel *channel,
                         const struct sandbox_channel_config *config)
{
    int64_t now_ms = clock_now_ms();

    channel->sandbox = sandbox;
    channel->config = config;
    channel->kind = kind_of(config);
    channel->random.state = sandbox->config->seed ^ name_number(config->name);
    channel->names.state = channel->random.state ^ (uint64_t)now_ms << 20;
    channel->idempotency = sandbox_idempotency_new();
    if (channel->kind == &sandbox_amazon)
        channel->amazon = sandbox_amazon_new();
    sandbox_market_init(&channel->market, config, now_ms / 1000, now_ms);
    sandbox_outbox_init(&channel->outbox);
    bool own = config->rate_per_second > 0;
    double burst = config->rate_burst > 0 ? config->rate_burst : config->rate_per_second;
    sandbox_bucket_init(&channel->bucket,
                        own ? config->rate_per_second : channel->kind->rate_per_second,
                        own ? burst : channel->kind->rate_burst, clock_monotonic_ms());
    for (const char *const *topic = channel->kind->topics; *topic != NULL; topic++) {
        size_t at = channel->subscriptions_len++;

        channel->subscriptions[at] =
            (struct sandbox_subscription){.topic = *topic, .id = SANDBOX_WEBHOOK_ID + (int64_t)at};
    }
    map_set(sandbox->by_name, config->name, channel);
}

static void channel_release(struct sandbox_channel *channel)
{
    sandbox_outbox_release(&channel->outbox);
    sandbox_market_release(&channel->market);
    sandbox_idempotency_free(channel->idempotency);
    sandbox_amazon_free(channel->amazon);
    for (size_t i = 0; i < SANDBOX_BULKS_MAX; i++)
        buf_release(&channel->bulks[i].lines);
}

static struct sandbox *sandbox_new(const struct sandbox_config *config)
{
    struct sandbox *sandbox = mem_calloc(1, sizeof(*sandbox));

    pthread_mutex_init(&sandbox->lock, NULL);
    sandbox->config = config;
    sandbox->by_name = map_new();
    sandbox->journal = sandbox_journal_new();
    sandbox->waiting = sandbox_waiting_new(sandbox);
    sandbox->trace = sandbox_trace_new(sandbox);
    sandbox->channels_len = config->channels_len;
    sandbox->channels = mem_calloc(config->channels_len, sizeof(*sandbox->channels));
    for (size_t i = 0; i < config->channels_len; i++)
        channel_init(sandbox, &sandbox->channels[i], &config->channels[i]);
    return sandbox;
}

/* Buyers first, then late answers, the server, the sender: nobody calls what is gone. */
static void sandbox_free(struct sandbox *sandbox)
{
    sandbox_trace_free(sandbox->trace);
    sandbox_waiting_answer(sandbox->waiting, INT64_MAX, 0);
    http_server_stop(sandbox->server, SANDBOX_DRAIN_MS);
    sandbox_sender_stop(sandbox->sender);
    sandbox->sender = NULL;
    sandbox_waiting_free(sandbox->waiting);
    for (size_t i = 0; i < sandbox->channels_len; i++)
        channel_release(&sandbox->channels[i]);
    mem_free(sandbox->channels);
    sandbox_journal_free(sandbox->journal);
    map_free(sandbox->by_name);
    pthread_mutex_destroy(&sandbox->lock);
    mem_free(sandbox);
}
SCOPE_DEFINE(sandbox, struct sandbox, sandbox_free)

/* Written whole or not at all: who waits for the file reads a port in it. */
static bool write_port(const char *path, int port, struct err *err)
{
    SCOPED(buf) struct buf name = {0};

    buf_printf(&name, "%s.new", path);
    FILE *file = fopen(buf_str(&name), "we");
    bool written = file != NULL && fprintf(file, "%d\n", port) > 0;

    if (file != NULL)
        written = fclose(file) == 0 && written;
    if (written && rename(buf_str(&name), path) == 0)
        return true;
    return err_set(err, ERR_FATAL, "can't write the port to '%s'", path);
}

static bool sandbox_start(struct sandbox *sandbox, struct err *err)
{
    const struct http_server_options options = {
        .address = sandbox->config->listen,
        .handler = sandbox_handle,
        .opaque = sandbox,
        .name = "sandbox",
        .threads = SANDBOX_THREADS,
        .body_max = SANDBOX_BODY_MAX,
        .bodies_max = SANDBOX_BODIES_MAX,
        .connections_max = SANDBOX_CONNECTIONS_MAX,
        .request_ms = SANDBOX_REQUEST_MS,
        .answer_ms = SANDBOX_ANSWER_MS,
    };

    if (sandbox_sender_start(sandbox, err) == NULL)
        return false;
    sandbox->server = http_server_start(&options, err);
    return sandbox->server != NULL;
}

bool sandbox_run(const struct sandbox_config *config, const char *port_file, struct err *err)
{
    SCOPED(sandbox) struct sandbox *sandbox = sandbox_new(config);

    if (!sandbox_start(sandbox, err))
        return false;
    if (port_file != NULL && !write_port(port_file, http_server_port(sandbox->server), err))
        return false;
    log_info("sandbox.serving", "port", log_int(http_server_port(sandbox->server)), "channels",
             log_int(sandbox->channels_len));
    pthread_mutex_lock(&sandbox->lock);
    for (size_t i = 0; i < sandbox->channels_len; i++)
        sandbox->channels[i].kind->started(&sandbox->channels[i]);
    pthread_mutex_unlock(&sandbox->lock);
    while (!stop_requested())
        stop_wait(1000);
    log_info("sandbox.stopping");
    return true;
}
