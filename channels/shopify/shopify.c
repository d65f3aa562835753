#include "channels/shopify/internal.h"

/* Facts: storefronts.md section 1; its tags in square brackets name the sources. */

extern const struct channel_kind channel_shopify;

static const struct channel_setting settings[] = {
    {.name = "test_orders",
     .preset = "count",
     .what = "orders of a test gateway: count, as Shopify's own quantity counts them; or ignore"},
    {0},
};

const struct channel_kind channel_shopify = {
    .name = "shopify",
    .adapter = "shopify/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_HMAC, .header = "X-Shopify-Hmac-Sha256"},
    .content_types = {"application/json"},
    .account_header = "X-Shopify-Shop-Domain",
    .topic_header = "X-Shopify-Topic",
    .quantity_is_available = true,
    .has_compare_and_set = true,
    .batch_max = SHOPIFY_BATCH_MAX, /* of every array in an input [SH17] */
    .rate_per_second = 100,         /* points, standard plan; answers tell the true ones [SH17] */
    .rate_burst = 1000,
    .concurrency = 4,
    .settings = settings,
    .snapshot_formats = {"bulk", "levels"},
    .normalize = channel_shopify_normalize,
    .notification_id = channel_shopify_notification_id,
    .poll = channel_shopify_poll,
    .poll_interval_ms = 60000, /* delivery is not guaranteed [SH5] */
    .group = channel_shopify_group,
    .push = channel_shopify_push,
    .answer = channel_shopify_answer,
    .rows = channel_shopify_rows,
    .snapshot = channel_shopify_snapshot,
};
