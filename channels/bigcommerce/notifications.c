#include <string.h>

#include "channels/address.h"
#include "channels/bigcommerce/internal.h"
#include "channels/document.h"
#include "channels/signature.h"

enum { SENDER_ID_LEN_MAX = 128 };

/* ---- signatures ---- */

/* Hooks of store-level API accounts may be unsigned (unconfirmed); a custom header that the hook
   was made with comes back on each call [3.2]. */
static const struct channel_signature custom_header = {.scheme = CHANNEL_SIGNATURE_TOKEN,
                                                       .header = "X-Stockbus-Token"};

const struct channel_signature *
channel_bigcommerce_signature_of(const struct channel_account *account,
                                 const struct channel_notification *notification)
{
    (void)notification;
    return strcmp(channel_account_setting(account, "signature"), "token") == 0
               ? &custom_header
               : &account->kind->signature;
}

/* ---- ids ---- */

static bool is_usable(const char *id)
{
    return id != NULL && id[0] != '\0' && strlen(id) <= SENDER_ID_LEN_MAX;
}

/* webhook-id stays over retries. The body's hash does not tell scopes and times apart [3.1], but
   the body as a whole does. */
const char *channel_bigcommerce_notification_id(const struct channel_account *account,
                                                const struct channel_notification *notification,
                                                struct arena *arena)
{
    const char *id = channel_notification_header(notification, "webhook-id");

    (void)account;
    if (is_usable(id))
        return arena_strdup(arena, id);
    return channel_signature_digest(arena, &notification->hint, 1, notification->body,
                                    notification->body_len);
}

/* ---- bodies ---- */

/* Webhooks hold ids and nothing to tell: hints() has them read. */
static bool normalize_thin(const struct channel_document *document, const struct json *json)
{
    return channel_bigcommerce_thin(document->account, json, document->arena, NULL, document->err);
}

/* Levels have no time of their own: this is when they were read. */
static bool add_observation(void *opaque, const struct channel_row *row, struct err *err)
{
    const struct channel_document *document = opaque;
    struct event *event = event_list_add(document->events, document->arena, EVENT_OBSERVATION);
    const char *hint = document->notification->hint;
    const char *origin = hint == NULL ? NULL : strchr(hint, '+');

    (void)err;
    event->times.occurred_ms = document->notification->received_ms;
    event->observation = (struct event_observation){
        .listing = row->listing,
        .address = row->address,
        .sku = row->sku,
        .tracked = row->tracked,
        .quantity = row->quantity,
        .version_ms = document->notification->received_ms,
        .origin = origin == NULL ? "" : arena_strdup(document->arena, origin + 1),
    };
    return true;
}

/* A page of inventory items. */
static bool normalize_items(const struct channel_document *document, const struct json *json)
{
    const struct json *items = json_get(json, "data");

    if (json_kind(items) != JSON_ARRAY)
        return channel_document_refuse(document, "items", "data");
    for (size_t i = 0; i < json_len(items); i++) {
        struct err why = {0};

        if (!channel_bigcommerce_item_rows(document->account, json_at(items, i), document->arena,
                                           add_observation, (void *)document, &why))
            channel_bad_line(document->bad, document->arena, "element %zu: %s", i, why.text);
    }
    return true;
}

/* Bodies have no topic beside them; the first member that is there says what it is. */
static const struct channel_document_reader topics[] = {
    {NULL, NULL}
};
static const struct channel_document_reader shapes[] = {
    {"scope",      normalize_thin                  },
    {"order_read", channel_bigcommerce_joined_order},
    {"status_id",  channel_bigcommerce_order       },
    {"data",       normalize_items                 },
    {NULL,         NULL                            },
};

bool channel_bigcommerce_normalize(const struct channel_account *account,
                                   const struct channel_notification *notification,
                                   struct arena *arena, struct event_list *ret_events,
                                   struct channel_bad_lines *ret_bad, struct err *err)
{
    const struct channel_document document = {account,    notification, arena,
                                              ret_events, ret_bad,      err};

    return channel_document_normalize(&document, NULL,
                                      &(struct channel_document_readers){topics, shapes});
}
