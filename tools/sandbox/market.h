/*
 * One marketplace's own books: what it sells, how many it has left, its orders. Pure: no I/O, no
 * clock, no threads. A sale lowers the quantity at once and is refused when not enough is there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/map.h"
#include "lib/base/mem.h"

#include "tools/sandbox/config.h"

enum {
    SANDBOX_LINES_MAX = 100,   /* of one order */
    SANDBOX_REFUNDS_MAX = 100, /* of one order */
    SANDBOX_ORDERS_MAX = 1000000,
};

struct sandbox_product;

struct sandbox_listing {
    const char *key; /* as the suite calls it */
    const char *id;  /* variant, variation, or the product's own */
    const char *inventory_item_id;
    const char *sku;
    const char *title; /* of the variant */
    struct sandbox_product *product;
    int64_t price_cents;
    int64_t quantity;  /* available */
    int64_t committed; /* in open orders */
    int64_t updated_ms;
    bool stocked;
};

struct sandbox_product {
    const char *id;
    const char *title;
    struct sandbox_listing *listings; /* borrowed part of the market's */
    size_t listings_len;
    int64_t revisions;    /* eBay: on the day */
    int64_t revised_day;
    uint64_t revised_by; /* the call that counted last */
    bool variable; /* has variations; its listings are not the product itself */
};

struct sandbox_line {
    const char *id;
    struct sandbox_listing *listing;
    int64_t quantity;  /* never shrinks */
    int64_t cancelled; /* units that left the order before they were shipped */
    int64_t returned;  /* units that left it afterwards */
    int64_t restocked; /* units of both kinds that went back to the quantity */
    int64_t fulfilled;
};

struct sandbox_refund_line {
    const char *id;
    struct sandbox_line *line;
    int64_t quantity;
    const char *restock_type; /* "no_restock", "cancel", "return" */
};

struct sandbox_refund {
    const char *id;
    int64_t created_ms;
    struct sandbox_refund_line *lines;
    size_t lines_len;
};

struct sandbox_order {
    const char *id;
    int64_t number; /* for people: #1001 */
    int64_t created_ms;
    int64_t updated_ms;
    int64_t cancelled_ms; /* 0: not */
    int64_t fulfilled_ms;
    const char *fulfillment_id;
    bool trashed;
    struct sandbox_line *lines;
    size_t lines_len;
    struct sandbox_refund **refunds;
    size_t refunds_len;
};

struct sandbox_market {
    struct arena *arena;
    const struct sandbox_channel_config *config; /* borrowed */
    struct sandbox_product *products;
    size_t products_len;
    struct sandbox_product **products_in_order; /* of their ids, as numbers */
    struct sandbox_listing *listings;
    size_t listings_len;
    struct map *by_key;  /* listings */
    struct map *by_item; /* listings by inventory item */
    struct map *by_id;   /* listings by variant, variation or simple product */
    struct map *products_by_id;
    struct map *orders; /* by id, in the order they were placed */
    uint64_t next_id;
    int64_t orders_len;
};

struct sandbox_want {
    const char *listing;
    int64_t quantity;
};

/* What is refunded. */
struct sandbox_part {
    const char *line; /* its id */
    int64_t quantity;
    const char *restock_type;
};

/* epoch_s keeps order ids of one start apart from those of another. config is borrowed. */
void sandbox_market_init(struct sandbox_market *market, const struct sandbox_channel_config *config,
                         int64_t epoch_s, int64_t now_ms);
void sandbox_market_release(struct sandbox_market *market);

/* ERR_REJECT: unknown listing; ERR_CONFLICT: not enough. Returned things are borrowed for ever. */
struct sandbox_order *sandbox_market_sell(struct sandbox_market *market,
                                          const struct sandbox_want *wants, size_t wants_len,
                                          int64_t now_ms, struct err *err);
/* Of the whole order, unless it was fulfilled or cancelled (ERR_CONFLICT). *ret_refund says what
   was restocked, NULL when nothing was. */
bool sandbox_market_cancel(struct sandbox_market *market, struct sandbox_order *order, bool restock,
                           int64_t now_ms, struct sandbox_refund **ret_refund, struct err *err);
bool sandbox_market_fulfil(struct sandbox_market *market, struct sandbox_order *order,
                           int64_t now_ms, struct err *err);
/* restock_type: "no_restock"; "cancel" for units not yet shipped; "return" for shipped ones. */
struct sandbox_refund *sandbox_market_refund(struct sandbox_market *market,
                                             struct sandbox_order *order,
                                             const struct sandbox_part *part, int64_t now_ms,
                                             struct err *err);
/* Somebody writes the quantity: the merchant, or the suite. */
void sandbox_market_set(struct sandbox_listing *listing, int64_t quantity, int64_t now_ms);

/* Orders that changed after a time, as they were placed, but for those in the trash. Returns how
   many; *ret_orders is in the arena. */
size_t sandbox_market_changed(const struct sandbox_market *market, int64_t after_ms,
                              struct arena *arena, const struct sandbox_order ***ret_orders);
struct sandbox_order *sandbox_market_order(const struct sandbox_market *market, const char *id);
struct sandbox_listing *sandbox_market_listing(const struct sandbox_market *market,
                                               const char *key);
/* Units still in the order, and those of them that wait to be shipped. */
int64_t sandbox_line_current(const struct sandbox_line *line);
int64_t sandbox_line_open(const struct sandbox_line *line);
int64_t sandbox_order_current(const struct sandbox_order *order);
int64_t sandbox_order_total_cents(const struct sandbox_order *order, bool current);
/* A new id as this marketplace gives them. In the market's arena. */
const char *sandbox_market_new_id(struct sandbox_market *market);
