#include <string.h>

#include "channels/signature.h"
#include "channels/walmart/internal.h"

/* ---- tokens of 15 minutes [wm-oas auth.json] ---- */

void channel_walmart_login(const struct channel_account *account, const char *refresh_token,
                           int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    static const char body[] = "grant_type=client_credentials";
    static const struct channel_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"Accept",       "application/json"                 },
        {"WM_SVC.NAME",  "Walmart Marketplace"              },
    };

    (void)refresh_token;
    (void)now_ms;
    *ret_request = (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/v3/token", account->base_url),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = sizeof(body) - 1,
        .user = channel_account_setting(account, "client_id"),
        .password = channel_account_setting(account, "client_secret"),
        .cost = 1,
    };
}

bool channel_walmart_granted(const struct channel_account *account,
                             const struct channel_response *response, int64_t now_ms,
                             struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    const struct json *json = NULL;
    const struct channel_result result = channel_walmart_result(response, arena, &json);
    int64_t seconds = 0;

    (void)account;
    (void)now_ms;
    if (result.verdict == CHANNEL_AUTH)
        return err_set(err, ERR_REJECT, "%s: %.200s", result.error_class, result.error_text);
    if (result.verdict != CHANNEL_ACCEPTED)
        return channel_walmart_refuse(&result, err);
    *ret_grant = (struct channel_grant){.token = json_text(json_get(json, "access_token"))};
    if (ret_grant->token == NULL || ret_grant->token[0] == '\0' ||
        !json_int(json_get(json, "expires_in"), 1, 86400, &seconds))
        return err_set(err, ERR_RETRY, "the answer grants no token");
    ret_grant->life_ms = seconds * 1000;
    return true;
}

/* ---- the correlation id of every call ---- */

/* A UUID that no other call has: made of the call and the moment. */
static const char *correlation_id(const struct channel_request *request, int64_t now_ms,
                                  struct arena *arena)
{
    const char *texts[] = {request->method, request->url,
                           arena_printf(arena, "%lld", (long long)now_ms)};
    const char *hex =
        channel_signature_digest(arena, texts, ARRAY_LEN(texts), request->body, request->body_len);

    return arena_printf(arena, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
                        hex + 18);
}

/* Where a report lies is no part of the API: its address is signed, and carries no headers. */
void channel_walmart_seal(const struct channel_account *account, int64_t now_ms,
                          struct arena *arena, struct channel_request *request)
{
    struct channel_header *headers =
        arena_alloc(arena, (request->headers_len + 1) * sizeof(*headers));

    (void)account;
    if (request->headers_len == 0)
        return;
    memcpy(headers, request->headers, request->headers_len * sizeof(*headers));
    headers[request->headers_len] =
        (struct channel_header){"WM_QOS.CORRELATION_ID", correlation_id(request, now_ms, arena)};
    request->headers = headers;
    request->headers_len++;
}
