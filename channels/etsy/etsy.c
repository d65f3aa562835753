#include "channels/etsy/internal.h"

/* Facts: storefronts.md section 5; its tags in square brackets name the sources. Beyond it:
   etsy/open-api issue 523: product_id and offering_id change with each update of an inventory, so
   that neither can name a listing. */

extern const struct channel_kind channel_etsy;

static const struct channel_setting settings[] = {
    {.name = "api_key",
     .is_secret = true,
     .what = "x-api-key: the app's keystring, or keystring:shared_secret"},
    {.name = "refresh_token",
     .preset = "",
     .is_secret = true,
     .is_rotated = true,
     .what = "of the shop's authorization; none: the channel's token is used as it stands"},
    {.name = "auth_url",
     .preset = "https://api.etsy.com/v3/public/oauth/token",
     .what = "where tokens are granted"},
    {.name = "listing_key",
     .preset = "sku",
     .what = "what names a product within a listing: sku, else its variation; or variation: always "
             "its property values"},
    {.name = "shared_quantity",
     .preset = "refuse",
     .what = "products that show one quantity: refuse a push that names only some of them; or "
             "write: to all"},
    {.name = "idle_statuses",
     .preset = "",
     .what = "statuses of receipts that take nothing out of stock, with commas"},
    {.name = "refunds",
     .preset = "open",
     .what = "open: a full refund cancels what had not gone out; money: a refund moves nothing"},
    {.name = "modified_since",
     .preset = "min_last_modified",
     .what = "the parameter by which the list of receipts is asked for changes"},
    {.name = "inventory_query",
     .preset = "legacy=false",
     .what =
         "parameters of reading and writing an inventory; so that processing profiles are kept"},
    {.name = "drop_fields",
     .preset = "product_id,offering_id,is_deleted,scale_name",
     .what = "what an inventory says that must not be written back"},
    {.name = "snapshot_states",
     .preset = "active,sold_out",
     .what = "states of the listings that snapshots read"},
    {.name = "snapshot_includes",
     .preset = "",
     .what = "Inventory: pages of listings have their inventories inside; none: a call for each"},
    {0           },
};

const struct channel_kind channel_etsy = {
    .name = "etsy",
    .adapter = "etsy/1",
    .signature = {.scheme = CHANNEL_SIGNATURE_HMAC,
                  .header = "webhook-signature",
                  .secret = CHANNEL_SECRET_BASE64,
                  .prefix = "v1,",
                  .prefix_is_optional = true, /* unconfirmed [5.2] */
                  .is_list = true,
                  .signs = "{id}.{timestamp}.{body}",
                  .id_header = "webhook-id",
                  .timestamp_header = "webhook-timestamp",
                  .tolerance_ms = 300000},
    .content_types = {"application/json" },
    .quantity_is_available = true,
    .has_compare_and_set = false,
    .batch_max = ETSY_BATCH_MAX, /* products of one listing, whose inventory is written whole */
    .rate_per_second = 5, /* 10 per second and app, 10,000 a day [ET7] */
    .rate_burst = 10,
    .concurrency = 2,
    .snapshot_formats = {"inventory"      },
    .normalize = channel_etsy_normalize,
    .notification_id = channel_etsy_notification_id,
    .poll = channel_etsy_poll,
    .poll_interval_ms = 60000, /* some apps' webhooks silently deliver nothing [ET5] */
    .hints = channel_etsy_hints,
    .read = channel_etsy_read,
    .login = channel_etsy_login,
    .granted = channel_etsy_granted,
    .settings = settings,
    .group = channel_etsy_group,
    .push = channel_etsy_push,
    .push_next = channel_etsy_push_next,
    .answer = channel_etsy_answer,
    .rows = channel_etsy_rows,
    .snapshot = channel_etsy_snapshot,
};
