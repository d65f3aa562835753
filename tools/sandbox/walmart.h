/* What the files of the Walmart sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* walmart_api.c: all of it, by path. */
void sandbox_walmart_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply);
/* {"errors":[{"code",..,"category"}]} */
void sandbox_walmart_error(struct sandbox_reply *reply, int status, const char *code,
                           const char *category, const char *description);

/* walmart_write.c: quantities, one by one and by feed. */
void sandbox_walmart_put(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply, const char *sku);
void sandbox_walmart_put_nodes(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply, const char *sku);
void sandbox_walmart_post_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply);
void sandbox_walmart_get_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                              struct sandbox_reply *reply, const char *id);

/* walmart_body.c */
struct sandbox_listing *sandbox_walmart_listing(const struct sandbox_channel *channel,
                                                const char *sku);
/* As the API has it: every line with its statuses, times in milliseconds. */
void sandbox_walmart_put_order(const struct sandbox_order *order, struct json_out *json);
/* As notifications have it: a status for each line, numbers as texts. */
void sandbox_walmart_put_told_order(const struct sandbox_channel *channel,
                                    const struct sandbox_order *order, struct json_out *json);
bool sandbox_walmart_is_return(const struct sandbox_refund *refund);
void sandbox_walmart_put_return(const struct sandbox_order *order,
                                const struct sandbox_refund *refund, struct json_out *json);
void sandbox_walmart_put_item(const struct sandbox_channel *channel,
                              const struct sandbox_listing *listing, struct json_out *json);
