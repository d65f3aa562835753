#include <string.h>

#include "channels/address.h"
#include "channels/document.h"
#include "channels/etsy/internal.h"
#include "channels/signature.h"

enum { SENDER_ID_LEN_MAX = 128 };

/* webhook-id stays over retries. */
const char *channel_etsy_notification_id(const struct channel_account *account,
                                         const struct channel_notification *notification,
                                         struct arena *arena)
{
    const char *id = channel_notification_header(notification, "webhook-id");

    (void)account;
    if (id != NULL && id[0] != '\0' && strlen(id) <= SENDER_ID_LEN_MAX)
        return arena_strdup(arena, id);
    return channel_signature_digest(arena, &notification->hint, 1, notification->body,
                                    notification->body_len);
}

/* Webhooks hold an address and nothing to tell: hints() has it read. */
static bool normalize_thin(const struct channel_document *document, const struct json *json)
{
    return channel_etsy_thin(document->account, json, document->arena, NULL, document->err);
}

/* Inventories have no time of their own: this is when it was read. */
static bool add_observation(void *opaque, const struct channel_row *row, struct err *err)
{
    const struct channel_document *document = opaque;
    struct event *event = event_list_add(document->events, document->arena, EVENT_OBSERVATION);

    (void)err;
    event->times.occurred_ms = document->notification->received_ms;
    event->observation = (struct event_observation){
        .listing = row->listing,
        .address = row->address,
        .sku = row->sku,
        .tracked = row->tracked,
        .quantity = row->quantity,
        .version_ms = document->notification->received_ms,
    };
    return true;
}

/* A listing of a page may have none. */
static bool normalize_listing(const struct channel_document *document, const struct json *json)
{
    const struct json *inventory = json_get(json, "inventory");

    if (inventory != NULL && json_is_null(inventory))
        return true;
    if (inventory == NULL && !channel_etsy_is_inventory(json))
        return channel_document_refuse(document, "inventory", "product_id");
    return channel_etsy_listing_rows(document->account, json, document->bad, document->arena,
                                     &(struct etsy_visitor){add_observation, (void *)document},
                                     document->err);
}

/* Bodies have no topic beside them; the first member that is there says what it is. */
static const struct channel_document_reader topics[] = {
    {NULL, NULL}
};
static const struct channel_document_reader shapes[] = {
    {"event_type", normalize_thin      },
    {"receipt_id", channel_etsy_receipt},
    {"inventory",  normalize_listing   },
    {"products",   normalize_listing   },
    {NULL,         NULL                },
};

bool channel_etsy_normalize(const struct channel_account *account,
                            const struct channel_notification *notification, struct arena *arena,
                            struct event_list *ret_events, struct channel_bad_lines *ret_bad,
                            struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document, NULL,
                                      &(struct channel_document_readers){topics, shapes});
}
