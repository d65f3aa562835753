/* What the files of the house shop share: a merchant's own shop that no kind knows, which the suite
   reads by a spec. Included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* house_api.c: all of it, by path. */
void sandbox_house_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                       struct sandbox_reply *reply);

/* house_body.c: an order with its parcels and returns; a listing's stock. */
void sandbox_house_order(const struct sandbox_order *order, struct json_out *json);
void sandbox_house_stock(const struct sandbox_listing *listing, struct json_out *json);
/* All listings, a JSON object a line. */
void sandbox_house_lines(const struct sandbox_market *market, struct buf *out);
/* All listings as the shop's German spreadsheet has them: Cp1252, semicolons, CR LF. */
void sandbox_house_csv(const struct sandbox_market *market, struct buf *out);
