#include <string.h>

#include "lib/base/clock.h"

#include "channels/amazon/internal.h"

/* ---- counts of Amazon's centres ---- */

/* What is counted of one FNSKU, and the bucket it goes to. */
struct count {
    const char *bucket;
    int64_t units;
    bool is_told;
};

struct shelf {
    const char *fnsku;
    const char *sku; /* as the ledger knows it */
    int64_t counted_ms;
};

static void add_counts(const struct channel_document *document, const struct shelf *shelf,
                       const struct count *counts, size_t len)
{
    char counted[CLOCK_TEXT_LEN];

    clock_format(shelf->counted_ms, counted);
    for (size_t i = 0; i < len; i++) {
        if (!counts[i].is_told)
            continue;
        struct event *event =
            event_list_add(document->events, document->arena, EVENT_STOCK_COUNTED);
        event->times.occurred_ms = shelf->counted_ms;
        event->stock.fact_id =
            arena_printf(document->arena, "fba/%s/%s/%s", shelf->fnsku, counted, counts[i].bucket);
        event->stock.sku = shelf->sku;
        event->stock.pool = channel_account_setting(document->account, "fba_pool");
        event->stock.bucket = counts[i].bucket;
        event->stock.quantity = counts[i].units;
    }
}

static struct count count_of(const char *bucket, const struct json *object, const char *key)
{
    struct count count = {.bucket = bucket};

    count.is_told = channel_amazon_units(object, key, &count.units);
    return count;
}

/* Sums of what is told; nothing told is no zero. */
static struct count count_sum(const char *bucket, const struct json *object,
                              const char *const *keys)
{
    struct count sum = {.bucket = bucket};

    for (; *keys != NULL; keys++) {
        int64_t units = 0;

        if (!channel_amazon_units(object, *keys, &units) || units < 0 || units > EVENT_QUANTITY_MAX)
            continue;
        sum.units += units;
        sum.is_told = true;
    }
    return sum;
}

static bool read_shelf(const struct channel_document *document, const struct json *json,
                       const char *fnsku_key, const char *sku_key, struct shelf *ret_shelf)
{
    const char *fnsku = channel_amazon_text(document->arena, json, fnsku_key);
    const char *seller_sku = channel_amazon_text(document->arena, json, sku_key);

    ret_shelf->sku = channel_amazon_fba_sku(document->account, fnsku, seller_sku);
    ret_shelf->fnsku = fnsku[0] == '\0' ? seller_sku : fnsku;
    return ret_shelf->sku[0] != '\0';
}

/* ---- FBA_INVENTORY_AVAILABILITY_CHANGES ---- */

/*
 * The blocks of several marketplaces may show one and the same units [1.1], so one speaks for the
 * pool: that of the first marketplace of the account; without any the first block.
 */
static const struct json *block_of(const struct channel_document *document,
                                   const struct json *blocks)
{
    size_t len = 0;
    const char *const *ids =
        channel_amazon_list(document->account, "marketplace_ids", document->arena, &len);

    for (size_t i = 0; i < len; i++) {
        for (size_t j = 0; j < json_len(blocks); j++) {
            const char *id =
                channel_amazon_text(document->arena, json_at(blocks, j), "MarketplaceId");

            if (strcmp(id, ids[i]) == 0)
                return json_at(blocks, j);
        }
    }
    return len == 0 ? json_at(blocks, 0) : NULL;
}

bool channel_amazon_availability(const struct channel_document *document,
                                 const struct json *payload, int64_t event_ms)
{
    static const char *const reserved[] = {"WarehouseProcessing", "WarehouseTransfer",
                                           "PendingCustomerOrder", NULL};
    const struct json *blocks = channel_amazon_get(payload, "FulfillmentInventoryByMarketplace");
    struct shelf shelf = {.counted_ms = event_ms};

    if (!read_shelf(document, payload, "FNSKU", "SKU", &shelf))
        return channel_document_refuse(document, "inventory", "FNSKU");
    if (json_kind(blocks) != JSON_ARRAY)
        return channel_document_refuse(document, "inventory", "FulfillmentInventoryByMarketplace");
    if (shelf.counted_ms == 0)
        shelf.counted_ms = document->notification->received_ms;
    const struct json *inventory =
        channel_amazon_get(block_of(document, blocks), "FulfillmentInventory");
    if (json_kind(inventory) != JSON_OBJECT)
        return true; /* of marketplaces that are not ours */
    const struct count counts[] = {
        count_of("sellable", inventory, "Fulfillable"),
        count_of("unfulfillable", inventory, "Unfulfillable"),
        count_of("researching", inventory, "Researching"),
        count_sum("reserved", channel_amazon_get(inventory, "ReservedQuantityBreakdown"), reserved),
    };
    if (!counts[0].is_told)
        return channel_document_refuse(document, "inventory", "Fulfillable");
    add_counts(document, &shelf, counts, ARRAY_LEN(counts));
    return true;
}

/* ---- inventory summaries ---- */

static void read_summary(const struct channel_document *document, const struct json *summary)
{
    const struct json *details = channel_amazon_get(summary, "inventoryDetails");
    struct shelf shelf = {.counted_ms = document->notification->received_ms};

    if (!read_shelf(document, summary, "fnSku", "sellerSku", &shelf)) {
        channel_bad_line(document->bad, document->arena, "a summary's fnSku is missing");
        return;
    }
    /* May be absent or "": then it is what was true when we asked. */
    channel_amazon_time(summary, "lastUpdatedTime", &shelf.counted_ms);
    const struct count counts[] = {
        count_of("sellable", details, "fulfillableQuantity"),
        count_of("unfulfillable", channel_amazon_get(details, "unfulfillableQuantity"),
                 "totalUnfulfillableQuantity"),
        count_of("researching", channel_amazon_get(details, "researchingQuantity"),
                 "totalResearchingQuantity"),
        count_of("reserved", channel_amazon_get(details, "reservedQuantity"),
                 "totalReservedQuantity"),
    };
    add_counts(document, &shelf, counts, ARRAY_LEN(counts));
}

/* Each speaks for itself; what several seller SKUs say of one FNSKU is the same. */
bool channel_amazon_summaries(const struct channel_document *document, const struct json *payload)
{
    const struct json *list = channel_amazon_get(payload, "inventorySummaries");

    for (size_t i = 0; i < json_len(list); i++)
        read_summary(document, json_at(list, i));
    return true;
}

/* ---- inbound shipments ---- */

/* What the 2024 API says beyond the words that the ledger knows [1.5]. */
static const char *inbound_status(const char *status)
{
    static const struct {
        const char *status;
        const char *word;
    } words[] = {
        {"READY_TO_SHIP", "working"  },
        {"UNCONFIRMED",   "working"  },
        {"MIXED",         "receiving"},
        {"ABANDONED",     "cancelled"},
    };

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (channel_amazon_is(status, words[i].status))
            return words[i].word;
    }
    return status;
}

static struct event *event_of(const struct channel_document *document, size_t first,
                              const char *sku)
{
    for (size_t i = first; i < document->events->len; i++) {
        if (strcmp(document->events->events[i].inbound.sku, sku) == 0)
            return &document->events->events[i];
    }
    return NULL;
}

static const char *text_of_either(const struct channel_document *document, const struct json *json,
                                  const char *key, const char *other)
{
    const char *text = channel_amazon_text(document->arena, json, key);

    return text[0] != '\0' ? text : channel_amazon_text(document->arena, json, other);
}

static void read_shipment_item(const struct channel_document *document, size_t first,
                               const char *shipment_id, const char *status, const struct json *item)
{
    const char *sku = channel_amazon_fba_sku(
        document->account, text_of_either(document, item, "FulfillmentNetworkSKU", "fnsku"),
        text_of_either(document, item, "SellerSKU", "msku"));
    int64_t sent = 0;
    int64_t received = 0;

    if (sku[0] == '\0' || (!channel_amazon_units(item, "QuantityShipped", &sent) &&
                           !channel_amazon_units(item, "quantity", &sent))) {
        channel_bad_line(document->bad, document->arena,
                         "shipment %s: an item's SKU or QuantityShipped is wrong", shipment_id);
        return;
    }
    channel_amazon_units(item, "QuantityReceived", &received);
    struct event *event = event_of(document, first, sku);
    if (event != NULL) { /* several seller SKUs of one FNSKU */
        event->inbound.sent += sent;
        event->inbound.received += received;
        return;
    }
    event = event_list_add(document->events, document->arena, EVENT_INBOUND_REPORTED);
    event->times.occurred_ms = document->notification->received_ms;
    event->inbound = (struct event_inbound){
        .shipment_id = shipment_id,
        .sku = sku,
        .from_pool = channel_account_setting(document->account, "inbound_from"),
        .to_pool = channel_account_setting(document->account, "fba_pool"),
        .status = inbound_status(status),
        .sent = sent,
        .received = received,
        /* A shipment does not say when it changed: this is true when it was read. */
        .version_ms = document->notification->received_ms,
    };
}

bool channel_amazon_shipment(const struct channel_document *document, const struct json *shipment,
                             const struct json *items)
{
    const char *id = channel_amazon_text(document->arena, shipment, "ShipmentId");
    const char *status = text_of_either(document, shipment, "ShipmentStatus", "status");
    size_t first = document->events->len;

    if (id[0] == '\0')
        return channel_document_refuse(document, "shipment", "ShipmentId");
    if (status[0] == '\0')
        return channel_document_refuse(document, "shipment", "ShipmentStatus");
    for (size_t i = 0; i < json_len(items); i++)
        read_shipment_item(document, first, id, status, json_at(items, i));
    return true;
}
