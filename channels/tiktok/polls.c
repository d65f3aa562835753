#include <inttypes.h>
#include <string.h>

#include "channels/address.h"
#include "channels/document.h"
#include "channels/tiktok/internal.h"
#include "channels/url.h"

/* A page goes into one record of the events topic, as its raw notification. */
enum { POLL_PAGE_LEN = 30 };

static const char order_hint[] = "order:";
static const char return_hint[] = "return:";

/* ---- orders that changed ---- */

/*
 * POST /order/202309/orders/search by update_time, in whole seconds, itself included. An order that
 * changes meanwhile moves to the end of the list, where it comes once more.
 */
void channel_tiktok_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                         const struct channel_response *previous, struct arena *arena,
                         struct channel_request *ret_request)
{
    const struct json *data = NULL;
    const char *token = "";

    (void)page;
    *ret_request = (struct channel_request){.url = ""};
    if (previous != NULL) {
        channel_tiktok_result(previous, arena, &data);
        token = channel_address_text(data, "next_page_token");
        if (token[0] == '\0')
            return;
    }
    const char *query =
        arena_printf(arena, "page_size=%d&sort_field=update_time&sort_order=ASC%s%s", POLL_PAGE_LEN,
                     token[0] == '\0' ? "" : "&page_token=", channel_url_encoded(arena, token));
    *ret_request = channel_tiktok_call(
        account, "/order/202309/orders/search", query,
        arena_printf(arena, "{\"update_time_ge\":%" PRId64 "}", since_ms / 1000), arena);
}

/* ---- what notifications name ---- */

static bool hint_of(const struct json *object, const char *key, const char *prefix,
                    struct arena *arena, struct channel_hints *hints, struct err *err)
{
    const char *id = channel_address_id(json_get(object, key));

    return id == NULL || channel_hint(hints, arena, "%s%s", prefix, id) ||
           err_set(err, ERR_REJECT, "more than %d orders to read", CHANNEL_HINTS_MAX);
}

/* A page may list orders without their lines. */
static bool hints_of_list(const struct json *orders, struct arena *arena,
                          struct channel_hints *hints, struct err *err)
{
    for (size_t i = 0; i < json_len(orders); i++) {
        const struct json *order = json_at(orders, i);

        if (json_is_null(json_get(order, "line_items")) &&
            !hint_of(order, "id", order_hint, arena, hints, err))
            return false;
    }
    return true;
}

static bool hints_of_ids(const struct json *ids, struct arena *arena, struct channel_hints *hints,
                         struct err *err)
{
    for (size_t i = 0; i < json_len(ids); i++) {
        const char *id = channel_address_id(json_at(ids, i));

        if (id != NULL && !channel_hint(hints, arena, "%s%s", order_hint, id))
            return err_set(err, ERR_REJECT, "more than %d orders to read", CHANNEL_HINTS_MAX);
    }
    return true;
}

/* After a sale, several orders may be spoken of at once [TT1, type 67]. */
static bool hints_of_lines(const struct json *lines, struct arena *arena,
                           struct channel_hints *hints, struct err *err)
{
    for (size_t i = 0; i < json_len(lines); i++) {
        if (!hint_of(json_at(lines, i), "main_order_id", order_hint, arena, hints, err))
            return false;
    }
    return true;
}

/* A package may hold the units of several orders [TT1, type 4]. */
static bool hints_of_packages(const struct json *packages, struct arena *arena,
                              struct channel_hints *hints, struct err *err)
{
    for (size_t i = 0; i < json_len(packages); i++) {
        if (!hints_of_ids(json_get(json_at(packages, i), "order_id_list"), arena, hints, err))
            return false;
    }
    return true;
}

bool channel_tiktok_hints(const struct channel_account *account,
                          const struct channel_notification *notification, struct arena *arena,
                          struct channel_hints *ret_hints, struct err *err)
{
    (void)account;
    if (notification->hint != NULL) /* what was read names nothing else */
        return true;
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);
    const struct json *data = channel_document_carried(arena, json_get(json, "data"));
    if (json == NULL)
        return false;
    if (json_get(json, "type") == NULL)
        return hints_of_list(json_get(data, "orders"), arena, ret_hints, err);
    return hint_of(data, "order_id", order_hint, arena, ret_hints, err) &&
           hints_of_packages(json_get(data, "package_list"), arena, ret_hints, err) &&
           hints_of_lines(json_get(data, "line_items"), arena, ret_hints, err) &&
           hint_of(data, "return_id", return_hint, arena, ret_hints, err);
}

/* ---- reading it ---- */

static bool read_first(const struct channel_account *account, const char *hint, struct arena *arena,
                       struct channel_request *ret_request, struct err *err)
{
    if (strncmp(hint, order_hint, strlen(order_hint)) == 0) {
        const char *query =
            arena_printf(arena, "ids=%s", channel_url_encoded(arena, hint + strlen(order_hint)));

        *ret_request = channel_tiktok_call(account, "/order/202507/orders", query, NULL, arena);
        return true;
    }
    const char *id = hint + strlen(return_hint);
    if (strncmp(hint, return_hint, strlen(return_hint)) != 0 || !channel_address_is_id(id))
        return err_set(err, ERR_REJECT, "nothing can be read by '%.100s'", hint);
    *ret_request =
        channel_tiktok_call(account, "/return_refund/202309/returns/search", "page_size=10",
                            arena_printf(arena, "{\"return_ids\":[\"%s\"]}", id), arena);
    return true;
}

bool channel_tiktok_read(const struct channel_account *account, const char *hint,
                         const struct channel_response *previous, void **state, struct arena *arena,
                         struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                         struct err *err)
{
    const struct json *data = NULL;

    (void)state;
    *ret_bytes = NULL;
    *ret_len = 0;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (previous == NULL)
        return read_first(account, hint, arena, &ret_next->request, err);
    const struct channel_result result = channel_tiktok_result(previous, arena, &data);
    if (result.verdict != CHANNEL_ACCEPTED)
        return channel_tiktok_refuse(&result, err);
    if (json_len(json_get(data, "orders")) + json_len(json_get(data, "return_orders")) == 0)
        return err_set(err, ERR_REJECT, "%.100s is not known there", hint);
    *ret_bytes = previous->body;
    *ret_len = previous->body_len;
    return true;
}
