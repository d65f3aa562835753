/* What the files of this folder share. */
#pragma once

#include "channels/channel.h"
#include "lib/json/json.h"

enum { WOOCOMMERCE_BATCH_MAX = 100 };

/* ---- notifications.c ---- */

bool channel_woocommerce_is_ping(const struct channel_notification *notification);
bool channel_woocommerce_normalize(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena, struct event_list *ret_events,
                                   struct channel_bad_lines *ret_bad, struct err *err);
const char *channel_woocommerce_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena);

/* ---- pushes.c ---- */

const char *channel_woocommerce_group(const struct channel_account *account,
                                      const struct target *target, struct arena *arena);
bool channel_woocommerce_push(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              struct arena *arena, struct channel_request *ret_request,
                              struct err *err);
void channel_woocommerce_answer(const struct channel_account *account,
                                const struct channel_push *pushes, size_t count,
                                const struct channel_response *response, struct arena *arena,
                                struct channel_result *results, struct channel_budget *ret_budget);
/* A call below /wp-json/wc/v3/; body NULL: none. */
struct channel_request channel_woocommerce_call(const struct channel_account *account,
                                                const char *method, const char *path,
                                                const char *body, struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its JSON can be read, then *ret_json. */
struct channel_result channel_woocommerce_call_result(const struct channel_response *response,
                                                      struct arena *arena,
                                                      const struct json **ret_json);

/* ---- polls.c ---- */

void channel_woocommerce_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                              const struct channel_response *previous, struct arena *arena,
                              struct channel_request *ret_request);

/* ---- snapshots.c ---- */

/* What a product or variation says of its stock, from any answer or notification. False: ERR_REJECT
   naming it. */
bool channel_woocommerce_row(const struct json *product, struct arena *arena,
                             struct channel_row *ret_row, struct err *err);
bool channel_woocommerce_rows(const struct channel_account *account, const char *format,
                              const void *bytes, size_t len, channel_row_visit *visit,
                              void *opaque, struct err *err);
bool channel_woocommerce_snapshot(const struct channel_account *account,
                                  const struct channel_response *previous, void *state,
                                  struct arena *arena, struct channel_fetch *ret_next,
                                  const char **ret_bytes, size_t *ret_len,
                                  const char **ret_format, struct err *err);
