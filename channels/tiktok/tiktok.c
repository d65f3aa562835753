#include "channels/tiktok/internal.h"

/* Facts: storefronts.md section 4; its tags in square brackets name the sources. */

extern const struct channel_kind channel_tiktok;

/* clang-format off */
static const struct channel_setting settings[] = {
    {.name = "app_key", .what = "the app's key, as the Partner Center names it"},
    {.name = "shop_cipher", .what = "the shop, as GET /authorization/202309/shops names it"},
    {.name = "refresh_token", .what = "of the shop's authorization",
     .is_secret = true, .is_rotated = true},
    {.name = "auth_url", .preset = "https://auth.tiktok-shops.com",
     .what = "where tokens are granted"},
    {.name = "confirm", .preset = "read",
     .what = "read: what was written is read back; none: its answer is believed"},
    {.name = "fbt_pool", .preset = "tiktok-fbt",
     .what = "of authority channel: what TikTok ships comes from it"},
    {0},
};
/* clang-format on */

const struct channel_kind channel_tiktok = {
    .name = "tiktok",
    .adapter = "tiktok/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                  .header = "Authorization",
                  .encoding = CHANNEL_ENCODING_HEX,
                  .signs = "{setting:app_key}{body}"}, /* [4.2] */
    .content_types = {"application/json"},
    .quantity_is_available = true,
    .has_compare_and_set = false,
    .batch_max = TIKTOK_BATCH_MAX, /* SKUs of one product; no limit is published */
    .rate_per_second = 10, /* none is published either: it follows app and shop [TT7] */
    .rate_burst = 20,
    .concurrency = 4,
    .snapshot_formats = {"inventory"                               },
    .settings = settings,
    .normalize = channel_tiktok_normalize,
    .notification_id = channel_tiktok_notification_id,
    .poll = channel_tiktok_poll,
    .poll_interval_ms = 60000, /* "you cannot completely rely on webhooks" [TT1] */
    .hints = channel_tiktok_hints,
    .read = channel_tiktok_read,
    .login = channel_tiktok_login,
    .granted = channel_tiktok_granted,
    .seal = channel_tiktok_seal,
    .group = channel_tiktok_group,
    .push = channel_tiktok_push,
    .push_next = channel_tiktok_push_next,
    .answer = channel_tiktok_answer,
    .rows = channel_tiktok_rows,
    .snapshot = channel_tiktok_snapshot,
};
