#include <string.h>

#include "channels/generic/internal.h"
#include "channels/url.h"

/* ---- hints ---- */

struct hinting {
    const struct channel_account *account;
    const struct generic_read *read; /* at hand */
    struct channel_hints *hints;
    struct arena *arena;
    bool is_full;
};

/* Encoded: an '@' would say that a hint names a version, too. */
static void hint_add(void *opaque, const struct generic_scene *scene, const char *at)
{
    struct hinting *hinting = opaque;
    const char *id = generic_source_text(scene, hinting->read->id);

    (void)at;
    if (id != NULL && *id != '\0' &&
        !channel_hint(hinting->hints, hinting->arena, "%s:%s", hinting->read->name,
                      channel_url_encoded(hinting->arena, id)))
        hinting->is_full = true;
}

static void hint_missed(void *opaque, const struct generic_scene *scene, const char *at)
{
    (void)opaque;
    (void)scene;
    (void)at;
}

static void hints_add(void *opaque, const struct generic_document *found)
{
    struct hinting *hinting = opaque;
    const struct generic_reads *reads = &generic_spec_of(hinting->account)->reads;
    const struct generic_each each = {hinting->arena, hint_add, hint_missed, hinting};

    for (size_t i = 0; i < reads->len; i++) {
        hinting->read = &reads->list[i];
        if (hinting->read->topics.len == 0 ||
            generic_is_among(&hinting->read->topics, found->topic))
            generic_each_run(&each, &found->scene, hinting->read->each);
    }
}

bool channel_generic_hints(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena,
                           struct channel_hints *ret_hints, struct err *err)
{
    struct hinting hinting = {.account = account, .hints = ret_hints, .arena = arena};

    if (notification->hint != NULL)
        return true; /* that was the reading */
    if (!generic_documents(account, notification, arena, hints_add, &hinting, err))
        return false;
    return !hinting.is_full ||
           err_set(err, ERR_REJECT, "more than %d ids to read, or one of more than %d bytes",
                   CHANNEL_HINTS_MAX, CHANNEL_HINT_MAX);
}

/* ---- reading ---- */

static struct channel_request request_of(const struct channel_account *account,
                                         const struct generic_read *read, const char *id,
                                         struct arena *arena)
{
    struct generic_names names = {.len = 0};

    generic_names_add(&names, "id", id);
    names.list[0].is_raw = true; /* as the hint has it */
    generic_names_add_account(&names, account);
    return generic_get(account,
                       arena_printf(arena, "%s%s", account->base_url,
                                    generic_put(read->path, &names, GENERIC_IN_PATH, arena)),
                       &names, arena);
}

/* One call. */
bool channel_generic_read(const struct channel_account *account, const char *hint,
                          const struct channel_response *previous, void **state,
                          struct arena *arena, struct channel_fetch *ret_next,
                          const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const struct generic_read *read = generic_read_of(account, hint);
    const char *id = strchr(hint, ':');

    (void)state;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    *ret_bytes = NULL;
    *ret_len = 0;
    if (read == NULL || id == NULL || id[1] == '\0')
        return err_set(err, ERR_REJECT, "the spec reads nothing like '%.100s'", hint);
    if (previous == NULL) {
        ret_next->request = request_of(account, read, id + 1, arena);
        return true;
    }
    if (previous->status == 404 || previous->status == 410)
        return err_set(err, ERR_REJECT, "the shop does not know it");
    const struct channel_result result = channel_result_of_status(previous->status, arena);
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, ERR_RETRY, "%s", result.error_class);
    *ret_bytes = previous->body;
    *ret_len = previous->body_len;
    return true;
}
