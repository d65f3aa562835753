#include <string.h>

#include "channels/walmart/internal.h"

/* Performance webhooks sign by headers of their own, whatever the others do [wm-dev "Security and
   authenticity"]. */
static const struct channel_signature stamped = {
    .scheme = CHANNEL_SIGNATURE_HMAC,
    .header = "WM_SEC.SIGNATURE",
    .encoding = CHANNEL_ENCODING_BASE64,
    .signs = "{method}\n{path}\n{timestamp}\n{body_sha256}",
    .timestamp_header = "WM_SEC.TIMESTAMP",
    .tolerance_ms = 5 * 60 * 1000,
};

/* By webhook_auth; the first is for what is none of them. Hex or base64, and whether "Basic " is in
   front, is unconfirmed: all are accepted. */
static const struct {
    const char *name;
    struct channel_signature signature;
} methods[] = {
    {"hmac",  {.scheme = CHANNEL_SIGNATURE_HMAC, .encoding = CHANNEL_ENCODING_ANY}},
    {"basic",
     {.scheme = CHANNEL_SIGNATURE_TOKEN,
      .secret = CHANNEL_SECRET_BASIC,
      .prefix = "Basic ",
      .prefix_is_optional = true}                                                 },
    {"oauth", {.scheme = CHANNEL_SIGNATURE_TOKEN, .prefix = "Bearer "}            },
};

/* The header's name is the subscription's, so the description is made for each caller: it holds
   until the same thread asks again. */
const struct channel_signature *
channel_walmart_signature_of(const struct channel_account *account,
                             const struct channel_notification *notification)
{
    static _Thread_local struct channel_signature made;
    const char *wanted = channel_account_setting(account, "webhook_auth");
    size_t at = 0;

    if (channel_notification_header(notification, stamped.header) != NULL)
        return &stamped;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(methods[i].name, wanted) == 0)
            at = i;
    }
    made = methods[at].signature;
    made.header = channel_account_setting(account, "webhook_header");
    return &made;
}
