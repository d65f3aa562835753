/* What the files of the WooCommerce sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* woocommerce_api.c: all of it, by path. */
void sandbox_woocommerce_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply);
/* {"code","message","data":{"status"}} */
void sandbox_woocommerce_error(struct sandbox_reply *reply, int status, const char *code,
                               const char *message);

/* woocommerce_write.c: PUT of one, and batches. variations: those of this product, else NULL. */
void sandbox_woocommerce_put(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply, const char *product_id,
                             const char *variation_id);
void sandbox_woocommerce_batch(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply, const char *product_id);
