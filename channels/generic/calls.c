#include <inttypes.h>
#include <string.h>

#include "channels/generic/internal.h"

enum { PAGES_MAX = 100000 };

/* ---- templates of a call ---- */

void generic_names_add(struct generic_names *names, const char *name, const char *value)
{
    names->list[names->len++] = (struct generic_name){.name = name, .value = value};
}

void generic_names_add_account(struct generic_names *names, const struct channel_account *account)
{
    generic_names_add(names, "token", account->token);
    generic_names_add(names, "token_secret", account->token_secret);
    generic_names_add(names, "account", account->account);
    generic_names_add(names, "location", account->location);
}

const char *generic_put(const char *template, const struct generic_names *names,
                        enum generic_place place, struct arena *arena)
{
    SCOPED(buf) struct buf text = {0};

    generic_template_put(template, names->list, place, &text);
    return arena_strdup(arena, buf_str(&text));
}

enum generic_place generic_place_of(enum generic_type type)
{
    return type == GENERIC_TYPE_FORM ? GENERIC_IN_PATH : GENERIC_IN_JSON;
}

const char *generic_content_type(enum generic_type type)
{
    return type == GENERIC_TYPE_FORM ? "application/x-www-form-urlencoded" : "application/json";
}

struct channel_header *generic_headers(const struct generic_pairs *headers,
                                       const char *content_type, const struct generic_names *names,
                                       struct arena *arena, size_t *ret_len)
{
    struct channel_header *list = arena_alloc(arena, (headers->len + 1) * sizeof(*list));
    size_t len = 0;

    if (content_type != NULL)
        list[len++] = (struct channel_header){"Content-Type", content_type};
    for (size_t i = 0; i < headers->len; i++)
        list[len++] = (struct channel_header){
            headers->list[i].name,
            generic_put(headers->list[i].value, names, GENERIC_IN_HEADER, arena)};
    *ret_len = len;
    return list;
}

struct channel_request generic_get(const struct channel_account *account, const char *url,
                                   const struct generic_names *names, struct arena *arena)
{
    const struct generic_push *push = &generic_spec_of(account)->push;
    struct channel_request request = {
        .method = "GET",
        .url = url,
        .body = "",
        .user = push->basic ? account->token : NULL,
        .password = push->basic ? account->token_secret : NULL,
        .cost = 1,
    };

    request.headers = generic_headers(&push->headers, NULL, names, arena, &request.headers_len);
    return request;
}

/* ---- pages ---- */

void generic_names_add_page(struct generic_names *names, const struct generic_pages *pages,
                            int64_t page, const char *cursor, struct arena *arena)
{
    generic_names_add(names, "page", arena_printf(arena, "%" PRId64, page));
    generic_names_add(names, "offset",
                      arena_printf(arena, "%" PRId64, (page - 1) * pages->page_len));
    generic_names_add(names, "cursor", cursor);
}

/* The target of rel="next" in a Link header, RFC 8288; NULL: there is none. */
static const char *link_next(const char *header, struct arena *arena)
{
    for (const char *at = strchr(header, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        size_t len = end == NULL ? 0 : strcspn(end, "<");
        const char *parameters = end == NULL ? "" : arena_strndup(arena, end, len);

        if (strstr(parameters, "rel=\"next\"") != NULL || strstr(parameters, "rel=next") != NULL)
            return arena_strndup(arena, at + 1, (size_t)(end - at - 1));
    }
    return NULL;
}

/* Where "https://shop.example" ends. */
static size_t origin_len(const char *url)
{
    const char *host = strstr(url, "://");

    return host == NULL ? 0 : (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");
}

/* Only path and query are taken from it: behind a proxy a shop may name a host that is none, and no
   token goes to another one. */
static const char *url_next(const struct channel_account *account, const char *next,
                            struct arena *arena)
{
    const char *path = next + origin_len(next);

    return arena_printf(arena, "%.*s%s%s", (int)origin_len(account->base_url), account->base_url,
                        *path == '/' ? "" : "/", path);
}

static bool next_by_address(const struct channel_account *account,
                            const struct generic_scene *scene, const char *source,
                            struct arena *arena, struct generic_place_in_list *place)
{
    const char *text = generic_source_text(scene, source);

    if (text != NULL && text[strspn(text, " ")] == '<')
        text = link_next(text, arena);
    if (text == NULL || *text == '\0')
        return false;
    place->url = url_next(account, text, arena);
    return true;
}

static bool next_by_cursor(const struct generic_scene *scene, const char *source,
                           struct arena *arena, struct generic_place_in_list *place)
{
    const char *text = generic_source_text(scene, source);

    if (text == NULL || *text == '\0')
        return false;
    place->cursor = arena_strdup(arena, text);
    return true;
}

bool generic_pages_next(const struct channel_account *account, const struct generic_pages *pages,
                        const struct channel_response *previous, const struct json *root,
                        size_t rows, struct arena *arena, struct generic_place_in_list *place)
{
    const struct generic_scene scene =
        generic_scene_of(previous->headers, previous->headers_len, root, arena);

    if (place->page >= PAGES_MAX)
        return false;
    place->page++;
    if (*pages->cursor != '\0')
        return next_by_cursor(&scene, pages->cursor, arena, place);
    if (*pages->next != '\0')
        return next_by_address(account, &scene, pages->next, arena, place);
    return pages->page_len > 0 && rows >= (size_t)pages->page_len;
}
