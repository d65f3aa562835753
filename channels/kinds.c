#include "channels/kinds.h"

#include <string.h>

extern const struct channel_kind channel_amazon;
extern const struct channel_kind channel_bigcommerce;
extern const struct channel_kind channel_ebay;
extern const struct channel_kind channel_etsy;
extern const struct channel_kind channel_generic;
extern const struct channel_kind channel_shopify;
extern const struct channel_kind channel_tiktok;
extern const struct channel_kind channel_walmart;
extern const struct channel_kind channel_woocommerce;

static const struct channel_kind *const kinds[] = {
    &channel_amazon,
    &channel_bigcommerce,
    &channel_ebay,
    &channel_etsy,
    &channel_generic,
    &channel_shopify,
    &channel_tiktok,
    &channel_walmart,
    &channel_woocommerce,
};

size_t channel_kinds_len(void)
{
    return ARRAY_LEN(kinds);
}

const struct channel_kind *channel_kinds_at(size_t index)
{
    return kinds[index];
}

const struct channel_kind *channel_kinds_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    }
    return NULL;
}
