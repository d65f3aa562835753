#include <inttypes.h>
#include <string.h>

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"

enum { PAGE_LEN = 250, PAGES_MAX = 40, ITEMS_LEN = 1000 };

/* ---- webhooks: what happened to what ---- */

enum about { ABOUT_NOTHING, ABOUT_ORDER, ABOUT_PRODUCT, ABOUT_VARIANT };

/* Scopes behind "store/" and, of hooks of one sales channel, "channel/<id>/". The first that the
   scope begins with counts; what is not listed says nothing of stock or orders [3.1]. */
static const struct {
    const char *scope;
    enum about about;
} scopes[] = {
    {"order/message/",     ABOUT_NOTHING},
    {"order/metafield/",   ABOUT_NOTHING},
    {"order/",             ABOUT_ORDER  },
    {"shipment/",          ABOUT_ORDER  },
    {"product/inventory/", ABOUT_PRODUCT},
    {"product/updated",    ABOUT_PRODUCT}, /* its level is one of the triggers */
    {"sku/inventory/",     ABOUT_VARIANT},
    {"inventory/product/", ABOUT_VARIANT},
};

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum about about_of(const char *scope)
{
    const char *at = has_prefix(scope, "store/") ? scope + strlen("store/") : scope;

    if (has_prefix(at, "channel/")) {
        const char *slash = strchr(at + strlen("channel/"), '/');

        at = slash == NULL ? "" : slash + 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        if (has_prefix(at, scopes[i].scope))
            return scopes[i].about;
    }
    return ABOUT_NOTHING;
}

/* The first of the members that is an id; NULL: none. */
static const char *id_of(const struct json *data, const char *const *keys, size_t keys_len)
{
    for (size_t i = 0; i < keys_len; i++) {
        const char *id = channel_address_id(json_get(data, keys[i]));

        if (id != NULL)
            return id;
    }
    return NULL;
}

/* {"type":"order","id":250}, or of one sales channel {"order_id":127}; of shipments "orderId". */
static const char *order_of(const struct json *data)
{
    static const char *const keys[] = {"order_id", "orderId"};
    const char *type = channel_address_text(data, "type");
    const char *id = id_of(data, keys, ARRAY_LEN(keys));

    if (id != NULL)
        return id;
    return type[0] == '\0' || strcmp(type, "order") == 0 ? channel_address_id(json_get(data, "id"))
                                                         : NULL;
}

static const char *product_of(const struct json *data)
{
    static const char *const keys[] = {"product_id"};
    const char *type = channel_address_text(data, "type");
    const char *id = id_of(json_get(data, "inventory"), keys, ARRAY_LEN(keys));

    if (id == NULL)
        id = id_of(data, keys, ARRAY_LEN(keys));
    if (id != NULL)
        return id;
    return strcmp(type, "sku") == 0 ? NULL : channel_address_id(json_get(data, "id"));
}

static const char *variant_of(const struct json *data)
{
    const char *id = channel_address_id(json_path(data, "inventory", "variant_id", NULL));

    return id != NULL ? id : channel_address_id(json_get(data, "variant_id"));
}

/* The one channel that says what brought a level about: orders have a scope of their own, or change
   it by a relative amount; APIs and people by an absolute one [3.1, 3.7]. */
static const char *origin_of(const char *scope, const struct json *data)
{
    const struct json *inventory = json_get(data, "inventory");
    const char *method = inventory == NULL ? "" : channel_address_text(inventory, "method");

    if (strstr(scope, "/inventory/order/") != NULL || strcmp(method, "relative") == 0)
        return "+sale";
    return strcmp(method, "absolute") == 0 ? "+write" : "";
}

static const char *hint_of(const char *scope, const struct json *data, enum about about,
                           struct arena *arena)
{
    const char *order = about == ABOUT_ORDER ? order_of(data) : NULL;
    const char *variant = about == ABOUT_VARIANT ? variant_of(data) : NULL;
    const char *product = about == ABOUT_ORDER ? NULL : product_of(data);
    const char *location = channel_address_id(json_get(data, "location_id"));
    const char *at = arena_printf(arena, "%s%s%s", location == NULL ? "" : "@",
                                  location == NULL ? "" : location, origin_of(scope, data));

    if (order != NULL)
        return arena_printf(arena, "order:%s", order);
    if (variant != NULL)
        return arena_printf(arena, "variant:%s%s", variant, at);
    return product == NULL ? NULL : arena_printf(arena, "product:%s%s", product, at);
}

/* "stores/<hash>": a hook of another store that was pointed to us by mistake. */
static bool is_ours(const struct channel_account *account, const struct json *json)
{
    const char *producer = channel_address_text(json, "producer");

    return account->account[0] == '\0' || !has_prefix(producer, "stores/") ||
           strcmp(producer + strlen("stores/"), account->account) == 0;
}

bool channel_bigcommerce_thin(const struct channel_account *account, const struct json *json,
                              struct arena *arena, struct channel_hints *hints, struct err *err)
{
    enum about about = about_of(channel_address_text(json, "scope"));
    const char *hint = NULL;

    if (!is_ours(account, json))
        return err_set(err, ERR_REJECT, "webhook: it is of '%.60s', not of store '%.60s'",
                       channel_address_text(json, "producer"), account->account);
    if (about == ABOUT_NOTHING)
        return true;
    hint = hint_of(channel_address_text(json, "scope"), json_get(json, "data"), about, arena);
    if (hint == NULL)
        return err_set(err, ERR_REJECT, "webhook: 'data' has no id that '%.60s' needs",
                       channel_address_text(json, "scope"));
    return hints == NULL || channel_hint(hints, arena, "%s", hint) ||
           err_set(err, ERR_REJECT, "webhook: too many hints");
}

/* ---- hints of webhooks, and of pages of a poll ---- */

/* Every order of a page that does not tell all itself. */
static bool hint_at_orders(const struct json *list, struct arena *arena,
                           struct channel_hints *hints, struct err *err)
{
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *order = json_at(list, i);
        const char *id = channel_address_id(json_get(order, "id"));

        if (id == NULL || json_get(order, "status_id") == NULL ||
            channel_bigcommerce_order_is_whole(order))
            continue;
        if (!channel_hint(hints, arena, "order:%s", id))
            return err_set(err, ERR_REJECT, "orders: too many hints");
    }
    return true;
}

bool channel_bigcommerce_hints(const struct channel_account *account,
                               const struct channel_notification *notification, struct arena *arena,
                               struct channel_hints *ret_hints, struct err *err)
{
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);

    if (json == NULL)
        return false;
    if (notification->hint != NULL)
        return true; /* that was the reading */
    if (json_kind(json) == JSON_ARRAY)
        return hint_at_orders(json, arena, ret_hints, err);
    return json_get(json, "scope") == NULL ||
           channel_bigcommerce_thin(account, json, arena, ret_hints, err);
}

/* ---- reading: one call for levels; for orders the order, its products, its shipments ---- */

enum step { STEP_ORDER, STEP_PRODUCTS, STEP_SHIPMENTS };

struct reading {
    enum step step;
    const char *order;     /* all three: JSON texts */
    const char *products;  /* pages with commas between them; NULL: the order has its lines */
    const char *shipments; /* pages */
    int page;
};

static struct channel_fetch fetch(const struct channel_account *account, const char *path,
                                  struct arena *arena)
{
    return (struct channel_fetch){.request =
                                      channel_bigcommerce_call(account, "GET", path, NULL, arena)};
}

static struct channel_fetch fetch_levels(const struct channel_account *account, const char *what,
                                         const char *id, const char *location, struct arena *arena)
{
    return fetch(account,
                 arena_printf(arena, "v3/inventory/items?%s:in=%s&location_id:in=%s&limit=%d", what,
                              id, location, ITEMS_LEN),
                 arena);
}

static struct channel_fetch fetch_order(const struct channel_account *account, const char *id,
                                        struct arena *arena)
{
    bool has_lines = channel_account_setting_has(account, "lines", "include");

    return fetch(account,
                 arena_printf(arena, "v2/orders/%s%s", id,
                              has_lines ? "?include=consignments.line_items"
                                          "&consignment_structure=object"
                                        : ""),
                 arena);
}

static struct channel_fetch fetch_list(const struct channel_account *account, const char *id,
                                       const char *list, int page, struct arena *arena)
{
    return fetch(account,
                 arena_printf(arena, "v2/orders/%s/%s?limit=%d&page=%d", id, list, PAGE_LEN, page),
                 arena);
}

/* What the answer is made of; NULL: err says why not. An empty list is "[]". */
static const struct json *answer_read(const struct channel_response *response, struct arena *arena,
                                      enum json_kind kind, struct err *err)
{
    static const char nothing[] = "[]";
    const struct json *json = NULL;
    const struct channel_result result = channel_bigcommerce_call_result(response, arena, &json);

    if (response->status == 404) {
        err_set(err, ERR_REJECT, "the store does not know it");
        return NULL;
    }
    if (result.verdict != CHANNEL_ACCEPTED) {
        err_set(err, ERR_RETRY, "%s: %.200s", result.error_class, result.error_text);
        return NULL;
    }
    if (json == NULL)
        json = json_parse(arena, nothing, sizeof(nothing) - 1, err);
    if (json == NULL || json_kind(json) != kind) {
        err_set(err, ERR_RETRY, "the answer is no %s", json_kind_name(kind));
        return NULL;
    }
    return json;
}

static const char *page_text(const struct channel_response *response, const char *before,
                             struct arena *arena)
{
    const char *page =
        response->body_len == 0 ? "[]" : arena_strndup(arena, response->body, response->body_len);

    return before == NULL || before[0] == '\0' ? page : arena_printf(arena, "%s,%s", before, page);
}

static void reading_end(const struct reading *reading, struct arena *arena, const char **ret_bytes,
                        size_t *ret_len)
{
    const char *text = arena_printf(arena, "{\"order_read\":%s", reading->order);

    if (reading->products != NULL)
        text = arena_printf(arena, "%s,\"products\":[%s]", text, reading->products);
    text = arena_printf(arena, "%s,\"shipments\":[%s]}", text,
                        reading->shipments == NULL ? "" : reading->shipments);
    *ret_bytes = text;
    *ret_len = strlen(text);
}

/* Behind an answer to the order, or to the last page of its products. */
static bool reading_goes_on(const struct channel_account *account, const char *id,
                            struct reading *reading, const struct json *order, struct arena *arena,
                            struct channel_fetch *ret_next)
{
    if (reading->step == STEP_ORDER && !channel_bigcommerce_order_has_lines(order)) {
        reading->step = STEP_PRODUCTS;
        reading->page = 1;
        *ret_next = fetch_list(account, id, "products", 1, arena);
        return true;
    }
    if (reading->step == STEP_SHIPMENTS || !channel_bigcommerce_order_may_have_shipments(order))
        return false;
    reading->step = STEP_SHIPMENTS;
    reading->page = 1;
    *ret_next = fetch_list(account, id, "shipments", 1, arena);
    return true;
}

static bool take_page(const struct channel_account *account, const char *id,
                      struct reading *reading, const struct channel_response *previous,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *list = answer_read(previous, arena, JSON_ARRAY, err);
    bool is_products = reading->step == STEP_PRODUCTS;
    const char **text = is_products ? &reading->products : &reading->shipments;

    if (list == NULL)
        return false;
    *text = page_text(previous, *text, arena);
    if (json_len(list) < PAGE_LEN)
        return true;
    if (++reading->page > PAGES_MAX)
        return err_set(err, ERR_REJECT, "more than %d pages of the order's %s", PAGES_MAX,
                       is_products ? "products" : "shipments");
    *ret_next =
        fetch_list(account, id, is_products ? "products" : "shipments", reading->page, arena);
    return true;
}

static bool take_order(const struct channel_account *account, const char *id,
                       struct reading *reading, const struct channel_response *previous,
                       struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *order = NULL;

    if (reading->step == STEP_ORDER) {
        order = answer_read(previous, arena, JSON_OBJECT, err);
        if (order == NULL)
            return false;
        reading->order = arena_strndup(arena, previous->body, previous->body_len);
    } else {
        if (!take_page(account, id, reading, previous, arena, ret_next, err))
            return false;
        if (ret_next->request.url[0] != '\0')
            return true;
        order = json_parse(arena, reading->order, strlen(reading->order), err);
        if (order == NULL)
            return false;
    }
    reading_goes_on(account, id, reading, order, arena, ret_next);
    return true;
}

static bool read_order(const struct channel_account *account, const char *id,
                       const struct channel_response *previous, void **state, struct arena *arena,
                       struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                       struct err *err)
{
    struct reading *reading = *state;

    if (reading == NULL) {
        *state = arena_alloc(arena, sizeof(*reading));
        *ret_next = fetch_order(account, id, arena);
        return true;
    }
    if (!take_order(account, id, reading, previous, arena, ret_next, err))
        return false;
    if (ret_next->request.url[0] == '\0')
        reading_end(reading, arena, ret_bytes, ret_len);
    return true;
}

/* "variant:127@2+sale", "product:113": levels where the hint says, else where the account sells
   from. What brought them about is for normalize(). */
static bool read_levels(const struct channel_account *account, const char *what, const char *place,
                        const struct channel_response *previous, struct arena *arena,
                        struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                        struct err *err)
{
    const char *id = NULL;
    const char *location = NULL;

    place = arena_strndup(arena, place, strcspn(place, "+"));
    if (!channel_address_split(arena, place, '@', &id, &location))
        return err_set(err, ERR_REJECT, "no such hint");
    if (location[0] == '\0')
        location = channel_bigcommerce_location(account);
    if (previous == NULL) {
        *ret_next = fetch_levels(account, what, id, location, arena);
        return true;
    }
    if (answer_read(previous, arena, JSON_OBJECT, err) == NULL)
        return false;
    *ret_bytes = previous->body;
    *ret_len = previous->body_len;
    return true;
}

bool channel_bigcommerce_read(const struct channel_account *account, const char *hint,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, struct err *err)
{
    const char *id = strchr(hint, ':') == NULL ? "" : strchr(hint, ':') + 1;

    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    *ret_bytes = NULL;
    *ret_len = 0;
    if (has_prefix(hint, "order:") && channel_address_is_id(id))
        return read_order(account, id, previous, state, arena, ret_next, ret_bytes, ret_len, err);
    if (has_prefix(hint, "variant:"))
        return read_levels(account, "variant_id", id, previous, arena, ret_next, ret_bytes, ret_len,
                           err);
    if (has_prefix(hint, "product:"))
        return read_levels(account, "product_id", id, previous, arena, ret_next, ret_bytes, ret_len,
                           err);
    return err_set(err, ERR_REJECT, "hint '%.100s': want order:, variant: or product: and an id",
                   hint);
}
