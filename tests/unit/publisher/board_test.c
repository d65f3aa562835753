#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/publisher/board.h"

enum { PICK_MAX = 10 };

struct fixture {
    struct board *board;
    struct board_listing *picked[PICK_MAX];
    size_t count;
    bool bad;
    int64_t offset;
};

static int set_up(void **state)
{
    struct fixture *fixture = mem_calloc(1, sizeof(*fixture));

    fixture->board = board_new(false);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    board_free(fixture->board);
    mem_free(fixture);
    return 0;
}

static struct target target_of(const char *listing, int64_t version, int64_t quantity)
{
    return (struct target){.channel = "shop",
                           .listing = listing,
                           .address = "",
                           .quantity = quantity,
                           .version = version,
                           .event_id = "e",
                           .rule_id = "",
                           .mapping_id = "",
                           .traceparent = "",
                           .cause_channel = ""};
}

static enum board_taken take(struct fixture *fixture, const char *listing, int64_t version,
                             int64_t quantity, int64_t now_ms)
{
    struct target target = target_of(listing, version, quantity);
    struct target old;

    return board_take(fixture->board, &target, 0, fixture->offset++, false, now_ms, &old);
}

/* The group is what stands before a slash; "held" waits; "pair-..." go by two. */
static void terms_of(void *opaque, const struct board_listing *listing, int64_t now_ms,
                     struct board_terms *ret_terms)
{
    const char *name = listing->target.listing;

    (void)opaque;
    (void)now_ms;
    *ret_terms = (struct board_terms){
        .group = strcmp(name, "bad") == 0        ? NULL
                 : strchr(name, '/') == NULL     ? ""
                 : name[1] == '1'                ? "p1"
                                                 : "p2",
        .max = strncmp(name, "pair-", 5) == 0 ? 2 : 0,
        .not_before_ms = strcmp(name, "held") == 0 && listing->target.quantity > 0 ? 5000 : 0,
    };
}

static void pick(struct fixture *fixture, size_t max, int64_t now_ms)
{
    fixture->count =
        board_pick(fixture->board, max, terms_of, NULL, now_ms, fixture->picked, &fixture->bad);
}

static enum outcome_result settle(struct fixture *fixture, size_t i, enum channel_verdict verdict,
                                  int64_t now_ms, bool *escalate)
{
    struct target sent = fixture->picked[i]->target;
    struct channel_result result = {.verdict = verdict};
    bool ignored = false;

    return board_settle(fixture->board, fixture->picked[i], &sent, &result, 0.5, now_ms,
                        escalate == NULL ? &ignored : escalate);
}

static void an_older_target_never_replaces_a_newer(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(take(fixture, "a", 2, 7, 0), BOARD_NEW);
    assert_int_equal(take(fixture, "a", 1, 9, 0), BOARD_OLD);
    assert_int_equal(take(fixture, "a", 2, 9, 0), BOARD_OLD);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->picked[0]->target.quantity, 7);
}

static void only_the_newest_of_several_is_sent(void **state)
{
    struct fixture *fixture = *state;
    struct target target = target_of("a", 3, 5);
    struct target old;

    take(fixture, "a", 1, 9, 0);
    take(fixture, "a", 2, 8, 0);
    assert_int_equal(board_take(fixture->board, &target, 0, 9, false, 0, &old), BOARD_SUPERSEDES);
    assert_int_equal(old.version, 2);
    assert_string_equal(old.listing, "a");
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->picked[0]->target.version, 3);
}

static void a_listing_in_flight_is_not_sent_again_until_settled(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 9, 0);
    pick(fixture, PICK_MAX, 0);
    struct board_listing *listing = fixture->picked[0];
    struct target sent = listing->target;
    struct channel_result confirmed = {.verdict = CHANNEL_CONFIRMED};
    bool escalate = false;

    take(fixture, "a", 2, 8, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 0);
    sent.version = 1;
    assert_int_equal(board_settle(fixture->board, listing, &sent, &confirmed, 0, 0, &escalate),
                     OUTCOME_CONFIRMED);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->picked[0]->target.version, 2);
}

static void zero_goes_first_then_the_smaller_quantity(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "many", 1, 50, 0);
    take(fixture, "few", 1, 2, 1);
    take(fixture, "none", 1, 0, 2);
    pick(fixture, PICK_MAX, 3);
    assert_int_equal(fixture->count, 3);
    assert_string_equal(fixture->picked[0]->target.listing, "none");
    assert_string_equal(fixture->picked[1]->target.listing, "few");
    assert_string_equal(fixture->picked[2]->target.listing, "many");
}

static void nothing_starves_behind_more_urgent_listings(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "old", 1, 50, 0);
    take(fixture, "new", 1, 1, 6000);
    take(fixture, "none", 1, 0, 6000);
    pick(fixture, 1, 6001);
    assert_string_equal(fixture->picked[0]->target.listing, "none");
    pick(fixture, 1, 6001);
    assert_string_equal(fixture->picked[0]->target.listing, "old");
}

static void listings_of_different_groups_never_share_a_request(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "p1/a", 1, 1, 0);
    take(fixture, "p2/b", 1, 2, 0);
    take(fixture, "p1/c", 1, 3, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 2);
    assert_string_equal(fixture->picked[0]->target.listing, "p1/a");
    assert_string_equal(fixture->picked[1]->target.listing, "p1/c");
}

static void a_target_with_a_foreign_address_stands_alone(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "bad", 1, 0, 0);
    take(fixture, "good", 1, 5, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
    assert_true(fixture->bad);
}

static void a_failed_push_is_tried_again_later_and_escalates_once(void **state)
{
    struct fixture *fixture = *state;
    int escalations = 0;
    int64_t now_ms = 0;

    take(fixture, "a", 1, 5, 0);
    for (int i = 0; i < 6; i++) {
        bool escalate = false;

        pick(fixture, PICK_MAX, now_ms);
        assert_int_equal(fixture->count, 1);
        assert_int_equal(settle(fixture, 0, CHANNEL_RETRY, now_ms, &escalate), OUTCOME_RETRYING);
        escalations += escalate;
        pick(fixture, PICK_MAX, now_ms);
        assert_int_equal(fixture->count, 0);
        now_ms += 60000;
    }
    assert_int_equal(escalations, 1);
}

static void a_rejected_push_parks_its_listing_until_a_newer_target(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    take(fixture, "b", 1, 6, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(settle(fixture, 0, CHANNEL_REJECTED, 0, NULL), OUTCOME_REJECTED);
    assert_int_equal(settle(fixture, 1, CHANNEL_CONFIRMED, 0, NULL), OUTCOME_CONFIRMED);
    assert_int_equal(board_parked(fixture->board), 1);
    pick(fixture, PICK_MAX, 100000);
    assert_int_equal(fixture->count, 0);
    take(fixture, "a", 2, 4, 100000);
    assert_int_equal(board_parked(fixture->board), 0);
    pick(fixture, PICK_MAX, 100000);
    assert_int_equal(fixture->count, 1);
}

static void the_expected_quantity_counts_the_channels_own_sales(void **state)
{
    struct fixture *fixture = *state;
    struct target next = target_of("a", 2, 9);
    struct target old;

    take(fixture, "a", 1, 10, 0);
    pick(fixture, PICK_MAX, 0);
    assert_false(board_push(fixture->picked[0], &fixture->picked[0]->target).has_expected);
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
    next.sold_here = 3;
    board_take(fixture->board, &next, 0, 5, false, 0, &old);
    pick(fixture, PICK_MAX, 0);
    struct channel_push push = board_push(fixture->picked[0], &fixture->picked[0]->target);
    assert_true(push.has_expected);
    assert_int_equal(push.expected, 7);
}

/* A shipment: the same quantity, the same sales. */
static void what_the_channel_confirmed_is_not_written_again(void **state)
{
    struct fixture *fixture = *state;
    struct target next = target_of("a", 2, 10);
    struct target old;

    take(fixture, "a", 1, 10, 0);
    next.open_here = 1;
    assert_int_equal(board_take(fixture->board, &next, 0, 5, false, 0, &old), BOARD_SUPERSEDES);
    pick(fixture, PICK_MAX, 0);
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
    next.version = 3;
    next.open_here = 0;
    assert_int_equal(board_take(fixture->board, &next, 0, 7, false, 0, &old), BOARD_SHOWN);
    assert_int_equal(board_dirty(fixture->board), 0);
    assert_int_equal(board_watermark(fixture->board, 0, 8), 8);
    next.version = 4;
    next.sold_here = 1;
    assert_int_equal(board_take(fixture->board, &next, 0, 8, false, 0, &old), BOARD_NEW);
}

static void units_on_hand_are_news_when_they_leave(void **state)
{
    SCOPED(board) struct board *board = board_new(true);
    struct target target = target_of("a", 1, 10);
    struct target old;

    (void)state;
    target.open_here = 1;
    assert_int_equal(board_take(board, &target, 0, 5, true, 0, &old), BOARD_NEW);
    target.version = 2;
    assert_int_equal(board_take(board, &target, 0, 6, false, 0, &old), BOARD_SHOWN);
    target.version = 3;
    target.open_here = 0;
    assert_int_equal(board_take(board, &target, 0, 7, false, 0, &old), BOARD_NEW);
    assert_int_equal(board_dirty(board), 1);
}

static struct channel_push push_of(const struct fixture *fixture)
{
    return board_push(fixture->picked[0], &fixture->picked[0]->target);
}

/* One confirmed listing that shows 10. */
static void confirm_ten(struct fixture *fixture)
{
    take(fixture, "a", 1, 10, 0);
    pick(fixture, PICK_MAX, 0);
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
}

static void a_comparison_lost_for_long_is_written_without(void **state)
{
    struct fixture *fixture = *state;

    confirm_ten(fixture);
    take(fixture, "a", 2, 9, 0);
    for (int64_t now_ms = 0; now_ms <= BOARD_STALE_MS; now_ms += 1000) {
        pick(fixture, PICK_MAX, now_ms);
        assert_int_equal(fixture->count, 1);
        assert_true(push_of(fixture).has_expected);
        settle(fixture, 0, CHANNEL_STALE, now_ms, NULL);
        pick(fixture, PICK_MAX, now_ms);
        assert_int_equal(fixture->count, 0);
    }
    pick(fixture, PICK_MAX, BOARD_STALE_MS + 1000);
    assert_false(push_of(fixture).has_expected);
}

static void newer_targets_do_not_put_off_the_write_without_a_comparison(void **state)
{
    struct fixture *fixture = *state;
    int64_t now_ms = 0;

    confirm_ten(fixture);
    for (int version = 2; now_ms < BOARD_STALE_MS; version++, now_ms += 500) {
        take(fixture, "a", version, 5, now_ms);
        pick(fixture, PICK_MAX, now_ms);
        settle(fixture, 0, CHANNEL_STALE, now_ms, NULL);
    }
    pick(fixture, PICK_MAX, now_ms + 1000);
    settle(fixture, 0, CHANNEL_STALE, now_ms + 1000, NULL);
    pick(fixture, PICK_MAX, now_ms + 2000);
    assert_false(push_of(fixture).has_expected);
}

static void zero_is_written_without_a_comparison(void **state)
{
    struct fixture *fixture = *state;

    confirm_ten(fixture);
    take(fixture, "a", 2, 0, 0);
    pick(fixture, PICK_MAX, 0);
    assert_false(push_of(fixture).has_expected);
}

static void what_may_have_been_applied_is_compared_with_too(void **state)
{
    struct fixture *fixture = *state;

    confirm_ten(fixture);
    take(fixture, "a", 2, 8, 0);
    pick(fixture, PICK_MAX, 0);
    settle(fixture, 0, CHANNEL_RETRY, 0, NULL);
    pick(fixture, PICK_MAX, 1000);
    assert_int_equal(push_of(fixture).expected, 10);
    settle(fixture, 0, CHANNEL_STALE, 1000, NULL);
    /* At once: it shows either. */
    pick(fixture, PICK_MAX, 1000);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(push_of(fixture).expected, 8);
    settle(fixture, 0, CHANNEL_STALE, 1000, NULL);
    pick(fixture, PICK_MAX, 1000);
    assert_int_equal(fixture->count, 0);
    pick(fixture, PICK_MAX, 3000);
    assert_int_equal(push_of(fixture).expected, 10);
    settle(fixture, 0, CHANNEL_CONFIRMED, 3000, NULL);
    take(fixture, "a", 3, 7, 3000);
    pick(fixture, PICK_MAX, 3000);
    assert_int_equal(push_of(fixture).expected, 8);
}

static void what_an_earlier_process_settled_is_compared_with(void **state)
{
    struct fixture *fixture = *state;
    struct target target = target_of("a", 5, 3);
    struct target old;

    board_take(fixture->board, &target, 0, 0, true, 0, &old);
    take(fixture, "a", 6, 2, 0);
    pick(fixture, PICK_MAX, 0);
    assert_true(push_of(fixture).has_expected);
    assert_int_equal(push_of(fixture).expected, 3);
}

static void a_target_dropped_behind_one_in_flight_is_superseded(void **state)
{
    struct fixture *fixture = *state;
    struct target target = target_of("a", 3, 7);
    struct target old;

    take(fixture, "a", 1, 9, 0);
    pick(fixture, PICK_MAX, 0);
    struct target sent = fixture->picked[0]->target;
    assert_int_equal(take(fixture, "a", 2, 8, 0), BOARD_NEW);
    assert_int_equal(board_take(fixture->board, &target, 0, 9, false, 0, &old), BOARD_SUPERSEDES);
    assert_int_equal(old.version, 2);
    /* What fails now is not tried again either. */
    struct channel_result failed = {.verdict = CHANNEL_RETRY};
    bool escalate = false;
    sent.version = 1;
    assert_int_equal(
        board_settle(fixture->board, fixture->picked[0], &sent, &failed, 0, 0, &escalate),
        OUTCOME_SUPERSEDED);
}

static void failures_in_a_row_count_over_newer_targets(void **state)
{
    struct fixture *fixture = *state;
    int escalations = 0;

    for (int version = 1; version <= 6; version++) {
        bool escalate = false;

        take(fixture, "a", version, 5, version);
        pick(fixture, PICK_MAX, version);
        assert_int_equal(fixture->count, 1);
        settle(fixture, 0, CHANNEL_RETRY, version, &escalate);
        escalations += escalate;
    }
    assert_int_equal(escalations, 1);
}

static void a_pause_is_no_longer_than_the_outage_and_has_a_limit(void **state)
{
    static const struct {
        int64_t failed_at_ms;
        int64_t next_ms; /* half the ceiling: settle() draws 0.5 */
    } cases[] = {
        {0,     51   },
        {1,     52   }, /* newer targets, tried at once */
        {2,     53   },
        {3,     54   },
        {2000,  3001 },
        {60000, 65001},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        take(fixture, "a", (int64_t)i + 1, 5, cases[i].failed_at_ms);
        pick(fixture, PICK_MAX, cases[i].failed_at_ms);
        settle(fixture, 0, CHANNEL_RETRY, cases[i].failed_at_ms, NULL);
        assert_int_equal(board_next_due_ms(fixture->board), cases[i].next_ms);
    }
    take(fixture, "a", 100, 5, 70000);
    pick(fixture, PICK_MAX, 70000);
    settle(fixture, 0, CHANNEL_CONFIRMED, 70000, NULL);
    take(fixture, "a", 101, 6, 80000);
    pick(fixture, PICK_MAX, 80000);
    settle(fixture, 0, CHANNEL_RETRY, 80000, NULL);
    assert_int_equal(board_next_due_ms(fixture->board), 80051);
}

static void a_listing_rejected_again_and_again_escalates_once(void **state)
{
    struct fixture *fixture = *state;
    int escalations = 0;

    for (int version = 1; version <= 8; version++) {
        bool escalate = false;

        take(fixture, "a", version, 5, version);
        pick(fixture, PICK_MAX, version);
        settle(fixture, 0, version == 5 ? CHANNEL_CONFIRMED : CHANNEL_REJECTED, version, &escalate);
        escalations += escalate;
    }
    assert_int_equal(escalations, 2);
}

/* Sends what is due until nothing is; a batch with listing "7" in it is refused as a whole. */
static int split_until_quiet(struct fixture *fixture)
{
    int requests = 0;

    for (pick(fixture, PICK_MAX, 0); fixture->count > 0; pick(fixture, PICK_MAX, 0)) {
        bool bad = false;

        requests++;
        assert_in_range(requests, 1, 100);
        for (size_t i = 0; i < fixture->count; i++)
            bad = bad || strcmp(fixture->picked[i]->target.listing, "7") == 0;
        for (size_t i = fixture->count; i-- > 0;)
            settle(fixture, i,
                   !bad                  ? CHANNEL_CONFIRMED
                   : fixture->count == 1 ? CHANNEL_REJECTED
                                         : CHANNEL_SPLIT,
                   0, NULL);
    }
    return requests;
}

static void a_batch_refused_as_a_whole_is_halved_until_the_bad_one_is_alone(void **state)
{
    static const char *const names[PICK_MAX] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    struct fixture *fixture = *state;

    for (int i = 0; i < PICK_MAX; i++)
        take(fixture, names[i], 1, i, 0);
    assert_in_range(split_until_quiet(fixture), 4, 9);
    assert_int_equal(board_dirty(fixture->board), 0);
    /* The bad one goes alone from then on, the others together. */
    for (int i = 0; i < PICK_MAX; i++)
        take(fixture, names[i], 2, i + 1, 0);
    assert_int_equal(split_until_quiet(fixture), 2);
    assert_int_equal(board_dirty(fixture->board), 0);
}

static void refused_credentials_leave_the_next_try_to_another_listing(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    take(fixture, "b", 1, 6, 0);
    pick(fixture, 1, 0);
    assert_int_equal(settle(fixture, 0, CHANNEL_AUTH, 0, NULL), OUTCOME_RETRYING);
    pick(fixture, 1, 10000);
    assert_string_equal(fixture->picked[0]->target.listing, "b");
    settle(fixture, 0, CHANNEL_CONFIRMED, 10000, NULL);
    pick(fixture, 1, 12000);
    assert_string_equal(fixture->picked[0]->target.listing, "a");
}

static void the_watermark_is_the_first_unsettled_offset(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    take(fixture, "b", 1, 6, 0);
    assert_int_equal(board_watermark(fixture->board, 0, 2), 0);
    pick(fixture, PICK_MAX, 0);
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
    assert_int_equal(board_watermark(fixture->board, 0, 2), 1);
    settle(fixture, 1, CHANNEL_REJECTED, 0, NULL);
    assert_int_equal(board_watermark(fixture->board, 0, 2), 2);
}

static void settled_targets_of_an_earlier_process_are_known_but_not_sent(void **state)
{
    struct fixture *fixture = *state;
    struct target target = target_of("a", 5, 3);
    struct target old;

    board_take(fixture->board, &target, 0, 0, true, 0, &old);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 0);
    assert_int_equal(take(fixture, "a", 4, 9, 0), BOARD_OLD);
    assert_int_equal(take(fixture, "a", 6, 2, 0), BOARD_NEW);
}

static void a_dropped_partition_forgets_its_listings(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    take(fixture, "b", 1, 6, 0);
    pick(fixture, 1, 0);
    board_drop(fixture->board, 0);
    /* The one in flight stays until its answer is there. */
    assert_int_equal(board_len(fixture->board), 1);
    settle(fixture, 0, CHANNEL_RETRY, 0, NULL);
    assert_int_equal(board_len(fixture->board), 0);
}

static void a_partition_that_comes_back_while_a_push_is_in_flight_loses_nothing(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    pick(fixture, 1, 0);
    board_drop(fixture->board, 0);
    assert_int_equal(take(fixture, "a", 1, 5, 0), BOARD_NEW);
    settle(fixture, 0, CHANNEL_RETRY, 0, NULL);
    assert_int_equal(board_dirty(fixture->board), 1);
    pick(fixture, 1, 60000);
    assert_int_equal(fixture->count, 1);
}

static void a_group_may_take_fewer_than_the_kind(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "pair-a", 1, 1, 0);
    take(fixture, "pair-b", 1, 2, 0);
    take(fixture, "pair-c", 1, 3, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 2);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
}

static void a_listing_without_quota_waits_and_a_newer_target_of_it_may_go(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "held", 1, 1, 0);
    take(fixture, "free", 1, 2, 0);
    pick(fixture, PICK_MAX, 0);
    assert_int_equal(fixture->count, 1);
    assert_string_equal(fixture->picked[0]->target.listing, "free");
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
    assert_int_equal(board_next_due_ms(fixture->board), 5000);
    pick(fixture, PICK_MAX, 4999);
    assert_int_equal(fixture->count, 0);
    take(fixture, "held", 2, 0, 4999);
    pick(fixture, PICK_MAX, 4999);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(fixture->picked[0]->target.quantity, 0);
}

static void an_exhausted_listing_waits_long_and_is_told_once(void **state)
{
    struct fixture *fixture = *state;
    bool escalate = false;

    take(fixture, "a", 1, 1, 0);
    pick(fixture, 1, 0);
    assert_int_equal(settle(fixture, 0, CHANNEL_EXHAUSTED, 0, &escalate), OUTCOME_RETRYING);
    assert_true(escalate);
    assert_int_equal(board_next_due_ms(fixture->board), 600000);
    pick(fixture, 1, 600000);
    assert_int_equal(fixture->count, 1);
    assert_int_equal(settle(fixture, 0, CHANNEL_EXHAUSTED, 600000, &escalate), OUTCOME_RETRYING);
    assert_false(escalate);
    pick(fixture, 1, 1200000);
    assert_int_equal(settle(fixture, 0, CHANNEL_CONFIRMED, 1200000, &escalate), OUTCOME_CONFIRMED);
}

static void more_than_the_channel_shows_is_known_for_a_raise(void **state)
{
    struct fixture *fixture = *state;

    take(fixture, "a", 1, 5, 0);
    pick(fixture, 1, 0);
    assert_false(board_raises(fixture->picked[0])); /* nothing is known */
    settle(fixture, 0, CHANNEL_CONFIRMED, 0, NULL);
    take(fixture, "a", 2, 6, 0);
    assert_true(board_raises(fixture->picked[0]));
    take(fixture, "a", 3, 5, 0);
    assert_false(board_raises(fixture->picked[0]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_older_target_never_replaces_a_newer),
        TEST(only_the_newest_of_several_is_sent),
        TEST(a_listing_in_flight_is_not_sent_again_until_settled),
        TEST(zero_goes_first_then_the_smaller_quantity),
        TEST(nothing_starves_behind_more_urgent_listings),
        TEST(listings_of_different_groups_never_share_a_request),
        TEST(a_target_with_a_foreign_address_stands_alone),
        TEST(a_failed_push_is_tried_again_later_and_escalates_once),
        TEST(a_rejected_push_parks_its_listing_until_a_newer_target),
        TEST(the_expected_quantity_counts_the_channels_own_sales),
        TEST(what_the_channel_confirmed_is_not_written_again),
        TEST(units_on_hand_are_news_when_they_leave),
        TEST(a_comparison_lost_for_long_is_written_without),
        TEST(newer_targets_do_not_put_off_the_write_without_a_comparison),
        TEST(zero_is_written_without_a_comparison),
        TEST(what_may_have_been_applied_is_compared_with_too),
        TEST(what_an_earlier_process_settled_is_compared_with),
        TEST(a_target_dropped_behind_one_in_flight_is_superseded),
        TEST(failures_in_a_row_count_over_newer_targets),
        TEST(a_pause_is_no_longer_than_the_outage_and_has_a_limit),
        TEST(a_listing_rejected_again_and_again_escalates_once),
        TEST(a_batch_refused_as_a_whole_is_halved_until_the_bad_one_is_alone),
        TEST(refused_credentials_leave_the_next_try_to_another_listing),
        TEST(the_watermark_is_the_first_unsettled_offset),
        TEST(settled_targets_of_an_earlier_process_are_known_but_not_sent),
        TEST(a_dropped_partition_forgets_its_listings),
        TEST(a_partition_that_comes_back_while_a_push_is_in_flight_loses_nothing),
        TEST(a_group_may_take_fewer_than_the_kind),
        TEST(a_listing_without_quota_waits_and_a_newer_target_of_it_may_go),
        TEST(an_exhausted_listing_waits_long_and_is_told_once),
        TEST(more_than_the_channel_shows_is_known_for_a_raise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
