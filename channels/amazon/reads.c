#include <string.h>

#include "lib/base/buf.h"

#include "channels/amazon/internal.h"

/* What one hint is read by. Each answer leads to the next call, or is the end. */
struct reading {
    int step; /* calls answered so far */
    const struct json *order;
};

struct read {
    const struct channel_account *account;
    const char *id; /* behind the hint's first colon */
    const struct channel_response *previous;
    struct reading *reading;
    struct arena *arena;
    struct channel_fetch *next;
    const char **bytes;
    size_t *len;
    struct err *err;
};

static void ask(const struct read *read, const char *path)
{
    read->next->request = channel_amazon_call(read->account, "GET", path, NULL, read->arena);
}

static void hand_over(const struct read *read, const char *bytes, size_t len)
{
    *read->bytes = bytes;
    *read->len = len;
}

static bool is_answered(const struct read *read, const struct json **ret_json)
{
    return channel_amazon_call_ok(read->previous, read->arena, ret_json, read->err);
}

static const char *first_marketplace(const struct read *read)
{
    size_t len = 0;
    const char *const *ids =
        channel_amazon_list(read->account, "marketplace_ids", read->arena, &len);

    return len == 0 ? "" : ids[0];
}

/* ---- one call, whose answer is all ---- */

static bool read_whole(const struct read *read, const char *path)
{
    const struct json *json = NULL;

    if (read->previous == NULL) {
        ask(read, path);
        return true;
    }
    if (!is_answered(read, &json))
        return false;
    hand_over(read, read->previous->body, read->previous->body_len);
    return true;
}

static bool read_fulfillment(const struct read *read)
{
    return read_whole(read,
                      arena_printf(read->arena, "/fba/outbound/2020-07-01/fulfillmentOrders/%s",
                                   channel_url_encoded(read->arena, read->id)));
}

/* ---- orders ---- */

static void put_texts(struct json_out *out, struct arena *arena, const struct json *from,
                      const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const char *text = channel_amazon_text(arena, from, *keys);

        if (text[0] != '\0')
            json_put_member(out, *keys, text);
    }
}

/* Order and items come by two calls, and a page of items without its order says nothing. */
static void hand_over_v0(const struct read *read, const struct json *items)
{
    static const char *const order_keys[] = {
        "AmazonOrderId", "SellerOrderId",  "OrderStatus",        "MarketplaceId",  "SalesChannel",
        "PurchaseDate",  "LastUpdateDate", "FulfillmentChannel", "LatestShipDate", NULL,
    };
    static const char *const item_keys[] = {"OrderItemId",     "SellerSKU",       "ASIN",
                                            "QuantityOrdered", "QuantityShipped", NULL};
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    put_texts(&out, read->arena, read->reading->order, order_keys);
    json_key(&out, "OrderItems");
    json_array(&out);
    for (size_t i = 0; i < json_len(items); i++) {
        json_object(&out);
        put_texts(&out, read->arena, json_at(items, i), item_keys);
        json_object_end(&out);
    }
    json_array_end(&out);
    json_object_end(&out);
    hand_over(read, arena_strdup(read->arena, buf_str(&body)), body.len);
}

static const struct json *payload_of(const struct json *json)
{
    const struct json *payload = channel_amazon_get(json, "payload");

    return payload == NULL ? json : payload;
}

static bool read_order_v0(const struct read *read)
{
    const char *path = arena_printf(read->arena, "/orders/v0/orders/%s",
                                    channel_url_encoded(read->arena, read->id));
    const struct json *json = NULL;

    if (read->previous == NULL) {
        ask(read, path);
        return true;
    }
    if (!is_answered(read, &json))
        return false;
    if (read->reading->step == 1) {
        read->reading->order = payload_of(json);
        ask(read, arena_printf(read->arena, "%s/orderItems", path));
        return true;
    }
    hand_over_v0(read, channel_amazon_get(payload_of(json), "OrderItems"));
    const char *token = channel_amazon_text(read->arena, payload_of(json), "NextToken");
    if (token[0] != '\0')
        ask(read, arena_printf(read->arena, "%s/orderItems?NextToken=%s", path,
                               channel_url_encoded(read->arena, token)));
    return true;
}

static bool read_order(const struct read *read)
{
    if (channel_amazon_is_v0(read->account))
        return read_order_v0(read);
    return read_whole(read, arena_printf(read->arena,
                                         "/orders/2026-01-01/orders/%s"
                                         "?includedData=CANCELLATION,FULFILLMENT,PACKAGES",
                                         channel_url_encoded(read->arena, read->id)));
}

/* ---- documents ---- */

static bool download(const struct read *read, const struct json *document)
{
    const char *url = channel_amazon_text(read->arena, document, "url");

    if (url[0] == '\0')
        return err_set(read->err, ERR_RETRY, "the document has no url");
    read->next->request = channel_amazon_download(url, read->arena);
    return true;
}

static bool downloaded(const struct read *read)
{
    /* The address lives for 5 minutes; later the whole way is gone again. */
    if (read->previous->status != 200)
        return err_set(read->err, ERR_RETRY, "document: http status %d", read->previous->status);
    return channel_amazon_unpack(read->previous->body, read->previous->body_len, read->arena,
                                 read->bytes, read->len, read->err);
}

/* "<type>:<id>:<when it was finished>" */
static bool read_report(const struct read *read)
{
    const char *colon = strchr(read->id, ':');
    const char *id = colon == NULL ? read->id : colon + 1;
    const struct json *json = NULL;

    if (read->previous == NULL) {
        ask(read, arena_printf(read->arena, "/reports/2021-06-30/reports/%s",
                               channel_url_encoded(
                                   read->arena, arena_strndup(read->arena, id, strcspn(id, ":")))));
        return true;
    }
    if (read->reading->step == 3)
        return downloaded(read);
    if (!is_answered(read, &json))
        return false;
    if (read->reading->step == 2)
        return download(read, json);
    const char *document = channel_amazon_text(read->arena, json, "reportDocumentId");
    if (document[0] == '\0')
        return err_set(read->err, ERR_REJECT, "report %s has no document", id);
    ask(read, arena_printf(read->arena, "/reports/2021-06-30/documents/%s",
                           channel_url_encoded(read->arena, document)));
    return true;
}

static bool read_feed(const struct read *read)
{
    const struct json *json = NULL;

    if (read->previous == NULL) {
        ask(read, arena_printf(read->arena, "/feeds/2021-06-30/documents/%s",
                               channel_url_encoded(read->arena, read->id)));
        return true;
    }
    if (read->reading->step == 2)
        return downloaded(read);
    return is_answered(read, &json) && download(read, json);
}

/* ---- inbound shipments: "<status>:<id>" ---- */

static void put_quantity(struct json_out *out, const struct json *item, const char *key)
{
    int64_t units = 0;

    if (channel_amazon_units(item, key, &units))
        json_put_member_int(out, key, units);
}

/* Items do not say how far the shipment is; the list that named it does. */
static void hand_over_shipment(const struct read *read, const char *status, const char *id,
                               const struct json *items)
{
    static const char *const keys[] = {"SellerSKU", "FulfillmentNetworkSKU", NULL};
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "shipment");
    json_object(&out);
    json_put_member(&out, "ShipmentId", id);
    json_put_member(&out, "ShipmentStatus", status);
    json_object_end(&out);
    json_key(&out, "items");
    json_array(&out);
    for (size_t i = 0; i < json_len(items); i++) {
        json_object(&out);
        put_texts(&out, read->arena, json_at(items, i), keys);
        put_quantity(&out, json_at(items, i), "QuantityShipped");
        put_quantity(&out, json_at(items, i), "QuantityReceived");
        json_object_end(&out);
    }
    json_array_end(&out);
    json_object_end(&out);
    hand_over(read, arena_strdup(read->arena, buf_str(&body)), body.len);
}

static bool read_shipment(const struct read *read)
{
    size_t status_len = strcspn(read->id, ":");
    const char *id = read->id[status_len] == '\0' ? "" : read->id + status_len + 1;
    const char *marketplace = channel_url_encoded(read->arena, first_marketplace(read));
    const struct json *json = NULL;

    if (read->previous == NULL) {
        ask(read, arena_printf(read->arena, "/fba/inbound/v0/shipments/%s/items?MarketplaceId=%s",
                               channel_url_encoded(read->arena, id), marketplace));
        return true;
    }
    if (!is_answered(read, &json))
        return false;
    hand_over_shipment(read, arena_strndup(read->arena, read->id, status_len), id,
                       channel_amazon_get(payload_of(json), "ItemData"));
    const char *token = channel_amazon_text(read->arena, payload_of(json), "NextToken");
    if (token[0] != '\0')
        ask(read, arena_printf(read->arena,
                               "/fba/inbound/v0/shipmentItems?QueryType=NEXT_TOKEN"
                               "&NextToken=%s&MarketplaceId=%s",
                               channel_url_encoded(read->arena, token), marketplace));
    return true;
}

/* ---- hints ---- */

static const struct {
    const char *name;
    bool (*read)(const struct read *read);
} readers[] = {
    {"order:",       read_order      },
    {"fulfillment:", read_fulfillment},
    {"report:",      read_report     },
    {"feed:",        read_feed       },
    {"shipment:",    read_shipment   },
};

bool channel_amazon_read(const struct channel_account *account, const char *hint,
                         const struct channel_response *previous, void **state, struct arena *arena,
                         struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                         struct err *err)
{
    if (*state == NULL)
        *state = arena_alloc(arena, sizeof(struct reading));
    struct reading *reading = *state;
    reading->step += previous != NULL;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    *ret_bytes = NULL;
    *ret_len = 0;
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        size_t len = strlen(readers[i].name);
        const struct read read = {account,  hint + len, previous, reading, arena,
                                  ret_next, ret_bytes,  ret_len,  err};

        if (strncmp(hint, readers[i].name, len) == 0)
            return readers[i].read(&read);
    }
    return err_set(err, ERR_REJECT, "hint '%.100s' names nothing that is known", hint);
}
