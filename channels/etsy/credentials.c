#include <string.h>

#include "channels/address.h"
#include "channels/etsy/internal.h"
#include "channels/url.h"

enum { LIFE_S_MAX = 366 * 86400 };

/* The client is the keystring, without the shared secret that may be behind it. Each refresh token
   is good for one use [ET7]. */
void channel_etsy_login(const struct channel_account *account, const char *refresh_token,
                        int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    static const struct channel_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"}
    };
    const char *api_key = channel_account_setting(account, "api_key");
    const char *client = arena_strndup(arena, api_key, strcspn(api_key, ":"));
    const char *body = NULL;

    (void)now_ms;
    *ret_request = (struct channel_request){.url = ""};
    if (refresh_token == NULL || refresh_token[0] == '\0')
        return;
    body =
        arena_printf(arena, "grant_type=refresh_token&client_id=%s&refresh_token=%s",
                     channel_url_encoded(arena, client), channel_url_encoded(arena, refresh_token));
    *ret_request = (struct channel_request){
        .method = "POST",
        .url = channel_account_setting(account, "auth_url"),
        .headers = headers,
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = strlen(body),
        .cost = 1,
    };
}

bool channel_etsy_granted(const struct channel_account *account,
                          const struct channel_response *response, int64_t now_ms,
                          struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    const struct json *json = NULL;
    const struct channel_result result = channel_etsy_call_result(response, arena, &json);
    const char *token = channel_address_text(json, "access_token");
    const char *refresh = channel_address_text(json, "refresh_token");
    int64_t life_s = 0;

    (void)account;
    (void)now_ms;
    /* 400 invalid_grant: used before, revoked, or 90 days old. */
    if (result.verdict == CHANNEL_AUTH || result.verdict == CHANNEL_REJECTED)
        return err_set(err, ERR_REJECT, "%s: %.200s", result.error_class, result.error_text);
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, ERR_RETRY, "%s: %.200s", result.error_class, result.error_text);
    if (token[0] == '\0' || !json_int(json_get(json, "expires_in"), 1, LIFE_S_MAX, &life_s))
        return err_set(err, ERR_RETRY, "the answer grants no token");
    *ret_grant = (struct channel_grant){.token = token,
                                        .life_ms = life_s * 1000,
                                        .refresh_token = refresh[0] == '\0' ? NULL : refresh};
    return true;
}
