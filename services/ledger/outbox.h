/*
 * Records that must be on Kafka, in bundles: a row of ledger.outbox carries many records of one
 * transaction, in order. The writer's statements are queued (pg_queue()); the reader is pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/event/push.h"
#include "lib/pg/pg.h"

enum { LEDGER_OUTBOX_RECORDS_MAX = 500, LEDGER_OUTBOX_BYTES_MAX = 256 * 1024 };

enum ledger_outbox_kind {
    LEDGER_OUTBOX_TARGET = 't',
    LEDGER_OUTBOX_CATALOG = 'c',
    LEDGER_OUTBOX_EVENT = 'e',
};

/* What goes to the broker, and what names its topic and key. Events name these themselves. */
struct ledger_outbox_record {
    enum ledger_outbox_kind kind;
    const char *channel;
    const char *listing;
    const char *body;
    size_t body_len;
};

/* Collects records; a full bundle becomes a row. */
struct ledger_outbox {
    struct pg *pg;
    struct buf bundle;
    int64_t records; /* in it */
};

void ledger_outbox_init(struct ledger_outbox *outbox, struct pg *pg);
void ledger_outbox_release(struct ledger_outbox *outbox);
static inline void ledger_outbox_scope_end(struct ledger_outbox *outbox)
{
    ledger_outbox_release(outbox);
}

bool ledger_outbox_target(struct ledger_outbox *outbox, const struct target *target,
                          struct err *err) MUST_CHECK;
bool ledger_outbox_catalog(struct ledger_outbox *outbox, const struct catalog_entry *entry,
                           struct err *err) MUST_CHECK;
bool ledger_outbox_event(struct ledger_outbox *outbox, const struct event *event,
                         struct err *err) MUST_CHECK;
/* The last bundle; nothing for no records. */
bool ledger_outbox_end(struct ledger_outbox *outbox, struct err *err) MUST_CHECK;

/* The record at *at, which is before end and is moved behind it; its texts are borrowed from the
   bundle. ERR_FATAL: the bundle is broken. */
bool ledger_outbox_read(const char **at, const char *end, struct ledger_outbox_record *ret_record,
                        struct err *err) MUST_CHECK;
