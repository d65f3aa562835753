#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/tiktok/internal.h"
#include "channels/url.h"

/* ---- tokens [TT10] ---- */

static const char token_path[] = "/api/v2/token/";

void channel_tiktok_login(const struct channel_account *account, const char *refresh_token,
                          int64_t now_ms, struct arena *arena, struct channel_request *ret_request)
{
    SCOPED(buf) struct buf url = {0};
    const char *secret = account->secrets[0] == NULL ? "" : account->secrets[0];

    (void)now_ms;
    buf_printf(&url, "%s%srefresh?app_key=", channel_account_setting(account, "auth_url"),
               token_path);
    channel_url_put(&url, channel_account_setting(account, "app_key"));
    buf_text(&url, "&app_secret=");
    channel_url_put(&url, secret);
    buf_text(&url, "&refresh_token=");
    channel_url_put(&url, refresh_token == NULL ? "" : refresh_token);
    buf_text(&url, "&grant_type=refresh_token");
    *ret_request = (struct channel_request){
        .method = "GET", .url = arena_strdup(arena, buf_str(&url)), .body = "", .cost = 1};
}

/* Despite its name a time, not a span: seconds since 1970. A span would be far below. */
static int64_t life_ms_of(int64_t expire_in, int64_t now_ms)
{
    enum { TIMES_FROM = 1000000000 };

    return expire_in < TIMES_FROM ? expire_in * 1000 : expire_in * 1000 - now_ms;
}

bool channel_tiktok_granted(const struct channel_account *account,
                            const struct channel_response *response, int64_t now_ms,
                            struct arena *arena, struct channel_grant *ret_grant, struct err *err)
{
    const struct json *data = NULL;
    const struct channel_result result = channel_tiktok_result(response, arena, &data);
    const char *refresh = channel_address_text(data, "refresh_token");
    int64_t expire_in = 0;

    (void)account;
    if (result.verdict == CHANNEL_AUTH)
        return err_set(err, ERR_REJECT, "%s: %.200s", result.error_class, result.error_text);
    if (result.verdict != CHANNEL_ACCEPTED)
        return channel_tiktok_refuse(&result, err);
    *ret_grant = (struct channel_grant){.token = json_text(json_get(data, "access_token")),
                                        .refresh_token = refresh[0] == '\0' ? NULL : refresh};
    if (ret_grant->token == NULL || ret_grant->token[0] == '\0' ||
        !json_int(json_get(data, "access_token_expire_in"), 1, INT64_C(99999999999), &expire_in))
        return err_set(err, ERR_RETRY, "the answer grants no token");
    ret_grant->life_ms = life_ms_of(expire_in, now_ms);
    return ret_grant->life_ms > 0 || err_set(err, ERR_RETRY, "the token is granted for the past");
}

/* ---- signed requests [TT6] ---- */

static int compare_names(const void *a, const void *b)
{
    const struct channel_url_parameter *first = a;
    const struct channel_url_parameter *second = b;

    return strcmp(first->name, second->name);
}

/* Path, then names and values in the order of the names, then the body; the secret on both sides,
   and as the key. */
static const char *sign_of(const struct channel_request *request, const char *secret,
                           struct arena *arena)
{
    SCOPED(buf) struct buf text = {0};
    SCOPED(buf) struct buf hex = {0};
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    size_t len = 0;
    struct channel_url_parameter *parameters = channel_url_parameters(arena, request->url, &len);

    if (len > 0)
        qsort(parameters, len, sizeof(*parameters), compare_names);
    buf_text(&text, secret);
    buf_text(&text, channel_url_path(arena, request->url));
    for (size_t i = 0; i < len; i++) {
        if (strcmp(parameters[i].name, "sign") == 0 ||
            strcmp(parameters[i].name, "access_token") == 0)
            continue;
        buf_text(&text, parameters[i].name);
        buf_text(&text, parameters[i].value);
    }
    buf_append(&text, request->body, request->body_len);
    buf_text(&text, secret);
    if (HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)buf_str(&text),
             text.len, mac, &mac_len) == NULL)
        abort(); /* without a working OpenSSL nothing can be said to the channel */
    buf_hex(&hex, mac, mac_len);
    return arena_strdup(arena, buf_str(&hex));
}

/* The timestamp may be 5 minutes old, and 30 s ahead. Requests for tokens are not signed. */
void channel_tiktok_seal(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                         struct channel_request *request)
{
    const char *secret = account->secrets[0] == NULL ? "" : account->secrets[0];

    if (strstr(request->url, token_path) != NULL)
        return;
    request->url = arena_printf(arena, "%s%ctimestamp=%" PRId64, request->url,
                                strchr(request->url, '?') == NULL ? '?' : '&', now_ms / 1000);
    request->url = arena_printf(arena, "%s&sign=%s", request->url, sign_of(request, secret, arena));
}
