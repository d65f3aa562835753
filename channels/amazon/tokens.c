#include <string.h>

#include "lib/base/buf.h"

#include "channels/amazon/internal.h"

enum { LIFE_S = 3600, LIFE_MAX_S = 86400 };

/* POST https://api.amazon.com/auth/o2/token [1.3]. */
void channel_amazon_login(const struct channel_account *account, const char *refresh_token,
                          int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    static const struct channel_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"}
    };
    const char *client_id = channel_account_setting(account, "client_id");
    const char *token = channel_account_setting(account, "refresh_token");

    (void)refresh_token; /* it stays the same for as long as the seller's consent */
    (void)now_ms;
    *ret_request = (struct channel_request){.url = ""};
    if (client_id[0] == '\0')
        return; /* the account has a token of its own */
    const char *body = arena_printf(
        arena, "grant_type=refresh_token&refresh_token=%s&client_id=%s&client_secret=%s",
        channel_url_encoded(arena, token), channel_url_encoded(arena, client_id),
        channel_url_encoded(arena, channel_account_setting(account, "client_secret")));
    *ret_request = (struct channel_request){
        .method = "POST",
        .url = arena_strdup(arena, channel_account_setting(account, "login_url")),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = strlen(body),
        .cost = 0,
    };
}

/* {"access_token":..,"token_type":"bearer","expires_in":3600,"refresh_token":..}; faults come as
   {"error":"invalid_grant","error_description":..} with 400 or 401. */
bool channel_amazon_granted(const struct channel_account *account,
                            const struct channel_response *response, int64_t now_ms,
                            struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    const struct channel_result whole = channel_result_of_status(response->status, arena);
    struct err why = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &why);
    const char *error = channel_amazon_text(arena, json, "error");
    const char *token = channel_amazon_text(arena, json, "access_token");
    int64_t life_s = LIFE_S;

    (void)account;
    (void)now_ms;
    if (whole.verdict == CHANNEL_RETRY || whole.verdict == CHANNEL_THROTTLED)
        return err_set(err, ERR_RETRY, "login: %s %.100s", whole.error_class, error);
    if (whole.verdict != CHANNEL_ACCEPTED)
        return err_set(err, ERR_REJECT, "login: %s %.100s", whole.error_class, error);
    if (token[0] == '\0')
        return err_set(err, ERR_RETRY, "login: the answer has no access_token");
    json_int(channel_amazon_get(json, "expires_in"), 1, LIFE_MAX_S, &life_s);
    *ret_grant = (struct channel_grant){
        .token = token,
        .life_ms = life_s * 1000,
    };
    return true;
}
