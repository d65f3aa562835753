#include "tools/sandbox/journal.h"

#include "lib/base/clock.h"
#include "lib/base/mem.h"

struct sandbox_journal {
    uint64_t last;
    struct sandbox_entry ring[SANDBOX_JOURNAL_MAX]; /* entry n is at n modulo the size */
};

struct sandbox_journal *sandbox_journal_new(void)
{
    return mem_calloc(1, sizeof(struct sandbox_journal));
}

void sandbox_journal_free(struct sandbox_journal *journal)
{
    mem_free(journal);
}

void sandbox_journal_add(struct sandbox_journal *journal, const struct sandbox_entry *entry)
{
    struct sandbox_entry *own = &journal->ring[++journal->last % SANDBOX_JOURNAL_MAX];

    *own = *entry;
    own->seq = journal->last;
    if (own->time_ms == 0)
        own->time_ms = clock_now_ms();
}

uint64_t sandbox_journal_last(const struct sandbox_journal *journal)
{
    return journal->last;
}

const struct sandbox_entry *sandbox_journal_next(const struct sandbox_journal *journal,
                                                 uint64_t after)
{
    uint64_t oldest =
        journal->last < SANDBOX_JOURNAL_MAX ? 1 : journal->last - SANDBOX_JOURNAL_MAX + 1;
    uint64_t seq = after + 1 < oldest ? oldest : after + 1;

    return seq > journal->last ? NULL : &journal->ring[seq % SANDBOX_JOURNAL_MAX];
}

static void entry_member(struct json_out *json, const char *key, const char *text)
{
    if (text != NULL)
        json_put_member(json, key, text);
}

void sandbox_entry_write(const struct sandbox_entry *entry, struct json_out *json)
{
    json_object(json);
    json_put_member_int(json, "seq", (int64_t)entry->seq);
    json_put_member_int(json, "time_ms", entry->time_ms);
    json_put_member(json, "type", entry->type);
    json_put_member(json, "channel", entry->channel);
    entry_member(json, "listing", entry->listing);
    entry_member(json, "sku", entry->sku);
    json_put_member_int(json, "quantity", entry->quantity);
    entry_member(json, "order", entry->order);
    entry_member(json, "topic", entry->topic);
    if (entry->status != 0)
        json_put_member_int(json, "status", entry->status);
    json_object_end(json);
}
