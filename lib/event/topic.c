#include "lib/event/topic.h"

char *topic_events(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%sevents.v1", prefix);
}

char *topic_catalog(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%scatalog.v1", prefix);
}

char *topic_targets(struct arena *arena, const char *prefix, const char *channel)
{
    return arena_printf(arena, "%stargets.%s.v1", prefix, channel);
}

char *topic_outcomes(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%soutcomes.v1", prefix);
}

char *topic_rejected(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%srejected.v1", prefix);
}

char *topic_cursors(struct arena *arena, const char *prefix)
{
    return arena_printf(arena, "%scursors.v1", prefix);
}

char *topic_listing_key(struct arena *arena, const char *channel, const char *listing)
{
    return arena_printf(arena, "%s/%s", channel, listing);
}

/* The first of the texts that says something. */
static const char *first_text(const char *first, const char *second)
{
    return first[0] != '\0' ? first : second;
}

/* Order of "the same stock" is only a help (state is a function of the set), so a hint will do. */
static char *listing_key(struct arena *arena, const char *channel, const char *listing,
                         const char *catalog_sku)
{
    if (catalog_sku != NULL && catalog_sku[0] != '\0')
        return arena_strdup(arena, catalog_sku);
    return topic_listing_key(arena, channel, listing);
}

static char *mapping_key(struct arena *arena, const struct event_mapping *mapping)
{
    if (mapping->components_len == 1)
        return arena_strdup(arena, mapping->components[0].sku);
    return topic_listing_key(arena, mapping->channel, mapping->listing);
}

static char *rule_key(struct arena *arena, const struct event_rule *rule)
{
    if (rule->sku[0] != '\0')
        return arena_strdup(arena, rule->sku);
    if (rule->listing[0] != '\0')
        return topic_listing_key(arena, rule->channel, rule->listing);
    return arena_strdup(arena, "rules");
}

static char *observation_key(struct arena *arena, const struct event *event,
                             const char *catalog_sku)
{
    const struct event_observation *shown = &event->observation;

    if ((catalog_sku == NULL || catalog_sku[0] == '\0') && shown->sku[0] != '\0')
        return arena_strdup(arena, shown->sku);
    return listing_key(arena, event->source.channel, first_text(shown->listing, shown->address),
                       catalog_sku);
}

char *topic_event_key(struct arena *arena, const struct event *event, const char *catalog_sku)
{
    const char *channel = event->source.channel;

    switch (event->kind) {
    case EVENT_ORDER_LINE:
        return listing_key(arena, channel,
                           first_text(event->order_line.listing, event->order_line.order_id),
                           catalog_sku);
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        return listing_key(arena, channel, first_text(event->part.listing, event->part.order_id),
                           catalog_sku);
    case EVENT_ORDER_VOIDED:
        return topic_listing_key(arena, channel, event->order_voided.order_id);
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        return arena_strdup(arena, event->stock.sku);
    case EVENT_INBOUND_REPORTED:
        return arena_strdup(arena, event->inbound.sku);
    case EVENT_REMOVAL_REPORTED:
        return arena_strdup(arena, event->removal.sku);
    case EVENT_STOCK_TRANSFERRED:
        return arena_strdup(arena, event->transfer.sku);
    case EVENT_MAPPING_CHANGED:
        return mapping_key(arena, &event->mapping);
    case EVENT_RULE_CHANGED:
        return rule_key(arena, &event->rule);
    case EVENT_POOL_CHANGED:
        return arena_strdup(arena, "pools");
    case EVENT_OBSERVATION:
        return observation_key(arena, event, catalog_sku);
    case EVENT_VELOCITY_MEASURED:
        return arena_strdup(arena, event->velocity.sku);
    case EVENT_DECIDED:
        return arena_strdup(arena, event->decided.event_id);
    case EVENT_PROMOTION_CHANGED:
        return arena_strdup(arena, event->promotion.sku);
    case EVENT_TIER_DEFINED:
    case EVENT_LATENCY_MEASURED:
        return arena_strdup(arena, "rules");
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        break;
    }
    return arena_strdup(arena, channel);
}
