#include "lib/event/subject.h"

struct event_subject event_subject_of(const struct event *event)
{
    struct event_subject subject = {event->source.channel, "", "", "", ""};

    switch (event->kind) {
    case EVENT_ORDER_LINE:
        subject.listing = event->order_line.listing;
        subject.order_id = event->order_line.order_id;
        subject.line_id = event->order_line.line_id;
        break;
    case EVENT_ORDER_VOIDED:
        subject.order_id = event->order_voided.order_id;
        break;
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        subject.listing = event->part.listing;
        subject.order_id = event->part.order_id;
        subject.line_id = event->part.line_id;
        break;
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        subject.sku = event->stock.sku;
        break;
    case EVENT_STOCK_TRANSFERRED:
        subject.sku = event->transfer.sku;
        break;
    case EVENT_INBOUND_REPORTED:
        subject.sku = event->inbound.sku;
        break;
    case EVENT_REMOVAL_REPORTED:
        subject.sku = event->removal.sku;
        break;
    case EVENT_MAPPING_CHANGED:
        subject.channel = event->mapping.channel;
        subject.listing = event->mapping.listing;
        break;
    case EVENT_RULE_CHANGED:
        subject.channel = event->rule.channel;
        subject.listing = event->rule.listing;
        subject.sku = event->rule.sku;
        break;
    case EVENT_OBSERVATION:
        subject.listing = event->observation.listing;
        subject.sku = event->observation.sku;
        break;
    case EVENT_VELOCITY_MEASURED:
        subject.sku = event->velocity.sku;
        break;
    case EVENT_LATENCY_MEASURED:
        subject.channel = event->latency.channel;
        break;
    case EVENT_PROMOTION_CHANGED:
        subject.sku = event->promotion.sku;
        break;
    case EVENT_POOL_CHANGED:
    case EVENT_DECIDED:
    case EVENT_TIER_DEFINED:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        break;
    }
    return subject;
}
