#include "tools/sandbox/form.h"

#include <string.h>

#include "tools/sandbox/catalogue.h"

static const char *listing_of_variant(struct arena *arena,
                                      const struct sandbox_product_config *product,
                                      const struct sandbox_variant_config *variant)
{
    (void)arena;
    (void)product;
    return variant->id;
}

/* "<product>", or "<product>/<variation>" */
static const char *listing_of_product(struct arena *arena,
                                      const struct sandbox_product_config *product,
                                      const struct sandbox_variant_config *variant)
{
    return variant->id[0] == '\0' ? product->id
                                  : arena_printf(arena, "%s/%s", product->id, variant->id);
}

static const char *address_of_item(struct arena *arena,
                                   const struct sandbox_channel_config *channel,
                                   const struct sandbox_variant_config *variant)
{
    return arena_printf(arena, "%s@%s", variant->inventory_item_id, channel->location);
}

/* "" where the listing's own name will do. */
static const char *address_itself(struct arena *arena, const struct sandbox_channel_config *channel,
                                  const struct sandbox_variant_config *variant)
{
    (void)arena;
    (void)channel;
    return variant->inventory_item_id;
}

/* "<listing>", or "<listing>/<SKU>" of a variation */
static const char *listing_of_item(struct arena *arena,
                                   const struct sandbox_product_config *product,
                                   const struct sandbox_variant_config *variant)
{
    return variant->id[0] == '\0' ? product->id
                                  : arena_printf(arena, "%s/%s", product->id, variant->sku);
}

/* What has an offer was made by the Inventory API. */
static const char *address_of_offer(struct arena *arena,
                                    const struct sandbox_channel_config *channel,
                                    const struct sandbox_variant_config *variant)
{
    (void)channel;
    return variant->inventory_item_id[0] == '\0'
               ? ""
               : arena_printf(arena, "offer:%s/%s", variant->inventory_item_id, variant->sku);
}

static const char *listing_of_sku(struct arena *arena, const struct sandbox_product_config *product,
                                  const struct sandbox_variant_config *variant)
{
    (void)arena;
    (void)product;
    return variant->sku;
}

static const char *no_address(struct arena *arena, const struct sandbox_channel_config *channel,
                              const struct sandbox_variant_config *variant)
{
    (void)arena;
    (void)channel;
    (void)variant;
    return "";
}

static const struct sandbox_form forms[] = {
    {.kind = "amazon",
     .retry_base_ms = 500,
     .bulk_ms = 300,
     .listing = listing_of_sku,
     .address = no_address,
     .make = sandbox_catalogue_amazon},
    {.kind = "ebay",
     .has_dashed_orders = true,
     .revisions_per_day = 250,
     .retry_base_ms = 500,
     .bulk_ms = 300,
     .listing = listing_of_item,
     .address = address_of_offer,
     .make = sandbox_catalogue_ebay},
    {.kind = "bigcommerce",
     .retry_base_ms = 500,
     .listing = listing_of_product,
     .address = address_itself,
     .make = sandbox_catalogue_bigcommerce},
    {.kind = "etsy",
     .retry_base_ms = 500,
     .listing = listing_of_item,
     .address = no_address,
     .make = sandbox_catalogue_etsy},
    {.kind = "generic",
     .needs_spec = true,
     .retry_base_ms = 500,
     .listing = listing_of_variant,
     .address = no_address,
     .make = sandbox_catalogue_house},
    {.kind = "shopify",
     .needs_items = true,
     .has_large_ids = true,
     .retry_base_ms = 500,
     .bulk_ms = 300,
     .utc_offset_minutes = -300,
     .listing = listing_of_variant,
     .address = address_of_item,
     .make = sandbox_catalogue_shopify},
    {.kind = "tiktok",
     .has_large_ids = true,
     .retry_base_ms = 500,
     .listing = listing_of_variant,
     .address = address_itself,
     .make = sandbox_catalogue_tiktok},
    {.kind = "walmart",
     .retry_base_ms = 500,
     .listing = listing_of_sku,
     .address = no_address,
     .make = sandbox_catalogue_walmart},
    {.kind = "woocommerce",
     .retry_base_ms = 500,
     .queue_ms = 50,
     .bulk_ms = 300,
     .utc_offset_minutes = -180,
     .listing = listing_of_product,
     .address = no_address,
     .make = sandbox_catalogue_woocommerce},
};

const struct sandbox_form *sandbox_form(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (strcmp(forms[i].kind, kind) == 0)
            return &forms[i];
    }
    return NULL;
}

const char *sandbox_form_kinds(struct arena *arena)
{
    const char *list = forms[0].kind;

    for (size_t i = 1; i < ARRAY_LEN(forms); i++)
        list = arena_printf(arena, "%s, %s", list, forms[i].kind);
    return list;
}
