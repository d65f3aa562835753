#include <string.h>
#include <strings.h>

#include "channels/address.h"
#include "channels/ebay/internal.h"

/* ---- addresses: see internal.h ---- */

struct place {
    bool is_trading;
    const char *item;  /* ItemID; "" when the listing's name does not say */
    const char *sku;   /* "" for a listing without variations, by Trading */
    const char *offer; /* "" */
};

static bool is_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "<ItemID>[/<SKU>]" */
static bool read_listing(const char *text, struct arena *arena, struct place *ret_place)
{
    const char *slash = strchr(text, '/');
    const char *item = slash == NULL ? text : arena_strndup(arena, text, (size_t)(slash - text));

    if (!channel_address_is_id(item) || (slash != NULL && slash[1] == '\0'))
        return false;
    *ret_place = (struct place){true, item, slash == NULL ? "" : slash + 1, ""};
    return true;
}

/* "<offerId>/<SKU>" */
static bool read_offer(const char *text, struct arena *arena, struct place *ret_place)
{
    const char *slash = strchr(text, '/');
    const char *offer = slash == NULL ? "" : arena_strndup(arena, text, (size_t)(slash - text));

    if (!channel_address_is_id(offer) || slash[1] == '\0')
        return false;
    *ret_place = (struct place){false, "", slash + 1, offer};
    return true;
}

static bool place_of(const struct target *target, struct arena *arena, struct place *ret_place)
{
    const char *address = target->address;
    struct place listing = {true, "", "", ""};
    bool is_named = read_listing(target->listing, arena, &listing);
    bool is_good = false;

    if (address[0] == '\0') {
        *ret_place = listing;
        /* A variation without a SKU can be named to no API. */
        return is_named && listing.sku[0] != '#';
    }
    if (is_prefix(address, "item:"))
        return read_listing(address + strlen("item:"), arena, ret_place);
    if (is_prefix(address, "sku:")) {
        *ret_place = (struct place){false, "", address + strlen("sku:"), ""};
        is_good = ret_place->sku[0] != '\0';
    } else if (is_prefix(address, "offer:")) {
        is_good = read_offer(address + strlen("offer:"), arena, ret_place);
    }
    if (is_good)
        ret_place->item = listing.item;
    return is_good;
}

/* Variations of one listing go together, and apart from others: eBay counts a listing's revisions,
   and one request that writes all of them is one. */
const char *channel_ebay_group(const struct channel_account *account, const struct target *target,
                               struct arena *arena)
{
    struct place place;

    (void)account;
    if (!place_of(target, arena, &place))
        return NULL;
    const char *way = place.is_trading ? "trading" : "inventory";
    bool is_variation =
        place.is_trading ? place.sku[0] != '\0' : strchr(target->listing, '/') != NULL;
    return is_variation ? arena_printf(arena, "%s/%s", way, place.item) : way;
}

int64_t channel_ebay_batch(const struct channel_account *account, const struct target *target)
{
    (void)account;
    return target->address[0] == '\0' || is_prefix(target->address, "item:") ? EBAY_TRADING_MAX
                                                                             : EBAY_BATCH_MAX;
}

const char *channel_ebay_quota_key(const struct channel_account *account,
                                   const struct target *target, struct arena *arena)
{
    struct place place;

    (void)account;
    if (!place_of(target, arena, &place))
        return target->listing;
    return place.item[0] != '\0' ? place.item : place.sku;
}

/* ---- requests ---- */

static void put_quantity(struct json_out *out, const struct channel_account *account,
                         int64_t quantity)
{
    json_key(out, "shipToLocationAvailability");
    json_object(out);
    json_put_member_int(out, "quantity", quantity);
    if (account->location[0] != '\0') {
        json_key(out, "availabilityDistributions");
        json_array(out);
        json_object(out);
        json_put_member(out, "merchantLocationKey", account->location);
        json_put_member_int(out, "quantity", quantity);
        json_object_end(out);
        json_array_end(out);
    }
    json_object_end(out);
}

/* One SKU may be behind several offers, one a marketplace: they stand in one element, whose own
   quantity, the most that any of them shows, is the greatest. */
static void put_sku(struct json_out *out, const struct channel_account *account,
                    const struct channel_push *pushes, const struct place *places, size_t count,
                    size_t first)
{
    int64_t quantity = 0;
    bool has_offers = false;

    for (size_t i = first; i < count; i++) {
        if (strcmp(places[i].sku, places[first].sku) != 0)
            continue;
        if (pushes[i].target->quantity > quantity)
            quantity = pushes[i].target->quantity;
        has_offers = has_offers || places[i].offer[0] != '\0';
    }
    json_object(out);
    json_put_member(out, "sku", places[first].sku);
    put_quantity(out, account, quantity);
    if (has_offers) {
        json_key(out, "offers");
        json_array(out);
    }
    for (size_t i = first; i < count; i++) {
        if (strcmp(places[i].sku, places[first].sku) != 0 || places[i].offer[0] == '\0')
            continue;
        json_object(out);
        json_put_member(out, "offerId", places[i].offer);
        json_put_member_int(out, "availableQuantity", pushes[i].target->quantity);
        json_object_end(out);
    }
    if (has_offers)
        json_array_end(out);
    json_object_end(out);
}

static bool is_first_of_sku(const struct place *places, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(places[i].sku, places[at].sku) == 0)
            return false;
    }
    return true;
}

static struct channel_request push_inventory(const struct channel_account *account,
                                             const struct channel_push *pushes,
                                             const struct place *places, size_t count,
                                             struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "requests");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        if (is_first_of_sku(places, i))
            put_sku(&out, account, pushes, places, count, i);
    }
    json_array_end(&out);
    json_object_end(&out);
    return channel_ebay_call(account, "POST", "/sell/inventory/v1/bulk_update_price_quantity",
                             arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_request push_trading(const struct channel_account *account,
                                           const struct channel_push *pushes,
                                           const struct place *places, size_t count,
                                           const char *key, struct arena *arena)
{
    SCOPED(buf) struct buf content = {0};

    xml_put_element(&content, "MessageID", key);
    for (size_t i = 0; i < count; i++) {
        buf_text(&content, "<InventoryStatus>");
        xml_put_element(&content, "ItemID", places[i].item);
        if (places[i].sku[0] != '\0')
            xml_put_element(&content, "SKU", places[i].sku);
        buf_printf(&content, "<Quantity>%lld</Quantity></InventoryStatus>",
                   (long long)pushes[i].target->quantity);
    }
    return channel_ebay_trading(account, "ReviseInventoryStatus", buf_str(&content), arena);
}

/* The places of all pushes; NULL: one is not of this kind, or not of the first one's API. */
static struct place *places_of(const struct channel_push *pushes, size_t count, struct arena *arena)
{
    struct place *places = arena_alloc(arena, count * sizeof(*places));

    for (size_t i = 0; i < count; i++) {
        if (!place_of(pushes[i].target, arena, &places[i]) ||
            places[i].is_trading != places[0].is_trading)
            return NULL;
    }
    return places;
}

bool channel_ebay_push(const struct channel_account *account, const struct channel_push *pushes,
                       size_t count, const char *key, struct arena *arena,
                       struct channel_request *ret_request, struct err *err)
{
    const struct place *places = places_of(pushes, count, arena);

    if (places == NULL)
        return err_set(err, ERR_REJECT,
                       "address '%.100s' of listing '%.100s': want offer:<offerId>/<SKU>, "
                       "sku:<SKU> or item:<ItemID>[/<SKU>]",
                       pushes[0].target->address, pushes[0].target->listing);
    *ret_request = places[0].is_trading ? push_trading(account, pushes, places, count, key, arena)
                                        : push_inventory(account, pushes, places, count, arena);
    return true;
}

/* ---- answers ---- */

/* What is known of a code beyond its status; of both APIs [eb-oas, eb-dev]. */
static const struct {
    const char *code;
    enum channel_verdict verdict;
} codes[] = {
    {"25001",    CHANNEL_RETRY    }, /* system error */
    {"25025",    CHANNEL_RETRY    }, /* concurrent access */
    {"2001",     CHANNEL_THROTTLED}, /* requests exceed the limit */
    {"2003",     CHANNEL_RETRY    },
    {"1001",     CHANNEL_AUTH     }, /* invalid access token */
    {"1002",     CHANNEL_AUTH     },
    {"1100",     CHANNEL_AUTH     },
    {"518",      CHANNEL_THROTTLED}, /* call usage limit */
    {"10007",    CHANNEL_RETRY    }, /* internal error */
    {"931",      CHANNEL_AUTH     }, /* invalid token */
    {"932",      CHANNEL_AUTH     }, /* expired token */
    {"17470",    CHANNEL_AUTH     },
    {"21916984", CHANNEL_AUTH     },
    {"21917053", CHANNEL_AUTH     },
};

/* Which code says that the revisions of a day are used up is nowhere told; the words are. */
static bool is_exhausted(const char *text)
{
    static const char *const words[] = {"limit", "maximum", "exceed", "too many", "250"};

    if (strcasestr(text, "revis") == NULL)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasestr(text, words[i]) != NULL)
            return true;
    }
    return false;
}

static struct channel_result judge(struct channel_result result, const char *code, const char *text)
{
    result.error_class = code;
    result.error_text = text;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (strcmp(codes[i].code, code) == 0)
            result.verdict = codes[i].verdict;
    }
    if (is_exhausted(text))
        result.verdict = CHANNEL_EXHAUSTED;
    return result;
}

static struct channel_result not_in_answer(void)
{
    return (struct channel_result){
        .verdict = CHANNEL_RETRY, .error_class = "not_in_answer", .error_text = ""};
}

/* ---- of bulk_update_price_quantity ---- */

/* {"errors":[{"errorId":25709,"message":...,"longMessage":...}]}: the first speaks. */
static struct channel_result judge_json(struct channel_result result, const struct json *json)
{
    const struct json *error = json_at(json_get(json, "errors"), 0);
    const char *code = channel_address_text(error, "errorId");
    const char *text = channel_address_text(error, "longMessage");

    if (text[0] == '\0')
        text = channel_address_text(error, "message");
    return code[0] == '\0' ? result : judge(result, code, text);
}

static struct channel_result result_of_status(const struct json *response, struct arena *arena)
{
    int64_t status = 0;

    if (!json_int(json_get(response, "statusCode"), 100, 599, &status))
        return not_in_answer();
    struct channel_result result = channel_result_of_status((int)status, arena);
    if (result.verdict != CHANNEL_ACCEPTED)
        return judge_json(result, response);
    /* It does not say the quantity, but it is no promise either: the write is done. */
    return (struct channel_result){
        .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
}

/* A response names the SKU, and the offer when it is about one; a SKU that failed takes its offers
   with it. */
static struct channel_result result_of_place(const struct json *responses,
                                             const struct place *place, struct arena *arena)
{
    struct channel_result result = not_in_answer();

    for (size_t i = 0; i < json_len(responses); i++) {
        const struct json *response = json_at(responses, i);
        const char *offer = channel_address_text(response, "offerId");
        bool is_own = place->offer[0] != '\0' && strcmp(offer, place->offer) == 0;

        if (strcmp(channel_address_text(response, "sku"), place->sku) != 0 ||
            (offer[0] != '\0' && !is_own))
            continue;
        struct channel_result one = result_of_status(response, arena);
        if (one.verdict != CHANNEL_CONFIRMED)
            return one;
        result = one;
    }
    return result;
}

static struct channel_result answer_inventory(const struct channel_response *response,
                                              struct arena *arena, const struct json **ret_json)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    struct err err = {0};
    const struct json *json =
        response->status == 0 ? NULL : json_parse(arena, response->body, response->body_len, &err);

    *ret_json = json;
    if (result.verdict != CHANNEL_ACCEPTED) {
        result = judge_json(result, json);
        /* Of a 207 in all but name: each element speaks for itself. */
        if (json_len(json_get(json, "responses")) > 0)
            result.verdict = CHANNEL_ACCEPTED;
        return result;
    }
    if (json == NULL)
        return (struct channel_result){.verdict = CHANNEL_RETRY,
                                       .error_class = "bad_json",
                                       .error_text = arena_strdup(arena, err.text)};
    return result;
}

/* ---- of ReviseInventoryStatus ---- */

static const char *text_of(const struct xml *element, const char *name)
{
    const char *text = xml_text(xml_get(element, name));

    return text == NULL ? "" : text;
}

static const struct xml *first_error(const struct xml *response)
{
    const struct xml *error = xml_get(response, "Errors");

    while (error != NULL && strcmp(text_of(error, "SeverityCode"), "Warning") == 0)
        error = xml_next(error, "Errors");
    return error;
}

static struct channel_result judge_xml(const struct xml *response)
{
    const struct xml *error = first_error(response);
    bool is_system = strcmp(text_of(error, "ErrorClassification"), "SystemError") == 0;
    struct channel_result result = {.verdict = is_system ? CHANNEL_RETRY : CHANNEL_REJECTED};
    const char *text = text_of(error, "LongMessage");

    if (text[0] == '\0')
        text = text_of(error, "ShortMessage");
    if (error == NULL)
        return not_in_answer();
    return judge(result, text_of(error, "ErrorCode"), text);
}

/* Trading answers 200 to almost everything; Ack tells. */
static struct channel_result answer_trading(const struct channel_response *response,
                                            struct arena *arena, const struct xml **ret_response)
{
    struct channel_result result = channel_result_of_status(response->status, arena);
    struct err err = {0};

    *ret_response = NULL;
    if (result.verdict != CHANNEL_ACCEPTED)
        return result;
    const struct xml *root = xml_parse(arena, response->body, response->body_len, &err);
    const struct xml *answer = channel_ebay_response(root);
    const char *ack = text_of(answer, "Ack");
    if (ack[0] == '\0')
        return (struct channel_result){.verdict = CHANNEL_RETRY,
                                       .error_class = "bad_xml",
                                       .error_text = arena_strdup(arena, err.text)};
    *ret_response = answer;
    if (strcmp(ack, "Failure") == 0 && xml_get(answer, "InventoryStatus") == NULL)
        return judge_xml(answer);
    return result;
}

/* What is named again was written. Whether its Quantity counts sold units, as elsewhere, is not
   told: it is no proof against us. */
static struct channel_result result_of_item(const struct xml *response, const struct place *place,
                                            int64_t quantity, size_t count)
{
    const struct xml *status = xml_get(response, "InventoryStatus");
    struct channel_result result = {
        .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};

    for (; status != NULL; status = xml_next(status, "InventoryStatus")) {
        if (strcmp(text_of(status, "ItemID"), place->item) != 0 ||
            (place->sku[0] != '\0' && strcmp(text_of(status, "SKU"), place->sku) != 0))
            continue;
        result.has_shown = xml_int(xml_get(status, "Quantity"), quantity, quantity, &result.shown);
        return result;
    }
    result = judge_xml(response);
    /* An error does not say of which item it is. */
    if (result.verdict == CHANNEL_REJECTED && count > 1)
        result.verdict = CHANNEL_SPLIT;
    return result;
}

/* ---- of both ---- */

/* Most limits are of a day or of 15 s, and seldom is it said how long to wait. */
static int64_t pause_ms(const struct channel_response *response,
                        const struct channel_result *results, size_t count)
{
    enum { BLOCKED_MS = 15000 };
    int64_t told_ms = channel_retry_after_ms(response);

    for (size_t i = 0; told_ms < 0 && i < count; i++) {
        if (results[i].verdict == CHANNEL_THROTTLED)
            return BLOCKED_MS;
    }
    return told_ms;
}

void channel_ebay_answer(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const struct channel_response *response, struct arena *arena,
                         struct channel_result *results, struct channel_budget *ret_budget)
{
    const struct place *places = places_of(pushes, count, arena);
    bool is_trading = places != NULL && places[0].is_trading;
    const struct json *json = NULL;
    const struct xml *xml = NULL;
    struct channel_result whole = is_trading ? answer_trading(response, arena, &xml)
                                             : answer_inventory(response, arena, &json);

    (void)account;
    if (places == NULL || (whole.verdict == CHANNEL_REJECTED && count > 1))
        whole.verdict = CHANNEL_SPLIT;
    for (size_t i = 0; i < count; i++) {
        results[i] = whole;
        if (whole.verdict != CHANNEL_ACCEPTED)
            continue;
        results[i] = is_trading ? result_of_item(xml, &places[i], pushes[i].target->quantity, count)
                                : result_of_place(json_get(json, "responses"), &places[i], arena);
    }
    *ret_budget = (struct channel_budget){-1, -1, pause_ms(response, results, count)};
}
