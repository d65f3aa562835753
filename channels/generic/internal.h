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

/* ---- documents.c: what facts and hints are looked for in ---- */

struct generic_document {
    struct generic_scene scene;
    const char *topic; /* NULL: it has none */
};
/* A notification is one, an answer to a reading is one, a page of a poll holds some. ERR_REJECT:
   the body is not understood. */
typedef void generic_document_visit(void *opaque, const struct generic_document *document);
bool generic_documents(const struct channel_account *account,
                       const struct channel_notification *notification, struct arena *arena,
                       generic_document_visit *visit, void *opaque, struct err *err) MUST_CHECK;
bool generic_is_among(const struct generic_texts *texts, const char *text);
/* The scene's arena is needed. */
bool generic_is_wanted(const struct channel_account *account, const struct generic_filter *wanted,
                       const struct generic_scene *scene);
/* NULL: there is none of that name; the hint is "order:123". */
const struct generic_read *generic_read_of(const struct channel_account *account, const char *hint);

/* ---- calls.c ---- */

enum { GENERIC_NAMES_MAX = 20 };

struct generic_names {
    struct generic_name list[GENERIC_NAMES_MAX]; /* closed by a NULL name */
    size_t len;
};
void generic_names_add(struct generic_names *names, const char *name, const char *value);
/* What every call may name: token, token_secret, account, location. */
void generic_names_add_account(struct generic_names *names, const struct channel_account *account);
const char *generic_put(const char *template, const struct generic_names *names,
                        enum generic_place place, struct arena *arena);
enum generic_place generic_place_of(enum generic_type type);
const char *generic_content_type(enum generic_type type);
/* In the arena; content_type NULL: a request without a body. */
struct channel_header *generic_headers(const struct generic_pairs *headers,
                                       const char *content_type, const struct generic_names *names,
                                       struct arena *arena, size_t *ret_len);
/* With the headers and credentials of all calls. url is whole. */
struct channel_request generic_get(const struct channel_account *account, const char *url,
                                   const struct generic_names *names, struct arena *arena);

/* {page}, from 1, {offset}, the rows of the pages before, and {cursor}. */
void generic_names_add_page(struct generic_names *names, const struct generic_pages *pages,
                            int64_t page, const char *cursor, struct arena *arena);

/* Where a list goes on. */
struct generic_place_in_list {
    int64_t page; /* that was read; the next one is one more */
    const char *cursor;
    const char *url; /* "": made of the path */
};
/* Behind an answer whose document is root (NULL: no JSON) and that held so many rows. False: that
   was the last page. In the arena. */
bool generic_pages_next(const struct channel_account *account, const struct generic_pages *pages,
                        const struct channel_response *previous, const struct json *root,
                        size_t rows, struct arena *arena, struct generic_place_in_list *place);

/* ---- notifications.c ---- */

const struct channel_signature *
channel_generic_signature(const struct channel_account *account,
                          const struct channel_notification *notification);
bool channel_generic_normalize(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                               struct err *err);
const char *channel_generic_notification_id(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            struct arena *arena);

/* ---- polls.c, reads.c, credentials.c ---- */

void channel_generic_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request);
bool channel_generic_hints(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena,
                           struct channel_hints *ret_hints, struct err *err);
bool channel_generic_read(const struct channel_account *account, const char *hint,
                          const struct channel_response *previous, void **state,
                          struct arena *arena, struct channel_fetch *ret_next,
                          const char **ret_bytes, size_t *ret_len, struct err *err);
void channel_generic_login(const struct channel_account *account, const char *refresh_token,
                           int64_t now_ms, struct arena *arena,
                           struct channel_request *ret_request);
bool channel_generic_granted(const struct channel_account *account,
                             const struct channel_response *response, int64_t now_ms,
                             struct arena *arena, struct channel_grant *ret_grant, struct err *err);

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
