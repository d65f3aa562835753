#include "tools/sandbox/market.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sandbox/form.h"

enum { MARKET_FIRST_NUMBER = 1001, MARKET_LARGE_EVERY = 3 };

static int64_t price_cents(const char *text)
{
    return (int64_t)(strtod(text, NULL) * 100 + 0.5);
}

static void market_add_listing(struct sandbox_market *market, struct sandbox_product *product,
                               const struct sandbox_product_config *from,
                               const struct sandbox_variant_config *variant, int64_t now_ms)
{
    struct sandbox_listing *listing = &market->listings[market->listings_len++];

    *listing = (struct sandbox_listing){
        .key = sandbox_form(market->config->kind)->listing(market->arena, from, variant),
        .id = variant->id[0] == '\0' ? from->id : variant->id,
        .inventory_item_id = variant->inventory_item_id,
        .sku = variant->sku,
        .title = variant->sku,
        .product = product,
        .price_cents = price_cents(variant->price),
        .quantity = variant->quantity,
        .updated_ms = now_ms,
        .stocked = variant->stocked,
    };
    product->variable = product->variable || variant->id[0] != '\0';
    map_set(market->by_key, listing->key, listing);
    map_set(market->by_id, listing->id, listing);
    if (listing->inventory_item_id[0] != '\0')
        map_set(market->by_item, listing->inventory_item_id, listing);
}

static void market_add_product(struct sandbox_market *market, struct sandbox_product *product,
                               const struct sandbox_product_config *from, int64_t now_ms)
{
    *product = (struct sandbox_product){.id = from->id,
                                        .title = from->title,
                                        .listings = &market->listings[market->listings_len],
                                        .listings_len = from->variants_len};
    map_set(market->products_by_id, product->id, product);
    for (size_t i = 0; i < from->variants_len; i++)
        market_add_listing(market, product, from, &from->variants[i], now_ms);
}

/* Ids are digits without leading zeroes: the longer is the larger. */
static int product_compare(const void *left, const void *right)
{
    const char *a = (*(struct sandbox_product *const *)left)->id;
    const char *b = (*(struct sandbox_product *const *)right)->id;
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return strcmp(a, b);
}

static void market_sort_products(struct sandbox_market *market)
{
    market->products_in_order =
        arena_alloc(market->arena, (market->products_len + 1) * sizeof(*market->products_in_order));
    for (size_t i = 0; i < market->products_len; i++)
        market->products_in_order[i] = &market->products[i];
    qsort(market->products_in_order, market->products_len, sizeof(*market->products_in_order),
          product_compare);
}

/* Ids of one start never meet those of the next, unless ids are drawn faster than 10 million (or,
   on WooCommerce, whose ids are short, a thousand) a second. */
static uint64_t market_first_id(const struct sandbox_channel_config *config, int64_t epoch_s)
{
    uint64_t seconds = (uint64_t)epoch_s % 10000000;

    return sandbox_form(config->kind)->has_large_ids ? seconds * 10000000 : seconds * 1000 + 727;
}

void sandbox_market_init(struct sandbox_market *market, const struct sandbox_channel_config *config,
                         int64_t epoch_s, int64_t now_ms)
{
    size_t listings = 0;

    *market = (struct sandbox_market){.arena = arena_new(), .config = config};
    market->by_key = map_new();
    market->by_item = map_new();
    market->by_id = map_new();
    market->products_by_id = map_new();
    market->orders = map_new();
    market->next_id = market_first_id(config, epoch_s);
    for (size_t i = 0; i < config->products_len; i++)
        listings += config->products[i].variants_len;
    market->products_len = config->products_len;
    market->products =
        arena_alloc(market->arena, (market->products_len + 1) * sizeof(*market->products));
    market->listings = arena_alloc(market->arena, (listings + 1) * sizeof(*market->listings));
    for (size_t i = 0; i < config->products_len; i++)
        market_add_product(market, &market->products[i], &config->products[i], now_ms);
    market_sort_products(market);
}

void sandbox_market_release(struct sandbox_market *market)
{
    map_free(market->by_key);
    map_free(market->by_item);
    map_free(market->by_id);
    map_free(market->products_by_id);
    map_free(market->orders);
    arena_free(market->arena);
}

/* Shopify's ids have 13 digits or, as the published samples, 18: then beyond 2^53. */
const char *sandbox_market_new_id(struct sandbox_market *market)
{
    uint64_t id = ++market->next_id;

    if (sandbox_form(market->config->kind)->has_large_ids)
        id += id % MARKET_LARGE_EVERY == 0 ? 820982000000000000 : 5000000000000000;
    return arena_printf(market->arena, "%" PRIu64, id);
}

static const char *market_new_order_id(struct sandbox_market *market)
{
    enum { PART = 100000 };
    const char *id = sandbox_market_new_id(market);
    uint64_t number = strtoull(id, NULL, 10);

    if (!sandbox_form(market->config->kind)->has_dashed_orders)
        return id;
    return arena_printf(market->arena, "%02" PRIu64 "-%05" PRIu64 "-%05" PRIu64,
                        number / PART / PART, number / PART % PART, number % PART);
}

size_t sandbox_market_changed(const struct sandbox_market *market, int64_t after_ms,
                              struct arena *arena, const struct sandbox_order ***ret_orders)
{
    const struct sandbox_order **orders =
        arena_alloc(arena, (map_len(market->orders) + 1) * sizeof(const void *));
    const struct sandbox_order *order = NULL;
    size_t len = 0;

    for (size_t cursor = 0; (order = map_next(market->orders, &cursor, NULL)) != NULL;) {
        if (!order->trashed && order->updated_ms > after_ms)
            orders[len++] = order;
    }
    *ret_orders = orders;
    return len;
}

struct sandbox_order *sandbox_market_order(const struct sandbox_market *market, const char *id)
{
    return map_get(market->orders, id);
}

struct sandbox_listing *sandbox_market_listing(const struct sandbox_market *market, const char *key)
{
    return map_get(market->by_key, key);
}

int64_t sandbox_line_current(const struct sandbox_line *line)
{
    return line->quantity - line->cancelled - line->returned;
}

int64_t sandbox_line_open(const struct sandbox_line *line)
{
    return line->quantity - line->cancelled - line->fulfilled;
}

int64_t sandbox_order_current(const struct sandbox_order *order)
{
    int64_t sum = 0;

    for (size_t i = 0; i < order->lines_len; i++)
        sum += sandbox_line_current(&order->lines[i]);
    return sum;
}

int64_t sandbox_order_total_cents(const struct sandbox_order *order, bool current)
{
    int64_t sum = 0;

    for (size_t i = 0; i < order->lines_len; i++) {
        const struct sandbox_line *line = &order->lines[i];

        sum += line->listing->price_cents * (current ? sandbox_line_current(line) : line->quantity);
    }
    return sum;
}

void sandbox_market_set(struct sandbox_listing *listing, int64_t quantity, int64_t now_ms)
{
    listing->quantity = quantity;
    listing->updated_ms = now_ms;
}

/* Two lines of one order may want the same listing: together they must not exceed it. */
static bool market_check_wants(const struct sandbox_market *market,
                               const struct sandbox_want *wants, size_t wants_len, struct err *err)
{
    for (size_t i = 0; i < wants_len; i++) {
        const struct sandbox_listing *listing = sandbox_market_listing(market, wants[i].listing);
        int64_t wanted = 0;

        if (listing == NULL)
            return err_set(err, ERR_REJECT, "unknown listing '%s'", wants[i].listing);
        for (size_t j = 0; j < wants_len; j++)
            if (strcmp(wants[j].listing, wants[i].listing) == 0)
                wanted += wants[j].quantity;
        if (wanted > listing->quantity)
            return err_set(err, ERR_CONFLICT, "listing '%s' has %" PRId64 " left", listing->key,
                           listing->quantity);
    }
    return true;
}

static void market_take(struct sandbox_market *market, struct sandbox_line *line,
                        const struct sandbox_want *want, int64_t now_ms)
{
    struct sandbox_listing *listing = sandbox_market_listing(market, want->listing);

    *line = (struct sandbox_line){
        .id = sandbox_market_new_id(market), .listing = listing, .quantity = want->quantity};
    listing->committed += want->quantity;
    sandbox_market_set(listing, listing->quantity - want->quantity, now_ms);
}

struct sandbox_order *sandbox_market_sell(struct sandbox_market *market,
                                          const struct sandbox_want *wants, size_t wants_len,
                                          int64_t now_ms, struct err *err)
{
    assert(wants_len > 0 && wants_len <= SANDBOX_LINES_MAX);
    if (market->orders_len >= SANDBOX_ORDERS_MAX) {
        err_set(err, ERR_CONFLICT, "the sandbox keeps %d orders at most", SANDBOX_ORDERS_MAX);
        return NULL;
    }
    if (!market_check_wants(market, wants, wants_len, err))
        return NULL;
    struct sandbox_order *order = arena_alloc(market->arena, sizeof(*order));

    order->id = market_new_order_id(market);
    order->number = MARKET_FIRST_NUMBER + market->orders_len++;
    order->created_ms = order->updated_ms = now_ms;
    order->lines_len = wants_len;
    order->lines = arena_alloc(market->arena, wants_len * sizeof(*order->lines));
    for (size_t i = 0; i < wants_len; i++)
        market_take(market, &order->lines[i], &wants[i], now_ms);
    map_set(market->orders, order->id, order);
    return order;
}

static struct sandbox_refund *market_add_refund(struct sandbox_market *market,
                                                struct sandbox_order *order, size_t lines_max,
                                                int64_t now_ms)
{
    struct sandbox_refund *refund = arena_alloc(market->arena, sizeof(*refund));

    if (order->refunds == NULL)
        order->refunds = arena_alloc(market->arena, SANDBOX_REFUNDS_MAX * sizeof(*order->refunds));
    refund->id = sandbox_market_new_id(market);
    refund->created_ms = now_ms;
    refund->lines = arena_alloc(market->arena, lines_max * sizeof(*refund->lines));
    order->refunds[order->refunds_len++] = refund;
    order->updated_ms = now_ms;
    return refund;
}

/* Units leave the order; restock says whether they can be sold again. */
static void market_remove(struct sandbox_market *market, struct sandbox_refund *refund,
                          struct sandbox_line *line, int64_t quantity, const char *restock_type,
                          int64_t now_ms)
{
    struct sandbox_listing *listing = line->listing;
    int64_t open = sandbox_line_open(line);
    int64_t unshipped = strcmp(restock_type, "return") == 0 ? 0 : quantity < open ? quantity : open;
    bool restock = strcmp(restock_type, "no_restock") != 0;

    line->cancelled += unshipped;
    line->returned += quantity - unshipped;
    listing->committed -= unshipped;
    if (restock) {
        line->restocked += quantity;
        sandbox_market_set(listing, listing->quantity + quantity, now_ms);
    }
    if (refund != NULL)
        refund->lines[refund->lines_len++] =
            (struct sandbox_refund_line){.id = sandbox_market_new_id(market),
                                         .line = line,
                                         .quantity = quantity,
                                         .restock_type = restock_type};
}

bool sandbox_market_cancel(struct sandbox_market *market, struct sandbox_order *order, bool restock,
                           int64_t now_ms, struct sandbox_refund **ret_refund, struct err *err)
{
    struct sandbox_refund *refund = NULL;

    if (order->cancelled_ms != 0)
        return err_set(err, ERR_CONFLICT, "order '%s' is cancelled already", order->id);
    if (order->fulfilled_ms != 0)
        return err_set(err, ERR_CONFLICT, "order '%s' was shipped", order->id);
    if (order->refunds_len == SANDBOX_REFUNDS_MAX)
        return err_set(err, ERR_CONFLICT, "order '%s' has %d refunds", order->id,
                       SANDBOX_REFUNDS_MAX);
    if (restock && sandbox_order_current(order) > 0)
        refund = market_add_refund(market, order, order->lines_len, now_ms);
    for (size_t i = 0; i < order->lines_len; i++) {
        int64_t open = sandbox_line_open(&order->lines[i]);

        if (open > 0)
            market_remove(market, refund, &order->lines[i], open, restock ? "cancel" : "no_restock",
                          now_ms);
    }
    order->cancelled_ms = order->updated_ms = now_ms;
    *ret_refund = refund;
    return true;
}

bool sandbox_market_fulfil(struct sandbox_market *market, struct sandbox_order *order,
                           int64_t now_ms, struct err *err)
{
    if (order->cancelled_ms != 0 || order->fulfilled_ms != 0)
        return err_set(err, ERR_CONFLICT, "order '%s' was %s already", order->id,
                       order->cancelled_ms != 0 ? "cancelled" : "shipped");
    for (size_t i = 0; i < order->lines_len; i++) {
        struct sandbox_line *line = &order->lines[i];
        int64_t open = sandbox_line_open(line);

        line->fulfilled += open;
        line->listing->committed -= open;
    }
    order->fulfilled_ms = order->updated_ms = now_ms;
    order->fulfillment_id = sandbox_market_new_id(market);
    return true;
}

static struct sandbox_line *order_line(const struct sandbox_order *order, const char *id)
{
    for (size_t i = 0; i < order->lines_len; i++)
        if (strcmp(order->lines[i].id, id) == 0)
            return &order->lines[i];
    return NULL;
}

/* How many units of the line this kind of refund may take. */
static int64_t refundable(const struct sandbox_line *line, const char *restock_type)
{
    if (strcmp(restock_type, "cancel") == 0)
        return sandbox_line_open(line);
    if (strcmp(restock_type, "return") == 0)
        return line->fulfilled - line->returned;
    return sandbox_line_current(line);
}

/* Our own copy of the text, since the caller's goes away; NULL when there is no such type. */
static const char *restock_type_of(const char *text)
{
    static const char *const types[] = {"no_restock", "cancel", "return"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i], text) == 0)
            return types[i];
    return NULL;
}

static bool check_refund(const struct sandbox_order *order, const struct sandbox_line *line,
                         const char *type, int64_t quantity, struct err *err)
{
    if (quantity < 1 || quantity > refundable(line, type))
        return err_set(err, ERR_CONFLICT, "line '%s' has %" PRId64 " units to refund as '%s'",
                       line->id, refundable(line, type), type);
    if (order->refunds_len == SANDBOX_REFUNDS_MAX)
        return err_set(err, ERR_CONFLICT, "order '%s' has %d refunds", order->id,
                       SANDBOX_REFUNDS_MAX);
    return true;
}

struct sandbox_refund *sandbox_market_refund(struct sandbox_market *market,
                                             struct sandbox_order *order,
                                             const struct sandbox_part *part, int64_t now_ms,
                                             struct err *err)
{
    struct sandbox_line *line = order_line(order, part->line);
    const char *type = restock_type_of(part->restock_type);

    if (line == NULL)
        err_set(err, ERR_REJECT, "order '%s' has no line '%s'", order->id, part->line);
    else if (type == NULL)
        err_set(err, ERR_REJECT, "restock_type '%s' is none of no_restock, cancel, return",
                part->restock_type);
    if (line == NULL || type == NULL || !check_refund(order, line, type, part->quantity, err))
        return NULL;
    struct sandbox_refund *refund = market_add_refund(market, order, 1, now_ms);

    market_remove(market, refund, line, part->quantity, type, now_ms);
    return refund;
}
