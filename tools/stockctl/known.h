/*
 * The ids of all events that were taken, each with the hash of its content and what became of it:
 * 40 bytes an event, and the table that finds it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event/event.h"
#include "lib/stock/stock.h"

enum { STOCKCTL_KNOWN_ID_LEN = 16, STOCKCTL_KNOWN_HASH_LEN = 16 };

struct stockctl_known_event {
    unsigned char id[STOCKCTL_KNOWN_ID_LEN];
    unsigned char hash[STOCKCTL_KNOWN_HASH_LEN]; /* its first half: enough to tell two apart */
    uint32_t reason;                             /* a number of the caller's */
    uint8_t kind;                                /* enum event_kind */
    uint8_t verdict;                             /* enum stock_verdict */
};

struct stockctl_known;

struct stockctl_known *stockctl_known_new(void);
void stockctl_known_free(struct stockctl_known *known);
/* NULL: it is not known. Borrowed as long as the table; id in lower-case text. */
struct stockctl_known_event *stockctl_known_get(const struct stockctl_known *known, const char *id);
/* One that is not known yet: zeroed, but for its id. */
struct stockctl_known_event *stockctl_known_add(struct stockctl_known *known, const char *id);
size_t stockctl_known_len(const struct stockctl_known *known);
