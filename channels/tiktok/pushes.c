#include <inttypes.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/address.h"
#include "channels/tiktok/internal.h"
#include "channels/url.h"

/* ---- addresses: "<product>/<sku>" ---- */

struct place {
    const char *product;
    const char *sku;
};

static bool place_of(const struct target *target, struct arena *arena, struct place *ret_place)
{
    const char *address = target->address[0] == '\0' ? target->listing : target->address;

    return channel_address_split(arena, address, '/', &ret_place->product, &ret_place->sku) &&
           ret_place->sku[0] != '\0';
}

/* One product per call [4.3]. */
const char *channel_tiktok_group(const struct channel_account *account, const struct target *target,
                                 struct arena *arena)
{
    struct place place;

    (void)account;
    return place_of(target, arena, &place) ? place.product : NULL;
}

/* ---- requests ---- */

struct channel_request channel_tiktok_call(const struct channel_account *account, const char *path,
                                           const char *query, const char *body, struct arena *arena)
{
    const struct channel_header headers[] = {
        {"x-tts-access-token", account->token    },
        {"Content-Type",       "application/json"}
    };
    SCOPED(buf) struct buf url = {0};

    buf_printf(&url, "%s%s?%s%sapp_key=", account->base_url, path, query,
               query[0] == '\0' ? "" : "&");
    channel_url_put(&url, channel_account_setting(account, "app_key"));
    buf_text(&url, "&shop_cipher=");
    channel_url_put(&url, channel_account_setting(account, "shop_cipher"));
    return (struct channel_request){
        .method = body == NULL ? "GET" : "POST",
        .url = arena_strdup(arena, buf_str(&url)),
        .headers = arena_memdup(arena, headers, sizeof(headers)),
        .headers_len = ARRAY_LEN(headers),
        .body = body == NULL ? "" : body,
        .body_len = body == NULL ? 0 : strlen(body),
        .cost = 1,
    };
}

/* Without a warehouse the shop's only one is meant. */
static void put_sku(struct json_out *out, const char *sku, const char *warehouse, int64_t quantity)
{
    json_object(out);
    json_put_member(out, "id", sku);
    json_key(out, "inventory");
    json_array(out);
    json_object(out);
    if (warehouse[0] != '\0')
        json_put_member(out, "warehouse_id", warehouse);
    json_put_member_int(out, "quantity", quantity);
    json_object_end(out);
    json_array_end(out);
    json_object_end(out);
}

bool channel_tiktok_push(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const char *key, struct arena *arena,
                         struct channel_request *ret_request, struct err *err)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;
    struct place place = {"", ""};

    (void)key; /* there is no idempotency, and setting a quantity twice does no harm */
    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "skus");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        if (!place_of(pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want product/sku",
                           pushes[i].target->address, pushes[i].target->listing);
        put_sku(&out, place.sku, account->location, pushes[i].target->quantity);
    }
    json_array_end(&out);
    json_object_end(&out);
    *ret_request = channel_tiktok_call(
        account, arena_printf(arena, "/product/202309/products/%s/inventory/update", place.product),
        "", arena_strdup(arena, buf_str(&body)), arena);
    return true;
}

/* ---- reading back ---- */

static struct channel_request read_request(const struct channel_account *account,
                                           const struct channel_push *pushes, size_t count,
                                           struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "sku_ids");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        struct place place = {"", ""};

        place_of(pushes[i].target, arena, &place);
        json_put_text(&out, place.sku);
    }
    json_array_end(&out);
    json_object_end(&out);
    return channel_tiktok_call(account, "/product/202309/inventory/search", "",
                               arena_strdup(arena, buf_str(&body)), arena);
}

/* The answer to a write shows no quantities: what it says without an error is read back. */
bool channel_tiktok_push_next(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    static char asked;
    const struct json *data = NULL;

    (void)key;
    (void)err;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (*state != NULL || strcmp(channel_account_setting(account, "confirm"), "none") == 0 ||
        channel_tiktok_result(previous, arena, &data).verdict != CHANNEL_ACCEPTED ||
        json_len(json_get(data, "errors")) > 0)
        return true;
    *state = &asked;
    ret_next->request = read_request(account, pushes, count, arena);
    return true;
}

/* ---- answers ---- */

/* What is not here is the request's fault [TT7, TT8, TT9]. First match wins. */
static const struct {
    int64_t from;
    int64_t to;
    enum channel_verdict verdict;
} codes[] = {
    {36009002, 36009002, CHANNEL_THROTTLED},
    {12052109, 12052109, CHANNEL_THROTTLED},
    {36009003, 36009003, CHANNEL_RETRY    }, /* internal errors, from here */
    {36009007, 36009007, CHANNEL_RETRY    },
    {10006402, 10006402, CHANNEL_RETRY    },
    {12001000, 12001000, CHANNEL_RETRY    },
    {12052881, 12052881, CHANNEL_RETRY    },
    {33001002, 33001002, CHANNEL_RETRY    }, /* to here */
    {36009043, 36009044, CHANNEL_AUTH     }, /* shop or seller is disabled */
    {101000,   101000,   CHANNEL_AUTH     }, /* the token is not this shop's */
    {105000,   105999,   CHANNEL_AUTH     }, /* tokens: 105002 expired, 105005 no scope */
    {106000,   106999,   CHANNEL_AUTH     }, /* 106001 bad signature, 106013 no cipher */
};

static enum channel_verdict verdict_of_code(int64_t code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (code >= codes[i].from && code <= codes[i].to)
            return codes[i].verdict;
    }
    return CHANNEL_REJECTED;
}

/* {"code":..,"message":..} of the whole or of one SKU. False: it has no code. */
static bool result_of_error(const struct json *error, struct arena *arena,
                            struct channel_result *ret_result)
{
    int64_t code = 0;

    if (!json_int(json_get(error, "code"), INT64_MIN, INT64_MAX, &code))
        return false;
    *ret_result = (struct channel_result){
        .verdict = code == 0 ? CHANNEL_ACCEPTED : verdict_of_code(code),
        .error_class = code == 0 ? "" : arena_printf(arena, "%" PRId64, code),
        .error_text = channel_address_text(error, "message"),
    };
    return true;
}

struct channel_result channel_tiktok_result(const struct channel_response *response,
                                            struct arena *arena, const struct json **ret_data)
{
    const struct channel_result by_status = channel_result_of_status(response->status, arena);
    struct channel_result result = by_status;
    struct err err = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &err);

    *ret_data = NULL;
    if (!result_of_error(json, arena, &result)) {
        if (by_status.verdict == CHANNEL_ACCEPTED)
            return (struct channel_result){
                .verdict = CHANNEL_RETRY,
                .error_class = "bad_json",
                .error_text = err.text[0] == '\0' ? "no code" : arena_strdup(arena, err.text)};
        return by_status;
    }
    /* A code that nobody knows says less than a status that does. */
    if (by_status.verdict != CHANNEL_ACCEPTED &&
        (result.verdict == CHANNEL_REJECTED || result.verdict == CHANNEL_ACCEPTED))
        result.verdict = by_status.verdict;
    if (result.verdict == CHANNEL_ACCEPTED)
        *ret_data = json_get(json, "data");
    return result;
}

bool channel_tiktok_refuse(const struct channel_result *result, struct err *err)
{
    return err_set(err, result->verdict == CHANNEL_REJECTED ? ERR_REJECT : ERR_RETRY, "%s: %.200s",
                   result->error_class, result->error_text);
}

/* The error that names the SKU, else one that names none. */
static const struct json *error_of(const struct json *errors, const char *sku, bool *ret_named)
{
    const struct json *unnamed = NULL;

    for (size_t i = 0; i < json_len(errors); i++) {
        const struct json *error = json_at(errors, i);
        const char *named = channel_address_text(json_get(error, "detail"), "sku_id");

        *ret_named = strcmp(named, sku) == 0;
        if (*ret_named)
            return error;
        if (named[0] == '\0')
            unnamed = error;
    }
    *ret_named = false;
    return unnamed;
}

/* Code 0 says that it was understood; what failed is in errors. The answer shows no quantities. */
static struct channel_result result_of_sku(const struct json *errors,
                                           const struct channel_push *push, size_t count,
                                           struct arena *arena)
{
    struct channel_result result = {
        .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
    struct place place = {"", ""};
    bool is_named = false;

    place_of(push->target, arena, &place);
    const struct json *error = error_of(errors, place.sku, &is_named);
    if (error == NULL)
        return result;
    if (!result_of_error(error, arena, &result) || result.verdict == CHANNEL_ACCEPTED)
        result = (struct channel_result){
            .verdict = CHANNEL_REJECTED, .error_class = "no_code", .error_text = ""};
    if (!is_named && count > 1 && result.verdict == CHANNEL_REJECTED)
        result.verdict = CHANNEL_SPLIT;
    return result;
}

static const struct json *read_sku(const struct json *inventory, const char *sku)
{
    for (size_t i = 0; i < json_len(inventory); i++) {
        const struct json *skus = json_get(json_at(inventory, i), "skus");

        for (size_t j = 0; j < json_len(skus); j++) {
            if (strcmp(channel_address_text(json_at(skus, j), "id"), sku) == 0)
                return json_at(skus, j);
        }
    }
    return NULL;
}

/* How soon a write shows is not published. */
static struct channel_result result_of_read(const struct channel_account *account,
                                            const struct json *inventory,
                                            const struct channel_push *push, struct arena *arena)
{
    enum { AGAIN_MS = 15000 };
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};
    struct place place = {"", ""};

    place_of(push->target, arena, &place);
    if (!channel_tiktok_quantity(account, read_sku(inventory, place.sku), &result.shown))
        return result;
    bool shows = result.shown == push->target->quantity;
    result.has_shown = true;
    result.verdict = shows ? CHANNEL_CONFIRMED : CHANNEL_ACCEPTED;
    result.error_class = shows ? "" : "shows_other_quantity";
    result.again_ms = AGAIN_MS;
    return result;
}

void channel_tiktok_answer(const struct channel_account *account, const struct channel_push *pushes,
                           size_t count, const struct channel_response *response,
                           struct arena *arena, struct channel_result *results,
                           struct channel_budget *ret_budget)
{
    const struct json *data = NULL;
    struct channel_result whole = channel_tiktok_result(response, arena, &data);

    const struct json *inventory = json_get(data, "inventory");

    *ret_budget = (struct channel_budget){-1, -1, channel_retry_after_ms(response)};
    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++) {
        results[i] = whole;
        if (whole.verdict == CHANNEL_ACCEPTED)
            results[i] = inventory != NULL
                             ? result_of_read(account, inventory, &pushes[i], arena)
                             : result_of_sku(json_get(data, "errors"), &pushes[i], count, arena);
    }
}
