#include "channels/walmart/internal.h"

/* Facts: amazon-walmart-ebay.md section 2; its tags in square brackets name the sources. */

extern const struct channel_kind channel_walmart;

/* clang-format off */
static const struct channel_setting settings[] = {
    {.name = "client_id", .what = "of the API key pair"},
    {.name = "client_secret", .what = "of the API key pair", .is_secret = true},
    {.name = "webhook_auth", .preset = "hmac",
     .what = "authMethod of the subscriptions: hmac, basic (secret is user:password), oauth"},
    {.name = "webhook_header", .preset = "Authorization",
     .what = "authHeaderName of the subscriptions"},
    {.name = "channel_type", .preset = "", .what = "WM_CONSUMER.CHANNEL.TYPE, where one was given"},
    {.name = "wfs_pool", .preset = "walmart-wfs",
     .what = "of authority channel: what WFS or a 3PL ships comes from it"},
    {.name = "snapshot", .preset = "inventories",
     .what = "inventories (pages), or report (the on-request INVENTORY report)"},
    {.name = "feed", .preset = "",
     .what = "write by feeds of this type, inventory or MP_INVENTORY, not SKU by SKU"},
    {0},
};
/* clang-format on */

const struct channel_kind channel_walmart = {
    .name = "walmart",
    .adapter = "walmart/1",
    .signature_of = channel_walmart_signature_of,
    .content_types = {"application/json"},
    .quantity_is_available = true, /* push() itself adds what Walmart holds: see pushes.c */
    .has_compare_and_set = false,
    .batch_max = WALMART_FEED_MAX, /* of a feed; else each SKU is a call of its own */
    .rate_per_second = 3, /* 200 PUTs a minute */
    .rate_burst = 10,
    .concurrency = 4,
    .snapshot_formats = { "inventories",          "report"},
    .settings = settings,
    .normalize = channel_walmart_normalize,
    .notification_id = channel_walmart_notification_id,
    .poll = channel_walmart_poll,
    .poll_interval_ms = 60000, /* three tries, then silence [wm-dev] */
    .hints = channel_walmart_hints,
    .read = channel_walmart_read,
    .login = channel_walmart_login,
    .granted = channel_walmart_granted,
    .seal = channel_walmart_seal,
    .group = channel_walmart_group,
    .push = channel_walmart_push,
    .push_next = channel_walmart_push_next,
    .answer = channel_walmart_answer,
    .rows = channel_walmart_rows,
    .snapshot = channel_walmart_snapshot,
};
