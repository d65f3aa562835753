#include "tools/sandbox/catalogue.h"

#include <inttypes.h>
#include <string.h>

#include "tools/sandbox/form.h"
#include "tools/sandbox/random.h"

enum {
    CATALOGUE_ITEMS_MAX = 200000, /* products times variants */
    CATALOGUE_PRICE_MIN = 500,    /* cents */
    CATALOGUE_PRICE_MAX = 12000,
    CATALOGUE_SIMPLE_EVERY = 3, /* every third WooCommerce product sells its variants singly */
};

static const char *const styles[] = {"TEE", "HOOD", "CAP", "MUG", "BAG", "SOCK", "BELT", "SCARF"};
static const char *const style_names[] = {"Tee",      "Hoodie", "Cap",  "Mug \"Léon\"",
                                          "Tote bag", "Socks",  "Belt", "Scarf"};
static const char *const colours[] = {"RED", "BLUE", "BLACK", "WHITE", "GREEN", "GREY"};
static const char *const sizes[] = {"S", "M", "L", "XL"};

/* What is the same on every channel. */
struct item {
    const char *sku;
    const char *price;
};

struct sandbox_maker {
    struct arena *arena;
    const struct sandbox_catalogue_options *options;
    struct item *items; /* product by product */
    struct sandbox_random random;
    uint64_t next_id; /* of the channel at hand */
};

static void make_items(struct sandbox_maker *maker)
{
    int64_t variants = maker->options->variants;
    size_t len = (size_t)(maker->options->products * variants);

    maker->items = arena_alloc(maker->arena, len * sizeof(*maker->items));
    for (size_t i = 0; i < len; i++) {
        size_t product = i / (size_t)variants;
        size_t variant = i % (size_t)variants;
        uint64_t cents =
            CATALOGUE_PRICE_MIN +
            sandbox_random_below(&maker->random, CATALOGUE_PRICE_MAX - CATALOGUE_PRICE_MIN);
        struct item *item = &maker->items[i];

        item->price =
            arena_printf(maker->arena, "%" PRIu64 ".%02d", cents / 100, (int)(cents % 100));
        item->sku =
            arena_printf(maker->arena, "%s-%04zu-%s-%s", styles[product % ARRAY_LEN(styles)],
                         product + 1, colours[variant % ARRAY_LEN(colours)],
                         sizes[variant / ARRAY_LEN(colours) % ARRAY_LEN(sizes)]);
        if (variant >= ARRAY_LEN(colours) * ARRAY_LEN(sizes))
            item->sku = arena_printf(maker->arena, "%s-%zu", item->sku, variant);
    }
}

static const char *make_hex(struct sandbox_maker *maker, const char *prefix, size_t len)
{
    char text[80];

    sandbox_random_hex(&maker->random, text, len);
    return arena_printf(maker->arena, "%s%s", prefix, text);
}

/* Ids grow with gaps, as ids do. Every fourth is beyond 2^53: a double can't hold it. */
static const char *make_id(struct sandbox_maker *maker, bool large)
{
    maker->next_id += 1 + sandbox_random_below(&maker->random, 9);
    if (large)
        return arena_printf(maker->arena, "%" PRIu64, 271878346590000001 + 2 * maker->next_id);
    return arena_printf(maker->arena, "%" PRIu64, maker->next_id);
}

static struct sandbox_product_config *make_product(struct sandbox_maker *maker, bool large,
                                                   size_t number,
                                                   struct sandbox_product_config *product)
{
    product->id = make_id(maker, large);
    product->title = arena_printf(maker->arena, "%s no. %zu",
                                  style_names[number % ARRAY_LEN(style_names)], number + 1);
    return product;
}

static void make_variant(struct sandbox_maker *maker, const struct item *item,
                         struct sandbox_variant_config *variant)
{
    *variant = (struct sandbox_variant_config){.id = "",
                                               .inventory_item_id = "",
                                               .sku = item->sku,
                                               .price = item->price,
                                               .quantity = maker->options->stock,
                                               .stocked = true};
}

void sandbox_catalogue_shopify(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    size_t variants = (size_t)maker->options->variants;

    maker->next_id = 44012345678000 + sandbox_random_below(&maker->random, 1000000);
    channel->account = arena_printf(maker->arena, "%s.myshopify.com", channel->name);
    channel->secret = make_hex(maker, "shpss_", 32);
    channel->token = make_hex(maker, "shpat_", 32);
    channel->location = arena_printf(maker->arena, "%" PRIu64,
                                     655441491 + sandbox_random_below(&maker->random, 100000000));
    channel->products_len = (size_t)maker->options->products;
    channel->products =
        arena_alloc(maker->arena, channel->products_len * sizeof(*channel->products));
    for (size_t i = 0; i < channel->products_len; i++) {
        bool large = i % 4 == 3;
        struct sandbox_product_config *product =
            make_product(maker, large, i, &channel->products[i]);

        product->variants_len = variants;
        product->variants = arena_alloc(maker->arena, variants * sizeof(*product->variants));
        for (size_t j = 0; j < variants; j++) {
            make_variant(maker, &maker->items[i * variants + j], &product->variants[j]);
            product->variants[j].id = make_id(maker, large);
            product->variants[j].inventory_item_id = make_id(maker, large);
        }
    }
}

static void make_variable(struct sandbox_maker *maker, size_t number,
                          struct sandbox_product_config *product)
{
    size_t variants = (size_t)maker->options->variants;

    make_product(maker, false, number, product);
    product->variants_len = variants;
    product->variants = arena_alloc(maker->arena, variants * sizeof(*product->variants));
    for (size_t j = 0; j < variants; j++) {
        make_variant(maker, &maker->items[number * variants + j], &product->variants[j]);
        product->variants[j].id = make_id(maker, false);
    }
}

static void make_simple(struct sandbox_maker *maker, size_t number, size_t variant,
                        struct sandbox_product_config *product)
{
    make_product(maker, false, number, product);
    product->variants_len = 1;
    product->variants = arena_alloc(maker->arena, sizeof(*product->variants));
    make_variant(maker, &maker->items[number * (size_t)maker->options->variants + variant],
                 product->variants);
}

void sandbox_catalogue_woocommerce(struct sandbox_maker *maker,
                                   struct sandbox_channel_config *channel)
{
    size_t products = (size_t)maker->options->products;
    size_t variants = (size_t)maker->options->variants;
    size_t len = 0;

    maker->next_id = 100 + sandbox_random_below(&maker->random, 500);
    /* As home_url('/') has it: with the slash. */
    channel->account = arena_printf(maker->arena, "https://%s.example.com/", channel->name);
    channel->secret = make_hex(maker, "", 50);
    channel->token = make_hex(maker, "ck_", 40);
    channel->token_secret = make_hex(maker, "cs_", 40);
    /* WooCommerce itself has no limit, its host does; a shop that sells on several channels has a
       host that bears this. */
    channel->rate_per_second = 200;
    channel->rate_burst = 400;
    channel->products = arena_alloc(maker->arena, products * variants * sizeof(*channel->products));
    for (size_t i = 0; i < products; i++) {
        if (variants > 1 && i % CATALOGUE_SIMPLE_EVERY != 0) {
            make_variable(maker, i, &channel->products[len++]);
            continue;
        }
        for (size_t j = 0; j < variants; j++)
            make_simple(maker, i, j, &channel->products[len++]);
    }
    channel->products_len = len;
}

/* Every third product sells its variants singly: each of them has its base variant alone, and its
   stock is written by product. */
void sandbox_catalogue_bigcommerce(struct sandbox_maker *maker,
                                   struct sandbox_channel_config *channel)
{
    size_t products = (size_t)maker->options->products;
    size_t variants = (size_t)maker->options->variants;
    size_t len = 0;

    maker->next_id = 100 + sandbox_random_below(&maker->random, 500);
    channel->account = make_hex(maker, "", 10);
    channel->secret = make_hex(maker, "", 64);
    channel->token = make_hex(maker, "", 31);
    channel->location = "1";
    channel->products = arena_alloc(maker->arena, products * variants * sizeof(*channel->products));
    for (size_t i = 0; i < products; i++) {
        if (variants > 1 && i % CATALOGUE_SIMPLE_EVERY != 0) {
            make_variable(maker, i, &channel->products[len++]);
            continue;
        }
        for (size_t j = 0; j < variants; j++) {
            struct sandbox_product_config *product = &channel->products[len++];

            make_simple(maker, i, j, product);
            product->variants->id = make_id(maker, false);
            product->variants->inventory_item_id = product->id;
        }
    }
    channel->products_len = len;
}

/* Listings with variations that each have a quantity of their own; every third has none. */
void sandbox_catalogue_etsy(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    size_t products = (size_t)maker->options->products;
    size_t variants = (size_t)maker->options->variants;
    SCOPED(buf) struct buf secret = {0};
    size_t len = 0;

    maker->next_id = 1572338000 + sandbox_random_below(&maker->random, 100000);
    buf_text(&secret, "whsec_");
    buf_base64(&secret, make_hex(maker, "", 32), 32);
    channel->account = make_id(maker, false);
    channel->secret = arena_strdup(maker->arena, buf_str(&secret));
    channel->token = "not granted yet";
    sandbox_config_set(
        channel, "api_key",
        arena_printf(maker->arena, "%s:%s", make_hex(maker, "", 24), make_hex(maker, "", 10)));
    sandbox_config_set(channel, "refresh_token", make_hex(maker, "486257382.", 40));
    sandbox_config_set(channel, "auth_url", "{base}/v3/public/oauth/token");
    channel->products = arena_alloc(maker->arena, products * variants * sizeof(*channel->products));
    for (size_t i = 0; i < products; i++) {
        if (variants > 1 && i % CATALOGUE_SIMPLE_EVERY != 0) {
            make_variable(maker, i, &channel->products[len++]);
            continue;
        }
        for (size_t j = 0; j < variants; j++)
            make_simple(maker, i, j, &channel->products[len++]);
    }
    channel->products_len = len;
}

/* A seller SKU is a listing of its own. */
void sandbox_catalogue_amazon(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    size_t products = (size_t)maker->options->products;
    size_t variants = (size_t)maker->options->variants;

    maker->next_id = 100 + sandbox_random_below(&maker->random, 500);
    channel->account = make_hex(maker, "A", 13);
    channel->secret = make_hex(maker, "", 32);
    channel->token = make_hex(maker, "expired", 16);
    sandbox_config_set(channel, "marketplace_ids", "ATVPDKIKX0DER");
    sandbox_config_set(channel, "client_id", make_hex(maker, "amzn1.application.", 32));
    sandbox_config_set(channel, "client_secret", make_hex(maker, "amzn1.oa2.cs.v1.", 32));
    sandbox_config_set(channel, "refresh_token", make_hex(maker, "Atzr", 64));
    sandbox_config_set(channel, "login_url", "{base}/auth/o2/token");
    sandbox_config_set(channel, "queue_url", "{base}/queue");
    sandbox_config_set(channel, "queue_region", "us-east-1");
    sandbox_config_set(channel, "aws_access_key_id", make_hex(maker, "AKIA", 16));
    sandbox_config_set(channel, "aws_secret_access_key", make_hex(maker, "", 40));
    channel->rate_per_second = 100;
    channel->rate_burst = 200;
    channel->products_len = products * variants;
    channel->products =
        arena_alloc(maker->arena, channel->products_len * sizeof(*channel->products));
    for (size_t i = 0; i < channel->products_len; i++)
        make_simple(maker, i / variants, i % variants, &channel->products[i]);
}

/* Every third product is one listing with variations; every second was made by the Inventory API,
   which gives each of its listings an offer. */
void sandbox_catalogue_ebay(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    size_t products = (size_t)maker->options->products;
    size_t variants = (size_t)maker->options->variants;
    size_t len = 0;

    maker->next_id = 110136115000 + sandbox_random_below(&maker->random, 100000000);
    channel->account = channel->name;         /* the seller */
    channel->secret = make_hex(maker, "", 8); /* nobody signs with it */
    channel->token = make_hex(maker, "v^1.1#", 8);
    sandbox_config_set(channel, "client_id", make_hex(maker, "Sandbox-PRD-", 8));
    sandbox_config_set(channel, "client_secret", make_hex(maker, "PRD-", 24));
    sandbox_config_set(channel, "dev_id", make_hex(maker, "", 32));
    sandbox_config_set(channel, "refresh_token", make_hex(maker, "v^1.1#r^1#", 32));
    sandbox_config_set(channel, "verification_token", make_hex(maker, "", 40));
    sandbox_config_set(channel, "endpoint", channel->webhook_url);
    channel->products = arena_alloc(maker->arena, products * variants * sizeof(*channel->products));
    for (size_t i = 0; i < products; i++) {
        bool is_variable = variants > 1 && i % CATALOGUE_SIMPLE_EVERY != 0;
        size_t first = len;

        if (is_variable)
            make_variable(maker, i, &channel->products[len++]);
        for (size_t j = 0; !is_variable && j < variants; j++)
            make_simple(maker, i, j, &channel->products[len++]);
        for (size_t k = first; i % 2 == 1 && k < len; k++) {
            for (size_t j = 0; j < channel->products[k].variants_len; j++)
                channel->products[k].variants[j].inventory_item_id = make_id(maker, false);
        }
    }
    channel->products_len = len;
}

/* Products with variants throughout, each a SKU or item of its own. */
static void make_variables(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    channel->products_len = (size_t)maker->options->products;
    channel->products =
        arena_alloc(maker->arena, channel->products_len * sizeof(*channel->products));
    for (size_t i = 0; i < channel->products_len; i++)
        make_variable(maker, i, &channel->products[i]);
}

void sandbox_catalogue_tiktok(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    maker->next_id = 1729385925305000000 + sandbox_random_below(&maker->random, 1000000);
    channel->account = make_id(maker, false); /* the shop */
    channel->secret = make_hex(maker, "", 40);
    channel->token = make_hex(maker, "TTP_", 32);
    channel->location = make_id(maker, false);
    sandbox_config_set(channel, "app_key", make_hex(maker, "", 12));
    sandbox_config_set(channel, "shop_cipher",
                       arena_printf(maker->arena, "%s+/=", make_hex(maker, "GCP_", 24)));
    sandbox_config_set(channel, "refresh_token", make_hex(maker, "ROT_", 32));
    sandbox_config_set(channel, "auth_url", "{base}");
    make_variables(maker, channel);
    for (size_t i = 0; i < channel->products_len; i++) {
        struct sandbox_product_config *product = &channel->products[i];

        for (size_t j = 0; j < product->variants_len; j++)
            product->variants[j].inventory_item_id =
                arena_printf(maker->arena, "%s/%s", product->id, product->variants[j].id);
    }
}

void sandbox_catalogue_house(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    maker->next_id = 1000 + sandbox_random_below(&maker->random, 1000);
    channel->account = arena_printf(maker->arena, "%s.example", channel->name);
    channel->secret = make_hex(maker, "", 40);
    channel->token = make_hex(maker, "client-", 12);
    channel->token_secret = make_hex(maker, "", 40);
    make_variables(maker, channel);
}

void sandbox_catalogue_walmart(struct sandbox_maker *maker, struct sandbox_channel_config *channel)
{
    maker->next_id = 10000682000 + sandbox_random_below(&maker->random, 1000000);
    channel->account = make_id(maker, false); /* the partner */
    channel->secret = make_hex(maker, "", 40);
    channel->token = make_hex(maker, "eyJ", 32);
    channel->location = make_id(maker, false);
    sandbox_config_set(channel, "client_id", make_hex(maker, "", 32));
    sandbox_config_set(channel, "client_secret", make_hex(maker, "", 40));
    make_variables(maker, channel);
}

/* text is "name:kind" */
static bool make_channel(struct sandbox_maker *maker, const char *text,
                         struct sandbox_channel_config *channel, struct err *err)
{
    const char *colon = strchr(text, ':');

    if (colon == NULL || colon == text)
        return err_set(err, ERR_REJECT, "'%s' is not name:kind", text);
    channel->name = arena_strndup(maker->arena, text, (size_t)(colon - text));
    channel->kind = colon + 1;
    channel->location = channel->token_secret = "";
    channel->webhook_url =
        arena_printf(maker->arena, "%s/v1/notify/%s", maker->options->ingest_url, channel->name);
    const struct sandbox_form *form = sandbox_form(channel->kind);

    if (form == NULL)
        return err_set(err, ERR_REJECT, "channel '%s': there is no kind '%s'; want one of %s",
                       channel->name, channel->kind, sandbox_form_kinds(maker->arena));
    form->make(maker, channel);
    return true;
}

static bool make_channels(struct sandbox_maker *maker, struct sandbox_config *config,
                          struct err *err)
{
    const char *at = maker->options->channels;

    config->channels = arena_alloc(maker->arena, SANDBOX_CHANNELS_MAX * sizeof(*config->channels));
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        const char *text = arena_strndup(maker->arena, at, len);

        if (config->channels_len == SANDBOX_CHANNELS_MAX)
            return err_set(err, ERR_REJECT, "more than %d channels", SANDBOX_CHANNELS_MAX);
        if (!make_channel(maker, text, &config->channels[config->channels_len++], err))
            return false;
        at += len + (at[len] == ',');
    }
    return config->channels_len > 0 || err_set(err, ERR_REJECT, "no channels");
}

bool sandbox_catalogue_make(struct arena *arena, const struct sandbox_catalogue_options *options,
                            struct sandbox_config *ret_config, struct err *err)
{
    struct sandbox_maker maker = {.arena = arena, .options = options, .random = {options->seed}};
    struct sandbox_config config = {.seed = options->seed, .listen = options->listen};

    if (options->products < 1 || options->variants < 1 || options->products > CATALOGUE_ITEMS_MAX ||
        options->variants > CATALOGUE_ITEMS_MAX / options->products)
        return err_set(err, ERR_REJECT, "products times variants must be 1 to %d",
                       CATALOGUE_ITEMS_MAX);
    make_items(&maker);
    if (!make_channels(&maker, &config, err))
        return false;
    *ret_config = config;
    return true;
}
