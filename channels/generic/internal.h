/* What the files of this folder share. */
#pragma once

#include "channels/generic/spec.h"
#include "channels/generic/value.h"

enum { GENERIC_BATCH_MAX = 1000 };

static inline const struct generic_spec *generic_spec_of(const struct channel_account *account)
{
    return account->spec;
}

/* NULL when the texts have no such name. */
const char *generic_pairs_find(const struct generic_pairs *pairs, const char *name);

/* ---- notifications.c ---- */

const struct channel_signature *
channel_generic_signature(const struct channel_account *account,
                          const struct channel_notification *notification);
bool channel_generic_normalize(const struct channel_account *account,
                               const struct channel_notification *notification,
                               struct arena *arena, struct event_list *ret_events,
                               struct channel_bad_lines *ret_bad, struct err *err);
const char *channel_generic_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena);

/* ---- pushes.c ---- */

const char *channel_generic_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena);
bool channel_generic_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err);
void channel_generic_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget);

/* ---- snapshots.c ---- */

bool channel_generic_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err);
bool channel_generic_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err);
