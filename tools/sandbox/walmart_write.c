#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/walmart.h"
#include "tools/sandbox/wording.h"

/* An amount is what lies there; what orders hold is taken off it to know what can be sold. */

enum written { WRITTEN, WRITTEN_NOT, WRITTEN_UNKNOWN };

static enum written write_amount(struct sandbox_channel *channel, const char *sku,
                                 const struct json *quantity)
{
    struct sandbox_listing *listing = sandbox_walmart_listing(channel, sku);
    int64_t amount = 0;

    channel->counters.push_items++;
    if (listing == NULL || !listing->stocked) {
        channel->counters.rejected++;
        return WRITTEN_UNKNOWN;
    }
    if (!json_int(json_get(quantity, "amount"), 0, SANDBOX_STOCK_MAX, &amount)) {
        channel->counters.rejected++;
        sandbox_note_listing(channel, "push_rejected", listing, amount, NULL);
        return WRITTEN_NOT;
    }
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        sandbox_note_listing(channel, "push_ignored", listing, amount, NULL);
        return WRITTEN;
    }
    sandbox_market_set(listing, amount - listing->committed, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, listing->quantity, NULL);
    channel->kind->stock_changed(channel, listing);
    return WRITTEN;
}

static void lie_afterwards(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        sandbox_walmart_error(reply, 500, "SYSTEM_ERROR.GMP_INVENTORY_API", "SYSTEM", "down");
}

static void answer_error(struct sandbox_reply *reply, enum written written)
{
    if (written == WRITTEN_UNKNOWN)
        sandbox_walmart_error(reply, 404, "CONTENT_NOT_FOUND.GMP_INVENTORY_API", "DATA",
                              "Resource not found");
    else
        sandbox_walmart_error(reply, 400, "INVALID_REQUEST_CONTENT.GMP_INVENTORY_API", "DATA",
                              "Invalid quantity");
}

void sandbox_walmart_put(struct sandbox_channel *channel, const struct sandbox_call *call,
                         struct sandbox_reply *reply, const char *sku)
{
    const struct json *quantity = json_get(call->body, "quantity");
    enum written written = write_amount(channel, sku, quantity);
    struct json_out json;

    channel->counters.pushes++;
    if (written != WRITTEN) {
        answer_error(reply, written);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "sku", sku);
    json_key(&json, "quantity");
    sandbox_put_json(&json, quantity);
    json_object_end(&json);
    lie_afterwards(channel, reply);
}

static void put_node(struct json_out *json, const char *node, bool good)
{
    json_object(json);
    json_put_member(json, "shipNode", node);
    json_put_member(json, "status", good ? "Success" : "Failure");
    if (!good) {
        json_key(json, "errors");
        json_array(json);
        json_object(json);
        json_put_member(json, "code", "INVALID_SHIP_NODE.GMP_INVENTORY_API");
        json_put_member(json, "severity", "ERROR");
        json_put_member(json, "category", "DATA");
        json_object_end(json);
        json_array_end(json);
    }
    json_object_end(json);
}

/* 200, whatever became of the nodes. */
void sandbox_walmart_put_nodes(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply, const char *sku)
{
    const struct json *nodes = json_get(json_get(call->body, "inventories"), "nodes");
    struct json_out json;

    channel->counters.pushes++;
    if (sandbox_walmart_listing(channel, sku) == NULL || json_len(nodes) == 0) {
        answer_error(reply, WRITTEN_UNKNOWN);
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "sku", sku);
    json_key(&json, "nodes");
    json_array(&json);
    for (size_t i = 0; i < json_len(nodes); i++) {
        const struct json *node = json_at(nodes, i);
        const char *name = json_text(json_get(node, "shipNode"));
        bool good = name != NULL && strcmp(name, channel->config->location) == 0 &&
                    write_amount(channel, sku, json_get(node, "inputQty")) == WRITTEN;

        put_node(&json, name == NULL ? "" : name, good);
    }
    json_array_end(&json);
    json_object_end(&json);
    lie_afterwards(channel, reply);
}

/* ---- feeds: taken at once, told of when asked ---- */

/* The file within multipart/form-data. */
static const struct json *feed_of(const struct sandbox_call *call)
{
    size_t len = 0;
    const char *body = http_request_body(call->request, &len);
    const char *text = arena_strndup(call->arena, body, len);
    const char *begin = strstr(text, "\r\n\r\n");
    const char *end = begin == NULL ? NULL : strstr(begin + 4, "\r\n--");
    struct err err = {0};

    return end == NULL ? NULL : json_parse(call->arena, begin + 4, (size_t)(end - begin) - 4, &err);
}

static enum written write_item(struct sandbox_channel *channel, const struct json *item)
{
    const char *sku = json_text(json_get(item, "sku"));
    const struct json *nodes = json_get(item, "shipNodes");

    return write_amount(channel, sku == NULL ? "" : sku,
                        json_get(nodes == NULL ? item : json_at(nodes, 0), "quantity"));
}

/* The id tells what the feed's answer will be: how many items, how many of them failed. */
void sandbox_walmart_post_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply)
{
    const struct json *feed = feed_of(call);
    const char *type = http_request_query(call->request, "feedType");
    const struct json *items = json_get(
        feed, type != NULL && strcmp(type, "MP_INVENTORY") == 0 ? "inventory" : "Inventory");
    int failed = 0;
    struct json_out json;

    channel->counters.pushes++;
    if (json_len(items) == 0) {
        sandbox_walmart_error(reply, 400, "INVALID_REQUEST.GMP_FEED_API", "DATA", "no items");
        return;
    }
    for (size_t i = 0; i < json_len(items); i++)
        failed += write_item(channel, json_at(items, i)) != WRITTEN;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "feedId",
                    arena_printf(call->arena, "%zu-%d@AUoBAQA", json_len(items), failed));
    json_object_end(&json);
}

void sandbox_walmart_get_feed(struct sandbox_channel *channel, const struct sandbox_call *call,
                              struct sandbox_reply *reply, const char *id)
{
    long long received = 0;
    long long failed = 0;
    struct json_out json;

    (void)channel;
    (void)call;
    if (sscanf(id, "%lld-%lld@", &received, &failed) != 2) {
        sandbox_walmart_error(reply, 404, "NOT_FOUND.GMP_FEED_API", "DATA", "no such feed");
        return;
    }
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    json_put_member(&json, "feedId", id);
    json_put_member(&json, "feedStatus", "PROCESSED");
    json_put_member_int(&json, "itemsReceived", received);
    json_put_member_int(&json, "itemsSucceeded", received - failed);
    json_put_member_int(&json, "itemsFailed", failed);
    json_put_member_int(&json, "itemsProcessing", 0);
    json_key(&json, "itemDetails");
    json_object(&json);
    json_object_end(&json);
    json_object_end(&json);
}
