#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/address.h"
#include "channels/etsy/internal.h"

enum { PERSONALIZATION = 54 }; /* what a buyer has written on it: no property of the product */

/* ---- names of products ---- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "200=1213", "200=1213,1214"; variations of sold lines have one value_id. NULL: no value. */
static const char *value_text(const struct json *value, struct arena *arena)
{
    const struct json *ids = json_get(value, "value_ids");
    const char *property = channel_address_id(json_get(value, "property_id"));
    const char *id = channel_address_id(json_get(value, "value_id"));
    SCOPED(buf) struct buf text = {0};

    for (size_t i = 0; i < json_len(ids); i++) {
        const char *one = channel_address_id(json_at(ids, i));

        if (one != NULL)
            buf_printf(&text, "%s%s", text.len == 0 ? "" : ",", one);
    }
    if (text.len == 0 && id != NULL)
        buf_text(&text, id);
    if (property == NULL || text.len == 0 || strtoll(property, NULL, 10) == PERSONALIZATION)
        return NULL;
    return arena_printf(arena, "%s=%s", property, buf_str(&text));
}

const char *channel_etsy_values(const struct json *values, struct arena *arena)
{
    const char **texts = arena_alloc(arena, (json_len(values) + 1) * sizeof(*texts));
    size_t len = 0;

    for (size_t i = 0; json_kind(values) == JSON_ARRAY && i < json_len(values); i++) {
        const char *text = value_text(json_at(values, i), arena);

        if (text != NULL)
            texts[len++] = text;
    }
    qsort(texts, len, sizeof(*texts), compare_texts);
    return len == 0 ? "" : arena_join(arena, texts, len, '+');
}

/* A product without variations is the listing, whatever its SKU. */
const char *channel_etsy_listing(const struct channel_account *account, const char *listing,
                                 const char *sku, const char *values, struct arena *arena)
{
    bool by_sku = channel_account_setting_has(account, "listing_key", "sku");

    if (values[0] == '\0')
        return listing;
    return arena_printf(arena, "%s/%s", listing, by_sku && sku[0] != '\0' ? sku : values);
}

bool channel_etsy_is_named(const struct etsy_product *product, const char *key)
{
    return key[0] == '\0' || strcmp(product->sku, key) == 0 || strcmp(product->values, key) == 0;
}

/* ---- reading ---- */

static bool is_deleted(const struct json *json)
{
    bool deleted = false;

    return json_bool(json_get(json, "is_deleted"), &deleted) && deleted;
}

/* Products whose values of these properties are the same show one quantity; without any property
   all do. */
static const char *pool_of(const struct json *inventory, const struct json *product,
                           struct arena *arena)
{
    const struct json *properties = json_get(inventory, "quantity_on_property");
    const struct json *values = json_get(product, "property_values");
    SCOPED(buf) struct buf pool = {0};

    for (size_t p = 0; p < json_len(properties); p++) {
        const char *property = channel_address_id(json_at(properties, p));

        for (size_t i = 0; property != NULL && i < json_len(values); i++) {
            const char *of = channel_address_id(json_get(json_at(values, i), "property_id"));
            const char *text = value_text(json_at(values, i), arena);

            if (of != NULL && text != NULL && strcmp(of, property) == 0)
                buf_printf(&pool, "%s+", text);
        }
    }
    return arena_strdup(arena, buf_str(&pool));
}

static struct etsy_product product_of(const struct json *inventory, const struct json *json,
                                      struct arena *arena)
{
    const struct json *offerings = json_get(json, "offerings");
    struct etsy_product product = {
        .json = json,
        .sku = channel_address_text(json, "sku"),
        .values = channel_etsy_values(json_get(json, "property_values"), arena),
        .pool = pool_of(inventory, json, arena),
    };

    for (size_t i = 0; !product.has_quantity && i < json_len(offerings); i++)
        product.has_quantity = !is_deleted(json_at(offerings, i)) &&
                               channel_address_units(json_get(json_at(offerings, i), "quantity"),
                                                     -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX,
                                                     &product.quantity);
    return product;
}

bool channel_etsy_is_inventory(const struct json *json)
{
    const struct json *products = json_get(json, "products");

    return json_kind(products) == JSON_ARRAY && json_len(products) > 0 &&
           json_get(json_at(products, 0), "product_id") != NULL;
}

bool channel_etsy_inventory(const struct json *json, struct arena *arena,
                            struct etsy_inventory *ret_inventory, struct err *err)
{
    const struct json *products = json_get(json, "products");
    struct etsy_inventory inventory = {.json = json};

    if (json_kind(products) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "inventory: 'products' is no list");
    inventory.products = arena_alloc(arena, (json_len(products) + 1) * sizeof(*inventory.products));
    for (size_t i = 0; i < json_len(products); i++) {
        if (!is_deleted(json_at(products, i)))
            inventory.products[inventory.len++] = product_of(json, json_at(products, i), arena);
    }
    *ret_inventory = inventory;
    return true;
}

/* ---- writing back: what is left out is removed [5.3] ---- */

struct writing {
    const struct channel_account *account;
    struct json_out *out;
    struct err *err;
};

static void put_node(struct json_out *out, const struct json *node);

static void put_members(struct json_out *out, const struct json *node)
{
    json_object(out);
    for (size_t i = 0; i < json_len(node); i++) {
        json_key(out, json_key_at(node, i));
        put_node(out, json_at(node, i));
    }
    json_object_end(out);
}

/* Numbers digit by digit. As deep as json_parse() lets a document be. */
static void put_node(struct json_out *out, const struct json *node)
{
    bool value = false;

    switch (json_kind(node)) {
    case JSON_NULL:
        json_put_null(out);
        break;
    case JSON_FALSE:
    case JSON_TRUE:
        json_bool(node, &value);
        json_put_bool(out, value);
        break;
    case JSON_NUMBER:
        json_put_raw(out, json_text(node));
        break;
    case JSON_STRING:
        json_put_text(out, json_text(node));
        break;
    case JSON_ARRAY:
        json_array(out);
        for (size_t i = 0; i < json_len(node); i++)
            put_node(out, json_at(node, i));
        json_array_end(out);
        break;
    case JSON_OBJECT:
        put_members(out, node);
        break;
    }
}

static bool is_dropped(const struct writing *writing, const char *key)
{
    return channel_account_setting_has(writing->account, "drop_fields", key);
}

/* {"amount":2499,"divisor":100,"currency_code":"USD"} is 24.99: exactly where the divisor is a
   power of ten. A number is as it is. */
static bool put_price(const struct writing *writing, const struct json *price)
{
    int64_t amount = 0;
    int64_t divisor = 0;
    int digits = 0;
    SCOPED(buf) struct buf text = {0};

    if (json_kind(price) == JSON_NUMBER) {
        json_put_raw(writing->out, json_text(price));
        return true;
    }
    if (!json_int(json_get(price, "amount"), 0, INT64_C(1000000000000), &amount) ||
        !json_int(json_get(price, "divisor"), 1, 1000000, &divisor))
        return err_set(writing->err, ERR_REJECT, "inventory: a price has no amount and divisor");
    int64_t power = 1;
    for (; power < divisor; power *= 10)
        digits++;
    if (power != divisor) {
        json_put_double(writing->out, (double)amount / (double)divisor);
        return true;
    }
    buf_printf(&text, "%" PRId64, amount / divisor);
    if (digits > 0)
        buf_printf(&text, ".%0*" PRId64, digits, amount % divisor);
    json_put_raw(writing->out, buf_str(&text));
    return true;
}

/* quantity -1: as it is. readiness_state_id must be there, and may be null. */
static bool put_offering(const struct writing *writing, const struct json *offering,
                         int64_t quantity)
{
    json_object(writing->out);
    for (size_t i = 0; i < json_len(offering); i++) {
        const char *key = json_key_at(offering, i);

        if (is_dropped(writing, key))
            continue;
        json_key(writing->out, key);
        if (strcmp(key, "quantity") == 0 && quantity >= 0)
            json_put_int(writing->out, quantity);
        else if (strcmp(key, "price") != 0)
            put_node(writing->out, json_at(offering, i));
        else if (!put_price(writing, json_at(offering, i)))
            return false;
    }
    if (json_get(offering, "readiness_state_id") == NULL) {
        json_key(writing->out, "readiness_state_id");
        json_put_null(writing->out);
    }
    json_object_end(writing->out);
    return true;
}

static bool put_offerings(const struct writing *writing, const struct json *offerings,
                          int64_t quantity)
{
    json_array(writing->out);
    for (size_t i = 0; i < json_len(offerings); i++) {
        if (!is_deleted(json_at(offerings, i)) &&
            !put_offering(writing, json_at(offerings, i), quantity))
            return false;
    }
    json_array_end(writing->out);
    return true;
}

static void put_property_values(const struct writing *writing, const struct json *values)
{
    json_array(writing->out);
    for (size_t i = 0; i < json_len(values); i++) {
        const struct json *value = json_at(values, i);

        json_object(writing->out);
        for (size_t m = 0; m < json_len(value); m++) {
            if (is_dropped(writing, json_key_at(value, m)))
                continue;
            json_key(writing->out, json_key_at(value, m));
            put_node(writing->out, json_at(value, m));
        }
        json_object_end(writing->out);
    }
    json_array_end(writing->out);
}

static bool put_product(const struct writing *writing, const struct json *product, int64_t quantity)
{
    json_object(writing->out);
    for (size_t i = 0; i < json_len(product); i++) {
        const char *key = json_key_at(product, i);

        if (is_dropped(writing, key))
            continue;
        json_key(writing->out, key);
        if (strcmp(key, "property_values") == 0)
            put_property_values(writing, json_at(product, i));
        else if (strcmp(key, "offerings") != 0)
            put_node(writing->out, json_at(product, i));
        else if (!put_offerings(writing, json_at(product, i), quantity))
            return false;
    }
    json_object_end(writing->out);
    return true;
}

static bool is_of_objects(const struct json *list)
{
    if (list != NULL && json_kind(list) != JSON_ARRAY && json_kind(list) != JSON_NULL)
        return false;
    for (size_t i = 0; i < json_len(list); i++) {
        if (json_kind(json_at(list, i)) != JSON_OBJECT)
            return false;
    }
    return true;
}

/* Whoever writes back what he half understood takes a sibling away. */
static bool can_be_said_back(const struct json *product)
{
    return json_kind(product) == JSON_OBJECT && is_of_objects(json_get(product, "offerings")) &&
           is_of_objects(json_get(product, "property_values"));
}

/* "price_on_property" and the like: which properties make prices, quantities, SKUs differ. */
static void put_on_properties(const struct writing *writing, const struct json *inventory)
{
    static const char end[] = "_on_property";

    for (size_t i = 0; i < json_len(inventory); i++) {
        const char *key = json_key_at(inventory, i);
        size_t len = strlen(key);

        if (len < sizeof(end) - 1 || strcmp(key + len - (sizeof(end) - 1), end) != 0)
            continue;
        json_key(writing->out, key);
        put_node(writing->out, json_at(inventory, i));
    }
}

bool channel_etsy_inventory_body(const struct channel_account *account,
                                 const struct etsy_inventory *inventory, const int64_t *quantities,
                                 struct buf *body, struct err *err)
{
    struct json_out out;
    const struct writing writing = {account, &out, err};

    json_begin(&out, body);
    json_object(&out);
    json_key(&out, "products");
    json_array(&out);
    for (size_t i = 0; i < inventory->len; i++) {
        if (!can_be_said_back(inventory->products[i].json))
            return err_set(err, ERR_REJECT,
                           "inventory: a product, its 'offerings' or its "
                           "'property_values' are not what they should be");
        if (!put_product(&writing, inventory->products[i].json, quantities[i]))
            return false;
    }
    json_array_end(&out);
    put_on_properties(&writing, inventory->json);
    json_object_end(&out);
    return true;
}
