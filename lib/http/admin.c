#include "lib/http/admin.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/metrics.h"
#include "lib/base/stop.h"
#include "lib/base/version.h"
#include "lib/http/internal.h"
#include "lib/json/json.h"

enum { ADMIN_WHY_LEN = 200, ADMIN_REQUEST_MS = 3000, ADMIN_ANSWER_MS = 5000, ADMIN_DRAIN_MS = 500 };

static const struct metric build_info = {
    "stockbus_build_info", "1; its labels say what runs.", METRIC_GAUGE, {"service", "version"}};

struct http_admin {
    struct http_admin_options options;
    struct http_server *server;
};

/* {"service":...,"<key>":true|false[,"why":...]} */
static void admin_answer_flag(const struct http_admin *admin, struct http_request *request,
                              const char *key, bool flag, const char *why)
{
    SCOPED(buf) struct buf text = {0};
    struct json_out json;

    json_begin(&json, &text);
    json_object(&json);
    json_put_member(&json, "service", admin->options.service);
    json_key(&json, key);
    json_put_bool(&json, flag);
    if (!flag)
        json_put_member(&json, "why", why);
    json_object_end(&json);
    http_answer_json(request, flag ? 200 : 503, text.bytes, text.len);
}

static void admin_answer_alive(const struct http_admin *admin, struct http_request *request)
{
    admin_answer_flag(admin, request, "alive", true, NULL);
}

/* Stopping comes first: traffic must turn away before anything is closed. */
static void admin_answer_ready(const struct http_admin *admin, struct http_request *request)
{
    const struct http_admin_options *options = &admin->options;
    char why[ADMIN_WHY_LEN] = "stopping";
    bool ready = !stop_requested();

    if (ready && options->ready != NULL) {
        snprintf(why, sizeof(why), "not ready");
        ready = options->ready(options->opaque, why, sizeof(why));
    }
    admin_answer_flag(admin, request, "ready", ready, why);
}

static void admin_answer_metrics(const struct http_admin *admin, struct http_request *request)
{
    SCOPED(buf) struct buf text = {0};

    (void)admin;
    metrics_write(&text);
    const struct http_answer answer = {
        .status = 200,
        .content_type = "text/plain; version=0.0.4; charset=utf-8",
        .body = text.bytes,
        .body_len = text.len,
    };
    http_answer(request, &answer);
}

static const struct {
    const char *path;
    void (*answer)(const struct http_admin *admin, struct http_request *request);
} admin_routes[] = {
    {"/healthz", admin_answer_alive  },
    {"/livez",   admin_answer_alive  },
    {"/readyz",  admin_answer_ready  },
    {"/metrics", admin_answer_metrics},
};

static void admin_answer_wrong_method(struct http_request *request)
{
    SCOPED(buf) struct buf text = {0};

    http_answer_problem_text(request, &text, 405, "wrong-method", "only GET and HEAD");
    const struct http_answer answer = {
        .status = 405,
        .content_type = "application/problem+json",
        .body = text.bytes,
        .body_len = text.len,
        .headers = {{"Allow", "GET, HEAD"}},
    };
    http_answer(request, &answer);
}

static void admin_handle(void *opaque, struct http_request *request)
{
    const char *path = http_request_path(request);
    const char *method = http_request_method(request);

    for (size_t i = 0; i < ARRAY_LEN(admin_routes); i++) {
        if (strcmp(path, admin_routes[i].path) != 0)
            continue;
        if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
            admin_answer_wrong_method(request);
        else
            admin_routes[i].answer(opaque, request);
        return;
    }
    http_answer_problem(request, 404, "no-such-route", "/healthz, /livez, /readyz, /metrics", 0);
}

struct http_admin *http_admin_start(const struct http_admin_options *options, struct err *err)
{
    struct http_admin *admin = mem_calloc(1, sizeof(*admin));
    const struct http_server_options server_options = {
        .address = options->address,
        .handler = admin_handle,
        .opaque = admin,
        .name = "admin",
        .threads = 1,
        .request_ms = ADMIN_REQUEST_MS,
        .answer_ms = ADMIN_ANSWER_MS,
    };

    admin->options = *options;
    admin->server = http_server_start(&server_options, err);
    if (admin->server != NULL) {
        metric_set(&build_info, 1, options->service, STOCKBUS_VERSION, NULL);
        return admin;
    }
    mem_free(admin);
    return NULL;
}

int http_admin_port(const struct http_admin *admin)
{
    return http_server_port(admin->server);
}

void http_admin_stop(struct http_admin *admin)
{
    if (admin == NULL)
        return;
    http_server_stop(admin->server, ADMIN_DRAIN_MS);
    mem_free(admin);
}
