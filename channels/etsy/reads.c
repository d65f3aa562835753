#include <ctype.h>
#include <string.h>

#include "channels/address.h"
#include "channels/etsy/internal.h"

/* ---- webhooks: what happened to what ---- */

enum about { ABOUT_NOTHING, ABOUT_RECEIPT, ABOUT_LISTING };

/* The first that the type begins with counts; what is not listed says nothing of stock or orders.
 */
static const struct {
    const char *type;
    enum about about;
} types[] = {
    {"order.",            ABOUT_RECEIPT},
    {"inventory.deleted", ABOUT_NOTHING}, /* there is nothing left to read */
    {"listing.deleted",   ABOUT_NOTHING},
    {"inventory.",        ABOUT_LISTING},
    {"listing.",          ABOUT_LISTING},
};

static enum about about_of(const char *text, struct arena *arena)
{
    char *type = arena_strdup(arena, text);

    for (char *at = type; *at != '\0'; at++)
        *at = *at == '_' ? '.' : (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strncmp(type, types[i].type, strlen(types[i].type)) == 0)
            return types[i].about;
    }
    return ABOUT_NOTHING;
}

/* Beside what happened, or, as it was documented once, within its data [ET3]. */
static const char *member_of(const struct json *json, const char *key)
{
    const char *id = channel_address_id(json_get(json, key));

    return id != NULL ? id : channel_address_id(json_path(json, "data", key, NULL));
}

/* ".../shops/123456/receipts/234567890", or the id by itself. */
static const char *id_of(const struct json *json, const char *word, const char *key,
                         struct arena *arena)
{
    const char *id =
        channel_etsy_id_behind(channel_address_text(json, "resource_url"), word, arena);

    return id != NULL ? id : member_of(json, key);
}

/* Whose shop it is: the account's, when it says one. */
static const char *shop_of(const struct channel_account *account, const struct json *json,
                           struct arena *arena)
{
    const char *shop = member_of(json, "shop_id");

    if (account->account[0] != '\0')
        return account->account;
    return shop != NULL ? shop
                        : channel_etsy_id_behind(channel_address_text(json, "resource_url"),
                                                 "/shops/", arena);
}

static const char *hint_of(const struct channel_account *account, const struct json *json,
                           enum about about, struct arena *arena)
{
    const char *shop = shop_of(account, json, arena);
    const char *id = about == ABOUT_RECEIPT ? id_of(json, "/receipts/", "receipt_id", arena)
                                            : id_of(json, "/listings/", "listing_id", arena);

    if (id == NULL || (about == ABOUT_RECEIPT && shop == NULL))
        return NULL;
    return about == ABOUT_RECEIPT ? arena_printf(arena, "receipt:%s/%s", shop, id)
                                  : arena_printf(arena, "listing:%s", id);
}

bool channel_etsy_thin(const struct channel_account *account, const struct json *json,
                       struct arena *arena, struct channel_hints *hints, struct err *err)
{
    const char *type = channel_address_text(json, "event_type");
    const char *shop = member_of(json, "shop_id");
    enum about about = about_of(type, arena);
    const char *hint = NULL;

    if (account->account[0] != '\0' && shop != NULL && strcmp(shop, account->account) != 0)
        return err_set(err, ERR_REJECT, "webhook: it is of shop '%.60s', not of '%.60s'", shop,
                       account->account);
    if (about == ABOUT_NOTHING)
        return true;
    hint = hint_of(account, json, about, arena);
    if (hint == NULL)
        return err_set(err, ERR_REJECT, "webhook: no id in 'resource_url' that '%.60s' needs",
                       type);
    return hints == NULL || channel_hint(hints, arena, "%s", hint) ||
           err_set(err, ERR_REJECT, "webhook: too many hints");
}

/* Receipts of a poll say all themselves. */
bool channel_etsy_hints(const struct channel_account *account,
                        const struct channel_notification *notification, struct arena *arena,
                        struct channel_hints *ret_hints, struct err *err)
{
    const struct json *json = json_parse(arena, notification->body, notification->body_len, err);

    if (json == NULL)
        return false;
    return json_get(json, "event_type") == NULL ||
           channel_etsy_thin(account, json, arena, ret_hints, err);
}

/* ---- reading: one call ---- */

static bool answer_is_there(const struct channel_response *response, struct arena *arena,
                            struct err *err)
{
    const struct json *json = NULL;
    const struct channel_result result = channel_etsy_call_result(response, arena, &json);

    if (response->status == 404)
        return err_set(err, ERR_REJECT, "Etsy does not know it: %.200s", result.error_text);
    return result.verdict == CHANNEL_ACCEPTED ||
           err_set(err, ERR_RETRY, "%s: %.200s", result.error_class, result.error_text);
}

bool channel_etsy_read(const struct channel_account *account, const char *hint,
                       const struct channel_response *previous, void **state, struct arena *arena,
                       struct channel_fetch *ret_next, const char **ret_bytes, size_t *ret_len,
                       struct err *err)
{
    static const char receipt[] = "receipt:";
    static const char listing[] = "listing:";
    const char *id = strchr(hint, ':') == NULL ? "" : strchr(hint, ':') + 1;
    const char *first = NULL;
    const char *second = NULL;
    bool is_receipt = strncmp(hint, receipt, sizeof(receipt) - 1) == 0;
    bool is_listing = strncmp(hint, listing, sizeof(listing) - 1) == 0;

    (void)state;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    *ret_bytes = NULL;
    *ret_len = 0;
    if (!channel_address_split(arena, id, '/', &first, &second) ||
        !((is_receipt && second[0] != '\0') || (is_listing && second[0] == '\0')))
        return err_set(err, ERR_REJECT, "hint '%.100s': want receipt:<shop>/<id> or listing:<id>",
                       hint);
    if (previous == NULL) {
        ret_next->request =
            is_listing
                ? channel_etsy_inventory_call(account, first, arena)
                : channel_etsy_call(account, "GET",
                                    arena_printf(arena, "shops/%s/receipts/%s", first, second),
                                    NULL, arena);
        return true;
    }
    if (!answer_is_there(previous, arena, err))
        return false;
    *ret_bytes = is_listing ? channel_etsy_wrapped(first, previous, arena) : previous->body;
    *ret_len = is_listing ? strlen(*ret_bytes) : previous->body_len;
    return true;
}
