#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/woocommerce.h"
#include "tools/sandbox/woocommerce_body.h"

/* Last write wins: there is no comparing and no idempotency key here. */

enum { BATCH_MAX = 100 };

/* What is wrong with one element. */
struct refusal {
    int status;
    const char *code;
    const char *message;
};

struct write {
    struct sandbox_channel *channel;
    const char *product_id; /* of variations; NULL: products */
};

static struct sandbox_listing *find(const struct write *write, const char *id,
                                    struct refusal *refusal)
{
    struct sandbox_listing *listing = id == NULL ? NULL : map_get(write->channel->market.by_id, id);
    bool variation = write->product_id != NULL;

    if (listing != NULL && !variation && listing->product->variable) {
        *refusal = (struct refusal){404, "woocommerce_rest_invalid_product_id",
                                    "To manipulate product variations you should use the "
                                    "/products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint."};
        return NULL;
    }
    if (listing != NULL && (!variation || (listing->product->variable &&
                                           strcmp(listing->product->id, write->product_id) == 0)))
        return listing;
    *refusal = (struct refusal){variation ? 404 : 400,
                                variation ? "woocommerce_rest_product_variation_invalid_id"
                                          : "woocommerce_rest_product_invalid_id",
                                "Invalid ID."};
    return NULL;
}

/* The quantity that the element asks for; the present one when it asks for none. */
static bool wanted(const struct sandbox_listing *listing, const struct json *element,
                   int64_t *ret_quantity, struct refusal *refusal)
{
    const struct json *quantity = json_get(element, "stock_quantity");
    const struct json *delta = json_get(element, "inventory_delta");
    int64_t value = 0;

    *ret_quantity = listing->quantity;
    if (json_is_null(quantity) && json_is_null(delta))
        return true;
    if (!json_int(json_is_null(quantity) ? delta : quantity, -SANDBOX_STOCK_MAX, SANDBOX_STOCK_MAX,
                  &value)) {
        *refusal =
            (struct refusal){400, "rest_invalid_param", "Invalid parameter(s): stock_quantity"};
        return false;
    }
    *ret_quantity = json_is_null(quantity) ? listing->quantity + value : value;
    return true;
}

static void put_listing(const struct write *write, const struct sandbox_listing *listing,
                        struct json_out *json)
{
    const struct sandbox_market *market = &write->channel->market;

    if (write->product_id != NULL)
        sandbox_woocommerce_variation(market, listing, false, json);
    else
        sandbox_woocommerce_product(market, listing->product, json);
}

/* Shows the element as written, and leaves it as it was. */
static void pretend(const struct write *write, struct sandbox_listing *listing, int64_t quantity,
                    struct json_out *json)
{
    const struct sandbox_listing before = *listing;

    sandbox_note_listing(write->channel, "push_ignored", listing, quantity, NULL);
    sandbox_market_set(listing, quantity, clock_now_ms());
    put_listing(write, listing, json);
    *listing = before;
}

/* A save fires product.updated whether or not anything changed. */
static bool write_element(const struct write *write, const char *id, const struct json *element,
                          struct json_out *json, struct refusal *refusal)
{
    struct sandbox_channel *channel = write->channel;
    struct sandbox_listing *listing = find(write, id, refusal);
    int64_t quantity = 0;

    channel->counters.push_items++;
    if (listing == NULL || !wanted(listing, element, &quantity, refusal)) {
        channel->counters.rejected++;
        if (listing != NULL)
            sandbox_note_listing(channel, "push_rejected", listing, quantity, NULL);
        return false;
    }
    if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
        pretend(write, listing, quantity, json);
        return true;
    }
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "push", listing, quantity, NULL);
    channel->kind->stock_changed(channel, listing);
    put_listing(write, listing, json);
    return true;
}

static void lie_afterwards(struct sandbox_channel *channel, struct sandbox_reply *reply)
{
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply"))
        sandbox_woocommerce_error(reply, 500, "internal_server_error",
                                  "<p>There has been a critical error on this website.</p>");
}

void sandbox_woocommerce_put(struct sandbox_channel *channel, const struct sandbox_call *call,
                             struct sandbox_reply *reply, const char *product_id,
                             const char *variation_id)
{
    const struct write write = {.channel = channel,
                                .product_id = variation_id == NULL ? NULL : product_id};
    struct refusal refusal = {0};
    struct json_out json;

    if (json_kind(call->body) != JSON_OBJECT) {
        sandbox_woocommerce_error(reply, 400, "rest_invalid_json", "Invalid JSON body passed.");
        return;
    }
    channel->counters.pushes++;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    if (write_element(&write, variation_id == NULL ? product_id : variation_id, call->body, &json,
                      &refusal))
        lie_afterwards(channel, reply);
    else
        sandbox_woocommerce_error(reply, refusal.status, refusal.code, refusal.message);
}

static void put_refusal(struct json_out *json, const char *id, const struct refusal *refusal)
{
    json_object(json);
    json_key(json, "id");
    if (id != NULL && strspn(id, "0123456789") == strlen(id) && id[0] != '\0' &&
        (id[0] != '0' || id[1] == '\0'))
        json_put_raw(json, id);
    else
        json_put_int(json, 0);
    json_key(json, "error");
    json_object(json);
    json_put_member(json, "code", refusal->code);
    json_put_member(json, "message", refusal->message);
    json_key(json, "data");
    json_object(json);
    json_put_member_int(json, "status", refusal->status);
    json_object_end(json);
    json_object_end(json);
    json_object_end(json);
}

static void batch_part(const struct write *write, const struct json *body, const char *part,
                       struct json_out *json)
{
    static const struct refusal not_played = {501, "sandbox_not_played",
                                              "The sandbox updates products only."};
    const struct json *elements = json_get(body, part);
    bool update = strcmp(part, "update") == 0;

    if (json_len(elements) == 0)
        return;
    json_key(json, part);
    json_array(json);
    for (size_t i = 0; i < json_len(elements); i++) {
        const struct json *element = json_at(elements, i);
        const char *id = json_text(json_get(element, "id"));
        struct refusal refusal = not_played;

        if (!update || !write_element(write, id, element, json, &refusal))
            put_refusal(json, id, &refusal);
    }
    json_array_end(json);
}

void sandbox_woocommerce_batch(struct sandbox_channel *channel, const struct sandbox_call *call,
                               struct sandbox_reply *reply, const char *product_id)
{
    static const char *const parts[] = {"create", "update", "delete"};
    const struct write write = {.channel = channel, .product_id = product_id};
    size_t len = 0;
    struct json_out json;

    if (json_kind(call->body) != JSON_OBJECT) {
        sandbox_woocommerce_error(reply, 400, "rest_invalid_json", "Invalid JSON body passed.");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        len += json_len(json_get(call->body, parts[i]));
    if (len > BATCH_MAX) {
        channel->counters.rejected++;
        sandbox_woocommerce_error(reply, 413, "woocommerce_rest_request_entity_too_large",
                                  "Unable to accept more than 100 items for this request.");
        return;
    }
    channel->counters.pushes++;
    sandbox_reply_json(reply, 200);
    json_begin(&json, &reply->body);
    json_object(&json);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        batch_part(&write, call->body, parts[i], &json);
    json_object_end(&json);
    lie_afterwards(channel, reply);
}
