#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

#include "channels/url.h"
#include "channels/walmart/internal.h"

/* ---- requests ---- */

struct channel_request channel_walmart_call(const struct channel_account *account,
                                            const char *method, const char *path, const char *body,
                                            struct arena *arena)
{
    const char *type = channel_account_setting(account, "channel_type");
    struct channel_header *headers = arena_alloc(arena, 5 * sizeof(*headers));
    size_t len = 0;

    headers[len++] = (struct channel_header){"WM_SEC.ACCESS_TOKEN", account->token};
    headers[len++] = (struct channel_header){"WM_SVC.NAME", "Walmart Marketplace"};
    headers[len++] = (struct channel_header){"Accept", "application/json"};
    if (type[0] != '\0')
        headers[len++] = (struct channel_header){"WM_CONSUMER.CHANNEL.TYPE", type};
    if (body != NULL)
        headers[len++] = (struct channel_header){"Content-Type", "application/json"};
    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s%s", account->base_url, path),
        .headers = headers,
        .headers_len = len,
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

/* Queries only: an answer shall not say where to go. */
static bool is_query(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "?&=%._~:+,-@*!()/";

    return strspn(text, allowed) == strlen(text);
}

const char *channel_walmart_cursor(const struct json *meta, const char *query, struct arena *arena)
{
    const char *cursor = channel_walmart_text(meta, "nextCursor");

    if (cursor[0] == '\0')
        return NULL;
    if (cursor[0] != '?')
        return arena_printf(arena, "?%s&nextCursor=%s", query, channel_url_encoded(arena, cursor));
    return is_query(cursor) ? cursor : NULL;
}

/* ---- answers ---- */

/* What the error itself says of its cause [wm-oas]. */
static const struct {
    const char *category;
    enum channel_verdict verdict;
} categories[] = {
    {"SYSTEM",      CHANNEL_RETRY   },
    {"DATA",        CHANNEL_REJECTED},
    {"REQUEST",     CHANNEL_REJECTED},
    {"APPLICATION", CHANNEL_REJECTED},
};

static enum channel_verdict verdict_of(const char *category)
{
    for (size_t i = 0; i < ARRAY_LEN(categories); i++) {
        if (channel_walmart_is(category, categories[i].category))
            return categories[i].verdict;
    }
    return CHANNEL_REJECTED;
}

/* {"errors":[..]}, {"error":[..]}, or one within the other. */
static const struct json *errors_of(const struct json *object)
{
    const struct json *errors = channel_walmart_get(object, "errors");
    const struct json *error =
        channel_walmart_get(json_kind(errors) == JSON_OBJECT ? errors : object, "error");

    return error != NULL ? error : errors;
}

bool channel_walmart_error(const struct json *object, struct channel_result *ret_result)
{
    const struct json *errors = errors_of(object);

    for (size_t i = 0; i < channel_walmart_len(errors); i++) {
        const struct json *error = channel_walmart_at(errors, i);
        const char *code = channel_walmart_text(error, "code");
        const char *severity = channel_walmart_text(error, "severity");

        if (channel_walmart_is(severity, "INFO") || channel_walmart_is(severity, "WARN"))
            continue;
        *ret_result = (struct channel_result){
            .verdict = strstr(code, "THRESHOLD_VIOLATED") != NULL
                           ? CHANNEL_THROTTLED
                           : verdict_of(channel_walmart_text(error, "category")),
            .error_class = code[0] == '\0' ? "error" : code,
            .error_text = channel_walmart_text(error, "description"),
        };
        if (ret_result->error_text[0] == '\0')
            ret_result->error_text = channel_walmart_text(error, "info");
        return true;
    }
    return false;
}

struct channel_result channel_walmart_result(const struct channel_response *response,
                                             struct arena *arena, const struct json **ret_json)
{
    const struct channel_result by_status = channel_result_of_status(response->status, arena);
    struct channel_result result = by_status;
    struct err err = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &err);

    *ret_json = NULL;
    if (json_kind(json) != JSON_OBJECT && by_status.verdict == CHANNEL_ACCEPTED)
        return (struct channel_result){
            .verdict = CHANNEL_RETRY,
            .error_class = "bad_json",
            .error_text = arena_strdup(arena, err.text[0] == '\0' ? "no object" : err.text)};
    if (channel_walmart_error(json, &result)) {
        /* The status says what to do, unless it only says that something is wrong. */
        if (by_status.verdict != CHANNEL_ACCEPTED && by_status.verdict != CHANNEL_REJECTED)
            result.verdict = by_status.verdict;
        return result;
    }
    if (result.verdict == CHANNEL_ACCEPTED)
        *ret_json = json;
    return result;
}

bool channel_walmart_refuse(const struct channel_result *result, struct err *err)
{
    return err_set(err, result->verdict == CHANNEL_REJECTED ? ERR_REJECT : ERR_RETRY, "%s: %.200s",
                   result->error_class, result->error_text);
}

/* ---- budget ---- */

/* "Sat, 21 Nov 2026 09:17:00 GMT"; -1 when the answer does not say. */
static int64_t sent_ms_of(const struct channel_response *response)
{
    const char *text = channel_response_header(response, "Date");
    struct tm when = {0};

    if (text == NULL || strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &when) == NULL)
        return -1;
    return (int64_t)timegm(&when) * 1000;
}

/*
 * X-Next-Replenishment-Time is seen as seconds from now, as milliseconds since 1970 and as a date;
 * which is meant is unconfirmed. Times are counted from the answer's own Date.
 */
static int64_t replenished_ms(const struct channel_response *response)
{
    enum { SPAN_S_MAX = 86400, WAIT_MS_MAX = 3600 * 1000 };
    const char *text = channel_response_header(response, "X-Next-Replenishment-Time");
    int64_t sent_ms = sent_ms_of(response);
    int64_t at_ms = 0;
    char *end = NULL;

    if (text == NULL || text[0] == '\0')
        return -1;
    int64_t number = strtoll(text, &end, 10);
    if (*end == '\0' && number >= 0 && number <= SPAN_S_MAX)
        return number * 1000;
    if (*end == '\0')
        at_ms = number;
    else if (!clock_parse(text, &at_ms))
        return -1;
    if (sent_ms < 0 || at_ms < sent_ms)
        return -1;
    return at_ms - sent_ms < WAIT_MS_MAX ? at_ms - sent_ms : WAIT_MS_MAX;
}

struct channel_budget channel_walmart_budget(const struct channel_response *response)
{
    const char *tokens = channel_response_header(response, "x-current-token-count");
    struct channel_budget budget = {-1, -1, channel_retry_after_ms(response)};
    char *end = NULL;

    if (tokens != NULL) {
        double count = strtod(tokens, &end);

        if (end != tokens && *end == '\0' && count >= 0 && count < 1e9)
            budget.available = count;
    }
    if (budget.retry_after_ms < 0 && response->status == 429)
        budget.retry_after_ms = replenished_ms(response);
    return budget;
}
