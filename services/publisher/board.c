#include "services/publisher/board.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"

enum {
    BOARD_OVERDUE_MS = 5000, /* nothing starves behind more urgent listings for longer */
    BOARD_FAILED_PAUSE_MS = 100,
    BOARD_FAILED_PAUSE_MAX_MS = 10000,
    BOARD_STALE_PAUSE_MS = 150,
    BOARD_STALE_PAUSE_MAX_MS = 1000,
    BOARD_ACCEPTED_PAUSE_MS = 1000,
    BOARD_EXHAUSTED_PAUSE_MS = 600000, /* the day may end at any hour of ours */
    BOARD_AUTH_PAUSE_MS = 12000, /* longer than the channel's: another listing tries its luck */
};

struct board_entry {
    struct board_listing listing; /* first: callers hold pointers to it */
    char *texts;                  /* target's, in one piece */
    bool gone;                    /* its partition went away while it was in flight */
};

struct board {
    struct map *by_listing; /* listing -> struct board_entry * */
    struct board_entry **entries;
    size_t len;
    size_t capacity;
    char *dropped; /* texts that the last board_take() gave out */
    bool is_on_hand;
};

struct board *board_new(bool is_on_hand)
{
    struct board *board = mem_calloc(1, sizeof(*board));

    board->by_listing = map_new();
    board->is_on_hand = is_on_hand;
    return board;
}

static void entry_free(struct board_entry *entry)
{
    mem_free(entry->texts);
    mem_free(entry);
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    for (size_t i = 0; i < board->len; i++)
        entry_free(board->entries[i]);
    map_free(board->by_listing);
    mem_free(board->entries);
    mem_free(board->dropped);
    mem_free(board);
}

/* ---- taking targets ---- */

static struct board_entry *board_add(struct board *board, const char *listing)
{
    struct board_entry *entry = mem_calloc(1, sizeof(*entry));

    if (board->len == board->capacity) {
        board->capacity = board->capacity == 0 ? 64 : 2 * board->capacity;
        board->entries = mem_realloc(board->entries, board->capacity, sizeof(*board->entries));
    }
    board->entries[board->len++] = entry;
    map_set(board->by_listing, listing, entry);
    return entry;
}

static void listing_believe(struct board_listing *listing, const struct target *shown)
{
    listing->beliefs[0] = shown->quantity + shown->sold_here;
    listing->beliefs_len = 1;
    listing->stale = 0;
}

/* Nothing that is known of the listing outdates the target. One of a partition that went away and
   came back is read again while it is in flight. */
static bool board_is_news(const struct board_entry *entry, const struct target *target)
{
    return entry == NULL || target->version > entry->listing.target.version ||
           (entry->gone && target->version == entry->listing.target.version);
}

/* The channel confirmed it, and has sold nothing since. Writing it again would only risk to undo a
   sale that we do not know of yet. */
static bool board_is_shown(const struct board *board, const struct board_listing *listing,
                           const struct target *target)
{
    const struct target *shown = &listing->target;

    return !listing->dirty && !listing->in_flight && !listing->parked &&
           listing->beliefs_len == 1 && listing->stale == 0 &&
           listing->beliefs[0] == shown->quantity + shown->sold_here &&
           target->quantity == shown->quantity && target->sold_here == shown->sold_here &&
           (!board->is_on_hand || target->open_here == shown->open_here) &&
           strcmp(target->address, shown->address) == 0;
}

enum board_taken board_take(struct board *board, const struct target *target, int32_t partition,
                            int64_t offset, bool settled, int64_t now_ms, struct target *ret_old)
{
    struct board_entry *entry = map_get(board->by_listing, target->listing);
    enum board_taken taken = BOARD_NEW;

    if (!board_is_news(entry, target))
        return BOARD_OLD;
    if (entry == NULL)
        entry = board_add(board, target->listing);
    struct board_listing *listing = &entry->listing;
    if (listing->dirty &&
        !(listing->in_flight && listing->in_flight_version == listing->target.version)) {
        *ret_old = listing->target;
        taken = BOARD_SUPERSEDES;
    }
    bool is_shown = board_is_shown(board, listing, target);
    if (is_shown)
        taken = BOARD_SHOWN;
    /* The texts of the dropped target live until the next call: ret_old borrows them. */
    mem_free(board->dropped);
    board->dropped = entry->texts;
    entry->texts = target_copy(target, &listing->target);
    entry->gone = false;
    listing->partition = partition;
    listing->offset = offset;
    if (!listing->dirty)
        listing->dirty_since_ms = now_ms;
    listing->dirty = !settled && !is_shown;
    listing->parked = false;
    listing->tries = 0;
    listing->accepted = 0;
    listing->next_try_ms = now_ms;
    if (settled)
        listing_believe(listing, &listing->target);
    return taken;
}

/* ---- picking ---- */

static bool listing_is_due(const struct board_listing *listing, int64_t now_ms)
{
    return listing->dirty && !listing->in_flight && listing->next_try_ms <= now_ms;
}

struct candidate {
    struct board_listing *listing;
    bool zero;
    bool overdue;
};

static int candidate_compare(const void *left, const void *right)
{
    const struct candidate *a = left;
    const struct candidate *b = right;
    int64_t qa = a->listing->target.quantity;
    int64_t qb = b->listing->target.quantity;

    /* What is sold out must not be sold on, however long others wait. */
    if (a->zero != b->zero)
        return a->zero ? -1 : 1;
    if (a->overdue != b->overdue)
        return a->overdue ? -1 : 1;
    /* The fewer are left, the likelier an oversell. */
    if (!a->overdue && qa != qb)
        return qa < qb ? -1 : 1;
    if (a->listing->dirty_since_ms != b->listing->dirty_since_ms)
        return a->listing->dirty_since_ms < b->listing->dirty_since_ms ? -1 : 1;
    return a->listing->offset < b->listing->offset ? -1 : 1;
}

static size_t board_candidates(struct board *board, int64_t now_ms, struct candidate *candidates)
{
    size_t count = 0;

    for (size_t i = 0; i < board->len; i++) {
        struct board_listing *listing = &board->entries[i]->listing;

        if (board->entries[i]->gone || !listing_is_due(listing, now_ms))
            continue;
        candidates[count++] =
            (struct candidate){listing, listing->target.quantity == 0,
                               now_ms - listing->dirty_since_ms > BOARD_OVERDUE_MS};
    }
    qsort(candidates, count, sizeof(*candidates), candidate_compare);
    return count;
}

/* Whether it may join those that are picked; it narrows *max when it does. */
static bool board_joins(const struct board_listing *listing, const struct board_terms *terms,
                        size_t picked, const char *group, size_t *max)
{
    if (picked > 0 && (terms->group == NULL || strcmp(terms->group, group) != 0))
        return false;
    const size_t limits[] = {listing->batch_max, terms->max};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (limits[i] > 0 && limits[i] <= picked)
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        if (limits[i] > 0 && limits[i] < *max)
            *max = limits[i];
    }
    return true;
}

size_t board_pick(struct board *board, size_t max, board_terms_of *terms_of, void *opaque,
                  int64_t now_ms, struct board_listing **ret_listings, bool *ret_bad)
{
    SCOPED(mem) void *memory = mem_calloc(board->len, sizeof(struct candidate));
    struct candidate *candidates = memory;
    size_t count = board_candidates(board, now_ms, candidates);
    const char *group = NULL;
    size_t picked = 0;

    *ret_bad = false;
    for (size_t i = 0; i < count && picked < max && !*ret_bad; i++) {
        struct board_listing *listing = candidates[i].listing;
        struct board_terms terms = {0};

        terms_of(opaque, listing, now_ms, &terms);
        if (terms.not_before_ms > now_ms) {
            listing->next_try_ms = terms.not_before_ms; /* a newer target may go at once */
            continue;
        }
        if (!board_joins(listing, &terms, picked, group, &max))
            continue;
        ret_listings[picked++] = listing;
        group = terms.group;
        *ret_bad = terms.group == NULL;
    }
    for (size_t i = 0; i < picked; i++) {
        ret_listings[i]->in_flight = true;
        ret_listings[i]->in_flight_version = ret_listings[i]->target.version;
        ret_listings[i]->batch_len = picked;
    }
    return picked;
}

bool board_raises(const struct board_listing *listing)
{
    int64_t shown = listing->target.quantity + listing->target.sold_here;

    for (int i = 0; i < listing->beliefs_len; i++) {
        if (listing->beliefs[i] >= shown)
            return false;
    }
    return listing->beliefs_len > 0;
}

int64_t board_next_due_ms(const struct board *board)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < board->len; i++) {
        const struct board_listing *listing = &board->entries[i]->listing;

        if (listing->dirty && !listing->in_flight && listing->next_try_ms < due)
            due = listing->next_try_ms;
    }
    return due;
}

struct channel_push board_push(const struct board_listing *listing, const struct target *sent)
{
    struct channel_push push = {.target = sent};

    /* Losing the comparison often means that we know less than the channel. No sale is undone by
       writing zero: that waits for nothing. */
    if (listing->beliefs_len == 0 || sent->quantity == 0)
        return push;
    push.has_expected = true;
    push.expected = listing->beliefs[listing->stale % listing->beliefs_len] - sent->sold_here;
    return push;
}

/* ---- settling ---- */

static void listing_done(struct board_listing *listing, const struct target *sent)
{
    if (listing->target.version == sent->version)
        listing->dirty = false;
}

static enum outcome_result listing_again(struct board_listing *listing, int64_t at_ms)
{
    listing->next_try_ms = at_ms;
    return OUTCOME_RETRYING;
}

static enum outcome_result listing_confirmed(struct board_listing *listing,
                                             const struct target *sent)
{
    listing_believe(listing, sent);
    listing->accepted = 0;
    listing->failures = 0;
    listing->batch_max = 0;
    listing_done(listing, sent);
    return OUTCOME_CONFIRMED;
}

/* True once, until it gets through again: operators need not wait for more failures. */
static bool listing_escalate(struct board_listing *listing, int64_t now_ms)
{
    bool is_first = listing->failures < BOARD_ESCALATE_FAILURES;

    if (listing->failures == 0)
        listing->failing_since_ms = now_ms;
    if (is_first)
        listing->failures = BOARD_ESCALATE_FAILURES;
    return is_first;
}

/* It won't get through as it is. Operators hear of it once, until it gets through again. */
static void listing_park(struct board_listing *listing, const struct target *sent, int64_t now_ms,
                         bool *ret_escalate)
{
    *ret_escalate = listing_escalate(listing, now_ms);
    listing->parked = listing->target.version == sent->version;
    listing_done(listing, sent);
}

static enum outcome_result listing_rejected(struct board_listing *listing,
                                            const struct target *sent, int64_t now_ms,
                                            bool *ret_escalate)
{
    listing_park(listing, sent, now_ms, ret_escalate);
    listing->batch_max = 1; /* the next target of it may do no harm to neighbours */
    return OUTCOME_REJECTED;
}

static enum outcome_result listing_accepted(struct board_listing *listing,
                                            const struct target *sent, int64_t again_ms,
                                            int64_t now_ms, bool *ret_escalate)
{
    int64_t pause_ms = again_ms > 0 ? again_ms : BOARD_ACCEPTED_PAUSE_MS;

    listing->beliefs_len = 0;
    if (++listing->accepted < BOARD_ACCEPTED_TRIES) {
        listing_again(listing, now_ms + pause_ms * listing->accepted);
        return OUTCOME_ACCEPTED_NOT_APPLIED;
    }
    listing_park(listing, sent, now_ms, ret_escalate);
    return OUTCOME_PARKED;
}

/* Waits, by chance, up to as long as it fails already: newer targets are tried at once, and their
   number must not put off the end of a short outage. */
static enum outcome_result listing_failed(struct board_listing *listing, double random01,
                                          int64_t now_ms, bool *ret_escalate)
{
    if (listing->failures++ == 0)
        listing->failing_since_ms = now_ms;
    *ret_escalate = listing->failures == BOARD_ESCALATE_FAILURES;
    int64_t ceiling_ms = now_ms - listing->failing_since_ms;
    if (ceiling_ms < BOARD_FAILED_PAUSE_MS)
        ceiling_ms = BOARD_FAILED_PAUSE_MS;
    if (ceiling_ms > BOARD_FAILED_PAUSE_MAX_MS)
        ceiling_ms = BOARD_FAILED_PAUSE_MAX_MS;
    return listing_again(listing, now_ms + 1 + (int64_t)(random01 * (double)ceiling_ms));
}

/* Nobody knows whether the channel took it: from now on it may show either. */
static void listing_suspect(struct board_listing *listing, const struct target *sent)
{
    int64_t belief = sent->quantity + sent->sold_here;

    if (listing->beliefs_len == 0)
        return;
    for (int i = 0; i < listing->beliefs_len; i++) {
        if (listing->beliefs[i] == belief)
            return;
    }
    if (listing->beliefs_len < BOARD_BELIEFS_MAX)
        listing->beliefs_len++;
    listing->beliefs[listing->beliefs_len - 1] = belief;
}

/* Most often a sale whose notification is on its way: its target will come. Not for ever, as it may
   be somebody else's write. */
static enum outcome_result listing_stale(struct board_listing *listing, int64_t now_ms)
{
    if (listing->stale++ == 0)
        listing->stale_since_ms = now_ms;
    if (listing->beliefs_len == 0 || now_ms - listing->stale_since_ms >= BOARD_STALE_MS) {
        listing->beliefs_len = 0;
        return listing_again(listing, now_ms + BOARD_STALE_PAUSE_MS);
    }
    if (listing->stale % listing->beliefs_len != 0) /* it may show the next one */
        return listing_again(listing, now_ms);
    int64_t pause_ms = (int64_t)BOARD_STALE_PAUSE_MS * listing->stale / listing->beliefs_len;
    return listing_again(
        listing,
        now_ms + (pause_ms < BOARD_STALE_PAUSE_MAX_MS ? pause_ms : BOARD_STALE_PAUSE_MAX_MS));
}

/* Refused with its batch, and nobody says whose fault it is: halves find out. */
static enum outcome_result listing_split(struct board_listing *listing, double random01,
                                         int64_t now_ms, bool *ret_escalate)
{
    if (listing->batch_len < 2)
        return listing_failed(listing, random01, now_ms, ret_escalate);
    listing->batch_max = listing->batch_len / 2;
    return listing_again(listing, now_ms);
}

/* Operators hear of it once, until it gets through again. */
static enum outcome_result listing_exhausted(struct board_listing *listing, int64_t now_ms,
                                             bool *ret_escalate)
{
    *ret_escalate = listing_escalate(listing, now_ms);
    return listing_again(listing, now_ms + BOARD_EXHAUSTED_PAUSE_MS);
}

static enum outcome_result listing_settle(struct board_listing *listing, const struct target *sent,
                                          const struct channel_result *result, double random01,
                                          int64_t now_ms, bool *ret_escalate)
{
    switch (result->verdict) {
    case CHANNEL_CONFIRMED:
        return listing_confirmed(listing, sent);
    case CHANNEL_ACCEPTED:
        return listing_accepted(listing, sent, result->again_ms, now_ms, ret_escalate);
    case CHANNEL_STALE:
        return listing_stale(listing, now_ms);
    case CHANNEL_SPLIT:
        return listing_split(listing, random01, now_ms, ret_escalate);
    case CHANNEL_THROTTLED:
        return listing_again(listing, now_ms); /* the budget holds it */
    case CHANNEL_AUTH:
        return listing_again(listing, now_ms + BOARD_AUTH_PAUSE_MS);
    case CHANNEL_EXHAUSTED:
        return listing_exhausted(listing, now_ms, ret_escalate);
    case CHANNEL_RETRY:
        listing_suspect(listing, sent);
        return listing_failed(listing, random01, now_ms, ret_escalate);
    case CHANNEL_RETRY_NEW:
        return listing_failed(listing, random01, now_ms, ret_escalate);
    case CHANNEL_REJECTED:
    case CHANNEL_VERDICT_COUNT:
        break;
    }
    return listing_rejected(listing, sent, now_ms, ret_escalate);
}

bool board_is_gone(const struct board_listing *listing)
{
    return ((const struct board_entry *)listing)->gone;
}

static void board_remove(struct board *board, struct board_entry *entry)
{
    map_remove(board->by_listing, entry->listing.target.listing);
    for (size_t i = 0; i < board->len; i++) {
        if (board->entries[i] == entry) {
            board->entries[i] = board->entries[--board->len];
            break;
        }
    }
    entry_free(entry);
}

enum outcome_result board_settle(struct board *board, struct board_listing *listing,
                                 const struct target *sent, const struct channel_result *result,
                                 double random01, int64_t now_ms, bool *ret_escalate)
{
    struct board_entry *entry = (struct board_entry *)listing;

    *ret_escalate = false;
    listing->in_flight = false;
    listing->tries++;
    enum outcome_result outcome =
        listing_settle(listing, sent, result, random01, now_ms, ret_escalate);
    /* A newer target came meanwhile: it goes instead, and no pause of the older holds it back. */
    if (listing->dirty && listing->target.version != sent->version) {
        if (outcome == OUTCOME_RETRYING)
            outcome = OUTCOME_SUPERSEDED;
        if (listing->failures == 0)
            listing->next_try_ms = now_ms;
    }
    if (entry->gone)
        board_remove(board, entry);
    return outcome;
}

int64_t board_watermark(const struct board *board, int32_t partition, int64_t next)
{
    int64_t low = next;

    for (size_t i = 0; i < board->len; i++) {
        const struct board_listing *listing = &board->entries[i]->listing;

        if (listing->partition == partition && (listing->dirty || listing->in_flight) &&
            listing->offset < low)
            low = listing->offset;
    }
    return low;
}

void board_drop(struct board *board, int32_t partition)
{
    for (size_t i = 0; i < board->len;) {
        struct board_entry *entry = board->entries[i];

        if (entry->listing.partition != partition) {
            i++;
        } else if (entry->listing.in_flight) {
            entry->gone = true;
            entry->listing.dirty = false;
            i++;
        } else {
            board_remove(board, entry);
        }
    }
}

size_t board_len(const struct board *board)
{
    return board->len;
}

size_t board_dirty(const struct board *board)
{
    size_t dirty = 0;

    for (size_t i = 0; i < board->len; i++)
        dirty += board->entries[i]->listing.dirty;
    return dirty;
}

size_t board_parked(const struct board *board)
{
    size_t parked = 0;

    for (size_t i = 0; i < board->len; i++)
        parked += board->entries[i]->listing.parked;
    return parked;
}

int64_t board_oldest_ms(const struct board *board, int64_t now_ms)
{
    int64_t oldest = 0;

    for (size_t i = 0; i < board->len; i++) {
        const struct board_listing *listing = &board->entries[i]->listing;

        if (listing->dirty && now_ms - listing->dirty_since_ms > oldest)
            oldest = now_ms - listing->dirty_since_ms;
    }
    return oldest;
}
