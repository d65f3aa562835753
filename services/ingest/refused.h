/*
 * What could not become an event, as a record of the rejected topic: the bytes, the headers but for
 * secrets, and the reason.
 */
#pragma once

#include <stdbool.h>

#include "channels/channel.h"
#include "lib/event/push.h"

/* Pure. Signatures, tokens, cookies and the like stay out of the topic. */
bool ingest_refused_keeps_header(const char *name, const char *signature_header);

/* Texts are borrowed from the arguments or live in the arena. */
struct rejected ingest_refused_notification(const struct channel_account *account,
                                            const struct channel_notification *notification,
                                            const char *host, const char *reason,
                                            struct arena *arena);
