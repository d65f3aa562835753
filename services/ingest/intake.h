/*
 * What bytes of a channel become, whichever way they came: events, hints, bad lines, or nothing
 * that is understood. Read first, then put on a capture.
 */
#pragma once

#include "channels/channel.h"
#include "services/ingest/capture.h"
#include "services/ingest/service.h"

struct ingest_intake {
    struct event_list events;
    struct channel_hints hints;
    struct channel_bad_lines bad;
    const char *refused; /* why the whole is not understood; NULL: it is */
};

/* Pure. Events that keep() refuses are left out. Lives in the arena. */
struct ingest_intake ingest_intake_read(const struct channel_account *account,
                                        const struct channel_notification *notification,
                                        const char *host, channel_keep *keep, void *opaque,
                                        struct arena *arena);
/* Nothing to be written. */
bool ingest_intake_is_empty(const struct ingest_intake *intake);
/* Puts all of it on the capture. once: what stays bad is told once by this process, for bytes that
   we ask for again and again. */
void ingest_intake_write(const struct ingest_intake *intake, struct ingest_service *service,
                         const struct channel_account *account,
                         const struct channel_notification *notification, bool once,
                         struct arena *arena, struct ingest_capture *capture);
