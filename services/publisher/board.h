/*
 * What each listing should show, what is on its way, and what to send next. Pure: time comes from
 * the caller, sending is somebody else's. Invariants: only the newest target of a listing is ever
 * handed out, one push of a listing is in flight at a time, an older version never follows a newer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/event/push.h"

#include "channels/channel.h"

enum {
    BOARD_STALE_MS = 5000,    /* compare-and-set lost for so long: write without it */
    BOARD_ACCEPTED_TRIES = 5, /* taken but not shown so often: park */
    BOARD_ESCALATE_FAILURES = 3,
    BOARD_BELIEFS_MAX = 4,
};

/* One listing. Texts of target are owned by the board. */
struct board_listing {
    struct target target; /* newest */
    int32_t partition;    /* where the newest stands */
    int64_t offset;
    bool dirty;     /* target is not settled */
    bool in_flight; /* some version of it is: */
    int64_t in_flight_version;
    bool parked; /* rejected: waits for a newer target */
    int64_t dirty_since_ms;
    int64_t next_try_ms;
    int tries;    /* of this version */
    int failures; /* in a row, of whatever version */
    int64_t failing_since_ms;
    int accepted; /* of this version: taken, but not shown */
    int stale;    /* comparisons lost in a row */
    int64_t stale_since_ms;
    /* What the channel may show: a quantity that was sent, plus what it had sold by then; its own
       sales leave this sum as it is. First the last confirmed, then those sent since without an
       answer that tells. */
    int64_t beliefs[BOARD_BELIEFS_MAX];
    int beliefs_len;
    size_t batch_len; /* how many are or were in the request with it */
    size_t batch_max; /* how many may be; 0: any number */
};

struct board;

/* Whether the channel is told units on hand: then units that were shipped are news for it. */
struct board *board_new(bool is_on_hand);
void board_free(struct board *board);
SCOPE_DEFINE(board, struct board, board_free)

enum board_taken {
    BOARD_OLD,        /* not newer than what is known: ignored */
    BOARD_NEW,        /* first unsettled target of the listing */
    BOARD_SHOWN,      /* says what the channel confirmed for the one before: nothing to push */
    BOARD_SUPERSEDES, /* an unsettled, unsent older one is dropped: ret_old tells it */
};

/* A target was read. settled: it was settled before this process started. target is copied.
 *ret_old (its texts borrowed until the next call) is the dropped target. */
enum board_taken board_take(struct board *board, const struct target *target, int32_t partition,
                            int64_t offset, bool settled, int64_t now_ms, struct target *ret_old);

/* What the channel asks of a listing's push. */
struct board_terms {
    const char *group;     /* that shares a request; NULL: the address is not of the kind */
    size_t max;            /* of such a request; 0: any number */
    int64_t not_before_ms; /* it may not be written sooner; 0: it may now */
};

/*
 * The next batch: up to max listings of one group, most urgent first: to zero, then overdue ones,
 * then the smaller quantity, then the older. They are in flight until board_settle(). terms_of
 * tells a listing's terms (texts of the arena); one whose address is not of the kind is handed out
 * alone, with *ret_bad set. Returns how many.
 */
typedef void board_terms_of(void *opaque, const struct board_listing *listing, int64_t now_ms,
                            struct board_terms *ret_terms);
size_t board_pick(struct board *board, size_t max, board_terms_of *terms_of, void *opaque,
                  int64_t now_ms, struct board_listing **ret_listings, bool *ret_bad);
/* The target is more than all that the channel may show now; false when that is not known. */
bool board_raises(const struct board_listing *listing);
/* When the next listing becomes due; INT64_MAX: none waits. */
int64_t board_next_due_ms(const struct board *board);

/* The push as the channel should get it, compare-and-set included where it makes sense. */
struct channel_push board_push(const struct board_listing *listing, const struct target *sent);

/* What became of a push of version `sent->version`. Returns the outcome to report, OUTCOME_RETRYING
   when another try follows, OUTCOME_SUPERSEDED when that will be a newer target's. *ret_escalate:
   this failure is the one that operators must hear of. */
enum outcome_result board_settle(struct board *board, struct board_listing *listing,
                                 const struct target *sent, const struct channel_result *result,
                                 double random01, int64_t now_ms, bool *ret_escalate);

/* Its partition went away while it was in flight: somebody else pushes it now. */
bool board_is_gone(const struct board_listing *listing);

/* First offset of the partition whose target is not settled; `next` when all are. */
int64_t board_watermark(const struct board *board, int32_t partition, int64_t next);
/* Forgets the partition's listings; those in flight stay until settled, then they go. */
void board_drop(struct board *board, int32_t partition);

size_t board_len(const struct board *board);
size_t board_dirty(const struct board *board);
size_t board_parked(const struct board *board);
/* Age of the oldest unsettled target; 0: none. */
int64_t board_oldest_ms(const struct board *board, int64_t now_ms);
