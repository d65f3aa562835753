#include <ctype.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"

/*
 * Addresses: "<product>/<variant>" writes to the variant, "<product>" to the product (one that has
 * no variants, or whose variants share its stock); "@<location>" behind it, else the channel's. The
 * listing where there is none.
 */
struct place {
    const char *product;
    const char *variant; /* "": the product itself */
    const char *location;
};

static bool place_of(const struct channel_account *account, const struct target *target,
                     struct arena *arena, struct place *ret_place)
{
    const char *address = target->address[0] == '\0' ? target->listing : target->address;
    const char *at = strchr(address, '@');
    struct place place = {.location = at == NULL ? channel_bigcommerce_location(account)
                                                 : arena_strdup(arena, at + 1)};

    if (at != NULL)
        address = arena_strndup(arena, address, (size_t)(at - address));
    if (!channel_address_is_id(place.location) ||
        !channel_address_split(arena, address, '/', &place.product, &place.variant))
        return false;
    *ret_place = place;
    return true;
}

/* Adjustments are to be grouped by location [BC5]. */
const char *channel_bigcommerce_group(const struct channel_account *account,
                                      const struct target *target, struct arena *arena)
{
    struct place place;

    return place_of(account, target, arena, &place) ? place.location : NULL;
}

/* ---- requests ---- */

static void put_item(struct json_out *out, const struct place *place, int64_t quantity)
{
    json_object(out);
    json_key(out, "location_id");
    json_put_raw(out, place->location);
    json_key(out, place->variant[0] == '\0' ? "product_id" : "variant_id");
    json_put_raw(out, place->variant[0] == '\0' ? place->product : place->variant);
    json_put_member_int(out, "quantity", quantity);
    json_object_end(out);
}

bool channel_bigcommerce_push(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              struct arena *arena, struct channel_request *ret_request,
                              struct err *err)
{
    const char *cause = pushes[0].target->event_id; /* of several, the first stands for all */
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "reason",
                    arena_printf(arena, "stockbus %s", cause[0] == '\0' ? key : cause));
    json_key(&out, "items");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        struct place place;

        if (!place_of(account, pushes[i].target, arena, &place))
            return err_set(err, ERR_REJECT,
                           "address '%.100s' of listing '%.100s': want product/variant@location",
                           pushes[i].target->address, pushes[i].target->listing);
        put_item(&out, &place, pushes[i].target->quantity);
    }
    json_array_end(&out);
    json_object_end(&out);
    *ret_request = channel_bigcommerce_call(account, "PUT", "v3/inventory/adjustments/absolute",
                                            arena_strdup(arena, buf_str(&body)), arena);
    return true;
}

/* ---- answers ---- */

/* What the title of a refusal says, in lower case. */
static const struct {
    const char *words;
    const char *error_class;
} refusals[] = {
    {"tracked by",                          "tracking_mode"   },
    {"absolute adjustment before relative", "not_adjusted_yet"},
    {"location",                            "unknown_location"},
    {"not found",                           "unknown_item"    },
    {"not exist",                           "unknown_item"    },
};

static const char *class_of(const char *title, struct arena *arena, const char *otherwise)
{
    char *lower = arena_strdup(arena, title);

    for (char *at = lower; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (strstr(lower, refusals[i].words) != NULL)
            return refusals[i].error_class;
    }
    return otherwise;
}

/* "[Item with variant_id 106 is tracked by product, please update stock by product id]" */
static bool is_named(const char *title, const struct place *place, struct arena *arena)
{
    const char *name = place->variant[0] == '\0'
                           ? arena_printf(arena, "product_id %s", place->product)
                           : arena_printf(arena, "variant_id %s", place->variant);
    size_t len = strlen(name);

    for (const char *at = strstr(title, name); at != NULL; at = strstr(at + 1, name)) {
        if (!isdigit((unsigned char)at[len]))
            return true;
    }
    return false;
}

/* A refused call has changed nothing. Who is named in it is wrong for ever; the others go apart. */
static void refuse(const struct channel_account *account, const struct channel_push *pushes,
                   size_t count, const struct channel_result *whole, struct arena *arena,
                   struct channel_result *results)
{
    for (size_t i = 0; i < count; i++) {
        struct place place;

        results[i] = *whole;
        if (count > 1 && !(place_of(account, pushes[i].target, arena, &place) &&
                           is_named(whole->error_text, &place, arena)))
            results[i].verdict = CHANNEL_SPLIT;
    }
}

/* The change is made some time after the answer, which shows no quantity: accepted, never
   confirmed [BC5]. */
void channel_bigcommerce_answer(const struct channel_account *account,
                                const struct channel_push *pushes, size_t count,
                                const struct channel_response *response, struct arena *arena,
                                struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct json *json = NULL;
    struct channel_result whole = channel_bigcommerce_call_result(response, arena, &json);

    *ret_budget = channel_bigcommerce_budget(response);
    if (whole.verdict == CHANNEL_REJECTED) {
        whole.error_class = class_of(whole.error_text, arena, whole.error_class);
        refuse(account, pushes, count, &whole, arena, results);
        return;
    }
    if (whole.verdict == CHANNEL_ACCEPTED)
        whole.error_class = "applied_later";
    if (response->status == 207 && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++)
        results[i] = whole;
}
