/*
 * What the files of this folder share.
 *
 * A listing is named "<ItemID>", or "<ItemID>/<SKU>" for one variation of it ("<ItemID>/#<id>" when
 * the variation has no SKU): reports, read-backs and orders all know these two. An address says how
 * the listing was made, because the other API refuses it: "" or "item:<ItemID>[/<SKU>]" by Trading,
 * "offer:<offerId>/<SKU>" or "sku:<SKU>" by the Inventory API.
 */
#pragma once

#include "lib/json/json.h"
#include "lib/xml/xml.h"

#include "channels/channel.h"

enum {
    EBAY_BATCH_MAX = 25, /* bulk_update_price_quantity; the method's page says 1 [eb-oas, eb-dev] */
    EBAY_TRADING_MAX = 4, /* ReviseInventoryStatus */
    EBAY_REVISIONS_PER_DAY = 250,
};

/* ---- ebay.c ---- */

/* A call below base_url, with the token; body NULL: none. */
struct channel_request channel_ebay_call(const struct channel_account *account, const char *method,
                                         const char *path, const char *body, struct arena *arena);
/* A call of the Trading API; content: what stands in its root element. */
struct channel_request channel_ebay_trading(const struct channel_account *account, const char *name,
                                            const char *content, struct arena *arena);
/* Letters, digits, - _ and !: what an id may have that goes into a path. */
bool channel_ebay_is_plain(const char *text, size_t len_max);

/* ---- access.c ---- */

void channel_ebay_login(const struct channel_account *account, const char *refresh_token,
                        int64_t now_ms, struct arena *arena, struct channel_request *ret_request);
bool channel_ebay_granted(const struct channel_account *account,
                          const struct channel_response *response, int64_t now_ms,
                          struct arena *arena, struct channel_grant *ret_grant, struct err *err);
bool channel_ebay_key(const struct channel_account *account, const char *key_id,
                      const struct channel_response *previous, void **state, struct arena *arena,
                      struct channel_fetch *ret_next, struct channel_key *ret_key, struct err *err);
const char *channel_ebay_challenge(const struct channel_account *account, const char *query,
                                   struct arena *arena);
const struct channel_signature *
channel_ebay_signature_of(const struct channel_account *account,
                          const struct channel_notification *notification);
bool channel_ebay_verify(const struct channel_account *account,
                         const struct channel_notification *notification);

/* ---- notifications.c ---- */

/* The response within a SOAP envelope, or the document itself. NULL: there is none. */
const struct xml *channel_ebay_response(const struct xml *root);
bool channel_ebay_normalize(const struct channel_account *account,
                            const struct channel_notification *notification, struct arena *arena,
                            struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                            struct err *err);
const char *channel_ebay_notification_id(const struct channel_account *account,
                                         const struct channel_notification *notification,
                                         struct arena *arena);
bool channel_ebay_hints(const struct channel_account *account,
                        const struct channel_notification *notification, struct arena *arena,
                        struct channel_hints *ret_hints, struct err *err);

/* ---- polls.c ---- */

void channel_ebay_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                       const struct channel_response *previous, struct arena *arena,
                       struct channel_request *ret_request);
bool channel_ebay_read(const struct channel_account *account, const char *hint,
                       const struct channel_response *previous, void **state, struct arena *arena,
                       struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                       struct err *err);

/* ---- pushes.c ---- */

const char *channel_ebay_group(const struct channel_account *account, const struct target *target,
                               struct arena *arena);
int64_t channel_ebay_batch(const struct channel_account *account, const struct target *target);
const char *channel_ebay_quota_key(const struct channel_account *account,
                                   const struct target *target, struct arena *arena);
bool channel_ebay_push(const struct channel_account *account, const struct channel_push *pushes,
                       size_t count, const char *key, struct arena *arena,
                       struct channel_request *ret_request, struct err *err);
void channel_ebay_answer(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const struct channel_response *response, struct arena *arena,
                         struct channel_result *results, struct channel_budget *ret_budget);

/* ---- snapshots.c ---- */

bool channel_ebay_rows(const struct channel_account *account, const char *format, const void *bytes,
                       size_t len, channel_row_visit *visit, void *opaque, struct err *err);
bool channel_ebay_snapshot(const struct channel_account *account,
                           const struct channel_response *previous, void *state,
                           struct arena *arena, struct channel_fetch *ret_next,
                           const char **ret_bytes, size_t *ret_len, const char **ret_format,
                           struct err *err);
