#include "channels/bigcommerce/internal.h"

/* Facts: storefronts.md section 3; its tags in square brackets name the sources. Order objects:
   bigcommerce/docs, reference/orders.v2.oas2.yml. */

extern const struct channel_kind channel_bigcommerce;

static const struct channel_setting settings[] = {
    {.name = "signature",
     .preset = "standard",
     .what =
         "standard: Standard Webhooks with the app's client secret; token: the secret itself in "
         "the header X-Stockbus-Token, given as a custom header when the hook was made"},
    {.name = "idle_statuses",
     .preset = "0,1",
     .what = "ids of order statuses that take nothing out of stock: Incomplete, Pending"},
    {.name = "refunds",
     .preset = "open",
     .what = "open: refunded units that had not gone out are cancelled; money: a refund moves "
             "nothing"},
    {.name = "lines",
     .preset = "include",
     .what = "include: orders are read with their lines inside; products: by a call of their own"},
    {.name = "level",
     .preset = "available_to_sell",
     .what = "the field that says what is shown: available_to_sell or total_inventory_onhand"},
    {.name = "locations",
     .preset = "",
     .what = "ids of the locations that snapshots read, with commas; none: the channel's own"},
    {0                                                                    },
};

const struct channel_kind channel_bigcommerce = {
    .name = "bigcommerce",
    .adapter = "bigcommerce/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                  .header = "webhook-signature",
                  .prefix = "v1,",
                  .is_list = true,
                  .signs = "{id}.{timestamp}.{body}",
                  .id_header = "webhook-id",
                  .timestamp_header = "webhook-timestamp",
                  .tolerance_ms = 300000}, /* the text is the key: the client secret [BC4] */
    .signature_of = channel_bigcommerce_signature_of,
    .content_types = {"application/json"                   },
    .quantity_is_available = true, /* an order lowers it when it is placed: see README.md */
    .has_compare_and_set = false,
    .batch_max = BIGCOMMERCE_BATCH_MAX, /* items in one adjustment [BC5] */
    .rate_per_second = 5, /* 150 in 30 s of a standard store; answers tell [BC7] */
    .rate_burst = 30, /* the store's other apps draw from the same budget */
    .concurrency = 1, /* the next write only after the answer to this [BC5] */
    .snapshot_formats = {"items"},
    .normalize = channel_bigcommerce_normalize,
    .notification_id = channel_bigcommerce_notification_id,
    .poll = channel_bigcommerce_poll,
    .poll_interval_ms = 60000, /* a blocked domain or a hook that was switched off loses events */
    .hints = channel_bigcommerce_hints,
    .read = channel_bigcommerce_read,
    .settings = settings,
    .group = channel_bigcommerce_group,
    .push = channel_bigcommerce_push,
    .push_next = channel_bigcommerce_push_next,
    .answer = channel_bigcommerce_answer,
    .rows = channel_bigcommerce_rows,
    .snapshot = channel_bigcommerce_snapshot,
};
