#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/xml/xml.h"

#include "tools/sandbox/ebay.h"
#include "tools/sandbox/reply.h"

enum { BULK_MAX = 25, TRADING_MAX = 4, DAY_MS = 86400000 };

static const char revised_too_often[] =
    "You've exceeded the maximum number of revisions for this listing. Try again tomorrow.";

/* One more revision of the listing, once for each call. False: there were too many today. */
static bool revise(struct sandbox_channel *channel, struct sandbox_product *product, uint64_t call)
{
    int64_t day = clock_now_ms() / DAY_MS;

    if (product->revised_by == call)
        return true;
    if (product->revised_day != day)
        product->revisions = 0;
    product->revised_day = day;
    if (product->revisions >= channel->config->revisions_per_day)
        return false;
    product->revisions++;
    product->revised_by = call;
    return true;
}

static void write_quantity(struct sandbox_channel *channel, struct sandbox_listing *listing,
                           int64_t quantity)
{
    channel->counters.push_items++;
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        sandbox_note_listing(channel, "push_ignored", listing, quantity, NULL);
        return;
    }
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, quantity, NULL);
}

static void reject(struct sandbox_channel *channel, const struct sandbox_listing *listing,
                   int64_t quantity)
{
    channel->counters.push_items++;
    channel->counters.rejected++;
    if (listing != NULL)
        sandbox_note_listing(channel, "push_rejected", listing, quantity, NULL);
}

/* ---- bulk_update_price_quantity ---- */

static void put_response(struct json_out *json, const char *sku, const char *offer, int64_t error,
                         const char *message)
{
    json_object(json);
    json_put_member_int(json, "statusCode", error == 0 ? 200 : 400);
    json_put_member(json, "sku", sku);
    if (offer != NULL)
        json_put_member(json, "offerId", offer);
    json_key(json, "errors");
    json_array(json);
    if (error != 0) {
        json_object(json);
        json_put_member_int(json, "errorId", error);
        json_put_member(json, "domain", "API_INVENTORY");
        json_put_member(json, "category", "REQUEST");
        json_put_member(json, "message", message);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

/* Returns the error, 0 when it was written. The listing shows the smaller of both quantities. */
static int64_t write_offer(struct sandbox_channel *channel, const struct json *request,
                           const struct json *offer, uint64_t call, const char **ret_message)
{
    const char *sku = json_text(json_get(request, "sku"));
    const char *id = json_text(json_get(offer, "offerId"));
    struct sandbox_listing *listing = id == NULL ? NULL : map_get(channel->market.by_item, id);
    int64_t item = 0;
    int64_t own = 0;

    if (listing == NULL || sku == NULL || strcmp(listing->sku, sku) != 0) {
        reject(channel, NULL, 0);
        *ret_message = "This Offer is not available.";
        return 25713;
    }
    if (!json_int(json_path(request, "shipToLocationAvailability", "quantity", NULL), 0,
                  SANDBOX_STOCK_MAX, &item) ||
        !json_int(json_get(offer, "availableQuantity"), 0, SANDBOX_STOCK_MAX, &own)) {
        reject(channel, listing, 0);
        *ret_message = "Invalid value for quantity.";
        return 25709;
    }
    if (!revise(channel, listing->product, call)) {
        reject(channel, listing, own);
        *ret_message = revised_too_often;
        return 25002;
    }
    write_quantity(channel, listing, item < own ? item : own);
    return 0;
}

static bool lie_afterwards(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    if (!sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        return false;
    sandbox_ebay_error(reply, 500, 25001, "API_INVENTORY", "A system error has occurred.");
    return true;
}

void sandbox_ebay_bulk_update(struct sandbox_channel *channel, const struct sandbox_call *call,
                              struct sandbox_reply *reply)
{
    const struct json *requests = json_get(call->body, "requests");
    uint64_t number = (uint64_t)++channel->counters.pushes;
    bool all_good = true;
    struct json_out json;

    if (json_len(requests) == 0 || json_len(requests) > BULK_MAX) {
        sandbox_ebay_error(reply, 400, 25709, "API_INVENTORY", "Invalid value for requests.");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_key(&json, "responses");
    json_array(&json);
    for (size_t i = 0; i < json_len(requests); i++) {
        const struct json *request = json_at(requests, i);
        const struct json *offers = json_get(request, "offers");

        for (size_t j = 0; j < json_len(offers); j++) {
            const char *message = "";
            int64_t error = write_offer(channel, request, json_at(offers, j), number, &message);

            all_good = all_good && error == 0;
            put_response(&json, json_text(json_get(request, "sku")),
                         json_text(json_get(json_at(offers, j), "offerId")), error, message);
        }
    }
    json_array_end(&json);
    json_object_end(&json);
    reply->status = all_good ? 200 : 207;
    lie_afterwards(channel, reply);
}

/* ---- the Trading API ---- */

static void begin_answer(struct buf *out, const char *name, const char *ack)
{
    char time[CLOCK_TEXT_LEN];

    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%sResponse "
               "xmlns=\"urn:ebay:apis:eBLBaseComponents\">",
               name);
    xml_put_element(out, "Timestamp", clock_format(clock_now_ms(), time));
    xml_put_element(out, "Ack", ack);
}

static void put_error(struct buf *out, const char *code, const char *message)
{
    buf_text(out, "<Errors>");
    xml_put_element(out, "ShortMessage", message);
    xml_put_element(out, "LongMessage", message);
    xml_put_element(out, "ErrorCode", code);
    buf_text(out, "<SeverityCode>Error</SeverityCode>"
                  "<ErrorClassification>RequestError</ErrorClassification></Errors>");
}

static void fail(struct sandbox_reply *reply, const char *name, const char *code,
                 const char *message)
{
    sandbox_reply_text(reply, 200, "text/xml", "");
    begin_answer(&reply->body, name, "Failure");
    put_error(&reply->body, code, message);
    buf_printf(&reply->body, "</%sResponse>", name);
}

static struct sandbox_listing *find(const struct sandbox_market *market, const struct xml *status)
{
    const char *item = xml_text(xml_get(status, "ItemID"));
    const char *sku = xml_text(xml_get(status, "SKU"));
    const struct sandbox_product *product =
        item == NULL ? NULL : map_get(market->products_by_id, item);

    for (size_t i = 0; product != NULL && i < product->listings_len; i++) {
        if (!product->variable || (sku != NULL && strcmp(product->listings[i].sku, sku) == 0))
            return &product->listings[i];
    }
    return NULL;
}

/* NULL when it was written, else the code of what is wrong. */
static const char *write_status(struct sandbox_channel *channel, const struct xml *status,
                                uint64_t call, const char **ret_message)
{
    struct sandbox_listing *listing = find(&channel->market, status);
    int64_t quantity = 0;

    if (listing == NULL) {
        reject(channel, NULL, 0);
        *ret_message = "This item cannot be accessed because the listing has been deleted.";
        return "17";
    }
    if (listing->inventory_item_id[0] != '\0') {
        reject(channel, listing, 0);
        *ret_message =
            "Inventory-based listing management is not currently supported by this tool.";
        return "21919474";
    }
    if (!xml_int(xml_get(status, "Quantity"), 0, SANDBOX_STOCK_MAX, &quantity)) {
        reject(channel, listing, 0);
        *ret_message = "Invalid quantity.";
        return "515";
    }
    if (!revise(channel, listing->product, call)) {
        reject(channel, listing, quantity);
        *ret_message = revised_too_often;
        return "21919000";
    }
    write_quantity(channel, listing, quantity);
    return NULL;
}

/* What was written is named again; what was not is only in the errors, which name nothing. */
static void revise_status(struct sandbox_channel *channel, const struct xml *request,
                          struct sandbox_reply *reply)
{
    static const char name[] = "ReviseInventoryStatus";
    uint64_t number = (uint64_t)++channel->counters.pushes;
    SCOPED(buf) struct buf errors = {0};
    SCOPED(buf) struct buf written = {0};
    size_t len = 0;

    for (const struct xml *status = xml_get(request, "InventoryStatus"); status != NULL;
         status = xml_next(status, "InventoryStatus")) {
        const char *message = "";
        const char *code =
            ++len > TRADING_MAX ? "21916635" : write_status(channel, status, number, &message);

        if (code != NULL) {
            put_error(&errors, code, message);
            continue;
        }
        buf_text(&written, "<InventoryStatus>");
        xml_put_element(&written, "ItemID", xml_text(xml_get(status, "ItemID")));
        if (xml_get(status, "SKU") != NULL)
            xml_put_element(&written, "SKU", xml_text(xml_get(status, "SKU")));
        xml_put_element(&written, "Quantity", xml_text(xml_get(status, "Quantity")));
        buf_text(&written, "</InventoryStatus>");
    }
    sandbox_reply_text(reply, 200, "text/xml", "");
    begin_answer(&reply->body, name,
                 errors.len == 0    ? "Success"
                 : written.len == 0 ? "Failure"
                                    : "PartialFailure");
    buf_text(&reply->body, buf_str(&errors));
    buf_text(&reply->body, buf_str(&written));
    buf_printf(&reply->body, "</%sResponse>", name);
    lie_afterwards(channel, reply);
}

static void get_item(struct sandbox_channel *channel, const struct xml *request,
                     struct sandbox_reply *reply)
{
    const char *id = xml_text(xml_get(request, "ItemID"));
    const struct sandbox_product *product =
        id == NULL ? NULL : map_get(channel->market.products_by_id, id);

    if (product == NULL) {
        fail(reply, "GetItem", "17", "This item cannot be accessed.");
        return;
    }
    sandbox_reply_text(reply, 200, "text/xml", "");
    begin_answer(&reply->body, "GetItem", "Success");
    sandbox_ebay_item(product, &reply->body);
    buf_text(&reply->body, "</GetItemResponse>");
}

void sandbox_ebay_trading(struct sandbox_channel *channel, const struct sandbox_call *call,
                          struct sandbox_reply *reply)
{
    const char *name = http_request_header(call->request, "X-EBAY-API-CALL-NAME");
    const char *token = http_request_header(call->request, "X-EBAY-API-IAF-TOKEN");
    struct err err = {0};
    size_t len = 0;
    const void *body = http_request_body(call->request, &len);
    const struct xml *request = xml_parse(call->arena, body, len, &err);

    if (name == NULL)
        name = "";
    if (request == NULL ||
        strcmp(xml_name(request), arena_printf(call->arena, "%sRequest", name)) != 0)
        fail(reply, name, "5", "XML Parse error.");
    else if (token == NULL || strcmp(token, sandbox_ebay_token(channel, true, call->arena)) != 0)
        fail(reply, name, "21916984", "Invalid IAF token.");
    else if (strcmp(name, "ReviseInventoryStatus") == 0)
        revise_status(channel, request, reply);
    else if (strcmp(name, "GetItem") == 0)
        get_item(channel, request, reply);
    else
        fail(reply, name, "2", "Unsupported API call.");
}
