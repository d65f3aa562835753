/* What the files of the eBay sandbox share; included nowhere else. */
#pragma once

#include "tools/sandbox/sandbox.h"

enum { SANDBOX_EBAY_KID_LEN = 36 };

/* ebay.c: the notification platform's key. kid has SANDBOX_EBAY_KID_LEN digits and dashes. */
const char *sandbox_ebay_kid(void);
/* PEM without line breaks, as eBay has it. In the arena. */
const char *sandbox_ebay_public_key(struct arena *arena);

/* ebay_api.c: all of it, by path. */
void sandbox_ebay_api(struct sandbox_channel *channel, const struct sandbox_call *call,
                      struct sandbox_reply *reply);
/* {"errors":[{...}]} */
void sandbox_ebay_error(struct sandbox_reply *reply, int status, int64_t id, const char *domain,
                        const char *message);
/* Of the seller, and of the application. In the arena. */
const char *sandbox_ebay_token(const struct sandbox_channel *channel, bool of_seller,
                               struct arena *arena);

/* ebay_body.c */
void sandbox_ebay_order(const struct sandbox_order *order, bool with_requests,
                        struct json_out *json);
void sandbox_ebay_shipments(const struct sandbox_order *order, struct json_out *json);
/* ORDER_CONFIRMATION and its like. */
void sandbox_ebay_envelope(const struct sandbox_delivery *delivery, struct buf *out);
/* A Platform Notification, signed within. */
void sandbox_ebay_soap(const struct sandbox_delivery *delivery, struct buf *out);
/* The element Item of GetItem. */
void sandbox_ebay_item(const struct sandbox_product *product, struct buf *out);
void sandbox_ebay_report(const struct sandbox_market *market, struct buf *out);

/* ebay_write.c: both APIs that write quantities. */
void sandbox_ebay_bulk_update(struct sandbox_channel *channel, const struct sandbox_call *call,
                              struct sandbox_reply *reply);
void sandbox_ebay_trading(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply);

/* zip.c: an archive of one file, stored. */
void sandbox_zip(const char *name, const void *bytes, size_t len, struct buf *out);
