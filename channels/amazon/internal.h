/* What the files of this folder share. */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"
#include "channels/document.h"
#include "channels/url.h"

/* A feed may hold 10 000 messages [1.3]; a patch holds one. */
enum { AMAZON_BATCH_MAX = 1000 };

extern const struct channel_setting channel_amazon_settings[];

/* ---- fields.c: Amazon spells one key in several ways, so members are found in any case ---- */

const struct json *channel_amazon_get(const struct json *object, const char *key);
/* "" when it is absent or no text; without blanks around it, which a published id has [1.1]. */
const char *channel_amazon_text(struct arena *arena, const struct json *object, const char *key);
/* ISO 8601; false when absent or wrong. */
bool channel_amazon_time(const struct json *object, const char *key, int64_t *ret_ms);
/* A whole number: 2, "2", or {"unit":"EACHES","value":"2.0"} of the 2026 APIs. */
bool channel_amazon_units(const struct json *object, const char *key, int64_t *ret_units);
/* "Canceled", "CANCELLED", "PartiallyShipped" and "PARTIALLY_SHIPPED" are spellings of one word. */
bool channel_amazon_is(const char *word, const char *name);
/* Of names, closed by NULL. */
bool channel_amazon_is_one_of(const char *word, const char *const *names);
/* A list of the account's settings, "A,B C"; NULL behind the last. */
const char *const *channel_amazon_list(const struct channel_account *account, const char *setting,
                                       struct arena *arena, size_t *ret_len);
/* Whether the channel is about this marketplace; a marketplace that nobody names is. */
bool channel_amazon_sells_in(const struct channel_account *account, const char *marketplace,
                             struct arena *arena);
/* What names units in Amazon's own centres: FNSKU or seller SKU, as the account says. */
const char *channel_amazon_fba_sku(const struct channel_account *account, const char *fnsku,
                                   const char *seller_sku);

/* ---- notifications.c ---- */

bool channel_amazon_normalize(const struct channel_account *account,
                              const struct channel_notification *notification, struct arena *arena,
                              struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                              struct err *err);
bool channel_amazon_hints(const struct channel_account *account,
                          const struct channel_notification *notification, struct arena *arena,
                          struct channel_hints *ret_hints, struct err *err);
const char *channel_amazon_notification_id(const struct channel_account *account,
                                           const struct channel_notification *notification,
                                           struct arena *arena);

/* ---- orders.c ---- */

/* Payload of ORDER_CHANGE. */
bool channel_amazon_order_change(const struct channel_document *document,
                                 const struct json *payload, int64_t event_ms);
/* An order of either Orders API; v0 with its items in "OrderItems". */
bool channel_amazon_order(const struct channel_document *document, const struct json *order);
/* A multi-channel order of either fulfilment API. */
bool channel_amazon_fulfillment_order(const struct channel_document *document,
                                      const struct json *order);

/* ---- inventory.c: what Amazon says of its own centres ---- */

bool channel_amazon_availability(const struct channel_document *document,
                                 const struct json *payload, int64_t event_ms);
bool channel_amazon_summaries(const struct channel_document *document, const struct json *payload);
bool channel_amazon_shipment(const struct channel_document *document, const struct json *shipment,
                             const struct json *items);

/* ---- tables.c: reports, whose columns are looked up by name ---- */

struct amazon_row;
typedef bool amazon_row_visit(void *opaque, const struct amazon_row *row, struct err *err);

/* The cell of a column, in any spelling of its name; "" when it is empty or there is none. */
const char *channel_amazon_cell(const struct amazon_row *row, const char *column);
bool channel_amazon_has_column(const struct amazon_row *row, const char *column);
/* False: the cell holds something else than a whole number. An empty one is not zero: nothing is
   told. */
bool channel_amazon_cell_units(const struct amazon_row *row, const char *column, int64_t *ret_units,
                               bool *ret_told);
/* False, ERR_REJECT: what the cell holds instead. */
bool channel_amazon_cell_refuse(const struct amazon_row *row, const char *column, struct err *err);
/* Whether the bytes are a table of columns, and no JSON. */
bool channel_amazon_is_table(const void *bytes, size_t len);
/* Calls `head` (NULL: not wanted) with the line of names, `visit` with each other line. ERR_REJECT:
   these are no texts, or what a visit says, with its line. */
bool channel_amazon_table(const struct channel_account *account, const void *bytes, size_t len,
                          amazon_row_visit *head, amazon_row_visit *visit, void *opaque,
                          struct err *err);

/* What names the units of a row in Amazon's centres. */
const char *channel_amazon_row_sku(const struct channel_account *account,
                                   const struct amazon_row *row);
/* A document as it was downloaded, unpacked where it is packed. In the arena, or borrowed. */
bool channel_amazon_unpack(const void *bytes, size_t len, struct arena *arena,
                           const char **ret_bytes, size_t *ret_len, struct err *err);
/* The text of a document as it was downloaded: unpacked, and in UTF-8. In the arena, or borrowed
   from the bytes. */
bool channel_amazon_decode(const struct channel_account *account, const void *bytes, size_t len,
                           struct arena *arena, const char **ret_text, size_t *ret_len,
                           struct err *err);

/* Units of a table of Amazon's own stock, by what names them there and bucket. */
struct amazon_units {
    const char *sku;
    const char *part; /* country or condition; of sums the first one's */
    const char *bucket;
    int64_t units;
};
struct amazon_stock_visit {
    bool (*visit)(void *opaque, const char *table, const struct amazon_units *units,
                  struct err *err);
    void *opaque;
};
/* Whether the table is one of these, by its names. */
bool channel_amazon_is_stock(const struct amazon_row *head);
bool channel_amazon_stock(const struct channel_account *account, const void *bytes, size_t len,
                          const struct amazon_stock_visit *visit, struct err *err);

/* ---- reports.c ---- */

/* Whether such a report says facts; others are snapshots or mean nothing to us. */
bool channel_amazon_report_has_facts(const char *type);
bool channel_amazon_report(const struct channel_document *document);

/* ---- reads.c ---- */

bool channel_amazon_read(const struct channel_account *account, const char *hint,
                         const struct channel_response *previous, void **state, struct arena *arena,
                         struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                         struct err *err);

/* ---- polls.c ---- */

void channel_amazon_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                         const struct channel_response *previous, struct arena *arena,
                         struct channel_request *ret_request);

/* ---- calls.c ---- */

/* Below the base URL; body NULL: none. */
struct channel_request channel_amazon_call(const struct channel_account *account,
                                           const char *method, const char *path, const char *body,
                                           struct arena *arena);
/* A document's address is signed itself: our token is nobody's business there [1.4]. */
struct channel_request channel_amazon_download(const char *url, struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its JSON can be read, then *ret_json. */
struct channel_result channel_amazon_call_result(const struct channel_response *response,
                                                 struct arena *arena, const struct json **ret_json);
/* The same as an error: true with CHANNEL_ACCEPTED. */
bool channel_amazon_call_ok(const struct channel_response *response, struct arena *arena,
                            const struct json **ret_json, struct err *err);
bool channel_amazon_is_v0(const struct channel_account *account);

/* ---- pushes.c ---- */

const char *channel_amazon_group(const struct channel_account *account, const struct target *target,
                                 struct arena *arena);
bool channel_amazon_push(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const char *key, struct arena *arena,
                         struct channel_request *ret_request, struct err *err);
bool channel_amazon_push_next(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next, struct err *err);
void channel_amazon_answer(const struct channel_account *account, const struct channel_push *pushes,
                           size_t count, const struct channel_response *response,
                           struct arena *arena, struct channel_result *results,
                           struct channel_budget *ret_budget);

/* ---- snapshots.c ---- */

bool channel_amazon_rows(const struct channel_account *account, const char *format,
                         const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                         struct err *err);
bool channel_amazon_snapshot(const struct channel_account *account,
                             const struct channel_response *previous, void *state,
                             struct arena *arena, struct channel_fetch *ret_next,
                             const char **ret_bytes, size_t *ret_len, const char **ret_format,
                             struct err *err);

/* ---- queue.c ---- */

void channel_amazon_receive(const struct channel_account *account, int64_t now_ms,
                            struct arena *arena, struct channel_request *ret_request);
bool channel_amazon_received(const struct channel_account *account,
                             const struct channel_response *response, struct arena *arena,
                             struct channel_message *ret_messages, size_t *ret_len,
                             struct err *err);
void channel_amazon_forget(const struct channel_account *account,
                           const struct channel_message *messages, size_t len, int64_t now_ms,
                           struct arena *arena, struct channel_request *ret_request);

/* ---- tokens.c ---- */

void channel_amazon_login(const struct channel_account *account, const char *refresh_token,
                          int64_t now_ms, struct arena *arena, struct channel_request *ret_request);
bool channel_amazon_granted(const struct channel_account *account,
                            const struct channel_response *response, int64_t now_ms,
                            struct arena *arena, struct channel_grant *ret_grant, struct err *err);
