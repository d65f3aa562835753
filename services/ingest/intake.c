#include "services/ingest/intake.h"

#include "lib/base/log.h"

#include "services/ingest/refused.h"

/* Bytes that the bad lines of one body may take together. Beyond, only the first of them has the
   body; the others name the notification. */
enum { INTAKE_COPIES_MAX = 4 << 20 };

/* A report of many megabytes goes into no record. Its events do. */
static void intake_leave_raw_out(struct event *event)
{
    event->raw.body = "";
    event->raw.body_len = 0;
}

struct ingest_intake ingest_intake_read(const struct channel_account *account,
                                        const struct channel_notification *notification,
                                        const char *host, channel_keep *keep, void *opaque,
                                        struct arena *arena)
{
    const struct channel_kind *kind = account->kind;
    struct ingest_intake intake = {0};
    struct err err = {0};

    if (!channel_events(account, notification, host, keep, opaque, arena, &intake.events,
                        &intake.bad, &err))
        intake.refused = arena_strdup(arena, err.text);
    else if (kind->hints != NULL && !kind->hints(account, notification, arena, &intake.hints, &err))
        channel_bad_line(&intake.bad, arena, "%s", err.text);
    if (intake.events.len > 0 && notification->body_len > INGEST_BODY_BYTES_MAX)
        intake_leave_raw_out(&intake.events.events[0]);
    return intake;
}

bool ingest_intake_is_empty(const struct ingest_intake *intake)
{
    return intake->refused == NULL && intake->events.len == 0 && intake->hints.len == 0 &&
           intake->bad.len == 0;
}

/* ---- writing ---- */

struct intake_writing {
    struct ingest_service *service;
    const struct channel_account *account;
    const struct channel_notification *notification;
    struct arena *arena;
    struct ingest_capture *capture;
    bool once;
};

/* What was told before need not be told again; what is told now is known when the broker has it. */
static bool intake_is_news(const struct intake_writing *writing, const char *reason)
{
    const char *key = arena_printf(writing->arena, "%s: %s", writing->account->name, reason);

    if (!writing->once)
        return true;
    if (ingest_seen_has(writing->service->seen, key))
        return false;
    ingest_capture_seen(writing->capture, key);
    return true;
}

static void intake_reject(const struct intake_writing *writing, const char *reason,
                          const char *label, bool with_body)
{
    struct rejected rejected = ingest_refused_notification(
        writing->account, writing->notification, writing->service->host, reason, writing->arena);

    if (!with_body || rejected.body_len > INGEST_BODY_BYTES_MAX)
        rejected.body_len = 0;
    log_warn("ingest.rejected", "channel", writing->account->name, "notification",
             rejected.source.notification_id, "as", label, "why", reason);
    ingest_capture_rejected(writing->capture, &rejected, label);
}

static void intake_write_bad_lines(const struct intake_writing *writing,
                                   const struct channel_bad_lines *bad)
{
    bool copy_all = writing->notification->body_len * bad->len <= INTAKE_COPIES_MAX;

    for (size_t i = 0; i < bad->len; i++)
        if (intake_is_news(writing, bad->reasons[i]))
            intake_reject(writing, bad->reasons[i], "bad_line", i == 0 || copy_all);
}

void ingest_intake_write(const struct ingest_intake *intake, struct ingest_service *service,
                         const struct channel_account *account,
                         const struct channel_notification *notification, bool once,
                         struct arena *arena, struct ingest_capture *capture)
{
    const struct intake_writing writing = {service, account, notification, arena, capture, once};

    for (size_t i = 0; i < intake->events.len; i++)
        ingest_capture_event(capture, &intake->events.events[i]);
    for (size_t i = 0; i < intake->hints.len; i++)
        ingest_capture_hint(capture, intake->hints.hints[i]);
    intake_write_bad_lines(&writing, &intake->bad);
    if (intake->refused != NULL && intake_is_news(&writing, intake->refused))
        intake_reject(&writing, intake->refused, "not_understood", true);
}
