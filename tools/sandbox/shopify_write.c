#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"

#include "tools/sandbox/reply.h"
#include "tools/sandbox/shopify.h"
#include "tools/sandbox/wording.h"

/*
 * inventorySetQuantities: all entries or none. What is wrong with the shape of the input is an
 * error of the request; what is wrong with its values is a user error within a 200.
 */

enum { WRITE_ENTRIES_MAX = 250, WRITE_QUANTITY_MAX = 1000000000, WRITE_URI_MAX = 255 };

static const char *const reasons[] = {
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "restock",
    "reservation_deleted",
    "reservation_updated",
    "safety_stock",
    "shrinkage",
};

struct entry {
    const char *item; /* ids */
    const char *location;
    int64_t quantity;
    bool compares;
    bool named_compare; /* the key is there, be it null */
    int64_t compare;
    struct sandbox_listing *listing;
    int64_t delta;
    int64_t available; /* afterwards; what is claimed, when the write is not applied */
};

struct write {
    const struct sandbox_shopify_request *request;
    const struct json *input;
    bool on_hand;
    bool ignore_compare; /* before 2026-04 */
    bool since_2026_04;
    struct entry *entries;
    size_t entries_len;
    struct buf payload;
    struct json_out errors;
    struct buf errors_text;
    int errors_len;
};

/* ---- shape ---- */

static bool bad_variable(struct write *write, const char *what)
{
    const struct sandbox_shopify_request *request = write->request;

    sandbox_shopify_error(
        request, "INVALID_VARIABLE",
        arena_printf(request->call->arena,
                     "Variable $input of type InventorySetQuantitiesInput! was provided invalid "
                     "value for %s",
                     what));
    return false;
}

static bool read_compare(struct write *write, const struct json *node, struct entry *entry)
{
    const char *key = write->since_2026_04 ? "changeFromQuantity" : "compareQuantity";
    const struct json *compare = json_get(node, key);

    entry->named_compare = compare != NULL;
    if (write->since_2026_04 && compare == NULL) {
        sandbox_shopify_error(write->request, "INVALID_FIELD_ARGUMENTS",
                              "InventoryQuantityInput must include the following argument: "
                              "changeFromQuantity.");
        return false;
    }
    if (json_is_null(compare))
        return true;
    entry->compares = true;
    if (json_kind(compare) != JSON_NUMBER ||
        !json_int(compare, INT32_MIN, INT32_MAX, &entry->compare))
        return bad_variable(write, key);
    return true;
}

static bool read_entry(struct write *write, const struct json *node, struct entry *entry)
{
    const struct json *quantity = json_get(node, "quantity");

    entry->item =
        sandbox_shopify_gid(json_text(json_get(node, "inventoryItemId")), "InventoryItem");
    entry->location = sandbox_shopify_gid(json_text(json_get(node, "locationId")), "Location");
    if (entry->item == NULL)
        return bad_variable(write, "quantities.inventoryItemId (Invalid global id)");
    if (entry->location == NULL)
        return bad_variable(write, "quantities.locationId (Invalid global id)");
    if (json_kind(quantity) != JSON_NUMBER ||
        !json_int(quantity, INT32_MIN, INT32_MAX, &entry->quantity))
        return bad_variable(write, "quantities.quantity (Could not coerce value to Int)");
    return read_compare(write, node, entry);
}

static bool read_entries(struct write *write)
{
    const struct sandbox_shopify_request *request = write->request;
    const struct json *quantities = json_get(write->input, "quantities");

    if (json_kind(quantities) != JSON_ARRAY)
        return bad_variable(write, "quantities (Expected value to not be null)");
    if (json_len(quantities) > WRITE_ENTRIES_MAX) {
        sandbox_shopify_error(
            request, "MAX_INPUT_SIZE_EXCEEDED",
            arena_printf(request->call->arena,
                         "The input array size of %zu is greater than the maximum "
                         "allowed of %d.",
                         json_len(quantities), WRITE_ENTRIES_MAX));
        return false;
    }
    write->entries_len = json_len(quantities);
    write->entries =
        arena_alloc(request->call->arena, (write->entries_len + 1) * sizeof(*write->entries));
    for (size_t i = 0; i < write->entries_len; i++)
        if (!read_entry(write, json_at(quantities, i), &write->entries[i]))
            return false;
    return true;
}

static bool read_input(struct write *write)
{
    const struct sandbox_shopify_request *request = write->request;
    const char *name = sandbox_graphql_variable(request->call->arena, &request->query, "input");

    if (name == NULL) {
        sandbox_shopify_error(request, "SANDBOX_UNSUPPORTED",
                              "the sandbox reads variables only: write inventorySetQuantities("
                              "input: $input) and send variables.input");
        return false;
    }
    write->since_2026_04 = sandbox_shopify_since(request, "2026-04");
    write->input = json_get(request->variables, name);
    if (json_kind(write->input) != JSON_OBJECT)
        return bad_variable(write, "input (Expected value to not be null)");
    if (json_text(json_get(write->input, "name")) == NULL)
        return bad_variable(write, "name (Expected value to not be null)");
    if (json_text(json_get(write->input, "reason")) == NULL)
        return bad_variable(write, "reason (Expected value to not be null)");
    json_bool(json_get(write->input, "ignoreCompareQuantity"), &write->ignore_compare);
    return read_entries(write);
}

/* ---- values ---- */

/* field is "name" or, with an index, "quantities.<index>.<field>". */
static void user_error(struct write *write, const char *code, const char *message,
                       const char *field, int index)
{
    struct json_out *json = &write->errors;

    write->errors_len++;
    json_object(json);
    json_key(json, "field");
    json_array(json);
    json_put_text(json, "input");
    if (index >= 0) {
        json_put_text(json, "quantities");
        json_put_text(json, arena_printf(write->request->call->arena, "%d", index));
    }
    json_put_text(json, field);
    json_array_end(json);
    json_put_member(json, "message", message);
    if (sandbox_graphql_mentions(&write->request->query, "code"))
        json_put_member(json, "code", code);
    json_object_end(json);
}

static bool is_reason(const char *reason)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

static bool is_uri(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

    return len > 0 && text[len] == ':' && text[len + 1] != '\0' &&
           strpbrk(text, " \t\r\n") == NULL && strlen(text) <= WRITE_URI_MAX;
}

static void check_head(struct write *write)
{
    const char *name = json_text(json_get(write->input, "name"));
    const char *uri = json_text(json_get(write->input, "referenceDocumentUri"));

    write->on_hand = strcmp(name, "on_hand") == 0;
    if (!write->on_hand && strcmp(name, "available") != 0)
        user_error(write, "INVALID_NAME",
                   "The specified quantity name is invalid. Valid values are: available, on_hand.",
                   "name", -1);
    if (!is_reason(json_text(json_get(write->input, "reason"))))
        user_error(write, "INVALID_REASON", "The specified reason is invalid.", "reason", -1);
    if (uri != NULL && !is_uri(uri))
        user_error(write, "INVALID_REFERENCE_DOCUMENT",
                   "The specified reference document is invalid.", "referenceDocumentUri", -1);
}

static bool is_repeated(const struct write *write, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(write->entries[i].item, write->entries[index].item) == 0 &&
            strcmp(write->entries[i].location, write->entries[index].location) == 0)
            return true;
    return false;
}

static bool check_place(struct write *write, struct entry *entry, int index)
{
    const struct sandbox_channel *channel = write->request->channel;

    entry->listing = map_get(channel->market.by_item, entry->item);
    if (entry->listing == NULL)
        user_error(write, "INVALID_INVENTORY_ITEM",
                   "The specified inventory item could not be found.", "inventoryItemId", index);
    else if (strcmp(entry->location, channel->config->location) != 0)
        user_error(write, "INVALID_LOCATION", "The specified location could not be found.",
                   "locationId", index);
    else if (!entry->listing->stocked)
        user_error(write, "ITEM_NOT_STOCKED_AT_LOCATION",
                   "The specified inventory item is not stocked at the location.", "locationId",
                   index);
    else if (is_repeated(write, (size_t)index))
        user_error(write, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
                   "The combination of inventoryItemId and locationId must be unique.",
                   "locationId", index);
    else
        return true;
    return false;
}

static int64_t shown(const struct write *write, const struct sandbox_listing *listing)
{
    return listing->quantity + (write->on_hand ? listing->committed : 0);
}

static void check_compare(struct write *write, const struct entry *entry, int index)
{
    bool stale = entry->compares && entry->compare != shown(write, entry->listing);

    if (write->since_2026_04) {
        if (stale)
            user_error(write, "CHANGE_FROM_QUANTITY_STALE",
                       "The changeFromQuantity value no longer matches the persisted quantity.",
                       "changeFromQuantity", index);
        return;
    }
    if (write->ignore_compare)
        return;
    if (!entry->compares)
        user_error(write, "COMPARE_QUANTITY_REQUIRED",
                   "The compareQuantity argument must be given to each quantity or ignored using "
                   "ignoreCompareQuantity.",
                   "compareQuantity", index);
    else if (stale)
        user_error(write, "COMPARE_QUANTITY_STALE",
                   "The specified compare quantity does not match the persisted quantity.",
                   "compareQuantity", index);
}

static void check_entry(struct write *write, struct entry *entry, int index)
{
    if (!check_place(write, entry, index))
        return;
    if (entry->quantity < 0)
        user_error(write, "INVALID_QUANTITY_NEGATIVE", "The specified quantity is negative.",
                   "quantity", index);
    else if (entry->quantity > WRITE_QUANTITY_MAX)
        user_error(write, "INVALID_QUANTITY_TOO_HIGH",
                   "The quantity can't be higher than 1,000,000,000.", "quantity", index);
    else
        check_compare(write, entry, index);
}

/* ---- effect and answer ---- */

static void apply(struct write *write)
{
    struct sandbox_channel *channel = write->request->channel;
    int64_t now_ms = clock_now_ms();

    for (size_t i = 0; i < write->entries_len; i++) {
        struct entry *entry = &write->entries[i];
        struct sandbox_listing *listing = entry->listing;

        entry->delta = entry->quantity - shown(write, listing);
        entry->available = listing->quantity + entry->delta;
        if (sandbox_random_chance(&channel->random, channel->faults.accept_without_applying)) {
            sandbox_note_listing(channel, "push_ignored", listing, entry->quantity, NULL);
            continue;
        }
        sandbox_note_listing(channel, "push", listing, entry->available, NULL);
        if (entry->delta == 0)
            continue;
        sandbox_market_set(listing, entry->available, now_ms);
        channel->kind->stock_changed(channel, listing);
    }
}

static void put_change(struct write *write, struct json_out *json, const struct entry *entry,
                       const char *name)
{
    const struct sandbox_graphql *query = &write->request->query;
    int64_t after =
        entry->available + (strcmp(name, "on_hand") == 0 ? entry->listing->committed : 0);

    json_object(json);
    json_put_member(json, "name", name);
    json_put_member_int(json, "delta", entry->delta);
    if (sandbox_graphql_mentions(query, "quantityAfterChange"))
        json_put_member_int(json, "quantityAfterChange", after);
    if (sandbox_graphql_mentions(query, "item")) {
        json_key(json, "item");
        json_object(json);
        sandbox_put_gid(json, "id", "InventoryItem", entry->item);
        json_object_end(json);
    }
    if (sandbox_graphql_mentions(query, "location")) {
        json_key(json, "location");
        json_object(json);
        sandbox_put_gid(json, "id", "Location", entry->location);
        json_object_end(json);
    }
    json_object_end(json);
}

static void put_group(struct write *write, struct json_out *json)
{
    const char *id = sandbox_market_new_id(&write->request->channel->market);
    char time[SANDBOX_TIME_LEN];

    json_key(json, "inventoryAdjustmentGroup");
    if (write->errors_len > 0) {
        json_put_null(json);
        return;
    }
    json_object(json);
    sandbox_put_gid(json, "id", "InventoryAdjustmentGroup", id);
    json_put_member(json, "createdAt", sandbox_time_zulu(time, clock_now_ms()));
    json_put_member(json, "reason", json_text(json_get(write->input, "reason")));
    json_put_member(json, "referenceDocumentUri",
                    json_text(json_get(write->input, "referenceDocumentUri")));
    json_key(json, "changes");
    json_array(json);
    for (size_t i = 0; i < write->entries_len; i++) {
        if (write->entries[i].delta == 0)
            continue;
        put_change(write, json, &write->entries[i], "available");
        put_change(write, json, &write->entries[i], "on_hand");
    }
    json_array_end(json);
    json_object_end(json);
}

static void make_payload(struct write *write)
{
    struct json_out json;

    json_array_end(&write->errors);
    json_begin(&json, &write->payload);
    json_object(&json);
    put_group(write, &json);
    json_key(&json, "userErrors");
    json_put_raw(&json, buf_str(&write->errors_text));
    json_object_end(&json);
}

static void note_rejected(struct write *write)
{
    struct sandbox_channel *channel = write->request->channel;

    channel->counters.rejected += write->errors_len;
    for (size_t i = 0; i < write->entries_len; i++)
        if (write->entries[i].listing != NULL)
            sandbox_note_listing(channel, "push_rejected", write->entries[i].listing,
                                 write->entries[i].quantity, NULL);
}

static void execute(struct write *write)
{
    struct sandbox_channel *channel = write->request->channel;

    channel->counters.pushes++;
    channel->counters.push_items += (int64_t)write->entries_len;
    json_begin(&write->errors, &write->errors_text);
    json_array(&write->errors);
    check_head(write);
    for (size_t i = 0; i < write->entries_len; i++)
        check_entry(write, &write->entries[i], (int)i);
    if (write->errors_len == 0)
        apply(write);
    else
        note_rejected(write);
    make_payload(write);
}

/* *ret_key is NULL where none is needed and none was given. */
static bool read_key(const struct write *write, const char **ret_key)
{
    const struct sandbox_shopify_request *request = write->request;
    const char *variable = NULL;
    const char *key = NULL;
    bool given = sandbox_graphql_idempotent(request->call->arena, &request->query, &key, &variable);

    if (variable != NULL)
        key = json_text(json_get(request->variables, variable));
    if (given && (key == NULL || key[0] == '\0')) {
        sandbox_shopify_error(request, "BAD_REQUEST", "The idempotency key must not be empty.");
        return false;
    }
    if (!given && write->since_2026_04) {
        sandbox_shopify_error(
            request, "BAD_REQUEST",
            "The @idempotent directive is required for this mutation but was not provided.");
        return false;
    }
    *ret_key = key;
    return true;
}

static void reply_mismatch(struct write *write)
{
    json_begin(&write->errors, &write->errors_text);
    json_array(&write->errors);
    user_error(write, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
               "The same idempotency key cannot be used with different operation parameters.",
               "idempotencyKey", -1);
    write->request->channel->counters.rejected++;
    make_payload(write);
    sandbox_shopify_data(write->request, buf_str(&write->payload));
}

static void run_once(struct write *write, const char *key)
{
    struct sandbox_channel *channel = write->request->channel;
    SCOPED(buf) struct buf parameters = {0};
    const char *known = NULL;
    struct json_out json;

    json_begin(&json, &parameters);
    sandbox_put_json(&json, write->input);
    if (key != NULL) {
        switch (sandbox_idempotency_find(channel->idempotency, key, buf_str(&parameters), &known)) {
        case SANDBOX_IDEMPOTENCY_SAME:
            sandbox_shopify_data(write->request, known);
            return;
        case SANDBOX_IDEMPOTENCY_MISMATCH:
            reply_mismatch(write);
            return;
        case SANDBOX_IDEMPOTENCY_NEW:
            break;
        }
    }
    execute(write);
    if (key != NULL)
        sandbox_idempotency_keep(channel->idempotency, key, buf_str(&parameters),
                                 buf_str(&write->payload));
    sandbox_shopify_data(write->request, buf_str(&write->payload));
    if (sandbox_lies(channel, channel->faults.answer_500_after_apply, "fault_500_after_apply")) {
        sandbox_reply_json(write->request->reply, 500);
        buf_text(&write->request->reply->body, "{\"errors\":\"Internal Server Error\"}");
    }
}

void sandbox_shopify_set_quantities(const struct sandbox_shopify_request *request)
{
    struct write write = {.request = request};
    const char *key = NULL;

    if (read_input(&write) && read_key(&write, &key))
        run_once(&write, key);
    buf_release(&write.payload);
    buf_release(&write.errors_text);
}
