#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "channels/address.h"
#include "channels/walmart/internal.h"

enum { QUANTITY_MAX = 2000000000 };

/* One published sample has "shippingProgramType " [kdcllc]. */
static bool is_key(const char *key, const char *want)
{
    size_t len = strlen(want);

    key += strspn(key, " ");
    return strncasecmp(key, want, len) == 0 && key[len + strspn(key + len, " ")] == '\0';
}

const struct json *channel_walmart_get(const struct json *object, const char *key)
{
    const struct json *node = json_get(object, key);

    if (node != NULL || json_kind(object) != JSON_OBJECT)
        return node;
    for (size_t i = 0; i < json_len(object); i++) {
        if (is_key(json_key_at(object, i), key))
            return json_at(object, i);
    }
    return NULL;
}

const struct json *channel_walmart_path(const struct json *object, ...)
{
    va_list keys;
    const char *key = NULL;

    va_start(keys, object);
    while ((key = va_arg(keys, const char *)) != NULL)
        object = channel_walmart_get(object, key);
    va_end(keys);
    return object;
}

const char *channel_walmart_text(const struct json *object, const char *key)
{
    const char *text = json_text(channel_walmart_get(object, key));

    return text == NULL ? "" : text;
}

bool channel_walmart_is(const char *text, const char *word)
{
    return strcasecmp(text, word) == 0;
}

bool channel_walmart_quantity(const struct json *node, int64_t *ret_units)
{
    if (json_kind(node) == JSON_OBJECT) {
        const struct json *amount = channel_walmart_get(node, "amount");

        node = amount != NULL ? amount : channel_walmart_get(node, "measurementValue");
    }
    return channel_address_units(node, -QUANTITY_MAX, QUANTITY_MAX, ret_units);
}

size_t channel_walmart_len(const struct json *list)
{
    return json_kind(list) == JSON_ARRAY ? json_len(list) : json_kind(list) == JSON_OBJECT;
}

const struct json *channel_walmart_at(const struct json *list, size_t index)
{
    return json_kind(list) == JSON_ARRAY ? json_at(list, index) : list;
}

/* Where it lies is told in two ways [wm-dev "Order management event"]. */
const struct json *channel_walmart_order_of(const struct json *payload)
{
    const struct json *places[] = {
        channel_walmart_get(payload, "order"),
        channel_walmart_path(payload, "meta", "order", NULL),
        payload,
        channel_walmart_get(payload, "meta"),
    };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (channel_walmart_text(places[i], "purchaseOrderId")[0] != '\0')
            return places[i];
    }
    return NULL;
}
