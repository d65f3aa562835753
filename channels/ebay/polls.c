#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "channels/address.h"
#include "channels/ebay/internal.h"
#include "channels/url.h"

/* A page goes into one record of the events topic, as its raw notification: orders of many lines
   take 20 KB and more. */
enum { POLL_PAGE_LEN = 30 };

static const char orders_path[] = "/sell/fulfillment/v1/order";

/* Whether the answer says that there is more behind it. */
static bool has_next(const struct channel_response *response, struct arena *arena)
{
    struct err err = {0};
    const struct json *json = json_parse(arena, response->body, response->body_len, &err);

    return json_len(json_get(json, "orders")) > 0 && channel_address_text(json, "next")[0] != '\0';
}

/* getOrders by time of change; offset counts orders here [eb-oas sell_fulfillment]. What changes
   between two pages was changed in this round, and so comes again in the next. */
void channel_ebay_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                       const struct channel_response *previous, struct arena *arena,
                       struct channel_request *ret_request)
{
    char since[CLOCK_TEXT_LEN];
    const char *filter = NULL;

    *ret_request = (struct channel_request){.url = ""};
    if (previous != NULL && !has_next(previous, arena))
        return;
    /* What eBay stamps are whole seconds. */
    filter =
        arena_printf(arena, "lastmodifieddate:[%s..]", clock_format(since_ms / 1000 * 1000, since));
    *ret_request = channel_ebay_call(account, "GET",
                                     arena_printf(arena, "%s?filter=%s&limit=%d&offset=%" PRId64,
                                                  orders_path, channel_url_encoded(arena, filter),
                                                  POLL_PAGE_LEN, (page - 1) * POLL_PAGE_LEN),
                                     NULL, arena);
}

/* ---- reading what a hint names ---- */

enum { READ_TRIES_MAX = 4, READ_AGAIN_MS = 5000 };

struct reading {
    const char *order; /* its answer, once it came and something was shipped */
    int tries;
};

/* What an answer other than 2xx says about reading on. */
static bool refuse_answer(const struct channel_response *response, struct arena *arena,
                          struct err *err)
{
    const struct channel_result result = channel_result_of_status(response->status, arena);

    return err_set(err, result.verdict == CHANNEL_REJECTED ? ERR_REJECT : ERR_RETRY, "%s: %.200s",
                   result.error_class, response->body == NULL ? "" : response->body);
}

static struct channel_fetch fetch_order(const struct channel_account *account, const char *id,
                                        const char *of, struct arena *arena)
{
    const char *path =
        arena_printf(arena, "%s/%s%s", orders_path, channel_url_encoded(arena, id), of);

    return (struct channel_fetch){.request = channel_ebay_call(account, "GET", path, NULL, arena)};
}

/* The order alone, or with its shipments when something of it went out. */
static bool read_order(const struct channel_account *account, const char *id,
                       const struct channel_response *previous, struct reading *reading,
                       struct arena *arena, struct channel_fetch *ret_next, const char **ret_bytes,
                       struct err *err)
{
    /* A notification may be faster than what the API reads from. */
    if (previous->status == 404 && ++reading->tries < READ_TRIES_MAX) {
        *ret_next =
            fetch_order(account, id, reading->order == NULL ? "" : "/shipping_fulfillment", arena);
        ret_next->wait_ms = READ_AGAIN_MS;
        return true;
    }
    if (previous->status < 200 || previous->status > 299)
        return refuse_answer(previous, arena, err);
    const struct json *json = json_parse(arena, previous->body, previous->body_len, err);
    if (json == NULL)
        return err_set(err, ERR_RETRY, "order %s: no json came", id);
    if (reading->order != NULL) {
        *ret_bytes =
            arena_printf(arena, "{\"order\":%s,\"shipping\":%s}", reading->order, previous->body);
        return true;
    }
    const char *sent = channel_address_text(json, "orderFulfillmentStatus");
    if (sent[0] == '\0' || strcmp(sent, "NOT_STARTED") == 0) {
        *ret_bytes = previous->body;
        return true;
    }
    reading->order = arena_strndup(arena, previous->body, previous->body_len);
    *ret_next = fetch_order(account, id, "/shipping_fulfillment", arena);
    return true;
}

/* GetItem says what a listing shows, variations included [eb-dev]. */
static struct channel_fetch fetch_item(const struct channel_account *account, const char *id,
                                       struct arena *arena)
{
    const char *content = arena_printf(arena, "<ItemID>%s</ItemID>", id);

    return (struct channel_fetch){.request =
                                      channel_ebay_trading(account, "GetItem", content, arena)};
}

static bool read_item(const struct channel_response *previous, struct arena *arena,
                      const char **ret_bytes, struct err *err)
{
    struct err why = {0};

    if (previous->status < 200 || previous->status > 299)
        return refuse_answer(previous, arena, err);
    const struct xml *response =
        channel_ebay_response(xml_parse(arena, previous->body, previous->body_len, &why));
    const char *ack = xml_text(xml_get(response, "Ack"));
    if (ack == NULL)
        return err_set(err, ERR_RETRY, "GetItem: %.200s", why.text);
    if (strcmp(ack, "Success") != 0 && strcmp(ack, "Warning") != 0) {
        const struct xml *error = xml_get(response, "Errors");
        const char *class = xml_text(xml_get(error, "ErrorClassification"));
        const char *text = xml_text(xml_get(error, "LongMessage"));

        return err_set(err,
                       class != NULL && strcmp(class, "RequestError") == 0 ? ERR_REJECT : ERR_RETRY,
                       "GetItem: %.200s", text == NULL ? "" : text);
    }
    *ret_bytes = previous->body;
    return true;
}

bool channel_ebay_read(const struct channel_account *account, const char *hint,
                       const struct channel_response *previous, void **state, struct arena *arena,
                       struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                       struct err *err)
{
    const char *colon = strchr(hint, ':');
    bool is_order = strncmp(hint, "order:", strlen("order:")) == 0;

    *ret_bytes = NULL;
    *ret_len = 0;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (!is_order && strncmp(hint, "item:", strlen("item:")) != 0)
        return err_set(err, ERR_REJECT, "hint '%.100s' is none of ours", hint);
    const char *id = arena_strndup(arena, colon + 1, strcspn(colon + 1, "@"));
    if (previous == NULL) {
        *state = arena_alloc(arena, sizeof(struct reading));
        *ret_next = is_order ? fetch_order(account, id, "", arena) : fetch_item(account, id, arena);
        return true;
    }
    bool is_read = is_order
                       ? read_order(account, id, previous, *state, arena, ret_next, ret_bytes, err)
                       : read_item(previous, arena, ret_bytes, err);
    if (*ret_bytes != NULL)
        *ret_len = *ret_bytes == previous->body ? previous->body_len : strlen(*ret_bytes);
    return is_read;
}
