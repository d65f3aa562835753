#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"

enum { WAIT_MAX_MS = 300000 };

const char *channel_bigcommerce_location(const struct channel_account *account)
{
    return account->location[0] == '\0' ? "1" : account->location;
}

struct channel_request channel_bigcommerce_call(const struct channel_account *account,
                                                const char *method, const char *path,
                                                const char *body, struct arena *arena)
{
    const struct channel_header headers[] = {
        {"X-Auth-Token", account->token    },
        {"Accept",       "application/json"},
        {"Content-Type", "application/json"}, /* last: only with a body */
    };

    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s/%s", account->base_url, path),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers) - (body == NULL ? 1 : 0),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

/* ---- answers ---- */

static double number_of(const struct channel_response *response, const char *name)
{
    const char *text = channel_response_header(response, name);
    char *end = NULL;
    double value = text == NULL ? -1 : strtod(text, &end);

    return text != NULL && end != text && *end == '\0' && isfinite(value) && value >= 0 ? value
                                                                                        : -1;
}

/* X-Rate-Limit-*: the budget of the store, which all its apps share [BC7]. */
struct channel_budget channel_bigcommerce_budget(const struct channel_response *response)
{
    double left = number_of(response, "X-Rate-Limit-Requests-Left");
    double quota = number_of(response, "X-Rate-Limit-Requests-Quota");
    double window_ms = number_of(response, "X-Rate-Limit-Time-Window-Ms");
    double reset_ms = number_of(response, "X-Rate-Limit-Time-Reset-Ms");
    struct channel_budget budget = {left, -1, channel_retry_after_ms(response)};

    if (quota > 0 && window_ms > 0)
        budget.restore_per_second = quota / (window_ms / 1000);
    if (response->status == 429 && budget.retry_after_ms < 0 && reset_ms >= 0)
        budget.retry_after_ms = (int64_t)fmin(ceil(reset_ms), WAIT_MAX_MS);
    return budget;
}

/* What the status means beyond channel_result_of_status() [BC8]. */
static const struct {
    int status;
    enum channel_verdict verdict;
    const char *error_class;
} statuses[] = {
    {207, CHANNEL_RETRY, "partly_done"}, /* which part, it does not say */
    {404, CHANNEL_AUTH,  "no_store"   }, /* of these addresses only the store can be missing */
    {409, CHANNEL_RETRY, "conflict"   },
    {423, CHANNEL_RETRY, "locked"     },
};

static struct channel_result result_of_status(const struct channel_response *response,
                                              struct arena *arena)
{
    struct channel_result result = channel_result_of_status(response->status, arena);

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        if (statuses[i].status != response->status)
            continue;
        result.verdict = statuses[i].verdict;
        result.error_class = statuses[i].error_class;
    }
    /* Without the headers it is not our budget, but the platform's load. */
    if (response->status == 429 && number_of(response, "X-Rate-Limit-Requests-Left") < 0)
        result.error_class = "overloaded";
    return result;
}

/* application/problem+json has a title; V2 answers with a list of {status, message}. */
static const char *why_of(const struct json *json)
{
    const char *title = channel_address_text(json, "title");

    return title[0] != '\0' ? title : channel_address_text(json_at(json, 0), "message");
}

struct channel_result channel_bigcommerce_call_result(const struct channel_response *response,
                                                      struct arena *arena,
                                                      const struct json **ret_json)
{
    struct channel_result result = result_of_status(response, arena);
    struct err err = {0};
    bool is_empty = response->status == 0 || response->body_len == 0;
    const struct json *json =
        is_empty ? NULL : json_parse(arena, response->body, response->body_len, &err);

    *ret_json = NULL;
    if (result.verdict != CHANNEL_ACCEPTED) {
        result.error_text = why_of(json);
        return result;
    }
    if (json == NULL && response->status != 204)
        return (struct channel_result){.verdict = CHANNEL_RETRY,
                                       .error_class = "bad_json",
                                       .error_text = arena_strdup(arena, err.text)};
    *ret_json = json;
    return result;
}
