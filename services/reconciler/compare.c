#include "services/reconciler/compare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "services/reconciler/match.h"

static const char *const class_names[] = {
    [RECONCILER_MATCH] = "match",
    [RECONCILER_TIMING] = "timing",
    [RECONCILER_NOT_APPLIED] = "not_applied",
    [RECONCILER_FOREIGN_WRITE] = "foreign_write",
    [RECONCILER_MISSING_PUSH] = "missing_push",
    [RECONCILER_MISSING_EVENT] = "missing_event",
    [RECONCILER_UNLISTED] = "unlisted",
    [RECONCILER_UNMAPPED] = "unmapped",
    [RECONCILER_LEDGER_DIFFERS] = "ledger_differs",
    [RECONCILER_UNKNOWN] = "unknown",
};

const char *reconciler_class_name(enum reconciler_class class)
{
    return class_names[class];
}

/* One listing under judgement. */
struct judge {
    struct arena *arena;
    const struct reconciler_comparison *comparison;
    const struct reconciler_listing *listing;
    int64_t shown;
    const char *cause;
};

/* A time in words, in a compound literal that lives as long as the enclosing block. */
#define TIME(ms) clock_format((ms), (char[CLOCK_TEXT_LEN]){0})

static const char *units(const struct judge *judge, int64_t count)
{
    return arena_printf(judge->arena, "%" PRId64 " unit%s", count, count == 1 ? "" : "s");
}

static enum reconciler_class judge_say(struct judge *judge, enum reconciler_class class,
                                       const char *cause)
{
    judge->cause = cause;
    return class;
}

/* ---- what is known ---- */

static const struct reconciler_push *judge_last_push(const struct judge *judge)
{
    const struct reconciler_pushes *pushes = &judge->listing->pushes;

    return pushes->confirmed_len == 0 ? NULL : &pushes->confirmed[pushes->confirmed_len - 1];
}

/* What the channel itself took off (orders, less cancelled units) after a push. */
static int64_t judge_sold_since(const struct judge *judge, int64_t since_ms)
{
    int64_t sold = 0;

    for (size_t i = 0; i < judge->listing->sales_len; i++) {
        if (judge->listing->sales[i].placed_ms > since_ms)
            sold += judge->listing->sales[i].units;
    }
    return sold;
}

static bool judge_is_near(const struct judge *judge, int64_t ms)
{
    const struct reconciler_comparison *comparison = judge->comparison;

    return ms != 0 && ms > comparison->at_ms - comparison->settle_ms &&
           ms <= comparison->at_ms + comparison->settle_ms;
}

/* Something that concerns the listing happened so near to the snapshot that either side of it may
   be shown. */
static bool judge_is_in_flight(const struct judge *judge)
{
    const struct reconciler_listing *listing = judge->listing;
    const struct reconciler_push *last = judge_last_push(judge);

    return judge_is_near(judge, listing->changed_ms) || judge_is_near(judge, listing->late_ms) ||
           judge_is_near(judge, listing->pushes.target_applied_ms) ||
           judge_is_near(judge, listing->pushes.next_target_ms) ||
           judge_is_near(judge, listing->pushes.next_confirmed_ms) ||
           (last != NULL && judge_is_near(judge, last->confirmed_ms));
}

/* ---- our own side ---- */

static bool judge_ledger_differs(struct judge *judge)
{
    const struct reconciler_listing *listing = judge->listing;
    const struct reconciler_pushes *pushes = &listing->pushes;

    if (pushes->next_target_ms != 0) /* what was the newest then may be compacted away */
        return false;
    if (pushes->target_version == 0) {
        judge->cause = arena_printf(
            judge->arena, "the topic of targets has none for it, but the replay says %" PRId64
            " since %s (%s)", listing->quantity, TIME(listing->changed_ms), listing->event_name);
        return true;
    }
    if (pushes->target_quantity == listing->quantity)
        return false;
    judge->cause = arena_printf(
        judge->arena,
        "the newest target, version %" PRId64 " of %s by event %s, says %" PRId64
        ", but the replay says %" PRId64 " since %s by event %s (%s)",
        pushes->target_version, TIME(pushes->target_applied_ms), pushes->target_event_id,
        pushes->target_quantity, listing->quantity, TIME(listing->changed_ms), listing->event_id,
        listing->event_name);
    return true;
}

static const char *judge_last_attempt(const struct judge *judge)
{
    const struct reconciler_pushes *pushes = &judge->listing->pushes;

    if (pushes->last_result == OUTCOME_NONE)
        return "no attempt is known";
    return arena_printf(judge->arena, "the last attempt, at %s, ended %s%s%s%s%s",
                        TIME(pushes->last_ms), outcome_result_name(pushes->last_result),
                        *pushes->last_error_class == '\0' ? "" : ": ", pushes->last_error_class,
                        *pushes->last_error_text == '\0' ? "" : ": ", pushes->last_error_text);
}

/* What the channel shows beside a push that is missing. */
static const char *judge_shows_instead(const struct judge *judge)
{
    const struct reconciler_push *last = judge_last_push(judge);

    if (last == NULL)
        return "; no push was ever confirmed";
    if (last->quantity == judge->shown ||
        last->quantity - judge_sold_since(judge, last->confirmed_ms) == judge->shown)
        return arena_printf(judge->arena, "; it shows our push of %" PRId64 " confirmed at %s%s",
                            last->quantity, TIME(last->confirmed_ms),
                            last->quantity == judge->shown ? "" : ", less its own sales since");
    return arena_printf(judge->arena,
                        "; what it shows is not our last push, %" PRId64 " confirmed at %s, either",
                        last->quantity, TIME(last->confirmed_ms));
}

static bool judge_push_is_missing(struct judge *judge)
{
    const struct reconciler_pushes *pushes = &judge->listing->pushes;
    const struct reconciler_push *last = judge_last_push(judge);

    if (last != NULL && last->version >= pushes->target_version &&
        last->quantity == judge->listing->quantity)
        return false;
    if (pushes->target_version == 0 || (last != NULL && last->version >= pushes->target_version))
        judge->cause = arena_printf(judge->arena, "%" PRId64 " was not pushed since %s (%s)%s",
                                    judge->listing->quantity, TIME(judge->listing->changed_ms),
                                    judge->listing->event_name, judge_shows_instead(judge));
    else
        judge->cause = arena_printf(
            judge->arena,
            "target %" PRId64 ", version %" PRId64 " of %s, was never confirmed: %s%s",
            pushes->target_quantity, pushes->target_version, TIME(pushes->target_applied_ms),
            judge_last_attempt(judge), judge_shows_instead(judge));
    return true;
}

/* ---- the channel's side: the last push is confirmed and right, something else is shown ---- */

/* A sale that lowers what is shown, but not the target (a cap, a buffer), must be pushed again. */
static bool judge_own_sales_explain(struct judge *judge, const struct reconciler_push *last)
{
    int64_t sold = judge_sold_since(judge, last->confirmed_ms);

    if (sold == 0 || last->quantity - sold != judge->shown)
        return false;
    judge->cause =
        arena_printf(judge->arena,
                     "%" PRId64 " was not pushed again after the channel's own net sales of %s "
                     "since the push confirmed at %s, which did not change the target",
                     last->quantity, units(judge, sold), TIME(last->confirmed_ms));
    return true;
}

static bool judge_is_earlier_push(struct judge *judge, const struct reconciler_push *last)
{
    const struct reconciler_pushes *pushes = &judge->listing->pushes;

    for (size_t i = pushes->confirmed_len - 1; i-- > 0;) {
        const struct reconciler_push *push = &pushes->confirmed[i];
        int64_t sold = judge_sold_since(judge, push->confirmed_ms);

        if (push->quantity == last->quantity ||
            (push->quantity != judge->shown && push->quantity - sold != judge->shown))
            continue;
        judge->cause = arena_printf(
            judge->arena,
            "our push of %" PRId64 ", version %" PRId64 ", was confirmed at %s, but it shows the "
            "earlier %" PRId64 " confirmed at %s%s",
            last->quantity, last->version, TIME(last->confirmed_ms), push->quantity,
            TIME(push->confirmed_ms),
            push->quantity == judge->shown ? "" : ", less its own sales since");
        return true;
    }
    return false;
}

static enum reconciler_class judge_channel(struct judge *judge)
{
    const struct reconciler_push *last = judge_last_push(judge);
    int64_t more = judge->shown - judge->listing->quantity;
    const char *pushed =
        arena_printf(judge->arena, "our push of %" PRId64 ", version %" PRId64
                     ", was confirmed at %s", last->quantity, last->version,
                     TIME(last->confirmed_ms));

    if (judge_own_sales_explain(judge, last))
        return RECONCILER_MISSING_PUSH;
    if (judge_is_earlier_push(judge, last))
        return RECONCILER_NOT_APPLIED;
    if (more > 0)
        return judge_say(judge, RECONCILER_FOREIGN_WRITE,
                         arena_printf(judge->arena,
                                      "%s, and it shows %s more, which we never pushed: somebody "
                                      "else wrote it", pushed, units(judge, more)));
    return judge_say(
        judge, RECONCILER_MISSING_EVENT,
        arena_printf(judge->arena, "%s, and it shows %s less, as after sales of its own that we %s",
                     pushed, units(judge, -more),
                     judge->listing->late_ms == 0
                         ? "were not told of"
                         : arena_printf(judge->arena, "were told of late, from %s on",
                                        TIME(judge->listing->late_ms))));
}

/* ---- one listing ---- */

/* What may pass is a finding only when the listing differed at the first look, too. */
static bool class_may_pass(enum reconciler_class class)
{
    return class == RECONCILER_TIMING || class == RECONCILER_NOT_APPLIED ||
           class == RECONCILER_FOREIGN_WRITE || class == RECONCILER_MISSING_EVENT;
}

static int finding_order(const void *a, const void *b)
{
    return strcmp(((const struct reconciler_finding *)a)->listing,
                  ((const struct reconciler_finding *)b)->listing);
}

static bool judge_differed_before(const struct judge *judge)
{
    const struct reconciler_result *first = judge->comparison->first_look;
    const struct reconciler_finding wanted = {.listing = judge->listing->listing};

    return first == NULL || (first->differences_len > 0 &&
                             bsearch(&wanted, first->differences, first->differences_len,
                                     sizeof(wanted), finding_order) != NULL);
}

static enum reconciler_class judge_difference(struct judge *judge)
{
    const struct reconciler_pushes *pushes = &judge->listing->pushes;

    if (judge->listing->is_retired)
        return judge_say(judge, RECONCILER_UNMAPPED,
                         arena_printf(judge->arena,
                                      "its mapping was retired at %s, and it is sold on",
                                      TIME(judge->listing->changed_ms)));
    if (pushes->target_version == 0 && pushes->confirmed_len == 0)
        return judge_say(judge, RECONCILER_UNKNOWN,
                         "no target or push from before the snapshot is on the topics");
    if (judge_push_is_missing(judge))
        return RECONCILER_MISSING_PUSH;
    enum reconciler_class class = judge_channel(judge);
    return class_may_pass(class) && !judge_differed_before(judge) ? RECONCILER_TIMING : class;
}

static enum reconciler_class judge_row(struct judge *judge, const struct reconciler_match *match)
{
    bool in_flight = judge_is_in_flight(judge);

    if (match->row == NULL)
        return judge_say(judge, RECONCILER_UNLISTED,
                         "it is mapped, but the snapshot has no row for it");
    if (!match->row->tracked)
        return judge_say(judge, RECONCILER_UNLISTED,
                         "it is mapped, but the channel does not track its quantity");
    if (match->is_torn)
        return judge_say(judge, RECONCILER_UNKNOWN,
                         "the snapshot has several rows for it with different quantities");
    judge->shown = match->row->quantity -
                   (judge->comparison->is_on_hand ? judge->listing->open : 0);
    if (!in_flight && judge_ledger_differs(judge))
        return RECONCILER_LEDGER_DIFFERS;
    if (judge->shown == judge->listing->quantity)
        return RECONCILER_MATCH;
    return in_flight ? RECONCILER_TIMING : judge_difference(judge);
}

/* ---- all ---- */

struct comparer {
    struct arena *arena;
    const struct reconciler_comparison *comparison;
    struct reconciler_finding *differences;
    size_t capacity;
    struct reconciler_result result;
};

static void comparer_add(struct comparer *comparer, const struct reconciler_finding *finding)
{
    struct reconciler_result *result = &comparer->result;

    comparer->differences =
        arena_grow(comparer->arena, comparer->differences, result->differences_len,
                   &comparer->capacity, sizeof(*comparer->differences));
    comparer->differences[result->differences_len++] = *finding;
    if (finding->class == RECONCILER_TIMING)
        result->in_flight++;
    else
        result->findings++;
}

static void comparer_listing(struct comparer *comparer, const struct reconciler_listing *listing,
                             const struct reconciler_match *match)
{
    struct judge judge = {.arena = comparer->arena,
                          .comparison = comparer->comparison,
                          .listing = listing,
                          .cause = ""};

    /* We want nothing of a retired listing that the channel lists no more. */
    if (listing->is_retired && (match->row == NULL || !match->row->tracked))
        return;
    comparer->result.listings++;
    enum reconciler_class class = judge_row(&judge, match);
    if (class == RECONCILER_MATCH) {
        comparer->result.matched++;
        return;
    }
    bool has_shown = match->row != NULL && match->row->tracked && !match->is_torn;
    comparer_add(comparer, &(struct reconciler_finding){
                               .class = class,
                               .listing = listing->listing,
                               .sku = listing->sku,
                               .has_shown = has_shown,
                               .shown = has_shown ? match->row->quantity : 0,
                               .has_expected = true,
                               .expected = listing->quantity,
                               .cause = judge.cause,
                               .event_id = listing->event_id,
                           });
}

/* Findings are keyed by listing: of several strays with the same name the first is told. */
static void comparer_strays(struct comparer *comparer, const struct reconciler_matches *matches)
{
    SCOPED(map) struct map *seen = map_new();

    for (size_t i = 0; i < comparer->result.differences_len; i++)
        map_set(seen, comparer->differences[i].listing, comparer);
    for (size_t i = 0; i < matches->strays_len; i++) {
        const struct reconciler_stray *stray = &matches->strays[i];
        const struct channel_row *row = stray->row;
        const char *name = *row->listing != '\0'   ? row->listing
                           : *row->address != '\0' ? row->address
                                                   : row->sku;

        if (map_get(seen, name) != NULL)
            continue;
        map_set(seen, name, comparer);
        comparer_add(comparer, &(struct reconciler_finding){
                                   .class = RECONCILER_UNMAPPED,
                                   .listing = name,
                                   .sku = row->sku,
                                   .has_shown = true,
                                   .shown = row->quantity,
                                   .cause = stray->why,
                                   .event_id = "",
                               });
    }
}

struct reconciler_result reconciler_compare(struct arena *arena,
                                            const struct reconciler_comparison *comparison)
{
    struct comparer comparer = {.arena = arena, .comparison = comparison};
    struct reconciler_matches matches = reconciler_match(arena, comparison);

    for (size_t i = 0; i < comparison->listings_len; i++)
        comparer_listing(&comparer, &comparison->listings[i], &matches.matches[i]);
    comparer_strays(&comparer, &matches);
    if (comparer.result.differences_len > 1)
        qsort(comparer.differences, comparer.result.differences_len,
              sizeof(*comparer.differences), finding_order);
    comparer.result.differences = comparer.differences;
    return comparer.result;
}

bool reconciler_result_may_pass(const struct reconciler_result *result)
{
    for (size_t i = 0; i < result->differences_len; i++) {
        if (class_may_pass(result->differences[i].class))
            return true;
    }
    return false;
}
