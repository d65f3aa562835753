/*
 * The configuration file of a sandbox: its channels, what they sell, what they are signed with.
 * A plain value, read from JSON and written as JSON; all of it lives in one arena.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

enum { SANDBOX_CHANNELS_MAX = 64, SANDBOX_STOCK_MAX = 1000000000 };

struct sandbox_variant_config {
    const char *id;                /* "": the product itself is sold (WooCommerce, simple) */
    const char *inventory_item_id; /* Shopify */
    const char *sku;
    const char *price; /* "19.00" */
    int64_t quantity;
    bool stocked; /* at the location; false: pushes are refused (Shopify) */
};

struct sandbox_product_config {
    const char *id;
    const char *title;
    struct sandbox_variant_config *variants;
    size_t variants_len;
};

/* One of the suite's settings for this channel ("client_id"), which the market knows, too. */
struct sandbox_setting {
    const char *name;
    const char *value;
};
enum { SANDBOX_SETTINGS_MAX = 16 };

struct sandbox_channel_config {
    const char *name;
    const char *kind;
    const char *account;
    const char *webhook_url; /* "": nothing is sent */
    const char *secret;
    const char *token;
    const char *token_secret;
    const char *location;
    double rate_per_second; /* 0: the kind's own */
    double rate_burst;
    int64_t retry_base_ms;      /* Shopify: pause before the first retry */
    int64_t queue_ms;           /* WooCommerce: how long a delivery waits, collecting changes */
    int64_t bulk_ms;            /* Shopify: how long a bulk operation runs */
    int64_t utc_offset_minutes; /* of the shop's clock */
    int64_t revisions_per_day;  /* eBay: of each listing */
    bool delete_subscription;   /* Shopify: after 8 failures in a row */
    struct sandbox_setting settings[SANDBOX_SETTINGS_MAX];
    size_t settings_len;
    struct sandbox_product_config *products;
    size_t products_len;
};

struct sandbox_config {
    uint64_t seed;
    const char *listen;
    struct sandbox_channel_config *channels;
    size_t channels_len;
};

/* "" where a text is absent; the documented default for numbers. */
bool sandbox_config_read(struct arena *arena, const char *bytes, size_t len,
                         struct sandbox_config *ret_config, struct err *err) MUST_CHECK;
bool sandbox_config_load(struct arena *arena, const char *path, struct sandbox_config *ret_config,
                         struct err *err) MUST_CHECK;
void sandbox_config_write(const struct sandbox_config *config, struct buf *out);

/* "" when the channel has no such setting. */
const char *sandbox_config_setting(const struct sandbox_channel_config *channel, const char *name);
/* Texts are borrowed. */
void sandbox_config_set(struct sandbox_channel_config *channel, const char *name,
                        const char *value);
