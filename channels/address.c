#include "channels/address.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/number.h"
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

/* Seconds reach this in the year 5138; milliseconds had it in March 1973. */
static const int64_t millisecond_min = INT64_C(100000000000);

bool channel_address_time(const struct json *node, int64_t *ret_ms)
{
    const char *text = json_text(node);
    int64_t ms = 0;

    if (json_int(node, 1, INT64_C(99999999999999), &ms))
        ms = ms < millisecond_min ? ms * 1000 : ms;
    else if (!clock_parse(text, &ms) && !clock_parse_mail(text, &ms))
        return false;
    if (ms <= 0)
        return false;
    *ret_ms = ms;
    return true;
}

bool channel_address_units(const struct json *node, int64_t min, int64_t max, int64_t *ret_units)
{
    enum { TEXT_MAX = 32 };
    char whole[TEXT_MAX];
    const char *text = json_text(node);
    const char *point = text == NULL ? NULL : strchr(text, '.');
    size_t zeros = point == NULL ? 0 : strspn(point + 1, "0");

    if (point == NULL)
        return number_whole(text, min, max, ret_units);
    if (zeros == 0 || point[1 + zeros] != '\0' || point - text >= TEXT_MAX)
        return false;
    memcpy(whole, text, (size_t)(point - text));
    whole[point - text] = '\0';
    return number_whole(whole, min, max, ret_units);
}
