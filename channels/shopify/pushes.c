#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "channels/address.h"
#include "channels/shopify/internal.h"
#include "lib/base/buf.h"
#include "lib/base/map.h"

enum { WAIT_MAX_MS = 60000 };

static const char default_version[] = "2026-04";

/* item and location say whose change it is: changes come in no promised order. */
static const char set_quantities[] =
    "mutation setQuantities($input: InventorySetQuantitiesInput!, $key: String!) {"
    " inventorySetQuantities(input: $input) @idempotent(key: $key) {"
    " inventoryAdjustmentGroup { id reason referenceDocumentUri"
    " changes { name delta quantityAfterChange item { id } location { id } } }"
    " userErrors { code field message } } }";

/* ---- addresses: "<inventory item>@<location>" ---- */

struct place {
    const char *item;
    const char *location;
};

static bool place_of(const struct channel_account *account, const struct target *target,
                     struct arena *arena, struct place *ret_place)
{
    struct place place = {NULL, NULL};

    if (!channel_address_split(arena, target->address, '@', &place.item, &place.location))
        return false;
    if (place.location[0] == '\0')
        place.location = account->location;
    if (!channel_address_is_id(place.location))
        return false;
    *ret_place = place;
    return true;
}

/* Any item at any location may go into one call. */
const char *channel_shopify_group(const struct channel_account *account,
                                  const struct target *target, struct arena *arena)
{
    struct place place;

    return place_of(account, target, arena, &place) ? "" : NULL;
}

const char *channel_shopify_gid_id(const struct json *node, const char *type)
{
    static const char prefix[] = "gid://shopify/";
    const char *text = json_text(node);
    size_t type_len = strlen(type);

    if (text == NULL || strncmp(text, prefix, sizeof(prefix) - 1) != 0)
        return NULL;
    text += sizeof(prefix) - 1;
    if (strncmp(text, type, type_len) != 0 || text[type_len] != '/')
        return NULL;
    text += type_len + 1;
    return channel_address_is_id(text) ? text : NULL;
}

/* ---- requests ---- */

const char *channel_shopify_version(const struct channel_account *account)
{
    return account->api_version[0] == '\0' ? default_version : account->api_version;
}

struct channel_request channel_shopify_graphql(const struct channel_account *account,
                                               const char *query, const char *variables,
                                               double cost, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    const struct channel_header headers[] = {
        {"Content-Type", "application/json"},
        {"X-Shopify-Access-Token", account->token},
    };
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "query", query);
    json_key(&out, "variables");
    json_put_raw(&out, variables);
    json_object_end(&out);
    return (struct channel_request){
        .method = "POST",
        .url = arena_printf(arena, "%s/admin/api/%s/graphql.json", account->base_url,
                            channel_shopify_version(account)),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers),
        .body = arena_strdup(arena, buf_str(&body)),
        .body_len = body.len,
        .cost = cost,
    };
}

static void put_quantity(struct json_out *out, const struct channel_push *push,
                         const struct place *place, struct arena *arena)
{
    json_object(out);
    json_put_member(out, "inventoryItemId",
                    arena_printf(arena, "gid://shopify/InventoryItem/%s", place->item));
    json_put_member(out, "locationId",
                    arena_printf(arena, "gid://shopify/Location/%s", place->location));
    json_put_member_int(out, "quantity", push->target->quantity);
    /* Must be there; null skips the comparison [SH10]. */
    json_key(out, "changeFromQuantity");
    if (push->has_expected)
        json_put_int(out, push->expected);
    else
        json_put_null(out);
    json_object_end(out);
}

static bool put_quantities(struct json_out *out, const struct channel_account *account,
                           const struct channel_push *pushes, size_t count, struct arena *arena,
                           struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct place place;

        if (!place_of(account, pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want item@location",
                           pushes[i].target->address, pushes[i].target->listing);
        put_quantity(out, &pushes[i], &place, arena);
    }
    return true;
}

bool channel_shopify_push(const struct channel_account *account, const struct channel_push *pushes,
                          size_t count, const char *key, struct arena *arena,
                          struct channel_request *ret_request, struct err *err)
{
    SCOPED(buf) struct buf variables = {0};
    const char *cause = pushes[0].target->event_id; /* of several, the first stands for all */
    struct json_out out;

    if (strcmp(channel_shopify_version(account), default_version) < 0)
        return err_set(err, ERR_REJECT, "api_version '%s': changeFromQuantity came with %s",
                       account->api_version, default_version);
    json_begin(&out, &variables);
    json_object(&out);
    json_key(&out, "input");
    json_object(&out);
    json_put_member(&out, "name", "available");
    json_put_member(&out, "reason", "correction");
    json_put_member(&out, "referenceDocumentUri",
                    arena_printf(arena, "stockbus://target/%s", cause[0] == '\0' ? key : cause));
    json_key(&out, "quantities");
    json_array(&out);
    if (!put_quantities(&out, account, pushes, count, arena, err))
        return false;
    json_array_end(&out);
    json_object_end(&out);
    json_put_member(&out, "key", key);
    json_object_end(&out);
    *ret_request = channel_shopify_graphql(account, set_quantities, buf_str(&variables),
                                           SHOPIFY_MUTATION_COST, arena);
    return true;
}

/* ---- answers as a whole ---- */

struct meaning {
    const char *code;
    enum channel_verdict verdict;
};

/* Codes of errors[]: the whole request was refused. What says that query and schema differ is for
   people: no push will get through. */
static const struct meaning error_meanings[] = {
    {"THROTTLED",                           CHANNEL_THROTTLED},
    {"ACCESS_DENIED",                       CHANNEL_AUTH     },
    {"SHOP_INACTIVE",                       CHANNEL_AUTH     },
    {"undefinedField",                      CHANNEL_AUTH     },
    {"argumentNotAccepted",                 CHANNEL_AUTH     },
    {"missingRequiredInputObjectAttribute", CHANNEL_AUTH     },
    {"INVALID_FIELD_ARGUMENTS",             CHANNEL_AUTH     },
    {"MAX_COST_EXCEEDED",                   CHANNEL_REJECTED },
    {"MAX_INPUT_SIZE_EXCEEDED",             CHANNEL_REJECTED },
    {"INVALID_VARIABLE",                    CHANNEL_REJECTED },
    {"IDEMPOTENCY_CONCURRENT_REQUEST",      CHANNEL_RETRY    },
    {"IDEMPOTENCY_KEY_PARAMETER_MISMATCH",  CHANNEL_RETRY_NEW},
    {"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", CHANNEL_RETRY_NEW},
};

/* InventorySetQuantitiesUserErrorCode [SH12]. A parameter mismatch would be a bug of ours; with a
   new key it is at least no endless one. */
static const struct meaning user_error_meanings[] = {
    {"CHANGE_FROM_QUANTITY_STALE",          CHANNEL_STALE    },
    {"COMPARE_QUANTITY_STALE",              CHANNEL_STALE    },
    {"IDEMPOTENCY_CONCURRENT_REQUEST",      CHANNEL_RETRY    },
    {"IDEMPOTENCY_KEY_PARAMETER_MISMATCH",  CHANNEL_RETRY_NEW},
    {"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", CHANNEL_RETRY_NEW},
};

static enum channel_verdict verdict_of(const struct meaning *meanings, size_t len,
                                       const char *code, enum channel_verdict otherwise)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(meanings[i].code, code) == 0)
            return meanings[i].verdict;
    }
    return otherwise;
}

static const char *code_of(const struct json *object, const char *otherwise)
{
    const char *code = channel_address_text(object, "code");

    return code[0] == '\0' ? otherwise : code;
}

static double number_of(const struct json *node)
{
    const char *text = json_kind(node) == JSON_NUMBER ? json_text(node) : NULL;
    double value = text == NULL ? -1 : strtod(text, NULL);

    return isfinite(value) && value >= 0 ? value : -1;
}

static void read_budget(const struct json *root, struct channel_budget *budget)
{
    const struct json *throttle = json_path(root, "extensions", "cost", "throttleStatus", NULL);

    budget->available = number_of(json_get(throttle, "currentlyAvailable"));
    budget->restore_per_second = number_of(json_get(throttle, "restoreRate"));
}

/* A throttled request costs nothing, and can succeed once its points are there. */
static void read_wait(const struct json *root, struct channel_budget *budget)
{
    double cost = number_of(json_path(root, "extensions", "cost", "requestedQueryCost", NULL));
    double missing = cost - budget->available;

    if (budget->retry_after_ms < 0 && budget->available >= 0 && missing > 0 &&
        budget->restore_per_second > 0)
        budget->retry_after_ms =
            (int64_t)fmin(ceil(missing / budget->restore_per_second * 1000), WAIT_MAX_MS);
}

/* A text where the API's door refuses, a list where it does itself. Not all errors had a code. */
static struct channel_result result_of_errors(const struct json *errors)
{
    const struct json *first = json_at(errors, 0);
    const char *text = json_kind(errors) == JSON_STRING ? json_text(errors)
                                                        : channel_address_text(first, "message");
    const char *code = code_of(json_get(first, "extensions"),
                               strcasecmp(text, "Throttled") == 0 ? "THROTTLED" : "graphql_error");

    return (struct channel_result){
        .verdict = verdict_of(error_meanings, ARRAY_LEN(error_meanings), code, CHANNEL_RETRY),
        .error_class = code,
        .error_text = text,
    };
}

/* Nothing but the mutation has this address: what is refused by status is refused for all listings,
   and needs people. */
static struct channel_result result_of_status(const struct channel_response *response,
                                              struct arena *arena)
{
    struct channel_result result = channel_result_of_status(response->status, arena);

    if (result.verdict == CHANNEL_REJECTED)
        result.verdict = CHANNEL_AUTH;
    return result;
}

struct channel_result channel_shopify_graphql_result(const struct channel_response *response,
                                                     struct arena *arena,
                                                     const struct json **ret_data,
                                                     struct channel_budget *ret_budget)
{
    struct channel_result result = result_of_status(response, arena);
    struct channel_budget budget = {-1, -1, channel_retry_after_ms(response)};
    struct err err = {0};

    *ret_data = NULL;
    *ret_budget = budget;
    if (result.verdict != CHANNEL_ACCEPTED)
        return result;
    const struct json *root = json_parse(arena, response->body, response->body_len, &err);
    const struct json *errors = json_get(root, "errors");
    if (root == NULL)
        return (struct channel_result){.verdict = CHANNEL_RETRY, .error_class = "bad_json",
                                       .error_text = arena_strdup(arena, err.text)};
    read_budget(root, ret_budget);
    if (json_kind(errors) == JSON_STRING || json_len(errors) > 0) {
        result = result_of_errors(errors);
        if (result.verdict == CHANNEL_THROTTLED)
            read_wait(root, ret_budget);
        return result;
    }
    if (json_kind(json_get(root, "data")) != JSON_OBJECT)
        return (struct channel_result){
            .verdict = CHANNEL_RETRY, .error_class = "no_data", .error_text = ""};
    *ret_data = json_get(root, "data");
    return result;
}

/* ---- answers to each push ---- */

/* A call is taken to be all or nothing (unconfirmed [SH9]): a neighbour of what is wrong was not
   applied. */
static void refuse_all(const struct json *errors, struct channel_result *results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        results[i] = (struct channel_result){
            .verdict = CHANNEL_SPLIT,
            .error_class = "neighbour_refused",
            .error_text = channel_address_text(json_at(errors, 0), "message"),
        };
}

/* ["input","quantities","3","quantity"] is 3. */
static bool index_of(const struct json *field, size_t count, size_t *ret_index)
{
    int64_t index = 0;

    const char *list = json_text(json_at(field, 1));

    if (list == NULL || strcmp(list, "quantities") != 0 ||
        !json_int(json_at(field, 2), 0, (int64_t)count - 1, &index))
        return false;
    *ret_index = (size_t)index;
    return true;
}

static void apply_user_error(const struct json *error, struct channel_result *results,
                             size_t count)
{
    const char *code = code_of(error, "user_error");
    struct channel_result result = {
        .error_class = code,
        .error_text = channel_address_text(error, "message"),
    };
    size_t index = 0;

    /* What is not listed is a value of this entry that Shopify will never take. */
    result.verdict = verdict_of(user_error_meanings, ARRAY_LEN(user_error_meanings), code,
                                CHANNEL_REJECTED);
    if (index_of(json_get(error, "field"), count, &index)) {
        results[index] = result;
        return;
    }
    /* Which entry it is about is not said; but for the key, which is all entries'. */
    if (count > 1 && (result.verdict == CHANNEL_REJECTED || result.verdict == CHANNEL_STALE))
        result.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++)
        results[i] = result;
}

static struct map *changes_by_place(const struct json *changes, struct arena *arena)
{
    struct map *by_place = map_new();

    for (size_t i = 0; i < json_len(changes); i++) {
        const struct json *change = json_at(changes, i);
        const char *item =
            channel_shopify_gid_id(json_path(change, "item", "id", NULL), "InventoryItem");
        const char *location =
            channel_shopify_gid_id(json_path(change, "location", "id", NULL), "Location");

        if (item != NULL && location != NULL &&
            strcmp(channel_address_text(change, "name"), "available") == 0)
            map_set(by_place, arena_printf(arena, "%s@%s", item, location), (void *)change);
    }
    return by_place;
}

/* Shopify leaves out what did not change; so without a change to read, no error is the answer. */
static void read_change(const struct channel_account *account, const struct channel_push *push,
                        const struct map *changes, struct arena *arena, bool refused,
                        struct channel_result *result)
{
    struct place place;

    if (!place_of(account, push->target, arena, &place))
        return;
    const struct json *change =
        map_get(changes, arena_printf(arena, "%s@%s", place.item, place.location));
    result->has_shown =
        channel_address_units(json_get(change, "quantityAfterChange"), -EVENT_QUANTITY_MAX,
                              EVENT_QUANTITY_MAX, &result->shown);
    bool shows = result->has_shown && result->shown == push->target->quantity;
    if (refused && !shows)
        return;
    result->verdict =
        shows || !result->has_shown ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    result->error_class = result->verdict == CHANNEL_CONFIRMED ? "" : "shows_other_quantity";
    result->error_text = "";
}

void channel_shopify_answer(const struct channel_account *account,
                            const struct channel_push *pushes, size_t count,
                            const struct channel_response *response, struct arena *arena,
                            struct channel_result *results, struct channel_budget *ret_budget)
{
    SCOPED(map) struct map *changes = NULL;
    const struct json *data = NULL;
    struct channel_result whole =
        channel_shopify_graphql_result(response, arena, &data, ret_budget);
    const struct json *payload = json_get(data, "inventorySetQuantities");
    const struct json *errors = json_get(payload, "userErrors");

    if (whole.verdict == CHANNEL_ACCEPTED && json_kind(errors) != JSON_ARRAY)
        whole = (struct channel_result){
            .verdict = CHANNEL_RETRY, .error_class = "no_data", .error_text = ""};
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++)
        results[i] = whole;
    if (whole.verdict != CHANNEL_ACCEPTED)
        return;
    bool refused = json_len(errors) > 0;
    if (refused)
        refuse_all(errors, results, count);
    for (size_t i = 0; i < json_len(errors); i++)
        apply_user_error(json_at(errors, i), results, count);
    changes = changes_by_place(json_path(payload, "inventoryAdjustmentGroup", "changes", NULL),
                               arena);
    for (size_t i = 0; i < count; i++)
        read_change(account, &pushes[i], changes, arena, refused, &results[i]);
}
