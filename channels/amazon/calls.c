#include <string.h>

#include "channels/amazon/internal.h"

bool channel_amazon_is_v0(const struct channel_account *account)
{
    return strcmp(channel_account_setting(account, "orders_api"), "v0") == 0;
}

struct channel_request channel_amazon_call(const struct channel_account *account,
                                           const char *method, const char *path, const char *body,
                                           struct arena *arena)
{
    const struct channel_header headers[] = {
        {"x-amz-access-token", account->token == NULL ? "" : account->token},
        {"Content-Type",       "application/json"                          },
    };

    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s%s", account->base_url, path),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = body == NULL ? 1 : ARRAY_LEN(headers),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

struct channel_request channel_amazon_download(const char *url, struct arena *arena)
{
    return (struct channel_request){
        .method = "GET", .url = arena_strdup(arena, url), .body = "", .cost = 0};
}

/* {"errors":[{"code":"QuotaExceeded","message":..,"details":..}]} with any status from 400 on. */
static void take_error(struct channel_result *result, const struct json *json)
{
    const struct json *error = json_at(channel_amazon_get(json, "errors"), 0);
    const char *code = json_text(channel_amazon_get(error, "code"));
    const char *message = json_text(channel_amazon_get(error, "message"));

    if (code != NULL && code[0] != '\0')
        result->error_class = code;
    if (message != NULL)
        result->error_text = message;
    /* Seen with 400 and 403, too [issues in 1.3]. */
    if (strcmp(result->error_class, "QuotaExceeded") == 0)
        result->verdict = CHANNEL_THROTTLED;
}

struct channel_result channel_amazon_call_result(const struct channel_response *response,
                                                 struct arena *arena, const struct json **ret_json)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    const char *body = response->body;
    size_t len = response->body_len;
    const struct json *json = NULL;
    struct err err = {0};

    *ret_json = NULL;
    /* A document may be packed. */
    if (response->status != 0 && channel_amazon_unpack(body, len, arena, &body, &len, &err))
        json = json_parse(arena, body, len, &err);
    if (result.verdict != CHANNEL_ACCEPTED) {
        take_error(&result, json);
        return result;
    }
    if (json == NULL)
        return (struct channel_result){.verdict = CHANNEL_RETRY,
                                       .error_class = "bad_json",
                                       .error_text = arena_strdup(arena, err.text)};
    *ret_json = json;
    return result;
}

bool channel_amazon_call_ok(const struct channel_response *response, struct arena *arena,
                            const struct json **ret_json, struct err *err)
{
    const struct channel_result result = channel_amazon_call_result(response, arena, ret_json);

    if (result.verdict == CHANNEL_ACCEPTED)
        return true;
    /* Unknown there, or never ours: asking again will not help. */
    enum err_code code = result.verdict == CHANNEL_AUTH       ? ERR_FATAL
                         : result.verdict == CHANNEL_REJECTED ? ERR_REJECT
                                                              : ERR_RETRY;
    return err_set(err, code, "%s: %.200s", result.error_class, result.error_text);
}
