#include "services/ingest/answer.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"

enum { ANSWER_LOG_PAUSE_MS = 1000, ANSWER_RETRY_AFTER_S = 1 };

void ingest_answer_wrong_method(struct http_request *request)
{
    static const char text[] = "{\"type\":\"urn:stockbus:problem:wrong-method\","
                               "\"title\":\"Method Not Allowed\",\"status\":405,"
                               "\"detail\":\"only POST\"}";
    const struct http_answer answer = {
        .status = 405,
        .content_type = "application/problem+json",
        .body = text,
        .body_len = strlen(text),
        .headers = {{"Allow", "POST"}},
    };

    http_answer(request, &answer);
}

void ingest_answer_log_refusal(struct ingest_service *service, const char *channel,
                               const char *reason)
{
    long long now_ms = clock_monotonic_ms();
    long long before_ms = atomic_load(&service->refusal_logged_ms);

    if (now_ms - before_ms >= ANSWER_LOG_PAUSE_MS &&
        atomic_compare_exchange_strong(&service->refusal_logged_ms, &before_ms, now_ms))
        log_warn("ingest.refused", "channel", channel, "reason", reason);
}

void ingest_answer_captured(void *opaque, bool ok)
{
    const struct ingest_answer *answer = opaque;

    if (ok)
        http_answer_json(answer->request, answer->status, answer->json, strlen(answer->json));
    else
        http_answer_problem(answer->request, 503, "broker-away",
                            "the broker did not confirm every record: send it again",
                            ANSWER_RETRY_AFTER_S);
}
