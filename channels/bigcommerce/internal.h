/* What the files of this folder share. */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"

enum { BIGCOMMERCE_BATCH_MAX = 2000 };

/* ---- calls.c ---- */

/* Where the account sells from: its location, else that of a store with one. */
const char *channel_bigcommerce_location(const struct channel_account *account);
/* A call below the account's base_url, "https://api.bigcommerce.com/stores/<hash>"; body NULL:
   none. */
struct channel_request channel_bigcommerce_call(const struct channel_account *account,
                                                const char *method, const char *path,
                                                const char *body, struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its JSON can be read, then *ret_json.
   V2 says nothing (204) where a list is empty: NULL. */
struct channel_result channel_bigcommerce_call_result(const struct channel_response *response,
                                                      struct arena *arena,
                                                      const struct json **ret_json);
struct channel_budget channel_bigcommerce_budget(const struct channel_response *response);
/* ---- notifications.c ---- */

const struct channel_signature *
channel_bigcommerce_signature_of(const struct channel_account *account,
                                 const struct channel_notification *notification);
bool channel_bigcommerce_normalize(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena, struct event_list *ret_events,
                                   struct channel_bad_lines *ret_bad, struct err *err);
const char *channel_bigcommerce_notification_id(const struct channel_account *account,
                                                const struct channel_notification *notification,
                                                struct arena *arena);

/* ---- orders.c ---- */

struct channel_document;

/* An order of API V2 with its lines inside, if they are there. */
bool channel_bigcommerce_order(const struct channel_document *document, const struct json *json);
/* {"order_read":..,"products":[pages],"shipments":[pages]}, as reads.c joins it. */
bool channel_bigcommerce_joined_order(const struct channel_document *document,
                                      const struct json *json);
/* The order tells all there is to tell of it, without another call. */
bool channel_bigcommerce_order_is_whole(const struct json *order);
/* False: it says neither of any line. */
bool channel_bigcommerce_order_has_lines(const struct json *order);
/* Some of its units may have gone out. */
bool channel_bigcommerce_order_may_have_shipments(const struct json *order);

/* ---- reads.c ---- */

/* What a webhook names; hints NULL: it is only looked at. False: ERR_REJECT. */
bool channel_bigcommerce_thin(const struct channel_account *account, const struct json *json,
                              struct arena *arena, struct channel_hints *hints, struct err *err);
bool channel_bigcommerce_hints(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct channel_hints *ret_hints, struct err *err);
bool channel_bigcommerce_read(const struct channel_account *account, const char *hint,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, struct err *err);

/* ---- pushes.c ---- */

const char *channel_bigcommerce_group(const struct channel_account *account,
                                      const struct target *target, struct arena *arena);
bool channel_bigcommerce_push(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              struct arena *arena, struct channel_request *ret_request,
                              struct err *err);
/* Reads back what was written: the write's own answer shows no quantity. */
bool channel_bigcommerce_push_next(const struct channel_account *account,
                                   const struct channel_push *pushes, size_t count, const char *key,
                                   const struct channel_response *previous, void **state,
                                   struct arena *arena, struct channel_fetch *ret_next,
                                   struct err *err);
void channel_bigcommerce_answer(const struct channel_account *account,
                                const struct channel_push *pushes, size_t count,
                                const struct channel_response *response, struct arena *arena,
                                struct channel_result *results, struct channel_budget *ret_budget);

/* ---- polls.c ---- */

void channel_bigcommerce_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                              const struct channel_response *previous, struct arena *arena,
                              struct channel_request *ret_request);

/* ---- snapshots.c ---- */

/* Calls visit with each place of an inventory item. False: ERR_REJECT, or the visitor's. */
bool channel_bigcommerce_item_rows(const struct channel_account *account, const struct json *item,
                                   struct arena *arena, channel_row_visit *visit, void *opaque,
                                   struct err *err);
bool channel_bigcommerce_rows(const struct channel_account *account, const char *format,
                              const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                              struct err *err);
bool channel_bigcommerce_snapshot(const struct channel_account *account,
                                  const struct channel_response *previous, void *state,
                                  struct arena *arena, struct channel_fetch *ret_next,
                                  const char **ret_bytes, size_t *ret_len, const char **ret_format,
                                  struct err *err);
