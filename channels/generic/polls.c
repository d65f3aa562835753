#include <inttypes.h>

#include "lib/base/clock.h"

#include "channels/generic/internal.h"

static const char *since_text(enum generic_since form, int64_t since_ms, struct arena *arena)
{
    char text[CLOCK_TEXT_LEN];

    switch (form) {
    case GENERIC_SINCE_SECONDS:
        return arena_printf(arena, "%" PRId64, since_ms / 1000);
    case GENERIC_SINCE_MILLISECONDS:
        return arena_printf(arena, "%" PRId64, since_ms);
    case GENERIC_SINCE_RFC3339:
        break;
    }
    return arena_strdup(arena, clock_format(since_ms, text));
}

/* How many rows a page held; 0 as well when it is none: whoever reads it says so. */
static size_t rows_of(const struct generic_poll *poll, const struct json *root)
{
    const struct generic_scene scene = generic_scene_of(NULL, 0, root, NULL);

    return json_len(*poll->rows == '\0' ? root : generic_source_node(&scene, poll->rows));
}

void channel_generic_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request)
{
    const struct generic_poll *poll = &generic_spec_of(account)->poll;
    struct generic_place_in_list place = {.page = page - 1, .cursor = "", .url = ""};
    struct generic_names names = {.len = 0};
    struct err ignored = {0};

    *ret_request = (struct channel_request){.url = ""};
    if (*poll->path == '\0')
        return;
    if (previous != NULL) {
        const struct json *root = json_parse(arena, previous->body, previous->body_len, &ignored);

        if (root == NULL || !generic_pages_next(account, &poll->pages, previous, root,
                                                rows_of(poll, root), arena, &place))
            return;
    }
    generic_names_add(&names, "since", since_text(poll->since, since_ms, arena));
    generic_names_add_page(&names, &poll->pages, page, place.cursor, arena);
    generic_names_add_account(&names, account);
    if (*place.url == '\0')
        place.url = arena_printf(arena, "%s%s", account->base_url,
                                 generic_put(poll->path, &names, GENERIC_IN_PATH, arena));
    *ret_request = generic_get(account, place.url, &names, arena);
}
