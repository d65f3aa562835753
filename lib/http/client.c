#include "lib/http/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "lib/base/buf.h"

enum {
    CLIENT_CONNECT_MS = 2000,
    CLIENT_TIMEOUT_MS = 30000, /* when the call names none */
    CLIENT_CONNECTIONS_MAX = 16,
    CLIENT_BODY_MAX = 16 << 20,
    CLIENT_HEADERS_MAX = 200,
    CLIENT_ERROR_LEN = 256,
};

/* One call; its easy handle is used again by later ones. */
struct client_transfer {
    struct client_transfer *next;
    struct client_transfer *previous;
    struct http_client *client;
    CURL *easy;
    struct curl_slist *headers;
    http_replied *replied;
    void *opaque;
    struct arena *arena; /* of the reply */
    struct buf body;
    struct http_header *reply_headers;
    size_t reply_headers_len;
    size_t reply_headers_capacity;
    bool too_large;
    char error[CLIENT_ERROR_LEN];
};

struct http_client {
    struct http_client_options options;
    char *user_agent;
    CURLM *multi;
    struct client_transfer *busy;
    struct client_transfer *spare;
    int spare_len;
    int in_flight;
};

static void client_global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http_client *http_client_new(const struct http_client_options *options, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http_client *client = NULL;

    pthread_once(&once, client_global_init);
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        err_set(err, ERR_FATAL, "http client: libcurl does not start");
        return NULL;
    }
    client = mem_calloc(1, sizeof(*client));
    client->options = *options;
    client->multi = multi;
    if (client->options.connections_max <= 0)
        client->options.connections_max = CLIENT_CONNECTIONS_MAX;
    if (client->options.body_max == 0)
        client->options.body_max = CLIENT_BODY_MAX;
    client->user_agent = mem_strdup(options->user_agent == NULL ? "stockbus" : options->user_agent);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)client->options.connections_max);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)client->options.connections_max);
    return client;
}

static void client_transfer_free(struct client_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    arena_free(transfer->arena);
    buf_release(&transfer->body);
    mem_free(transfer);
}

static struct client_transfer *client_take(struct http_client *client)
{
    struct client_transfer *transfer = client->spare;

    if (transfer != NULL) {
        client->spare = transfer->next;
        client->spare_len--;
    } else {
        transfer = mem_calloc(1, sizeof(*transfer));
        transfer->client = client;
        transfer->easy = curl_easy_init();
        transfer->arena = arena_new();
        assert(transfer->easy != NULL);
    }
    transfer->previous = NULL;
    transfer->next = client->busy;
    if (client->busy != NULL)
        client->busy->previous = transfer;
    client->busy = transfer;
    client->in_flight++;
    return transfer;
}

static void client_unlink(struct client_transfer *transfer)
{
    struct http_client *client = transfer->client;

    if (transfer->next != NULL)
        transfer->next->previous = transfer->previous;
    if (transfer->previous != NULL)
        transfer->previous->next = transfer->next;
    else
        client->busy = transfer->next;
    client->in_flight--;
}

/* Connections live in the multi handle, so a reset easy handle loses none. */
static void client_put_back(struct client_transfer *transfer)
{
    struct http_client *client = transfer->client;

    if (client->spare_len >= client->options.connections_max) {
        client_transfer_free(transfer);
        return;
    }
    curl_easy_reset(transfer->easy);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    arena_reset(transfer->arena);
    buf_clear(&transfer->body);
    transfer->reply_headers = NULL;
    transfer->reply_headers_len = 0;
    transfer->reply_headers_capacity = 0;
    transfer->too_large = false;
    transfer->next = client->spare;
    client->spare = transfer;
    client->spare_len++;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL)
        return;
    while (client->busy != NULL) {
        struct client_transfer *transfer = client->busy;

        client_unlink(transfer);
        curl_multi_remove_handle(client->multi, transfer->easy);
        client_transfer_free(transfer);
    }
    while (client->spare != NULL) {
        struct client_transfer *transfer = client->spare;

        client->spare = transfer->next;
        client_transfer_free(transfer);
    }
    curl_multi_cleanup(client->multi);
    mem_free(client->user_agent);
    mem_free(client);
}

int http_client_in_flight(const struct http_client *client)
{
    return client->in_flight;
}

void http_client_wake(struct http_client *client)
{
    curl_multi_wakeup(client->multi);
}

const char *http_reply_header(const struct http_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->headers_len; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return reply->headers[i].value;
    return NULL;
}

static size_t client_on_body(char *bytes, size_t size, size_t count, void *opaque)
{
    struct client_transfer *transfer = opaque;
    size_t len = size * count;

    if (len > transfer->client->options.body_max - transfer->body.len) {
        transfer->too_large = true;
        return 0; /* fewer than given: libcurl gives up */
    }
    buf_append(&transfer->body, bytes, len);
    return len;
}

static void client_add_reply_header(struct client_transfer *transfer, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    const char *value = colon + 1;
    const char *end = line + len;

    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    transfer->reply_headers =
        arena_grow(transfer->arena, transfer->reply_headers, transfer->reply_headers_len,
                   &transfer->reply_headers_capacity, sizeof(struct http_header));
    transfer->reply_headers[transfer->reply_headers_len++] = (struct http_header){
        .name = arena_strndup(transfer->arena, line, (size_t)(colon - line)),
        .value = arena_strndup(transfer->arena, value, (size_t)(end - value)),
    };
}

static size_t client_on_header(char *line, size_t size, size_t count, void *opaque)
{
    struct client_transfer *transfer = opaque;
    size_t len = size * count;

    /* A status line starts anew: the headers of 100 Continue are not the answer's. */
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        transfer->reply_headers_len = 0;
    else if (memchr(line, ':', len) != NULL && transfer->reply_headers_len < CLIENT_HEADERS_MAX)
        client_add_reply_header(transfer, line, len);
    return len;
}

static bool client_has_header(const struct http_call *call, const char *name)
{
    for (size_t i = 0; i < call->headers_len; i++)
        if (strcasecmp(call->headers[i].name, name) == 0)
            return true;
    return false;
}

static void client_add_line(struct client_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);

    assert(longer != NULL);
    transfer->headers = longer;
}

/* False when a header would split the request. */
static bool client_set_headers(struct client_transfer *transfer, const struct http_call *call)
{
    SCOPED(buf) struct buf line = {0};

    /* Waiting for 100 Continue costs a second where the server doesn't know it. */
    client_add_line(transfer, "Expect:");
    if (!client_has_header(call, "Content-Type"))
        client_add_line(transfer, "Content-Type:"); /* libcurl would say it is a form */
    for (size_t i = 0; i < call->headers_len; i++) {
        const struct http_header *header = &call->headers[i];

        if (strpbrk(header->name, "\r\n:; ") != NULL || strpbrk(header->value, "\r\n") != NULL)
            return false;
        buf_clear(&line);
        /* "Name;" is libcurl's way to send an empty value; "Name:" would remove the header. */
        if (header->value[0] == '\0')
            buf_printf(&line, "%s;", header->name);
        else
            buf_printf(&line, "%s: %s", header->name, header->value);
        client_add_line(transfer, buf_str(&line));
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return true;
}

static void client_set_method(CURL *easy, const struct http_call *call)
{
    bool body = call->body_len > 0 || strcmp(call->method, "POST") == 0 ||
                strcmp(call->method, "PUT") == 0 || strcmp(call->method, "PATCH") == 0;

    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body_len == 0 ? "" : call->body);
    }
    if (strcmp(call->method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static void client_set_limits(CURL *easy, const struct http_call *call)
{
    int timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : CLIENT_TIMEOUT_MS;
    int connect_ms = timeout_ms < CLIENT_CONNECT_MS ? timeout_ms : CLIENT_CONNECT_MS;

    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    /* Where a request goes is said by settings, not by whatever http_proxy is set to. */
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static bool client_set_up(struct client_transfer *transfer, const struct http_call *call)
{
    CURL *easy = transfer->easy;

    transfer->error[0] = '\0';
    client_set_limits(easy, call);
    client_set_method(easy, call);
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->client->user_agent);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, client_on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, client_on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    if (call->user != NULL) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, call->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password == NULL ? "" : call->password);
    }
    return client_set_headers(transfer, call);
}

void http_client_send(struct http_client *client, const struct http_call *call,
                      http_replied *replied, void *opaque)
{
    struct client_transfer *transfer = client_take(client);
    const char *error = NULL;

    transfer->replied = replied;
    transfer->opaque = opaque;
    if (!client_set_up(transfer, call))
        error = "a header's name or value is malformed";
    else if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK)
        error = "libcurl refuses the call";
    if (error == NULL)
        return;
    const struct http_reply reply = {.error = error, .body = ""};
    client_unlink(transfer);
    client_put_back(transfer);
    replied(opaque, &reply);
}

/* What happens often has our words, the rest libcurl's. */
static const char *client_error(struct client_transfer *transfer, CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *text;
    } texts[] = {
        {CURLE_OPERATION_TIMEDOUT,   "timeout"                            },
        {CURLE_COULDNT_RESOLVE_HOST, "host not found"                     },
        {CURLE_GOT_NOTHING,          "connection closed without an answer"},
        {CURLE_SEND_ERROR,           "connection lost"                    },
        {CURLE_RECV_ERROR,           "connection lost"                    },
        {CURLE_PARTIAL_FILE,         "answer cut short"                   },
        {CURLE_UNSUPPORTED_PROTOCOL, "not an http or https address"       },
        {CURLE_URL_MALFORMAT,        "malformed address"                  },
    };
    long reason = 0;

    if (transfer->too_large)
        return arena_printf(transfer->arena, "answer larger than %zu bytes",
                            transfer->client->options.body_max);
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &reason);
    if (code == CURLE_COULDNT_CONNECT && reason == ECONNREFUSED)
        return "connection refused";
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (code == texts[i].code)
            return texts[i].text;
    return arena_strdup(transfer->arena,
                        transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code));
}

static void client_deliver(struct client_transfer *transfer, CURLcode code)
{
    struct http_reply reply = {.body = buf_str(&transfer->body), .body_len = transfer->body.len};
    curl_off_t elapsed_us = 0;
    long number = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
    reply.elapsed_us = elapsed_us;
    reply.headers = transfer->reply_headers;
    reply.headers_len = transfer->reply_headers_len;
    /* Bytes of a request that went out, also on a connection that turned out to be dead. */
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &number);
    reply.sent = number > 0;
    if (code == CURLE_OK) {
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &number);
        reply.status = (int)number;
    } else {
        reply.error = client_error(transfer, code);
    }
    transfer->replied(transfer->opaque, &reply);
}

static int client_deliver_all(struct http_client *client)
{
    const CURLMsg *message = NULL;
    int left = 0;
    int delivered = 0;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct client_transfer *transfer = NULL;
        CURLcode code = message->data.result;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        /* message is gone with this. */
        curl_multi_remove_handle(client->multi, transfer->easy);
        client_unlink(transfer);
        client_deliver(transfer, code);
        client_put_back(transfer);
        delivered++;
    }
    return delivered;
}

void http_client_run(struct http_client *client, int timeout_ms)
{
    int running = 0;

    curl_multi_perform(client->multi, &running);
    if (client_deliver_all(client) > 0)
        return;
    curl_multi_poll(client->multi, NULL, 0, timeout_ms, NULL);
    curl_multi_perform(client->multi, &running);
    client_deliver_all(client);
}

struct client_fetch {
    struct arena *arena;
    struct http_reply *reply;
};

static void client_fetched(void *opaque, const struct http_reply *reply)
{
    struct client_fetch *fetch = opaque;
    struct http_reply *copy = arena_memdup(fetch->arena, reply, sizeof(*reply));
    struct http_header *headers =
        arena_alloc(fetch->arena, (reply->headers_len + 1) * sizeof(*headers));

    for (size_t i = 0; i < reply->headers_len; i++) {
        headers[i].name = arena_strdup(fetch->arena, reply->headers[i].name);
        headers[i].value = arena_strdup(fetch->arena, reply->headers[i].value);
    }
    copy->error = arena_strdup(fetch->arena, reply->error);
    copy->body = arena_strndup(fetch->arena, reply->body, reply->body_len);
    copy->headers = headers;
    fetch->reply = copy;
}

struct http_reply *http_client_fetch(struct http_client *client, struct arena *arena,
                                     const struct http_call *call)
{
    struct client_fetch fetch = {.arena = arena};

    http_client_send(client, call, client_fetched, &fetch);
    while (fetch.reply == NULL)
        http_client_run(client, CLIENT_TIMEOUT_MS);
    return fetch.reply;
}

struct http_reply *http_fetch(struct arena *arena, const struct http_call *call, size_t body_max)
{
    const struct http_client_options options = {.connections_max = 1, .body_max = body_max};
    struct client_fetch fetch = {.arena = arena};
    struct err err = {0};
    SCOPED(http_client) struct http_client *client = http_client_new(&options, &err);

    if (client == NULL) {
        const struct http_reply failed = {.error = err.text, .body = ""};

        client_fetched(&fetch, &failed);
        return fetch.reply;
    }
    return http_client_fetch(client, arena, call);
}
