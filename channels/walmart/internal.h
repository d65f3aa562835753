/* What the files of this folder share. */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"

enum { WALMART_FEED_MAX = 1000 };

/* ---- signatures.c ---- */

const struct channel_signature *
channel_walmart_signature_of(const struct channel_account *account,
                             const struct channel_notification *notification);

/* ---- notifications.c ---- */

bool channel_walmart_normalize(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                               struct err *err);
const char *channel_walmart_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena);

/* ---- fields.c: members and values as Walmart spells them ---- */

/* A member whatever the letter case of its key, and with spaces around it. */
const struct json *channel_walmart_get(const struct json *object, const char *key);
/* channel_walmart_get() along a path, closed by NULL. */
const struct json *channel_walmart_path(const struct json *object, ...) __attribute__((sentinel));
/* Text or digits, "" when there is none. */
const char *channel_walmart_text(const struct json *object, const char *key);
bool channel_walmart_is(const char *text, const char *word);
/* A whole number: 1, "1", "1.0", {"amount": ..} or {"measurementValue": ..}. */
bool channel_walmart_quantity(const struct json *node, int64_t *ret_units);
/* Elements of a list; of an object that stands where a list should, itself. */
size_t channel_walmart_len(const struct json *list);
const struct json *channel_walmart_at(const struct json *list, size_t index);
/* The order within a notification's payload, or NULL. */
const struct json *channel_walmart_order_of(const struct json *payload);

/* ---- polls.c ---- */

void channel_walmart_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request);
bool channel_walmart_hints(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena,
                           struct channel_hints *ret_hints, struct err *err);
bool channel_walmart_read(const struct channel_account *account, const char *hint,
                          const struct channel_response *previous, void **state,
                          struct arena *arena, struct channel_fetch *ret_next,
                          const char **ret_bytes, size_t *ret_len, struct err *err);

/* ---- credentials.c ---- */

void channel_walmart_login(const struct channel_account *account, const char *refresh_token,
                           int64_t now_ms, struct arena *arena,
                           struct channel_request *ret_request);
bool channel_walmart_granted(const struct channel_account *account,
                             const struct channel_response *response, int64_t now_ms,
                             struct arena *arena, struct channel_grant *ret_grant, struct err *err);
void channel_walmart_seal(const struct channel_account *account, int64_t now_ms,
                          struct arena *arena, struct channel_request *request);

/* ---- calls.c ---- */

/* A call as seal() completes it; path with query; body NULL for none. */
struct channel_request channel_walmart_call(const struct channel_account *account,
                                            const char *method, const char *path, const char *body,
                                            struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when it can be read, then *ret_json. */
struct channel_result channel_walmart_result(const struct channel_response *response,
                                             struct arena *arena, const struct json **ret_json);
/* The first of an object's "errors"; false: it has none. */
bool channel_walmart_error(const struct json *object, struct channel_result *ret_result);
struct channel_budget channel_walmart_budget(const struct channel_response *response);
/* What a reader does with a call that was not accepted. Returns false. */
bool channel_walmart_refuse(const struct channel_result *result, struct err *err);
/* "?a=b" of a cursor that is a query string, or cursor=... of one that is not; NULL: there is none,
   or it holds what no query may. */
const char *channel_walmart_cursor(const struct json *meta, const char *query, struct arena *arena);

/* ---- pushes.c ---- */

const char *channel_walmart_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena);
bool channel_walmart_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err);
bool channel_walmart_push_next(const struct channel_account *account,
                               const struct channel_push *pushes, size_t count, const char *key,
                               const struct channel_response *previous, void **state,
                               struct arena *arena, struct channel_fetch *ret_next,
                               struct err *err);
void channel_walmart_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget);
/* Of one SKU's nodes, ours or all: what can be sold, and what is promised to orders. False: our
   node is not among them, or a number is wrong. */
bool channel_walmart_stock(const struct channel_account *account, const struct json *item,
                           int64_t *ret_available, int64_t *ret_reserved);

/* ---- feeds.c: pushes by feed, a setting ---- */

/* "", or the type of the feed that quantities are written by. */
const char *channel_walmart_feed(const struct channel_account *account);
struct channel_request channel_walmart_feed_first(const struct channel_account *account,
                                                  struct arena *arena);
bool channel_walmart_feed_next(const struct channel_account *account,
                               const struct channel_push *pushes, size_t count,
                               const struct channel_response *previous, void **state,
                               struct arena *arena, struct channel_fetch *ret_next,
                               struct err *err);
/* True: the answer was a feed's, and results are set. */
bool channel_walmart_feed_answer(const struct channel_push *pushes, size_t count,
                                 const struct json *json, struct arena *arena,
                                 struct channel_result *results);

/* ---- snapshots.c ---- */

bool channel_walmart_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err);
bool channel_walmart_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err);
