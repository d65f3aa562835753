/* WooCommerce's REST objects, which are its notifications too: reduced to the fields that the facts
   name, types kept. */
#pragma once

#include "lib/json/json.h"

#include "tools/sandbox/market.h"

void sandbox_woocommerce_order(const struct sandbox_market *market,
                               const struct sandbox_order *order, struct json_out *json);
void sandbox_woocommerce_refund(const struct sandbox_market *market,
                                const struct sandbox_order *order,
                                const struct sandbox_refund *refund, struct json_out *json);
/* A product that is sold itself, or the parent of variations. */
void sandbox_woocommerce_product(const struct sandbox_market *market,
                                 const struct sandbox_product *product, struct json_out *json);
/* as_product: as /products/{id} and notifications show it, of type "variation". */
void sandbox_woocommerce_variation(const struct sandbox_market *market,
                                   const struct sandbox_listing *listing, bool as_product,
                                   struct json_out *json);
