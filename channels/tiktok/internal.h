/* What the files of this folder share. */
#pragma once

#include "lib/json/json.h"

#include "channels/channel.h"

enum { TIKTOK_BATCH_MAX = 50 };

/* ---- notifications.c ---- */

bool channel_tiktok_normalize(const struct channel_account *account,
                              const struct channel_notification *notification, struct arena *arena,
                              struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                              struct err *err);
const char *channel_tiktok_notification_id(const struct channel_account *account,
                                           const struct channel_notification *notification,
                                           struct arena *arena);

/* ---- polls.c ---- */

void channel_tiktok_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                         const struct channel_response *previous, struct arena *arena,
                         struct channel_request *ret_request);
bool channel_tiktok_hints(const struct channel_account *account,
                          const struct channel_notification *notification, struct arena *arena,
                          struct channel_hints *ret_hints, struct err *err);
bool channel_tiktok_read(const struct channel_account *account, const char *hint,
                         const struct channel_response *previous, void **state, struct arena *arena,
                         struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                         struct err *err);

/* ---- credentials.c ---- */

void channel_tiktok_login(const struct channel_account *account, const char *refresh_token,
                          int64_t now_ms, struct arena *arena, struct channel_request *ret_request);
bool channel_tiktok_granted(const struct channel_account *account,
                            const struct channel_response *response, int64_t now_ms,
                            struct arena *arena, struct channel_grant *ret_grant, struct err *err);
void channel_tiktok_seal(const struct channel_account *account, int64_t now_ms, struct arena *arena,
                         struct channel_request *request);

/* ---- pushes.c ---- */

const char *channel_tiktok_group(const struct channel_account *account, const struct target *target,
                                 struct arena *arena);
bool channel_tiktok_push(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const char *key, struct arena *arena,
                         struct channel_request *ret_request, struct err *err);
bool channel_tiktok_push_next(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next, struct err *err);
void channel_tiktok_answer(const struct channel_account *account, const struct channel_push *pushes,
                           size_t count, const struct channel_response *response,
                           struct arena *arena, struct channel_result *results,
                           struct channel_budget *ret_budget);
/* A call as seal() completes it; query without '?', "" for none; body NULL for a GET. */
struct channel_request channel_tiktok_call(const struct channel_account *account, const char *path,
                                           const char *query, const char *body,
                                           struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its code is 0, then *ret_data, which may
   be NULL. */
struct channel_result channel_tiktok_result(const struct channel_response *response,
                                            struct arena *arena, const struct json **ret_data);
/* What a reader does with a call that was not accepted: ERR_RETRY, or ERR_REJECT when no repetition
   can help. Returns false. */
bool channel_tiktok_refuse(const struct channel_result *result, struct err *err);

/* ---- snapshots.c ---- */

/* What the shop may sell of a SKU, as inventory/search tells it; false: missing or wrong. */
bool channel_tiktok_quantity(const struct channel_account *account, const struct json *sku,
                             int64_t *ret_quantity);
bool channel_tiktok_rows(const struct channel_account *account, const char *format,
                         const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                         struct err *err);
bool channel_tiktok_snapshot(const struct channel_account *account,
                             const struct channel_response *previous, void *state,
                             struct arena *arena, struct channel_fetch *ret_next,
                             const char **ret_bytes, size_t *ret_len, const char **ret_format,
                             struct err *err);
