/* What the files of the Etsy sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* etsy_api.c: all of it, by path. */
void sandbox_etsy_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply);

/* etsy_body.c */
void sandbox_etsy_receipt(const struct sandbox_order *order, struct json_out *json);
void sandbox_etsy_inventory(const struct sandbox_product *product, struct json_out *json);
/* Of the page of a shop: with its state, without its inventory. */
void sandbox_etsy_listing(const struct sandbox_product *product, struct json_out *json);
bool sandbox_etsy_is_sold_out(const struct sandbox_product *product);
