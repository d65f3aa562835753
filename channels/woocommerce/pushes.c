#include <string.h>

#include "channels/address.h"
#include "channels/woocommerce/internal.h"
#include "lib/base/buf.h"

/* ---- addresses: "<product>" or "<product>/<variation>", the listing where there is none ---- */

struct place {
    const char *product;
    const char *variation; /* "": the product itself */
};

static bool place_of(const struct target *target, struct arena *arena, struct place *ret_place)
{
    const char *address = target->address[0] == '\0' ? target->listing : target->address;

    return channel_address_split(arena, address, '/', &ret_place->product,
                                 &ret_place->variation);
}

static const char *id_of(const struct place *place)
{
    return place->variation[0] == '\0' ? place->product : place->variation;
}

/* A batch of variations has one parent [WC2]. */
const char *channel_woocommerce_group(const struct channel_account *account,
                                      const struct target *target, struct arena *arena)
{
    struct place place;

    (void)account;
    if (!place_of(target, arena, &place))
        return NULL;
    return place.variation[0] == '\0' ? "" : place.product;
}

/* ---- requests ---- */

struct channel_request channel_woocommerce_call(const struct channel_account *account,
                                                const char *method, const char *path,
                                                const char *body, struct arena *arena)
{
    static const struct channel_header headers[] = {{"Content-Type", "application/json"}};

    return (struct channel_request){
        .method = method,
        .url = arena_printf(arena, "%s/wp-json/wc/v3/%s", account->base_url, path),
        .headers = headers,
        .headers_len = body == NULL ? 0 : ARRAY_LEN(headers),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .user = account->token,
        .password = account->token_secret,
        .cost = 1,
    };
}

static void put_update(struct json_out *out, const struct place *place, int64_t quantity)
{
    json_object(out);
    json_key(out, "id");
    json_put_raw(out, id_of(place));
    /* Else a quantity is taken and forgotten. */
    json_key(out, "manage_stock");
    json_put_bool(out, true);
    json_put_member_int(out, "stock_quantity", quantity);
    json_object_end(out);
}

bool channel_woocommerce_push(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              struct arena *arena, struct channel_request *ret_request,
                              struct err *err)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;
    struct place place = {"", ""};

    (void)key; /* there is no idempotency, and setting a quantity twice does no harm */
    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "update");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        if (!place_of(pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want product[/variation]",
                           pushes[i].target->address, pushes[i].target->listing);
        put_update(&out, &place, pushes[i].target->quantity);
    }
    json_array_end(&out);
    json_object_end(&out);
    const char *path = place.variation[0] == '\0'
                           ? "products/batch"
                           : arena_printf(arena, "products/%s/variations/batch", place.product);
    *ret_request = channel_woocommerce_call(account, "POST", path,
                                            arena_strdup(arena, buf_str(&body)), arena);
    return true;
}

/* ---- answers ---- */

/* 401 and 403 in JSON are WooCommerce's own word; a 403 page is the host's firewall, which lets us
   in again some time. The same goes for all that is no JSON where JSON should be. */
static struct channel_result result_of_failure(struct channel_result result, int status,
                                               const struct json *json)
{
    const char *code = channel_address_text(json, "code");

    if (code[0] != '\0') {
        result.error_class = code;
        result.error_text = channel_address_text(json, "message");
    }
    /* The plugin is off, or the address wrong: no listing's fault. */
    if (strcmp(code, "rest_no_route") == 0)
        result.verdict = CHANNEL_AUTH;
    else if (json == NULL && status != 401 && result.verdict != CHANNEL_THROTTLED)
        result.verdict = CHANNEL_RETRY;
    return result;
}

struct channel_result channel_woocommerce_call_result(const struct channel_response *response,
                                                      struct arena *arena,
                                                      const struct json **ret_json)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    struct err err = {0};
    const struct json *json =
        response->status == 0 ? NULL
                              : json_parse(arena, response->body, response->body_len, &err);

    *ret_json = NULL;
    if (result.verdict != CHANNEL_ACCEPTED)
        return result_of_failure(result, response->status, json);
    if (json == NULL)
        return (struct channel_result){.verdict = CHANNEL_RETRY, .error_class = "bad_json",
                                       .error_text = arena_strdup(arena, err.text)};
    *ret_json = json;
    return result;
}

static const struct json *item_of(const struct json *list, size_t index, const char *id)
{
    const char *text = json_text(json_get(json_at(list, index), "id"));

    /* The answer keeps the order of the request; the id proves it. */
    if (text != NULL && strcmp(text, id) == 0)
        return json_at(list, index);
    for (size_t i = 0; i < json_len(list); i++) {
        text = json_text(json_get(json_at(list, i), "id"));
        if (text != NULL && strcmp(text, id) == 0)
            return json_at(list, i);
    }
    return NULL;
}

/* {"id":..,"error":{"code":..,"message":..,"data":{"status":..}}} within a 200: this item's own,
   and its status means what it means for a call. */
static struct channel_result result_of_error(const struct json *error, struct arena *arena)
{
    int64_t status = 400;

    json_int(json_path(error, "data", "status", NULL), 400, 599, &status);
    struct channel_result result = channel_result_of_status((int)status, arena);
    const char *code = channel_address_text(error, "code");
    if (code[0] != '\0')
        result.error_class = code;
    result.error_text = channel_address_text(error, "message");
    return result;
}

static struct channel_result result_of_item(const struct json *item,
                                            const struct channel_push *push, struct arena *arena)
{
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};
    bool is_managed = false;

    if (item == NULL)
        return result;
    if (json_kind(json_get(item, "error")) == JSON_OBJECT)
        return result_of_error(json_get(item, "error"), arena);
    json_bool(json_get(item, "manage_stock"), &is_managed);
    result.has_shown = is_managed && channel_address_units(json_get(item, "stock_quantity"),
                                              -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX,
                                              &result.shown);
    bool shows = result.has_shown && result.shown == push->target->quantity;
    result.verdict = shows ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    result.error_class = shows ? "" : is_managed ? "shows_other_quantity" : "stock_not_managed";
    return result;
}

/* The key may not edit one product: that product's matter, as long as it may edit another. */
static void judge_rights(struct channel_result *results, size_t count)
{
    size_t refused = 0;

    for (size_t i = 0; i < count; i++)
        refused += results[i].verdict == CHANNEL_AUTH;
    for (size_t i = 0; refused < count && i < count; i++) {
        if (results[i].verdict == CHANNEL_AUTH)
            results[i].verdict = CHANNEL_REJECTED;
    }
}

void channel_woocommerce_answer(const struct channel_account *account,
                                const struct channel_push *pushes, size_t count,
                                const struct channel_response *response, struct arena *arena,
                                struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct json *json = NULL;
    struct channel_result whole = channel_woocommerce_call_result(response, arena, &json);

    (void)account;
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    *ret_budget = (struct channel_budget){-1, -1, channel_retry_after_ms(response)};
    for (size_t i = 0; i < count; i++) {
        struct place place;

        results[i] = whole;
        if (whole.verdict == CHANNEL_ACCEPTED && place_of(pushes[i].target, arena, &place))
            results[i] = result_of_item(item_of(json_get(json, "update"), i, id_of(&place)),
                                        &pushes[i], arena);
    }
    judge_rights(results, count);
}
