#include <string.h>

#include "lib/base/clock.h"

#include "channels/shopify/internal.h"

/* A page goes into one record of the events topic, as its raw notification: orders of many lines
   take 20 KB and more. */
enum { POLL_PAGE_LEN = 30 };

/* The cursor in `<https://shop/admin/api/.../orders.json?limit=30&page_info=abc>; rel="next"`; NULL
   on the last page. Only the cursor is taken: an answer shall not say where to go. */
static const char *next_cursor(const struct channel_response *response, struct arena *arena)
{
    static const char key[] = "page_info=";
    const char *link = channel_response_header(response, "Link");

    while (link != NULL) {
        const char *end = strchr(link, ',');
        size_t len = end == NULL ? strlen(link) : (size_t)(end - link);
        const char *one = arena_strndup(arena, link, len);
        const char *cursor = strstr(one, key);

        if (cursor != NULL && strstr(one, "rel=\"next\"") != NULL) {
            cursor += sizeof(key) - 1;
            return arena_strndup(arena, cursor, strcspn(cursor, "&>"));
        }
        link = end == NULL ? NULL : end + 1;
    }
    return NULL;
}

/*
 * GET orders.json, whose elements are what notifications carry. The cursor keeps filter and order
 * of the first page, and goes with no other parameter but the limit [SH17: the REST limits are
 * those of the legacy API; status=any, else closed orders are left out].
 */
void channel_shopify_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request)
{
    const struct channel_header headers[] = {
        {"X-Shopify-Access-Token", account->token}
    };
    char since[CLOCK_TEXT_LEN];
    const char *cursor = previous == NULL ? NULL : next_cursor(previous, arena);
    const char *query = NULL;

    (void)page;
    *ret_request = (struct channel_request){.url = ""};
    if (previous != NULL && cursor == NULL)
        return;
    clock_format(since_ms, since);
    query = cursor == NULL ? arena_printf(arena, "status=any&updated_at_min=%s", since)
                           : arena_printf(arena, "page_info=%s", cursor);
    *ret_request = (struct channel_request){
        .method = "GET",
        .url = arena_printf(arena, "%s/admin/api/%s/orders.json?limit=%d&%s", account->base_url,
                            channel_shopify_version(account), POLL_PAGE_LEN, query),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers),
        .body = "",
        .cost = 1,
    };
}
