/* What the files of this folder share. */
#pragma once

#include "channels/channel.h"
#include "lib/json/json.h"

enum { SHOPIFY_BATCH_MAX = 250, SHOPIFY_MUTATION_COST = 10 };

/* ---- notifications.c ---- */

bool channel_shopify_normalize(const struct channel_account *account,
                               const struct channel_notification *notification,
                               struct arena *arena, struct event_list *ret_events,
                               struct channel_bad_lines *ret_bad, struct err *err);
const char *channel_shopify_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena);

/* ---- pushes.c ---- */

const char *channel_shopify_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena);
bool channel_shopify_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err);
void channel_shopify_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget);
/* "2026-04", or what the channel says. */
const char *channel_shopify_version(const struct channel_account *account);
/* A GraphQL call; variables is a JSON object. */
struct channel_request channel_shopify_graphql(const struct channel_account *account,
                                               const char *query, const char *variables,
                                               double cost, struct arena *arena);
/* What the answer as a whole means: CHANNEL_ACCEPTED when its data can be read, then *ret_data. */
struct channel_result channel_shopify_graphql_result(const struct channel_response *response,
                                                     struct arena *arena,
                                                     const struct json **ret_data,
                                                     struct channel_budget *ret_budget);
/* "gid://shopify/InventoryItem/12" of type "InventoryItem" is "12"; NULL for everything else. */
const char *channel_shopify_gid_id(const struct json *node, const char *type);

/* ---- polls.c ---- */

void channel_shopify_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request);

/* ---- snapshots.c ---- */

bool channel_shopify_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err);
bool channel_shopify_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err);
