#include <string.h>

#include "channels/account.h"
#include "channels/ebay/internal.h"

/* Facts: amazon-walmart-ebay.md section 3; its tags in square brackets name the sources. */

extern const struct channel_kind channel_ebay;

/* ---- requests ---- */

bool channel_ebay_is_plain(const char *text, size_t len_max)
{
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_!");

    return len > 0 && len <= len_max && text[len] == '\0';
}

struct channel_request channel_ebay_call(const struct channel_account *account, const char *method,
                                         const char *path, const char *body, struct arena *arena)
{
    const struct channel_header headers[] = {
        {"Authorization",     arena_printf(arena, "Bearer %s", account->token)},
        {"Accept",    "application/json"                     },
        {"Content-Type","application/json"},
    };

    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s%s", account->base_url, path),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers) - (body == NULL ? 1 : 0),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

struct channel_request channel_ebay_trading(const struct channel_account *account, const char *name,
                                            const char *content, struct arena *arena)
{
    static const char level[] = "1349"; /* of the schema that the facts are from */
    const struct channel_header headers[] = {
        {"X-EBAY-API-IAF-TOKEN", account->token                 },
        {"X-EBAY-API-CALL-NAME", name                           },
        {"X-EBAY-API-SITEID",    channel_account_setting(account, "site_id")},
        {"X-EBAY-API-COMPATIBILITY-LEVEL",
         account->api_version[0] == '\0' ? level : account->api_version                     },
        {"Content-Type",                      "text/xml"                  },
    };
    const char *body = arena_printf(arena,
                                    "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
                                    "<%sRequest xmlns=\"urn:ebay:apis:eBLBaseComponents\">%s"
                                    "</%sRequest>",
                                    name, content, name);

    return (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/ws/api.dll", account->base_url),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers),
        .body = body,
        .body_len = strlen(body),
        .cost = 1,
    };
}

/* ---- the kind ---- */

static const struct channel_setting settings[] = {
    {.name = "client_id", .preset = "", .what = "App ID of the application's keys"},
    {.name = "client_secret", .preset = "", .is_secret = true, .what = "Cert ID of these keys"},
    {.name = "dev_id", .preset = "", .what = "Dev ID; empty: no Platform Notifications"},
    {.name = "refresh_token",
     .preset = "",
     .is_secret = true,
     .what = "the seller's; empty: the channel's token is used as it is"},
    {.name = "verification_token", .preset = "", .is_secret = true, .what = "of the endpoint"},
    {.name = "endpoint", .preset = "", .what = "URL of the endpoint, exactly as registered"},
    {.name = "site_id", .preset = "0", .what = "of Trading calls: 0 US, 3 UK, 77 Germany, ..."},
    {.name = "notification_age_s",
     .preset = "600",
     .what = "how far a Platform Notification's time may be from now"},
    {.name = "snapshot",
     .preset = "active_inventory",
     .what = "what is fetched: active_inventory (every listing) or inventory_items"},
    {0},
};

const struct channel_kind channel_ebay = {
    .name = "ebay",
    .adapter = "ebay/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_ECDSA, .header = "X-EBAY-SIGNATURE"},
    .signature_of = channel_ebay_signature_of,
    .content_types = {"application/json", "text/xml", "application/soap+xml"},
    .quantity_is_available = true,
    .has_compare_and_set = false,
    .batch_max = EBAY_BATCH_MAX,
    .rate_per_second = 10, /* far below the limits of a day; rate_limit tells the true ones */
    .rate_burst = 20,
    .concurrency = 4,
    .snapshot_formats = {"active_inventory", "inventory_items"},
    .normalize = channel_ebay_normalize,
    .notification_id = channel_ebay_notification_id,
    .poll = channel_ebay_poll,
    .poll_interval_ms = 60000, /* lost notifications are not replayed [eb-dev] */
    .hints = channel_ebay_hints,
    .read = channel_ebay_read,
    .login = channel_ebay_login,
    .granted = channel_ebay_granted,
    .key = channel_ebay_key,
    .challenge = channel_ebay_challenge,
    .verify = channel_ebay_verify,
    .settings = settings,
    .group = channel_ebay_group,
    .batch = channel_ebay_batch,
    .quota = {.per_day = EBAY_REVISIONS_PER_DAY, .reserve = 50, .key = channel_ebay_quota_key},
    .push = channel_ebay_push,
    .answer = channel_ebay_answer,
    .rows = channel_ebay_rows,
    .snapshot = channel_ebay_snapshot,
};
