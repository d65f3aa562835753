#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/event/digest.h"
#include "lib/json/json.h"
#include "tools/stockctl/actor.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/facts.h"
#include "tools/stockctl/post.h"

static void write_posted(const struct stockctl_posted *posted, const char *fact_id, bool json)
{
    for (size_t i = 0; i < posted->len; i++) {
        SCOPED(buf) struct buf line = {0};
        struct json_out out;

        if (!json) {
            puts(posted->event_ids[i]);
            continue;
        }
        json_begin(&out, &line);
        json_object(&out);
        json_put_member(&out, "event_id", posted->event_ids[i]);
        json_put_member(&out, "fact_id", fact_id);
        json_object_end(&out);
        puts(buf_str(&line));
    }
}

static int write_send(struct stockctl_settings *settings, const struct buf *body,
                      const char *fact_id, bool json, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct stockctl_posted posted = {0};
    int64_t fact = -1;

    if (!stockctl_settings_load(STOCKCTL_NEED_INGEST, settings, err) ||
        !stockctl_settings_load(STOCKCTL_NEED_TOKEN, settings, err))
        return EXIT_USAGE;
    if (!stockctl_post(settings, arena, body->bytes, body->len, &posted, &fact, err))
        return stockctl_command_status(err);
    write_posted(&posted, fact_id, json);
    return EXIT_OK;
}

static int write_fact(const struct stockctl_options *options, stockctl_fact_build *build,
                      struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(buf) struct buf body = {0};
    struct stockctl_settings settings = {0};
    char id[DIGEST_UUID_LEN + 1];

    if (!stockctl_settings_load(STOCKCTL_NEED_SHELL, &settings, err))
        return EXIT_USAGE;
    digest_uuid_random(id);
    const struct stockctl_fact fact = {
        .fact_id = options->id == NULL ? id : options->id,
        .actor = stockctl_actor(arena, options->actor, settings.user),
        .occurred_ms = options->at_ms < 0 ? clock_now_ms() : options->at_ms,
    };
    if (!build(options, &fact, &body, err))
        return EXIT_USAGE;
    if (!options->dry_run)
        return write_send(&settings, &body, fact.fact_id, options->json, err);
    puts(buf_str(&body));
    return EXIT_OK;
}

int stockctl_write_listing(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_listing, err);
}

int stockctl_write_pool(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_pool, err);
}

int stockctl_write_rule(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_rule, err);
}

int stockctl_write_tier(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_tier, err);
}

int stockctl_write_tiers(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_tiers, err);
}

int stockctl_write_promotion(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_promotion, err);
}

int stockctl_write_count(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_count, err);
}

int stockctl_write_receive(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_receive, err);
}

int stockctl_write_adjust(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_adjust, err);
}

int stockctl_write_inbound(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_inbound, err);
}

int stockctl_write_removal(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_removal, err);
}

int stockctl_write_transfer(const struct stockctl_options *options, struct err *err)
{
    return write_fact(options, stockctl_facts_transfer, err);
}
