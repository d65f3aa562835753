#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/etsy/internal.h"

/* ---- requests ---- */

struct channel_request channel_etsy_call(const struct channel_account *account, const char *method,
                                         const char *path, const char *body, struct arena *arena)
{
    const char *bearer = arena_printf(arena, "Bearer %s", account->token);
    const char *api_key = channel_account_setting(account, "api_key");
    const struct channel_header headers[] = {
        {"Authorization", bearer            },
        {"x-api-key",     api_key           },
        {"Content-Type",  "application/json"}, /* last: only with a body */
    };

    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s/v3/application/%s", account->base_url, path),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers) - (body == NULL ? 1 : 0),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

struct channel_request channel_etsy_inventory_call(const struct channel_account *account,
                                                   const char *listing, struct arena *arena)
{
    const char *query = channel_account_setting(account, "inventory_query");

    return channel_etsy_call(account, "GET",
                             arena_printf(arena, "listings/%s/inventory?show_deleted=false%s%s",
                                          listing, query[0] == '\0' ? "" : "&", query),
                             NULL, arena);
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

/* Per second, and per day: whichever is nearer to its end [ET7]. */
struct channel_budget channel_etsy_budget(const struct channel_response *response)
{
    double second = number_of(response, "x-remaining-this-second");
    double day = number_of(response, "x-remaining-today");

    return (struct channel_budget){
        .available = second < 0 || (day >= 0 && day < second) ? day : second,
        .restore_per_second = number_of(response, "x-limit-per-second"),
        .retry_after_ms = channel_retry_after_ms(response),
    };
}

/* {"error":"..."}, and of tokens {"error":"invalid_token","error_description":"..."}. */
static const char *why_of(const struct json *json)
{
    const char *description = channel_address_text(json, "error_description");

    return description[0] != '\0' ? description : channel_address_text(json, "error");
}

struct channel_result channel_etsy_call_result(const struct channel_response *response,
                                               struct arena *arena, const struct json **ret_json)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    struct err err = {0};
    const struct json *json = response->status == 0 || response->body_len == 0
                                  ? NULL
                                  : json_parse(arena, response->body, response->body_len, &err);

    *ret_json = NULL;
    if (response->status == 409)
        result.verdict = CHANNEL_RETRY; /* edited elsewhere in this moment */
    if (result.verdict != CHANNEL_ACCEPTED) {
        result.error_text = why_of(json);
        return result;
    }
    if (json_kind(json) != JSON_OBJECT)
        return (struct channel_result){
            .verdict = CHANNEL_RETRY,
            .error_class = "bad_json",
            .error_text = err.text[0] == '\0' ? "no object" : arena_strdup(arena, err.text)};
    *ret_json = json;
    return result;
}

const char *channel_etsy_wrapped(const char *listing, const struct channel_response *response,
                                 struct arena *arena)
{
    return arena_printf(arena, "{\"listing_id\":%s,\"inventory\":%s}", listing,
                        arena_strndup(arena, response->body, response->body_len));
}

const char *channel_etsy_id_behind(const char *url, const char *word, struct arena *arena)
{
    const char *at = strstr(url, word);
    const char *id = at == NULL ? "" : at + strlen(word);
    const char *text = arena_strndup(arena, id, strspn(id, "0123456789"));

    return channel_address_is_id(text) ? text : NULL;
}
