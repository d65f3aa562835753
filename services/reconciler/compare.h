/*
 * The judgement, pure: what each listing should show, what the snapshot says it shows and what was
 * pushed give a class, and a cause in words, for every difference. No clock and no I/O: the same
 * input gives the same words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channels/channel.h"
#include "lib/base/mem.h"
#include "lib/event/push.h"

enum reconciler_class {
    RECONCILER_MATCH,
    RECONCILER_TIMING,        /* in flight: counted, not a finding */
    RECONCILER_NOT_APPLIED,   /* confirmed, but an earlier quantity of ours is shown */
    RECONCILER_FOREIGN_WRITE, /* somebody else's quantity is shown */
    RECONCILER_MISSING_PUSH,  /* what should be shown was not pushed, or not confirmed */
    RECONCILER_MISSING_EVENT, /* the channel sold what we were not told of */
    RECONCILER_UNLISTED,      /* we map it; the channel has no such row, or does not track it */
    RECONCILER_UNMAPPED,      /* the channel tracks it; no mapping in force covers it */
    RECONCILER_LEDGER_DIFFERS, /* the newest target is not what the topic implies */
    RECONCILER_UNKNOWN,
};

/* Units of one order line on the channel itself. */
struct reconciler_sale {
    int64_t placed_ms;
    int64_t units;
};

struct reconciler_push {
    int64_t version;
    int64_t quantity;
    int64_t confirmed_ms;
};

/* What is known of a listing's pushes at the snapshot. */
struct reconciler_pushes {
    int64_t target_version; /* newest target; 0: none is known */
    int64_t target_quantity;
    int64_t target_applied_ms;
    const char *target_event_id;
    int64_t next_target_ms;                  /* first target after the snapshot, 0: none */
    const struct reconciler_push *confirmed; /* by version */
    size_t confirmed_len;
    int64_t next_confirmed_ms; /* first confirmation after the snapshot, 0: none */
    /* The last attempt of the newest target; OUTCOME_NONE: none is known. */
    enum outcome_result last_result;
    int64_t last_ms;
    const char *last_error_class;
    const char *last_error_text;
};

/* What a listing should show. */
struct reconciler_listing {
    const char *listing;
    const char *address;
    const char *sku; /* "" of bundles and retired listings */
    bool is_retired;
    int64_t quantity;
    int64_t open; /* units that the channel sold and nobody shipped: on hand besides quantity */
    const char *event_id;   /* changed it last */
    const char *event_name; /* in words: "order_line of woo-main" */
    int64_t changed_ms;     /* when that event came */
    const struct reconciler_sale *sales;
    size_t sales_len;
    /* An order from before the snapshot, or near it, came after it: when; 0: none. */
    int64_t late_ms;
    struct reconciler_pushes pushes;
};

struct reconciler_finding {
    enum reconciler_class class;
    const char *listing; /* of unmapped rows whatever names them */
    const char *sku;
    bool has_shown;
    int64_t shown;
    bool has_expected;
    int64_t expected;
    const char *cause;
    const char *event_id; /* explains the expected quantity; "" when there is none */
};

struct reconciler_result {
    /* Everything but matches, those in flight too; by listing. */
    const struct reconciler_finding *differences;
    size_t differences_len;
    size_t listings; /* compared */
    size_t matched;
    size_t in_flight;
    size_t findings;
};

struct reconciler_comparison {
    const struct reconciler_listing *listings; /* by name */
    size_t listings_len;
    const struct channel_row *rows;
    size_t rows_len;
    int64_t at_ms; /* time of the snapshot */
    int64_t settle_ms;
    /* The result of an earlier look, or NULL: what may pass is a finding only when seen twice. */
    const struct reconciler_result *first_look;
    bool is_on_hand; /* the rows tell units on hand; what is shown is reckoned as available */
};

/* The result lives in the arena and borrows the texts of listings and rows. */
struct reconciler_result reconciler_compare(struct arena *arena,
                                            const struct reconciler_comparison *comparison);

/* Is there a difference that a notification or a push on its way would make, too? */
bool reconciler_result_may_pass(const struct reconciler_result *result);

/* "missing_event": stable, in SQL and JSON. Borrowed for ever. */
const char *reconciler_class_name(enum reconciler_class class);
