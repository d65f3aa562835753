#include "channels/address.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"

bool channel_address_is_id(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return len > 0 && len <= CHANNEL_ID_LEN_MAX && text[len] == '\0' && text[0] != '0';
}

const char *channel_address_id(const struct json *node)
{
    const char *text = json_text(node);

    return text != NULL && channel_address_is_id(text) ? text : NULL;
}

const char *channel_address_text(const struct json *object, const char *key)
{
    const char *text = json_text(json_get(object, key));

    return text == NULL ? "" : text;
}

bool channel_address_split(struct arena *arena, const char *address, char separator,
                           const char **ret_first, const char **ret_second)
{
    const char *at = strchr(address, separator);
    const char *first =
        at == NULL ? address : arena_strndup(arena, address, (size_t)(at - address));

    if (!channel_address_is_id(first) || (at != NULL && !channel_address_is_id(at + 1)))
        return false;
    *ret_first = arena_strdup(arena, first);
    *ret_second = at == NULL ? "" : arena_strdup(arena, at + 1);
    return true;
}

bool channel_address_time(const struct json *node, int64_t *ret_ms)
{
    int64_t ms = 0;

    if (json_kind(node) != JSON_STRING || !clock_parse(json_text(node), &ms) || ms <= 0)
        return false;
    *ret_ms = ms;
    return true;
}
