#include "services/ingest/refused.h"

#include <string.h>
#include <strings.h>

/* Parts of names of headers that carry secrets, at whatever marketplace. */
static const char *const secret_parts[] = {"authorization", "cookie", "token",   "secret",
                                           "signature",     "hmac",   "api-key", "apikey"};

bool ingest_refused_keeps_header(const char *name, const char *signature_header)
{
    if (signature_header != NULL && strcasecmp(name, signature_header) == 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(secret_parts); i++)
        if (strcasestr(name, secret_parts[i]) != NULL)
            return false;
    return true;
}

static void refused_headers(struct rejected *rejected, const struct channel_account *account,
                            const struct channel_notification *notification, struct arena *arena)
{
    struct rejected_header *headers =
        arena_alloc(arena, (notification->headers_len + 1) * sizeof(*headers));

    for (size_t i = 0; i < notification->headers_len; i++) {
        const struct channel_header *header = &notification->headers[i];

        if (ingest_refused_keeps_header(header->name,
                                        channel_signature_of(account, notification)->header))
            headers[rejected->headers_len++] =
                (struct rejected_header){header->name, header->value};
    }
    rejected->headers = headers;
}

struct rejected ingest_refused_notification(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            const char *host, const char *reason,
                                            struct arena *arena)
{
    const char *content_type = channel_notification_header(notification, "Content-Type");
    struct rejected rejected = {
        .source = {.channel = account->name,
                   .account = account->account,
                   .notification_id = account->kind->notification_id(account, notification, arena),
                   .captured_via = notification->captured_via,
                   .adapter = account->kind->adapter,
                   .host = host,
                   .actor = ""},
        .times = {.received_ms = notification->received_ms},
        .reason = reason,
        .content_type = content_type == NULL ? "" : content_type,
        .body = notification->body,
        .body_len = notification->body_len,
        .topic = "",
    };

    refused_headers(&rejected, account, notification, arena);
    return rejected;
}
