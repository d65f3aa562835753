#include "channels/woocommerce/internal.h"

/* Facts: storefronts.md section 2; its tags in square brackets name the sources. */

extern const struct channel_kind channel_woocommerce;

const struct channel_kind channel_woocommerce = {
    .name = "woocommerce",
    .adapter = "woocommerce/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                  .header = "X-WC-Webhook-Signature",
                  .secret = CHANNEL_SECRET_HTML},
    .content_types = {"application/json", "application/x-www-form-urlencoded"}, /* 2nd: the ping */
    .account_header = "X-WC-Webhook-Source",
    .topic_header = "X-WC-Webhook-Topic",
    .quantity_is_available = true,
    .has_compare_and_set = false,
    .batch_max = WOOCOMMERCE_BATCH_MAX, /* objects in one batch [WC2] */
    .rate_per_second = 5,               /* no limit of its own: the host decides, so be gentle */
    .rate_burst = 10,
    .concurrency = 2,
    .snapshot_formats = {"products"},
    .is_ping = channel_woocommerce_is_ping,
    .normalize = channel_woocommerce_normalize,
    .notification_id = channel_woocommerce_notification_id,
    .poll = channel_woocommerce_poll,
    .poll_interval_ms = 15000, /* the feed to rely on: a notification is tried once [WC1] */
    .group = channel_woocommerce_group,
    .push = channel_woocommerce_push,
    .answer = channel_woocommerce_answer,
    .rows = channel_woocommerce_rows,
    .snapshot = channel_woocommerce_snapshot,
};
