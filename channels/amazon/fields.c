#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"

#include "channels/address.h"
#include "channels/amazon/internal.h"

enum { LIST_MAX = 50 /* marketplaces of a search [1.3] */ };

const struct json *channel_amazon_get(const struct json *object, const char *key)
{
    const struct json *found = json_get(object, key);

    if (found != NULL || json_kind(object) != JSON_OBJECT)
        return found;
    for (size_t i = 0; i < json_len(object); i++) {
        if (strcasecmp(json_key_at(object, i), key) == 0)
            return json_at(object, i);
    }
    return NULL;
}

const char *channel_amazon_text(struct arena *arena, const struct json *object, const char *key)
{
    static const char blanks[] = " \t\r\n";
    const char *text = json_text(channel_amazon_get(object, key));

    if (text == NULL)
        return "";
    text += strspn(text, blanks);
    size_t len = strlen(text);
    while (len > 0 && strchr(blanks, text[len - 1]) != NULL)
        len--;
    return text[len] == '\0' ? text : arena_strndup(arena, text, len);
}

bool channel_amazon_time(const struct json *object, const char *key, int64_t *ret_ms)
{
    return channel_address_time(channel_amazon_get(object, key), ret_ms);
}

bool channel_amazon_units(const struct json *object, const char *key, int64_t *ret_units)
{
    const struct json *node = channel_amazon_get(object, key);

    if (json_kind(node) == JSON_OBJECT)
        node = channel_amazon_get(node, "value");
    return channel_address_units(node, INT64_MIN, INT64_MAX, ret_units);
}

/* The letters of a word in one spelling. */
static void fold(const char *word, char folded[64])
{
    size_t len = 0;

    for (; *word != '\0' && len < 63; word++) {
        if (*word == '_' || *word == ' ' || *word == '-')
            continue;
        folded[len++] = (char)tolower((unsigned char)*word);
    }
    folded[len] = '\0';
    if (strcmp(folded, "canceled") == 0)
        strcpy(folded, "cancelled");
}

bool channel_amazon_is(const char *word, const char *name)
{
    char a[64];
    char b[64];

    fold(word, a);
    fold(name, b);
    return strcmp(a, b) == 0;
}

bool channel_amazon_is_one_of(const char *word, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (channel_amazon_is(word, *names))
            return true;
    }
    return false;
}

const char *const *channel_amazon_list(const struct channel_account *account, const char *setting,
                                       struct arena *arena, size_t *ret_len)
{
    static const char between[] = ", ";
    const char *text = channel_account_setting(account, setting);
    const char **list = arena_alloc(arena, (LIST_MAX + 1) * sizeof(*list));
    size_t len = 0;

    for (text += strspn(text, between); *text != '\0' && len < LIST_MAX;
         text += strspn(text, between)) {
        size_t word = strcspn(text, between);

        list[len++] = arena_strndup(arena, text, word);
        text += word;
    }
    *ret_len = len;
    return list;
}

bool channel_amazon_sells_in(const struct channel_account *account, const char *marketplace,
                             struct arena *arena)
{
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    for (size_t i = 0; i < len; i++) {
        if (strcmp(ids[i], marketplace) == 0)
            return true;
    }
    return len == 0 || marketplace[0] == '\0';
}

const char *channel_amazon_fba_sku(const struct channel_account *account, const char *fnsku,
                                   const char *seller_sku)
{
    bool is_by_seller = strcmp(channel_account_setting(account, "fba_sku"), "seller_sku") == 0;
    const char *first = is_by_seller ? seller_sku : fnsku;

    return first[0] != '\0' ? first : is_by_seller ? "" : seller_sku;
}
