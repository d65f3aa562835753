/* A made-up assortment, listed on every channel, with ids and secrets as the marketplaces have
   them; all of it from the seed. */
#pragma once

#include "tools/sandbox/config.h"

struct sandbox_catalogue_options {
    uint64_t seed;
    int64_t products;
    int64_t variants;     /* of each product */
    int64_t stock;        /* of each variant */
    const char *channels; /* "shopify-main:shopify,woo-main:woocommerce" */
    const char *ingest_url;
    const char *listen;
};

/* Everything lives in the arena. ERR_REJECT when the list of channels is malformed. */
bool sandbox_catalogue_make(struct arena *arena, const struct sandbox_catalogue_options *options,
                            struct sandbox_config *ret_config, struct err *err) MUST_CHECK;

/* One channel's part, for the table in form.c. */
struct sandbox_maker;
void sandbox_catalogue_amazon(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_bigcommerce(struct sandbox_maker *maker,
                                   struct sandbox_channel_config *channel);
void sandbox_catalogue_etsy(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_ebay(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_house(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_shopify(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_tiktok(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_walmart(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
void sandbox_catalogue_woocommerce(struct sandbox_maker *maker,
                                   struct sandbox_channel_config *channel);
