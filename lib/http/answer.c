#include <assert.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/http/internal.h"
#include "lib/json/json.h"

enum { ANSWER_RETRY_TEXT_LEN = 16 };

/* A header that the library refuses (a line break in its value) is left out. */
static struct MHD_Response *answer_build(const struct http_answer *answer)
{
    /* The library copies the body and only lacks the const. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body_len, (void *)answer->body, MHD_RESPMEM_MUST_COPY);

    assert(response != NULL);
    if (answer->content_type != NULL)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    for (size_t i = 0; i < ARRAY_LEN(answer->headers) && answer->headers[i].name != NULL; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
    return response;
}

/*
 * The connection is resumed under the request's lock, which http_exchange_end() takes too: the
 * library's daemon can't go away between the resume and the wake-up that follows it.
 */
bool http_answer_settle(struct http_request *request, int status, struct MHD_Response *response)
{
    pthread_mutex_lock(&request->lock);
    bool first = !request->settled;

    if (first) {
        request->settled = true;
        request->status = status;
        request->response = response;
        if (request->handed)
            atomic_fetch_sub(&request->server->handling, 1);
        http_meter_answered(request->server, status,
                            request->handed ? clock_monotonic_us() - request->received_us : -1);
        if (request->suspended) {
            request->suspended = false;
            MHD_resume_connection(request->mhd);
        }
    }
    pthread_mutex_unlock(&request->lock);
    if (!first)
        MHD_destroy_response(response);
    return first;
}

void http_answer(struct http_request *request, const struct http_answer *answer)
{
    assert(answer->status >= 200 && answer->status <= 599);
    /* False means that answer_ms is over and 503 went out: there is no one left to tell. */
    http_answer_settle(request, answer->status, answer_build(answer));
    http_request_unref(request);
}

void http_answer_problem_text(const struct http_request *request, struct buf *out, int status,
                              const char *type, const char *detail)
{
    SCOPED(buf) struct buf urn = {0};
    char id[24];
    struct json_out json;

    buf_printf(&urn, "urn:stockbus:problem:%s", type);
    snprintf(id, sizeof(id), "%016llx", request->id);
    json_begin(&json, out);
    json_object(&json);
    json_put_member(&json, "type", buf_str(&urn));
    json_put_member(&json, "title", MHD_get_reason_phrase_for((unsigned)status));
    json_put_member_int(&json, "status", status);
    if (detail != NULL)
        json_put_member(&json, "detail", detail);
    json_put_member(&json, "instance", id);
    json_object_end(&json);
}

static struct MHD_Response *answer_build_problem(const struct http_request *request,
                                                 const struct http_refusal *refusal)
{
    SCOPED(buf) struct buf text = {0};
    char retry[ANSWER_RETRY_TEXT_LEN];
    struct http_answer answer = {.status = refusal->status,
                                 .content_type = "application/problem+json"};

    http_answer_problem_text(request, &text, refusal->status, refusal->type, refusal->detail);
    answer.body = text.bytes;
    answer.body_len = text.len;
    if (refusal->retry_after_s > 0) {
        snprintf(retry, sizeof(retry), "%d", refusal->retry_after_s);
        answer.headers[0] = (struct http_header){"Retry-After", retry};
    }
    return answer_build(&answer);
}

bool http_answer_refuse(struct http_request *request, const struct http_refusal *refusal)
{
    return http_answer_settle(request, refusal->status, answer_build_problem(request, refusal));
}

void http_answer_problem(struct http_request *request, int status, const char *type,
                         const char *detail, int retry_after_s)
{
    const struct http_refusal refusal = {status, type, detail, retry_after_s};

    http_answer_refuse(request, &refusal);
    http_request_unref(request);
}

void http_answer_json(struct http_request *request, int status, const char *json, size_t len)
{
    const struct http_answer answer = {
        .status = status, .content_type = "application/json", .body = json, .body_len = len};

    http_answer(request, &answer);
}
