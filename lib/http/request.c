#include <assert.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/http/internal.h"

enum { REQUEST_BODY_FIRST = 64 * 1024 };

struct http_request *http_request_new(struct http_server *server, const char *uri)
{
    struct http_request *request = mem_calloc(1, sizeof(*request));

    http_server_ref(server);
    request->server = server;
    request->arena = arena_new();
    request->id = atomic_fetch_add(&server->ids, 1);
    request->target = arena_strdup(request->arena, uri == NULL ? "" : uri);
    request->method = "";
    request->path = "";
    request->received_us = clock_monotonic_us();
    atomic_init(&request->refs, 1);
    pthread_mutex_init(&request->lock, NULL);
    return request;
}

void http_request_ref(struct http_request *request)
{
    atomic_fetch_add(&request->refs, 1);
}

void http_request_unref(struct http_request *request)
{
    struct http_server *server = request->server;

    if (atomic_fetch_sub(&request->refs, 1) > 1)
        return;
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    atomic_fetch_sub(&server->bodies, request->reserved);
    pthread_mutex_destroy(&request->lock);
    mem_free(request->body);
    arena_free(request->arena);
    mem_free(request);
    http_server_unref(server);
}

static int request_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* NULL for a bad escape and for %00: C text would end there while a proxy read on. */
static const char *request_decode(struct http_request *request, const char *text, size_t len,
                                  bool plus_is_space)
{
    char *decoded = arena_alloc(request->arena, len + 1);
    char *out = decoded;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            int high = len - i > 2 ? request_hex(text[i + 1]) : -1;
            int low = len - i > 2 ? request_hex(text[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0)
                return NULL;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        *out++ = c;
    }
    return decoded;
}

static bool request_read_parameter(struct http_request *request, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - text);
    const char *value = equals == NULL ? "" : equals + 1;
    struct http_header parameter = {
        .name = request_decode(request, text, name_len, true),
        .value = request_decode(request, value, equals == NULL ? 0 : len - name_len - 1, true),
    };

    if (parameter.name == NULL || parameter.value == NULL)
        return false;
    request->query = arena_grow(request->arena, request->query, request->query_len,
                                &request->query_capacity, sizeof(parameter));
    request->query[request->query_len++] = parameter;
    return true;
}

static bool request_read_query(struct http_request *request, const char *query)
{
    while (*query != '\0') {
        size_t len = strcspn(query, "&");

        if (len > 0 && !request_read_parameter(request, query, len))
            return false;
        query += len;
        query += *query == '&';
    }
    return true;
}

/* "http://host/path?query" is allowed of any client, only proxies use it: the host is dropped. */
static const char *request_origin_form(const char *target)
{
    const char *authority = strstr(target, "://");

    if (target[0] == '/' || authority == NULL ||
        (strncasecmp(target, "http:", 5) != 0 && strncasecmp(target, "https:", 6) != 0))
        return target;
    const char *path = authority + 3 + strcspn(authority + 3, "/?");
    return *path == '\0' ? "/" : path;
}

static bool request_read_target(struct http_request *request)
{
    const char *target = request_origin_form(request->target);
    size_t path_len = strcspn(target, "?");

    if (target[0] != '/')
        return false;
    request->target = target;
    const char *path = request_decode(request, target, path_len, false);
    if (path == NULL)
        return false;
    request->path = path;
    return target[path_len] != '?' || request_read_query(request, target + path_len + 1);
}

/* Copied, because the library's memory ends with its connection and a late handler still reads. */
static enum MHD_Result request_copy_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                           size_t name_len, const char *value, size_t value_len)
{
    struct http_request *request = cls;
    struct http_header header = {
        .name = arena_strndup(request->arena, name, name_len),
        .value = arena_strndup(request->arena, value, value == NULL ? 0 : value_len),
    };

    (void)kind;
    if (strlen(header.name) != name_len || (value != NULL && strlen(header.value) != value_len))
        request->malformed = true;
    request->headers = arena_grow(request->arena, request->headers, request->headers_len,
                                  &request->headers_capacity, sizeof(header));
    request->headers[request->headers_len++] = header;
    return MHD_YES;
}

bool http_request_read_head(struct http_request *request, struct MHD_Connection *mhd,
                            const char *method, const char *version)
{
    request->mhd = mhd;
    request->method = arena_strdup(request->arena, method);
    request->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, request_copy_header, request);
    return request_read_target(request);
}

bool http_request_reserve(struct http_request *request, size_t len)
{
    struct http_server *server = request->server;
    size_t before = atomic_fetch_add(&server->bodies, len);

    if (before > server->options.bodies_max || len > server->options.bodies_max - before) {
        atomic_fetch_sub(&server->bodies, len);
        return false;
    }
    request->reserved += len;
    return true;
}

void http_request_append(struct http_request *request, const char *bytes, size_t len)
{
    size_t need = request->body_len + len;

    if (need > request->body_capacity) {
        size_t grown =
            request->body_capacity == 0 ? REQUEST_BODY_FIRST : 2 * request->body_capacity;

        /* Not all of a large Content-Length at once: the client may never send it. */
        if (request->content_length >= 0 && grown > (size_t)request->content_length)
            grown = (size_t)request->content_length;
        request->body_capacity = grown > need ? grown : need;
        request->body = mem_realloc(request->body, request->body_capacity + 1, 1);
    }
    memcpy(request->body + request->body_len, bytes, len);
    request->body_len = need;
    request->body[need] = '\0';
}

size_t http_request_header_count(const struct http_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->headers_len; i++)
        count += strcasecmp(request->headers[i].name, name) == 0;
    return count;
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_target(const struct http_request *request)
{
    return request->target;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_len; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

size_t http_request_headers(const struct http_request *request)
{
    return request->headers_len;
}

const char *http_request_header_name(const struct http_request *request, size_t index)
{
    assert(index < request->headers_len);
    return request->headers[index].name;
}

const char *http_request_header_value(const struct http_request *request, size_t index)
{
    assert(index < request->headers_len);
    return request->headers[index].value;
}

const char *http_request_query(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_len; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

const void *http_request_body(const struct http_request *request, size_t *ret_len)
{
    *ret_len = request->body_len;
    return request->body == NULL ? "" : request->body;
}

struct arena *http_request_arena(struct http_request *request)
{
    return request->arena;
}

int64_t http_request_received_ms(const struct http_request *request)
{
    return request->received_ms;
}
