/* The bodies of Shopify's notifications: REST objects without their outer key, reduced to the
   fields that the facts name, types kept. */
#pragma once

#include "lib/base/buf.h"

#include "tools/sandbox/market.h"

void sandbox_shopify_order(const struct sandbox_market *market, const struct sandbox_order *order,
                           struct buf *out);
void sandbox_shopify_refund(const struct sandbox_market *market, const struct sandbox_order *order,
                            const struct sandbox_refund *refund, struct buf *out);
void sandbox_shopify_level(const struct sandbox_market *market,
                           const struct sandbox_listing *listing, struct buf *out);
