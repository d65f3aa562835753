/* What the files of the BigCommerce sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* bigcommerce_api.c: all of it, by path. */
void sandbox_bigcommerce_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply);

/* bigcommerce_body.c: API V2's objects. has_lines: inside its consignments; else links. */
void sandbox_bigcommerce_order(const struct sandbox_channel *channel,
                               const struct sandbox_order *order, bool has_lines,
                               struct json_out *json);
void sandbox_bigcommerce_lines(const struct sandbox_order *order, struct json_out *json);
void sandbox_bigcommerce_shipments(const struct sandbox_order *order, struct json_out *json);
/* An inventory item with its one place. */
void sandbox_bigcommerce_item(const struct sandbox_channel *channel,
                              const struct sandbox_listing *listing, struct json_out *json);
/* Its stock is the product's: it is written by product_id. */
bool sandbox_bigcommerce_is_tracked_by_product(const struct sandbox_listing *listing);
