/* What the files of the TikTok Shop sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* tiktok_api.c: all of it, by path. */
void sandbox_tiktok_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                        struct sandbox_reply *reply);
/* Lower-case hex of the HMAC-SHA256 under the app's secret. In the arena. */
const char *sandbox_tiktok_mac(const struct sandbox_channel *channel, const struct buf *text,
                               struct arena *arena);
/* {"code","message","request_id","data":...}: opens the object at data, or ends it without one. */
void sandbox_tiktok_begin(struct sandbox_reply *reply, int status, struct json_out *json);
void sandbox_tiktok_end(struct json_out *json);
void sandbox_tiktok_error(struct sandbox_reply *reply, int status, int64_t code,
                          const char *message);

/* tiktok_body.c */
void sandbox_tiktok_put_order(const struct sandbox_channel *channel,
                              const struct sandbox_order *order, struct json_out *json);
/* A return is a refund of units that were shipped; false: it is none. */
bool sandbox_tiktok_is_return(const struct sandbox_refund *refund);
void sandbox_tiktok_put_return(const struct sandbox_order *order,
                               const struct sandbox_refund *refund, struct json_out *json);
/* Of all its SKUs, or of one. */
void sandbox_tiktok_put_inventory(const struct sandbox_channel *channel,
                                  const struct sandbox_product *product,
                                  const struct sandbox_listing *only, struct json_out *json);
