/*
 * What happened, in the order in which it happened, for live displays and for tests that ask about
 * order. A ring: the oldest entries go. All texts are borrowed and must live as long.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/scope.h"
#include "lib/json/json.h"

enum { SANDBOX_JOURNAL_MAX = 1 << 18 };

struct sandbox_entry {
    uint64_t seq; /* from 1, without gaps */
    int64_t time_ms;
    const char *type; /* "sale", "push", ...: see README.md */
    const char *channel;
    const char *listing; /* NULL where there is none, as for the rest */
    const char *sku;
    const char *order;
    const char *topic; /* of a notification */
    int64_t quantity;
    int status; /* HTTP status of a delivery or refusal; 0: none */
};

struct sandbox_journal;

struct sandbox_journal *sandbox_journal_new(void);
void sandbox_journal_free(struct sandbox_journal *journal);
SCOPE_DEFINE(sandbox_journal, struct sandbox_journal, sandbox_journal_free)
/* Copies the entry; gives it the next seq, and the time unless it has one. */
void sandbox_journal_add(struct sandbox_journal *journal, const struct sandbox_entry *entry);
/* The newest number, 0 when empty. */
uint64_t sandbox_journal_last(const struct sandbox_journal *journal);
/* Entry with the smallest number above after, or NULL. Borrowed until the ring goes round. */
const struct sandbox_entry *sandbox_journal_next(const struct sandbox_journal *journal,
                                                 uint64_t after);
void sandbox_entry_write(const struct sandbox_entry *entry, struct json_out *json);
