#include "tools/sandbox/seed.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/json/json.h"

#include "tools/sandbox/form.h"

struct seeder {
    const struct sandbox_seed_options *options;
    struct arena *arena;
    struct buf *out;
    struct json_out json;
    struct map *counted; /* SKUs whose opening count is out */
};

static void event_begin(struct seeder *seeder, const char *kind, const char *fact_id)
{
    char time[CLOCK_TEXT_LEN];

    json_begin(&seeder->json, seeder->out);
    json_object(&seeder->json);
    json_put_member(&seeder->json, "kind", kind);
    json_put_member(&seeder->json, "fact_id", fact_id);
    json_put_member(&seeder->json, "occurred_at", clock_format(seeder->options->occurred_ms, time));
    json_put_member(&seeder->json, "actor", "sandbox");
}

static void event_end(struct seeder *seeder)
{
    json_object_end(&seeder->json);
    buf_char(seeder->out, '\n');
}

static void seed_mapping(struct seeder *seeder, const struct sandbox_channel_config *channel,
                         const struct sandbox_product_config *product,
                         const struct sandbox_variant_config *variant)
{
    const struct sandbox_form *form = sandbox_form(channel->kind);
    const char *listing = form->listing(seeder->arena, product, variant);
    const char *address = form->address(seeder->arena, channel, variant);

    event_begin(seeder, "mapping_changed",
                arena_printf(seeder->arena, "map-%s-%s", channel->name, listing));
    json_put_member(&seeder->json, "channel", channel->name);
    json_put_member(&seeder->json, "listing", listing);
    json_put_member(&seeder->json, "address", address);
    json_put_member(&seeder->json, "sku", variant->sku);
    json_put_member(&seeder->json, "pool", "main");
    event_end(seeder);
}

static void seed_count(struct seeder *seeder, struct sandbox_variant_config *variant)
{
    if (map_get(seeder->counted, variant->sku) != NULL)
        return;
    map_set(seeder->counted, variant->sku, variant);
    event_begin(seeder, "stock_counted",
                arena_printf(seeder->arena, "count-%s-%s", seeder->options->run, variant->sku));
    json_put_member(&seeder->json, "sku", variant->sku);
    json_put_member(&seeder->json, "pool", "main");
    json_put_member(&seeder->json, "bucket", "sellable");
    json_put_member_int(&seeder->json, "quantity", variant->quantity);
    json_put_member(&seeder->json, "reason", "opening count");
    event_end(seeder);
}

static void seed_product(struct seeder *seeder, const struct sandbox_channel_config *channel,
                         const struct sandbox_product_config *product, bool counts)
{
    for (size_t i = 0; i < product->variants_len; i++) {
        struct sandbox_variant_config *variant = &product->variants[i];

        if (variant->sku[0] == '\0')
            continue; /* what has no SKU is mapped by hand */
        if (counts)
            seed_count(seeder, variant);
        else
            seed_mapping(seeder, channel, product, variant);
    }
}

static void seed_products(struct seeder *seeder, const struct sandbox_config *config, bool counts)
{
    for (size_t i = 0; i < config->channels_len; i++) {
        const struct sandbox_channel_config *channel = &config->channels[i];

        for (size_t j = 0; j < channel->products_len; j++)
            seed_product(seeder, channel, &channel->products[j], counts);
    }
}

void sandbox_seed_events(const struct sandbox_config *config,
                         const struct sandbox_seed_options *options, struct buf *out)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(map) struct map *counted = map_new();
    struct seeder seeder = {.options = options, .arena = arena, .out = out, .counted = counted};

    event_begin(&seeder, "pool_changed", "pool-main");
    json_put_member(&seeder.json, "pool", "main");
    json_put_member(&seeder.json, "authority", "ledger");
    event_end(&seeder);
    if (options->buffer > 0) {
        event_begin(&seeder, "rule_changed", "rule-default");
        json_put_member_int(&seeder.json, "buffer_units", options->buffer);
        event_end(&seeder);
    }
    seed_products(&seeder, config, false);
    seed_products(&seeder, config, true);
}

/* JSON's quoted texts are YAML's too. */
static void yaml_member(struct buf *out, const char *lead, const char *key, const char *text)
{
    struct json_out json;

    buf_printf(out, "%s%s: ", lead, key);
    json_begin(&json, out);
    json_put_text(&json, text);
    buf_char(out, '\n');
}

/* "{base}" at its beginning is where the sandbox plays the channel. */
static const char *setting_text(struct arena *arena, const char *base_url,
                                const struct sandbox_channel_config *channel, const char *value)
{
    static const char base[] = "{base}";

    return strncmp(value, base, sizeof(base) - 1) != 0
               ? value
               : arena_printf(arena, "%s/%s%s", base_url, channel->name,
                              value + sizeof(base) - 1);
}

void sandbox_seed_channels(const struct sandbox_config *config, const char *base_url,
                           const char *spec, struct buf *out)
{
    SCOPED(arena) struct arena *arena = arena_new();

    buf_text(out, "channels:\n");
    for (size_t i = 0; i < config->channels_len; i++) {
        const struct sandbox_channel_config *channel = &config->channels[i];

        yaml_member(out, "  - ", "name", channel->name);
        yaml_member(out, "    ", "kind", channel->kind);
        yaml_member(out, "    ", "account", channel->account);
        yaml_member(out, "    ", "base_url", arena_printf(arena, "%s/%s", base_url, channel->name));
        if (spec != NULL && sandbox_form(channel->kind)->needs_spec)
            yaml_member(out, "    ", "spec", spec);
        yaml_member(out, "    ", "secret", channel->secret);
        yaml_member(out, "    ", "token", channel->token);
        if (channel->token_secret[0] != '\0')
            yaml_member(out, "    ", "token_secret", channel->token_secret);
        if (channel->location[0] != '\0')
            yaml_member(out, "    ", "location", channel->location);
        if (channel->rate_per_second > 0)
            buf_printf(out, "    rate_per_second: %.0f\n    rate_burst: %.0f\n",
                       channel->rate_per_second, channel->rate_burst);
        for (size_t k = 0; k < channel->settings_len; k++)
            yaml_member(out, k == 0 ? "    settings:\n      " : "      ", channel->settings[k].name,
                        setting_text(arena, base_url, channel, channel->settings[k].value));
    }
}
