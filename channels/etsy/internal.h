/* What the files of this folder share. */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"

enum { ETSY_BATCH_MAX = 200, ETSY_QUANTITY_MAX = 999 };

/* ---- calls.c ---- */

/* A call below /v3/application/ of the account's base_url; body NULL: none. */
struct channel_request channel_etsy_call(const struct channel_account *account, const char *method,
                                         const char *path, const char *body, struct arena *arena);
/* GET of a listing's inventory, without what was deleted. */
struct channel_request channel_etsy_inventory_call(const struct channel_account *account,
                                                   const char *listing, struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its JSON can be read, then *ret_json. */
struct channel_result channel_etsy_call_result(const struct channel_response *response,
                                               struct arena *arena, const struct json **ret_json);
struct channel_budget channel_etsy_budget(const struct channel_response *response);
/* {"listing_id":..,"inventory":..}: an inventory does not say whose it is. */
const char *channel_etsy_wrapped(const char *listing, const struct channel_response *response,
                                 struct arena *arena);
/* The last part of ".../receipts/234567890"; NULL: the text has no such part. */
const char *channel_etsy_id_behind(const char *url, const char *word, struct arena *arena);

/* ---- credentials.c ---- */

void channel_etsy_login(const struct channel_account *account, const char *refresh_token,
                        int64_t now_ms, struct arena *arena, struct channel_request *ret_request);
bool channel_etsy_granted(const struct channel_account *account,
                          const struct channel_response *response, int64_t now_ms,
                          struct arena *arena, struct channel_grant *ret_grant, struct err *err);

/* ---- notifications.c ---- */

bool channel_etsy_normalize(const struct channel_account *account,
                            const struct channel_notification *notification, struct arena *arena,
                            struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                            struct err *err);
const char *channel_etsy_notification_id(const struct channel_account *account,
                                         const struct channel_notification *notification,
                                         struct arena *arena);

/* ---- receipts.c ---- */

struct channel_document;

bool channel_etsy_receipt(const struct channel_document *document, const struct json *json);

/* ---- reads.c ---- */

/* What a webhook names; hints NULL: it is only looked at. False: ERR_REJECT. */
bool channel_etsy_thin(const struct channel_account *account, const struct json *json,
                       struct arena *arena, struct channel_hints *hints, struct err *err);
bool channel_etsy_hints(const struct channel_account *account,
                        const struct channel_notification *notification, struct arena *arena,
                        struct channel_hints *ret_hints, struct err *err);
bool channel_etsy_read(const struct channel_account *account, const char *hint,
                       const struct channel_response *previous, void **state, struct arena *arena,
                       struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                       struct err *err);

/* ---- inventory.c ---- */

/* A product that was not deleted, and how it is named and shares its quantity. */
struct etsy_product {
    const struct json *json;
    const char *sku;    /* "" when it has none */
    const char *values; /* "200=1213+513=99": its variation; "" when it has none */
    const char *pool;   /* products of one pool show one quantity */
    bool has_quantity;
    int64_t quantity;
};

struct etsy_inventory {
    const struct json *json;
    struct etsy_product *products;
    size_t len;
};

/* An inventory as Etsy tells it: what is written to it has no product_id. */
bool channel_etsy_is_inventory(const struct json *json);
/* What getListingInventory tells. False: ERR_REJECT. In the arena. */
bool channel_etsy_inventory(const struct json *json, struct arena *arena,
                            struct etsy_inventory *ret_inventory, struct err *err);
/* "200=1213+513=99" of property values, or of the variations of a sold line. */
const char *channel_etsy_values(const struct json *values, struct arena *arena);
/* Names the product of a listing as the account's listing_key says. In the arena. */
const char *channel_etsy_listing(const struct channel_account *account, const char *listing,
                                 const char *sku, const char *values, struct arena *arena);
/* Whether "<listing>/<key>" means the product; key "": every product. */
bool channel_etsy_is_named(const struct etsy_product *product, const char *key);
/* The body that writes the inventory back, with quantities[i] for products[i]; -1: as it is. False:
   ERR_REJECT, something of it can't be said back. */
bool channel_etsy_inventory_body(const struct channel_account *account,
                                 const struct etsy_inventory *inventory, const int64_t *quantities,
                                 struct buf *body, struct err *err);

/* ---- pushes.c ---- */

const char *channel_etsy_group(const struct channel_account *account, const struct target *target,
                               struct arena *arena);
bool channel_etsy_push(const struct channel_account *account, const struct channel_push *pushes,
                       size_t count, const char *key, struct arena *arena,
                       struct channel_request *ret_request, struct err *err);
bool channel_etsy_push_next(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count, const char *key,
                            const struct channel_response *previous, void **state,
                            struct arena *arena, struct channel_fetch *ret_next, struct err *err);
void channel_etsy_answer(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const struct channel_response *response, struct arena *arena,
                         struct channel_result *results, struct channel_budget *ret_budget);

/* ---- polls.c ---- */

void channel_etsy_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                       const struct channel_response *previous, struct arena *arena,
                       struct channel_request *ret_request);

/* ---- snapshots.c ---- */

struct etsy_visitor {
    channel_row_visit *visit;
    void *opaque;
};

/* Visits each product of {"listing_id":..,"inventory":..}, or of an inventory by itself. A product
   that is not understood becomes a bad line; bad NULL: it ends the visits. False: ERR_REJECT, or
   the visitor's. */
bool channel_etsy_listing_rows(const struct channel_account *account, const struct json *listing,
                               struct channel_bad_lines *bad, struct arena *arena,
                               const struct etsy_visitor *visitor, struct err *err);
bool channel_etsy_rows(const struct channel_account *account, const char *format, const void *bytes,
                       size_t len, channel_row_visit *visit, void *opaque, struct err *err);
bool channel_etsy_snapshot(const struct channel_account *account,
                           const struct channel_response *previous, void *state,
                           struct arena *arena, struct channel_fetch *ret_next,
                           const char **ret_bytes, size_t *ret_len, const char **ret_format,
                           struct err *err);
