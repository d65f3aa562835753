#include "channels/amazon/internal.h"

/* Facts: amazon-walmart-ebay.md section 1; its paragraphs in square brackets are the sources. */

extern const struct channel_kind channel_amazon;

/* clang-format off */
const struct channel_setting channel_amazon_settings[] = {
    {.name = "marketplace_ids", .what = "marketplaces of the seller, with commas: ATVPDKIKX0DER"},
    {.name = "seller_id", .preset = "",
     .what = "in addresses of the Listings API; else the account"},
    {.name = "application_id", .preset = "",
     .what = "notifications of other applications are refused"},
    {.name = "fba_pool", .preset = "fba",
     .what = "pool of Amazon's centres, with authority `channel`"},
    {.name = "fba_sku", .preset = "fnsku",
     .what = "the SKU of units there: `fnsku` or `seller_sku`"},
    {.name = "inbound_from", .preset = "", .what = "pool that sends shipments to Amazon"},
    {.name = "removal_to", .preset = "", .what = "pool that receives removals"},
    {.name = "orders_api", .preset = "2026-01-01",
     .what = "version of the Orders API: `2026-01-01` or `v0`"},
    {.name = "push_by", .preset = "patch", .what = "how quantities are set: `patch` or `feed`"},
    {.name = "product_type", .preset = "PRODUCT", .what = "product type that a patch names"},
    {.name = "look_after_ms", .preset = "1000",
     .what = "how long after a patch the listing is looked at"},
    {.name = "snapshot", .preset = "listings",
     .what = "what is fetched: `listings`, `summaries` or `afn`"},
    {.name = "report_charset", .preset = "",
     .what = "of reports that are no UTF-8; else by marketplace"},
    {.name = "client_id", .preset = "", .what = "of the application at Login with Amazon"},
    {.name = "client_secret", .preset = "", .is_secret = true,
     .what = "of the application at Login with Amazon"},
    {.name = "refresh_token", .preset = "", .is_secret = true,
     .what = "of the seller's authorization"},
    {.name = "login_url", .preset = "https://api.amazon.com/auth/o2/token",
     .what = "where tokens are granted"},
    {.name = "queue_url", .preset = "", .what = "SQS queue of the notifications"},
    {.name = "queue_region", .preset = "",
     .what = "AWS region of the queue; else as its address says"},
    {.name = "queue_wait_s", .preset = "20",
     .what = "how long a question waits for messages, up to 20"},
    {.name = "queue_visibility_s", .preset = "120",
     .what = "how long a message in hand stays hidden"},
    {.name = "aws_access_key_id", .preset = "", .is_secret = true,
     .what = "that may receive and delete messages"},
    {.name = "aws_secret_access_key", .preset = "", .is_secret = true, .what = "belonging to it"},
    {.name = "aws_session_token", .preset = "", .is_secret = true,
     .what = "of temporary credentials"},
    {.name = NULL},
};
const struct channel_kind channel_amazon = {
    .name = "amazon",
    .adapter = "amazon/1",
    /* Of an EventBridge API destination with an API key: says who, not what. Messages of a queue
       are not signed at all: the queue's policy says who may send [1.2]. */
    .signature = {.scheme = CHANNEL_SIGNATURE_TOKEN, .header = "X-Api-Key"},
    .content_types = {"application/json", "text/plain", "text/tab-separated-values"},
    .quantity_is_available = true,
    .has_compare_and_set = false,
    .batch_max = AMAZON_BATCH_MAX,
    .rate_per_second = 5, /* patchListingsItem [1.3] */
    .rate_burst = 5,
    .concurrency = 2,
    .snapshot_formats = {"listings", "summaries", "afn"},
    .normalize = channel_amazon_normalize,
    .notification_id = channel_amazon_notification_id,
    .poll = channel_amazon_poll,
    .poll_interval_ms = 180000, /* searchOrders: 0.0056 a second [1.3] */
    .hints = channel_amazon_hints,
    .read = channel_amazon_read,
    .receive = channel_amazon_receive,
    .received = channel_amazon_received,
    .forget = channel_amazon_forget,
    .login = channel_amazon_login,
    .granted = channel_amazon_granted,
    .settings = channel_amazon_settings,
    .group = channel_amazon_group,
    .push = channel_amazon_push,
    .push_next = channel_amazon_push_next,
    .answer = channel_amazon_answer,
    .rows = channel_amazon_rows,
    .snapshot = channel_amazon_snapshot,
};
/* clang-format on */
