#include "services/ledger/outbox.h"

#include <endian.h>
#include <string.h>

#include "lib/event/codec.h"

#include "sql.h"

void ledger_outbox_init(struct ledger_outbox *outbox, struct pg *pg)
{
    *outbox = (struct ledger_outbox){.pg = pg};
}

void ledger_outbox_release(struct ledger_outbox *outbox)
{
    buf_release(&outbox->bundle);
}

bool ledger_outbox_end(struct ledger_outbox *outbox, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    if (outbox->records == 0)
        return true;
    pg_params_int(params, outbox->records);
    pg_params_bytes(params, outbox->bundle.bytes, outbox->bundle.len);
    buf_clear(&outbox->bundle);
    outbox->records = 0;
    return pg_queue(outbox->pg, sql_ledger_insert_outbox, params, err);
}

/* ---- a record: its kind, then channel and listing, each closed by a NUL, the body's length and
   the body ---- */

/* Returns where the body begins; its length is known when it is there. */
static size_t outbox_begin(struct ledger_outbox *outbox, enum ledger_outbox_kind kind,
                           const char *channel, const char *listing)
{
    struct buf *bundle = &outbox->bundle;
    const uint32_t unknown = 0;

    buf_char(bundle, (char)kind);
    buf_append(bundle, channel, strlen(channel) + 1);
    buf_append(bundle, listing, strlen(listing) + 1);
    buf_append(bundle, &unknown, sizeof(unknown));
    return bundle->len;
}

static bool outbox_finish(struct ledger_outbox *outbox, size_t body, struct err *err)
{
    struct buf *bundle = &outbox->bundle;
    uint32_t len = htobe32((uint32_t)(bundle->len - body));

    memcpy(bundle->bytes + body - sizeof(len), &len, sizeof(len));
    outbox->records++;
    if (outbox->records < LEDGER_OUTBOX_RECORDS_MAX && bundle->len < LEDGER_OUTBOX_BYTES_MAX)
        return true;
    return ledger_outbox_end(outbox, err);
}

bool ledger_outbox_target(struct ledger_outbox *outbox, const struct target *target,
                          struct err *err)
{
    size_t body = outbox_begin(outbox, LEDGER_OUTBOX_TARGET, target->channel, target->listing);

    target_encode(target, &outbox->bundle);
    return outbox_finish(outbox, body, err);
}

bool ledger_outbox_catalog(struct ledger_outbox *outbox, const struct catalog_entry *entry,
                           struct err *err)
{
    size_t body = outbox_begin(outbox, LEDGER_OUTBOX_CATALOG, entry->channel, entry->listing);

    catalog_entry_encode(entry, &outbox->bundle);
    return outbox_finish(outbox, body, err);
}

bool ledger_outbox_event(struct ledger_outbox *outbox, const struct event *event, struct err *err)
{
    size_t body = outbox_begin(outbox, LEDGER_OUTBOX_EVENT, "", "");

    event_encode(event, &outbox->bundle);
    return outbox_finish(outbox, body, err);
}

/* ---- reading ---- */

static const char *outbox_text(const char **at, const char *end)
{
    const char *text = *at;
    const char *nul = memchr(text, '\0', (size_t)(end - text));

    *at = nul == NULL ? end : nul + 1;
    return nul == NULL ? NULL : text;
}

bool ledger_outbox_read(const char **at, const char *end, struct ledger_outbox_record *ret_record,
                        struct err *err)
{
    uint32_t len = 0;

    ret_record->kind = (enum ledger_outbox_kind) * (*at)++;
    ret_record->channel = outbox_text(at, end);
    ret_record->listing = outbox_text(at, end);
    if (ret_record->listing == NULL || (size_t)(end - *at) < sizeof(len))
        return err_set(err, ERR_FATAL, "a bundle of the outbox is cut");
    memcpy(&len, *at, sizeof(len));
    *at += sizeof(len);
    ret_record->body = *at;
    ret_record->body_len = be32toh(len);
    if ((size_t)(end - *at) < ret_record->body_len)
        return err_set(err, ERR_FATAL, "a bundle of the outbox is cut");
    *at += ret_record->body_len;
    return true;
}
