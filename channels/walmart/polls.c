#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "channels/address.h"
#include "channels/url.h"
#include "channels/walmart/internal.h"

/* A page goes into one record of the events topic, as its raw notification. */
enum { POLL_PAGE_LEN = 50 };

static const char order_hint[] = "order:";
static const char return_hint[] = "return:";

/* ---- orders that changed, then returns that did ---- */

static const char *text_of_time(struct arena *arena, int64_t ms)
{
    char text[CLOCK_TEXT_LEN];

    return arena_printf(arena, "%.19sZ", clock_format(ms, text));
}

/* Without createdStartDate only orders of the last 7 days come, whatever changed them; 180 days is
   the most [wm-oas]. */
static const char *orders_path(struct arena *arena, int64_t since_ms)
{
    const int64_t window_ms = INT64_C(170) * 24 * 3600 * 1000;
    int64_t created_ms = since_ms > window_ms ? since_ms - window_ms : 0;

    return arena_printf(arena, "/v3/orders?limit=%d&createdStartDate=%s&lastModifiedStartDate=%s",
                        POLL_PAGE_LEN, text_of_time(arena, created_ms),
                        text_of_time(arena, since_ms));
}

static const char *returns_query(struct arena *arena, int64_t since_ms)
{
    return arena_printf(arena, "limit=%d&returnLastModifiedStartDate=%s", POLL_PAGE_LEN,
                        text_of_time(arena, since_ms));
}

/* What follows an answer tells itself: a page of orders has "list". NULL: nothing. */
static const char *path_after(const struct channel_response *previous, int64_t since_ms,
                              struct arena *arena)
{
    const struct json *json = NULL;
    const char *returns = returns_query(arena, since_ms);

    channel_walmart_result(previous, arena, &json);
    const struct json *list = channel_walmart_get(json, "list");
    if (list == NULL) {
        const char *cursor =
            channel_walmart_cursor(channel_walmart_get(json, "meta"), returns, arena);

        return cursor == NULL ? NULL : arena_printf(arena, "/v3/returns%s", cursor);
    }
    const char *cursor =
        channel_walmart_cursor(channel_walmart_get(list, "meta"), "limit=50", arena);
    return cursor == NULL ? arena_printf(arena, "/v3/returns?%s", returns)
                          : arena_printf(arena, "/v3/orders%s", cursor);
}

void channel_walmart_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                          const struct channel_response *previous, struct arena *arena,
                          struct channel_request *ret_request)
{
    const char *path =
        previous == NULL ? orders_path(arena, since_ms) : path_after(previous, since_ms, arena);

    (void)page;
    *ret_request = (struct channel_request){.url = ""};
    if (path != NULL)
        *ret_request = channel_walmart_call(account, "GET", path, NULL, arena);
}

/* ---- what notifications name ---- */

static bool hint_of(const char *prefix, const char *id, struct arena *arena,
                    struct channel_hints *hints, struct err *err)
{
    return !channel_address_is_id(id) || channel_hint(hints, arena, "%s%s", prefix, id) ||
           err_set(err, ERR_REJECT, "more than %d orders to read", CHANNEL_HINTS_MAX);
}

/* A new order tells all; of later events the lines that they leave out matter as well. */
bool channel_walmart_hints(const struct channel_account *account,
                           const struct channel_notification *notification, struct arena *arena,
                           struct channel_hints *ret_hints, struct err *err)
{
    (void)account;
    if (notification->hint != NULL)
        return true;
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);
    const struct json *payload = channel_walmart_get(json, "payload");
    const struct json *order = channel_walmart_order_of(payload);
    const struct json *return_order = channel_walmart_get(payload, "returnOrder");
    if (json == NULL)
        return false;
    if (channel_walmart_get(json, "source") == NULL)
        return true;
    const char *type = channel_walmart_text(channel_walmart_get(json, "source"), "eventType");
    const char *sub = channel_walmart_text(payload, "subEventType");
    if (sub[0] == '\0')
        sub = channel_walmart_text(channel_walmart_get(payload, "meta"), "subEventType");
    bool is_told =
        (channel_walmart_is(type, "PO_CREATED") || channel_walmart_is(sub, "PO_CREATED")) &&
        channel_walmart_get(order, "orderLines") != NULL;
    if (!is_told &&
        !hint_of(order_hint, channel_walmart_text(order, "purchaseOrderId"), arena, ret_hints, err))
        return false;
    return hint_of(
        return_hint,
        channel_walmart_text(return_order != NULL ? return_order : payload, "returnOrderId"), arena,
        ret_hints, err);
}

/* ---- reading it ---- */

bool channel_walmart_read(const struct channel_account *account, const char *hint,
                          const struct channel_response *previous, void **state,
                          struct arena *arena, struct channel_fetch *ret_next,
                          const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const char *colon = strchr(hint, ':');
    const struct json *json = NULL;

    (void)state;
    *ret_bytes = NULL;
    *ret_len = 0;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (colon == NULL || !channel_address_is_id(colon + 1))
        return err_set(err, ERR_REJECT, "nothing can be read by '%.100s'", hint);
    if (previous == NULL) {
        bool is_return = strncmp(hint, return_hint, sizeof(return_hint) - 1) == 0;
        const char *path = arena_printf(
            arena, is_return ? "/v3/returns?returnOrderId=%s" : "/v3/orders/%s", colon + 1);

        ret_next->request = channel_walmart_call(account, "GET", path, NULL, arena);
        return true;
    }
    const struct channel_result result = channel_walmart_result(previous, arena, &json);
    if (result.verdict != CHANNEL_ACCEPTED)
        return channel_walmart_refuse(&result, err);
    *ret_bytes = previous->body;
    *ret_len = previous->body_len;
    return true;
}
