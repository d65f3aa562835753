#include "tools/sandbox/config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json/json.h"

#include "tools/sandbox/form.h"

enum { CONFIG_BYTES_MAX = 256 << 20, CONFIG_MS_MAX = 3600000, CONFIG_RATE_MAX = 1000000 };

#define CHANNEL(name) offsetof(struct sandbox_channel_config, name)

struct config_text_row {
    const char *key;
    size_t offset;
    bool needed;
};

static const struct config_text_row channel_texts[] = {
    {"name",         CHANNEL(name),         true },
    {"kind",         CHANNEL(kind),         true },
    {"account",      CHANNEL(account),      true },
    {"webhook_url",  CHANNEL(webhook_url),  false},
    {"secret",       CHANNEL(secret),       true },
    {"token",        CHANNEL(token),        true },
    {"token_secret", CHANNEL(token_secret), false},
    {"location",     CHANNEL(location),     false},
};

#define NUMBER(name) #name, CHANNEL(name), offsetof(struct sandbox_form, name)

static const struct {
    const char *key;
    size_t offset;
    size_t preset; /* in the kind's form */
    int64_t min;
    int64_t max;
} channel_numbers[] = {
    {NUMBER(retry_base_ms), 1, CONFIG_MS_MAX},
    {NUMBER(queue_ms), 0, CONFIG_MS_MAX},
    {NUMBER(bulk_ms), 0, CONFIG_MS_MAX},
    {NUMBER(utc_offset_minutes), -840, 840},
    {NUMBER(revisions_per_day), 0, 1000000},
};

static const struct config_text_row product_texts[] = {
    {"id",    offsetof(struct sandbox_product_config, id),    true },
    {"title", offsetof(struct sandbox_product_config, title), false},
};

static const struct config_text_row variant_texts[] = {
    {"id",                offsetof(struct sandbox_variant_config, id),                false},
    {"inventory_item_id", offsetof(struct sandbox_variant_config, inventory_item_id), false},
    {"sku",               offsetof(struct sandbox_variant_config, sku),               false},
    {"price",             offsetof(struct sandbox_variant_config, price),             false},
};

const char *sandbox_config_setting(const struct sandbox_channel_config *channel, const char *name)
{
    for (size_t i = 0; i < channel->settings_len; i++) {
        if (strcmp(channel->settings[i].name, name) == 0)
            return channel->settings[i].value;
    }
    return "";
}

void sandbox_config_set(struct sandbox_channel_config *channel, const char *name, const char *value)
{
    assert(channel->settings_len < SANDBOX_SETTINGS_MAX);
    channel->settings[channel->settings_len++] = (struct sandbox_setting){name, value};
}

static bool read_texts(struct arena *arena, const struct json *object,
                       const struct config_text_row *rows, size_t rows_len, void *to,
                       struct err *err)
{
    for (size_t i = 0; i < rows_len; i++) {
        const struct json *node = json_get(object, rows[i].key);
        const char *text = json_text(node);

        if (text == NULL && !json_is_null(node))
            return err_set(err, ERR_REJECT, "'%s' must be a text", rows[i].key);
        if (rows[i].needed && (text == NULL || text[0] == '\0'))
            return err_set(err, ERR_REJECT, "'%s' is missing", rows[i].key);
        *(const char **)(void *)((char *)to + rows[i].offset) =
            arena_strdup(arena, text == NULL ? "" : text);
    }
    return true;
}

static bool read_numbers(const struct json *object, struct sandbox_channel_config *channel,
                         struct err *err)
{
    const char *form = (const char *)sandbox_form(channel->kind);

    for (size_t i = 0; i < ARRAY_LEN(channel_numbers); i++) {
        const struct json *node = json_get(object, channel_numbers[i].key);
        int64_t *to = (int64_t *)(void *)((char *)channel + channel_numbers[i].offset);

        *to = *(const int64_t *)(const void *)(form + channel_numbers[i].preset);
        if (!json_is_null(node) &&
            !json_int(node, channel_numbers[i].min, channel_numbers[i].max, to))
            return err_set(err, ERR_REJECT, "'%s' wants a whole number from %lld to %lld",
                           channel_numbers[i].key, (long long)channel_numbers[i].min,
                           (long long)channel_numbers[i].max);
    }
    return true;
}

static bool read_rate(const struct json *object, const char *key, double *ret_rate, struct err *err)
{
    const struct json *node = json_get(object, key);
    double rate = 0;

    if (json_kind(node) == JSON_NUMBER)
        rate = strtod(json_text(node), NULL);
    if ((!json_is_null(node) && json_kind(node) != JSON_NUMBER) || rate < 0 ||
        rate > CONFIG_RATE_MAX)
        return err_set(err, ERR_REJECT, "'%s' wants a number from 0 to %d", key, CONFIG_RATE_MAX);
    *ret_rate = rate;
    return true;
}

static bool read_variant(struct arena *arena, const struct json *object,
                         struct sandbox_variant_config *variant, struct err *err)
{
    if (!read_texts(arena, object, variant_texts, ARRAY_LEN(variant_texts), variant, err))
        return false;
    variant->stocked = true;
    json_bool(json_get(object, "stocked"), &variant->stocked);
    if (!json_int(json_get(object, "quantity"), 0, SANDBOX_STOCK_MAX, &variant->quantity))
        return err_set(err, ERR_REJECT, "'quantity' wants a whole number from 0 to %d",
                       SANDBOX_STOCK_MAX);
    if (variant->price[0] == '\0')
        variant->price = "10.00";
    return true;
}

static bool read_product(struct arena *arena, const struct json *object,
                         const struct sandbox_channel_config *channel,
                         struct sandbox_product_config *product, struct err *err)
{
    const struct json *variants = json_get(object, "variants");

    if (!read_texts(arena, object, product_texts, ARRAY_LEN(product_texts), product, err))
        return false;
    product->variants_len = json_len(variants);
    product->variants = arena_alloc(arena, product->variants_len * sizeof(*product->variants));
    for (size_t i = 0; i < product->variants_len; i++) {
        struct sandbox_variant_config *variant = &product->variants[i];

        if (!read_variant(arena, json_at(variants, i), variant, err))
            return err_wrap(err, "product '%s', variant %zu", product->id, i);
        if (sandbox_form(channel->kind)->needs_items &&
            (variant->id[0] == '\0' || variant->inventory_item_id[0] == '\0'))
            return err_set(err, ERR_REJECT,
                           "product '%s', variant %zu: %s needs 'id' and 'inventory_item_id'",
                           product->id, i, channel->kind);
        if (variant->id[0] == '\0' && product->variants_len > 1)
            return err_set(err, ERR_REJECT, "product '%s': several variants need an 'id' each",
                           product->id);
    }
    return true;
}

static bool read_settings(struct arena *arena, const struct json *object,
                          struct sandbox_channel_config *channel, struct err *err)
{
    if (json_len(object) > SANDBOX_SETTINGS_MAX)
        return err_set(err, ERR_REJECT, "more than %d settings", SANDBOX_SETTINGS_MAX);
    for (size_t i = 0; i < json_len(object); i++) {
        const char *name = json_key_at(object, i);
        const char *value = json_text(json_at(object, i));

        if (name == NULL || value == NULL)
            return err_set(err, ERR_REJECT, "'settings' wants names and texts");
        sandbox_config_set(channel, arena_strdup(arena, name), arena_strdup(arena, value));
    }
    return true;
}

static bool read_channel(struct arena *arena, const struct json *object,
                         struct sandbox_channel_config *channel, struct err *err)
{
    const struct json *products = json_get(object, "products");

    if (!read_texts(arena, object, channel_texts, ARRAY_LEN(channel_texts), channel, err))
        return false;
    if (sandbox_form(channel->kind) == NULL)
        return err_set(err, ERR_REJECT, "there is no kind '%s'; want one of %s", channel->kind,
                       sandbox_form_kinds(arena));
    if (strchr(channel->name, '/') != NULL || strcmp(channel->name, "control") == 0 ||
        strcmp(channel->name, "healthz") == 0)
        return err_set(err, ERR_REJECT, "'%s' can't be a channel's name", channel->name);
    json_bool(json_get(object, "delete_subscription"), &channel->delete_subscription);
    if (!read_numbers(object, channel, err) ||
        !read_settings(arena, json_get(object, "settings"), channel, err) ||
        !read_rate(object, "rate_per_second", &channel->rate_per_second, err) ||
        !read_rate(object, "rate_burst", &channel->rate_burst, err))
        return false;
    channel->products_len = json_len(products);
    channel->products = arena_alloc(arena, channel->products_len * sizeof(*channel->products));
    for (size_t i = 0; i < channel->products_len; i++)
        if (!read_product(arena, json_at(products, i), channel, &channel->products[i], err))
            return false;
    return true;
}

bool sandbox_config_read(struct arena *arena, const char *bytes, size_t len,
                         struct sandbox_config *ret_config, struct err *err)
{
    SCOPED(arena) struct arena *tree = arena_new();
    struct sandbox_config config = {.seed = 1, .listen = "127.0.0.1:0"};
    const struct json *root = json_parse(tree, bytes, len, err);
    int64_t seed = 1;

    if (root == NULL)
        return false;
    const struct json *channels = json_get(root, "channels");

    if (json_len(channels) == 0 || json_len(channels) > SANDBOX_CHANNELS_MAX)
        return err_set(err, ERR_REJECT, "'channels' wants 1 to %d channels", SANDBOX_CHANNELS_MAX);
    if (json_int(json_get(root, "seed"), 0, INT64_MAX, &seed))
        config.seed = (uint64_t)seed;
    if (json_text(json_get(root, "listen")) != NULL)
        config.listen = arena_strdup(arena, json_text(json_get(root, "listen")));
    config.channels_len = json_len(channels);
    config.channels = arena_alloc(arena, config.channels_len * sizeof(*config.channels));
    for (size_t i = 0; i < config.channels_len; i++)
        if (!read_channel(arena, json_at(channels, i), &config.channels[i], err))
            return err_wrap(err, "channel %zu", i);
    *ret_config = config;
    return true;
}

bool sandbox_config_load(struct arena *arena, const char *path, struct sandbox_config *ret_config,
                         struct err *err)
{
    SCOPED(buf) struct buf text = {0};
    char block[65536];
    FILE *file = fopen(path, "re");
    size_t len = 0;

    if (file == NULL)
        return err_set(err, ERR_FATAL, "config '%s': %s", path, strerrordesc_np(errno));
    while (text.len <= CONFIG_BYTES_MAX && (len = fread(block, 1, sizeof(block), file)) > 0)
        buf_append(&text, block, len);
    fclose(file);
    if (text.len > CONFIG_BYTES_MAX)
        return err_set(err, ERR_FATAL, "config '%s' is larger than %d bytes", path,
                       CONFIG_BYTES_MAX);
    if (!sandbox_config_read(arena, buf_str(&text), text.len, ret_config, err))
        return err_wrap(err, "config '%s'", path);
    return true;
}

static void write_texts(struct json_out *json, const struct config_text_row *rows, size_t rows_len,
                        const void *from)
{
    for (size_t i = 0; i < rows_len; i++) {
        const char *text =
            *(const char *const *)(const void *)((const char *)from + rows[i].offset);

        if (text != NULL && text[0] != '\0')
            json_put_member(json, rows[i].key, text);
    }
}

static void write_product(struct json_out *json, const struct sandbox_product_config *product)
{
    json_object(json);
    write_texts(json, product_texts, ARRAY_LEN(product_texts), product);
    json_key(json, "variants");
    json_array(json);
    for (size_t i = 0; i < product->variants_len; i++) {
        json_object(json);
        write_texts(json, variant_texts, ARRAY_LEN(variant_texts), &product->variants[i]);
        json_put_member_int(json, "quantity", product->variants[i].quantity);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
}

static void write_channel(struct json_out *json, const struct sandbox_channel_config *channel)
{
    json_object(json);
    write_texts(json, channel_texts, ARRAY_LEN(channel_texts), channel);
    if (channel->rate_per_second > 0) {
        json_key(json, "rate_per_second");
        json_put_double(json, channel->rate_per_second);
        json_key(json, "rate_burst");
        json_put_double(json, channel->rate_burst);
    }
    if (channel->settings_len > 0) {
        json_key(json, "settings");
        json_object(json);
        for (size_t i = 0; i < channel->settings_len; i++)
            json_put_member(json, channel->settings[i].name, channel->settings[i].value);
        json_object_end(json);
    }
    json_key(json, "products");
    json_array(json);
    for (size_t i = 0; i < channel->products_len; i++) {
        buf_char(json->buf, '\n'); /* one product a line: a person may want to look */
        write_product(json, &channel->products[i]);
    }
    json_array_end(json);
    json_object_end(json);
}

void sandbox_config_write(const struct sandbox_config *config, struct buf *out)
{
    struct json_out json;

    json_begin(&json, out);
    json_object(&json);
    json_put_member_int(&json, "seed", (int64_t)config->seed);
    json_put_member(&json, "listen", config->listen);
    json_key(&json, "channels");
    json_array(&json);
    for (size_t i = 0; i < config->channels_len; i++)
        write_channel(&json, &config->channels[i]);
    json_array_end(&json);
    json_object_end(&json);
    buf_char(out, '\n');
}
