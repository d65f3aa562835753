#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/url.h"
#include "channels/walmart/internal.h"

/*
 * Many SKUs in one call, which Walmart works off in 30 to 40 minutes [wm-dev]: for loads, not for
 * sales. Pages of inventories tell what orders hold; then the feed goes out; then it is asked about
 * until it is done. Shipments meanwhile show as many more until the next push.
 */

enum {
    DETAILS_LEN = 50, /* of a feed's items in one answer */
    POLL_MS = 60000,
};

static const char boundary[] = "stockbus-inventory-feed";
static const char inventories[] = "/v3/inventories";
static const char inventories_query[] = "limit=50";

const char *channel_walmart_feed(const struct channel_account *account)
{
    const char *feed = channel_account_setting(account, "feed");

    return strcmp(feed, "inventory") == 0 || strcmp(feed, "MP_INVENTORY") == 0 ? feed : "";
}

static const char *sku_of(const struct target *target)
{
    return target->address[0] == '\0' ? target->listing : target->address;
}

/* ---- what orders hold ---- */

struct feed {
    bool is_sent;
    size_t known;
    struct {
        bool is_known;
        int64_t units;
    } held[]; /* as the pushes */
};

struct channel_request channel_walmart_feed_first(const struct channel_account *account,
                                                  struct arena *arena)
{
    return channel_walmart_call(
        account, "GET", arena_printf(arena, "%s?%s", inventories, inventories_query), NULL, arena);
}

static bool take_item(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const struct json *item, struct feed *feed, struct err *err)
{
    const char *sku = channel_walmart_text(item, "sku");
    int64_t available = 0;
    int64_t reserved = 0;

    for (size_t i = 0; i < count; i++) {
        if (feed->held[i].is_known || strcmp(sku, sku_of(pushes[i].target)) != 0)
            continue;
        if (!channel_walmart_stock(account, item, &available, &reserved))
            return err_set(err, ERR_RETRY, "the quantities of a node of '%.100s' are wrong", sku);
        feed->held[i].is_known = true;
        feed->held[i].units = reserved;
        feed->known++;
    }
    return true;
}

static bool take_page(const struct channel_account *account, const struct channel_push *pushes,
                      size_t count, const struct json *json, struct feed *feed, struct err *err)
{
    const struct json *items = channel_walmart_path(json, "elements", "inventories", NULL);

    for (size_t i = 0; i < channel_walmart_len(items); i++) {
        if (!take_item(account, pushes, count, channel_walmart_at(items, i), feed, err))
            return false;
    }
    return true;
}

/* ---- the feed ---- */

static void put_quantity(struct json_out *out, int64_t quantity)
{
    json_key(out, "quantity");
    json_object(out);
    json_put_member(out, "unit", "EACH");
    json_put_member_int(out, "amount", quantity);
    json_object_end(out);
}

static void put_item(struct json_out *out, const char *sku, const char *node, int64_t quantity)
{
    json_object(out);
    json_put_member(out, "sku", sku);
    if (node != NULL) {
        json_key(out, "shipNodes");
        json_array(out);
        json_object(out);
        json_put_member(out, "shipNode", node);
    }
    put_quantity(out, quantity);
    if (node != NULL) {
        json_object_end(out);
        json_array_end(out);
    }
    json_object_end(out);
}

/* The keys' letter case differs between the two [wm-oas]. */
static void put_feed(struct json_out *out, const struct channel_account *account,
                     const struct channel_push *pushes, size_t count, const struct feed *feed)
{
    bool has_nodes = strcmp(channel_walmart_feed(account), "MP_INVENTORY") == 0;

    json_object(out);
    json_key(out, has_nodes ? "inventoryHeader" : "InventoryHeader");
    json_object(out);
    json_put_member(out, "version", has_nodes ? "1.5" : "1.4");
    json_object_end(out);
    json_key(out, has_nodes ? "inventory" : "Inventory");
    json_array(out);
    for (size_t i = 0; i < count; i++)
        put_item(out, sku_of(pushes[i].target), has_nodes ? account->location : NULL,
                 pushes[i].target->quantity + feed->held[i].units);
    json_array_end(out);
    json_object_end(out);
}

static struct channel_request send_feed(const struct channel_account *account,
                                        const struct channel_push *pushes, size_t count,
                                        const struct feed *feed, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    buf_printf(&body,
               "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"feed.json\"\r\n"
               "Content-Type: application/json\r\n\r\n",
               boundary);
    json_begin(&out, &body);
    put_feed(&out, account, pushes, count, feed);
    buf_printf(&body, "\r\n--%s--\r\n", boundary);
    struct channel_request request = channel_walmart_call(
        account, "POST",
        arena_printf(arena, "/v3/feeds?feedType=%s", channel_walmart_feed(account)),
        arena_strdup(arena, buf_str(&body)), arena);
    struct channel_header *headers =
        arena_memdup(arena, request.headers, request.headers_len * sizeof(*headers));
    headers[request.headers_len - 1].value =
        arena_printf(arena, "multipart/form-data; boundary=%s", boundary);
    request.headers = headers;
    return request;
}

static struct channel_fetch ask_feed(const struct channel_account *account, const char *id,
                                     int64_t wait_ms, struct arena *arena)
{
    const char *path = arena_printf(arena, "/v3/feeds/%s?includeDetails=true&offset=0&limit=%d",
                                    channel_url_encoded(arena, id), DETAILS_LEN);

    return (struct channel_fetch){
        .request = channel_walmart_call(account, "GET", path, NULL, arena), .wait_ms = wait_ms};
}

static bool is_over(const char *status)
{
    return channel_walmart_is(status, "PROCESSED") || channel_walmart_is(status, "ERROR");
}

static bool next_of_feed(const struct channel_account *account, const struct json *json,
                         struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const char *id = channel_walmart_text(json, "feedId");

    if (id[0] == '\0')
        return err_set(err, ERR_RETRY, "the answer names no feed");
    if (!is_over(channel_walmart_text(json, "feedStatus")))
        *ret_next = ask_feed(account, id, POLL_MS, arena);
    return true;
}

bool channel_walmart_feed_next(const struct channel_account *account,
                               const struct channel_push *pushes, size_t count,
                               const struct channel_response *previous, void **state,
                               struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    struct feed *feed = *state;
    const struct json *json = NULL;
    const struct channel_result result = channel_walmart_result(previous, arena, &json);

    if (feed == NULL)
        *state = feed = arena_alloc(arena, sizeof(*feed) + count * sizeof(feed->held[0]));
    if (result.verdict != CHANNEL_ACCEPTED)
        return true; /* answer() says what that means */
    if (feed->is_sent)
        return next_of_feed(account, json, arena, ret_next, err);
    if (!take_page(account, pushes, count, json, feed, err))
        return false;
    const char *cursor =
        feed->known == count
            ? NULL
            : channel_walmart_cursor(channel_walmart_get(json, "meta"), inventories_query, arena);
    feed->is_sent = cursor == NULL;
    ret_next->request =
        feed->is_sent
            ? send_feed(account, pushes, count, feed, arena)
            : channel_walmart_call(account, "GET", arena_printf(arena, "%s%s", inventories, cursor),
                                   NULL, arena);
    return true;
}

/* ---- what became of it ---- */

static struct channel_result result_of_item(const struct json *item)
{
    const char *status = channel_walmart_text(item, "ingestionStatus");
    const struct json *errors =
        channel_walmart_path(item, "ingestionErrors", "ingestionError", NULL);
    struct channel_result result = {
        .verdict = CHANNEL_REJECTED, .error_class = status, .error_text = ""};

    if (channel_walmart_is(status, "SUCCESS"))
        return (struct channel_result){
            .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
    if (channel_walmart_is(status, "TIMEOUT_ERROR") || channel_walmart_is(status, "SYSTEM_ERROR"))
        result.verdict = CHANNEL_RETRY;
    if (channel_walmart_len(errors) > 0)
        result.error_text = channel_walmart_text(channel_walmart_at(errors, 0), "description");
    return result;
}

/* By place: a feed's answer may name another sku than was sent [wm-oas]. */
static const struct json *item_of(const struct json *json, size_t index, const char *sku)
{
    const struct json *items =
        channel_walmart_path(json, "itemDetails", "itemIngestionStatus", NULL);
    const struct json *by_place = NULL;

    for (size_t i = 0; i < channel_walmart_len(items); i++) {
        const struct json *item = channel_walmart_at(items, i);
        int64_t place = -1;

        if (strcmp(channel_walmart_text(item, "sku"), sku) == 0)
            return item;
        if (channel_walmart_quantity(channel_walmart_get(item, "index"), &place) &&
            place == (int64_t)index)
            by_place = item;
    }
    return by_place;
}

/* What the details leave out is known when all went well; else halves find out. */
bool channel_walmart_feed_answer(const struct channel_push *pushes, size_t count,
                                 const struct json *json, struct arena *arena,
                                 struct channel_result *results)
{
    const char *status = channel_walmart_text(json, "feedStatus");
    int64_t failed = -1;

    (void)arena;
    if (status[0] == '\0')
        return false;
    channel_walmart_quantity(channel_walmart_get(json, "itemsFailed"), &failed);
    bool is_done = channel_walmart_is(status, "PROCESSED");
    for (size_t i = 0; i < count; i++) {
        const struct json *item = item_of(json, i, sku_of(pushes[i].target));

        if (is_done && item != NULL)
            results[i] = result_of_item(item);
        else if (is_done && failed == 0)
            results[i] = (struct channel_result){
                .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
        else
            results[i] = (struct channel_result){
                .verdict = is_done && count > 1 ? CHANNEL_SPLIT : CHANNEL_RETRY,
                .error_class = is_done ? "not_in_details" : "feed_error",
                .error_text = ""};
    }
    return true;
}
