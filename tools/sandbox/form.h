/* What differs between kinds in a configuration: how listings are called, addressed and made up.
   Pure. A kind adds one row to form.c. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/mem.h"

#include "tools/sandbox/config.h"

struct sandbox_maker;

struct sandbox_form {
    const char *kind;
    bool needs_items;       /* each variant has 'id' and 'inventory_item_id' */
    bool has_large_ids;     /* of orders and lines: 16 digits and more */
    bool needs_spec;        /* the suite's channel names a spec */
    bool has_dashed_orders; /* "05-12345-67890" */
    int64_t revisions_per_day;
    int64_t retry_base_ms; /* defaults */
    int64_t queue_ms;
    int64_t bulk_ms;
    int64_t utc_offset_minutes;
    /* As the suite names it, and how its API does ("": the same). In the arena. */
    const char *(*listing)(struct arena *arena, const struct sandbox_product_config *product,
                           const struct sandbox_variant_config *variant);
    const char *(*address)(struct arena *arena, const struct sandbox_channel_config *channel,
                           const struct sandbox_variant_config *variant);
    /* Fills in ids, secrets, products; see catalogue.h. */
    void (*make)(struct sandbox_maker *maker, struct sandbox_channel_config *channel);
};

/* NULL: there is no such kind. */
const struct sandbox_form *sandbox_form(const char *kind);
/* "shopify, woocommerce": for people. */
const char *sandbox_form_kinds(struct arena *arena);
