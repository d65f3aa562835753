/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "services/reconciler/compare.h"

/* The snapshot was made at AT; what happened at OLD is settled, what happened at NEAR is not. */
enum { AT = 1000000, SETTLE = 10000, OLD = 500000, NEAR = AT - 5, LATER = AT + 5 };

static const struct reconciler_push pushed_9_then_7[] = {{1, 9, OLD - 100}, {2, 7, OLD + 1}};
static const struct reconciler_push pushed_3_then_7[] = {{1, 3, OLD - 100}, {2, 7, OLD + 1}};
static const struct reconciler_push pushed_9[] = {{1, 9, OLD - 100}};
static const struct reconciler_sale sold_2[] = {{OLD + 50, 2}};
static const struct reconciler_sale sold_1_before[] = {{OLD - 50, 1}};

/* Should show 7, and was pushed so. */
static struct reconciler_listing settled(void)
{
    return (struct reconciler_listing){
        .listing = "L1",
        .address = "A1",
        .sku = "RED-M",
        .quantity = 7,
        .event_id = "e-1",
        .event_name = "order_line of woo-main",
        .changed_ms = OLD,
        .pushes =
            {
                .target_version = 2,
                .target_quantity = 7,
                .target_applied_ms = OLD,
                .target_event_id = "e-1",
                .confirmed = pushed_9_then_7,
                .confirmed_len = 2,
                .last_result = OUTCOME_CONFIRMED,
                .last_ms = OLD + 1,
                .last_error_class = "",
                .last_error_text = "",
            },
    };
}

static struct reconciler_listing unconfirmed(void)
{
    struct reconciler_listing listing = settled();

    listing.pushes.confirmed = pushed_9;
    listing.pushes.confirmed_len = 1;
    listing.pushes.last_result = OUTCOME_REJECTED;
    listing.pushes.last_error_class = "http_422";
    listing.pushes.last_error_text = "no such item";
    return listing;
}

static struct channel_row shows(int64_t quantity)
{
    return (struct channel_row){"L1", "A1", "RED-M", true, quantity, 0};
}

static struct reconciler_result compare(struct arena *arena,
                                        const struct reconciler_listing *listings,
                                        size_t listings_len, const struct channel_row *rows,
                                        size_t rows_len)
{
    return reconciler_compare(arena, &(struct reconciler_comparison){.listings = listings,
                                                                    .listings_len = listings_len,
                                                                    .rows = rows,
                                                                    .rows_len = rows_len,
                                                                    .at_ms = AT,
                                                                    .settle_ms = SETTLE});
}

static void expect(const struct reconciler_listing *listing, const struct channel_row *row,
                   enum reconciler_class class, const char *cause)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_result result = compare(arena, listing, 1, row, row == NULL ? 0 : 1);

    assert_int_equal(result.listings, 1);
    assert_int_equal(result.matched, class == RECONCILER_MATCH);
    assert_int_equal(result.in_flight, class == RECONCILER_TIMING);
    assert_int_equal(result.findings, class != RECONCILER_MATCH && class != RECONCILER_TIMING);
    if (class == RECONCILER_MATCH)
        return;
    assert_int_equal(result.differences_len, 1);
    assert_string_equal(reconciler_class_name(result.differences[0].class),
                        reconciler_class_name(class));
    if (strstr(result.differences[0].cause, cause) == NULL)
        fail_msg("cause '%s' does not say '%s'", result.differences[0].cause, cause);
}

/* ---- every class ---- */

static void what_should_be_shown_matches(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(7);

    (void)state;
    expect(&listing, &row, RECONCILER_MATCH, "");
}

static void a_change_near_the_snapshot_is_in_flight(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(6);

    (void)state;
    listing.changed_ms = NEAR;
    expect(&listing, &row, RECONCILER_TIMING, "");
    listing = settled();
    listing.pushes.target_applied_ms = NEAR;
    expect(&listing, &row, RECONCILER_TIMING, "");
    listing = settled();
    listing.pushes.next_target_ms = LATER;
    expect(&listing, &row, RECONCILER_TIMING, "");
    listing = settled();
    listing.pushes.next_confirmed_ms = LATER;
    expect(&listing, &row, RECONCILER_TIMING, "");
    listing = settled();
    listing.late_ms = LATER;
    expect(&listing, &row, RECONCILER_TIMING, "");
}

static void an_earlier_push_of_ours_was_not_overwritten(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(9);

    (void)state;
    expect(&listing, &row, RECONCILER_NOT_APPLIED,
           "our push of 7, version 2, was confirmed at 1970-01-01T00:08:20.001Z, but it shows the "
           "earlier 9 confirmed at");
    /* 3 was shown before 7: that explains less as well as sales do, and is no guess */
    listing.pushes.confirmed = pushed_3_then_7;
    row.quantity = 3;
    expect(&listing, &row, RECONCILER_NOT_APPLIED, "earlier 3");
}

static void an_earlier_push_less_own_sales_was_not_overwritten(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(8);

    (void)state;
    listing.sales = sold_1_before;
    listing.sales_len = 1;
    expect(&listing, &row, RECONCILER_NOT_APPLIED, "less its own sales since");
}

static void more_than_we_ever_pushed_is_a_foreign_write(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(50);

    (void)state;
    expect(&listing, &row, RECONCILER_FOREIGN_WRITE, "43 units more, which we never pushed");
}

static void less_than_we_pushed_is_a_missing_event(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(6);

    (void)state;
    expect(&listing, &row, RECONCILER_MISSING_EVENT,
           "1 unit less, as after sales of its own that we were not told of");
    listing.late_ms = AT + 10 * SETTLE;
    expect(&listing, &row, RECONCILER_MISSING_EVENT, "were told of late, from 1970");
}

static void own_sales_that_leave_the_target_must_be_pushed_again(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(5);

    (void)state;
    listing.sales = sold_2;
    listing.sales_len = 1;
    expect(&listing, &row, RECONCILER_MISSING_PUSH, "own net sales of 2 units since the push");
}

static void an_unconfirmed_target_is_a_missing_push(void **state)
{
    struct reconciler_listing listing = unconfirmed();
    struct channel_row row = shows(9);

    (void)state;
    expect(&listing, &row, RECONCILER_MISSING_PUSH,
           "was never confirmed: the last attempt, at 1970-01-01T00:08:20.001Z, ended rejected: "
           "http_422: no such item; it shows our push of 9");
    listing.pushes.last_result = OUTCOME_NONE;
    expect(&listing, &row, RECONCILER_MISSING_PUSH, "no attempt is known");
    listing.pushes.confirmed_len = 0;
    expect(&listing, &row, RECONCILER_MISSING_PUSH, "no push was ever confirmed");
}

static void a_listing_without_a_tracked_row_is_unlisted(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(7);

    (void)state;
    expect(&listing, NULL, RECONCILER_UNLISTED, "no row");
    row.tracked = false;
    expect(&listing, &row, RECONCILER_UNLISTED, "does not track");
}

static void a_target_that_the_topic_does_not_imply_is_found(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(7);

    (void)state;
    listing.pushes.target_quantity = 8;
    listing.pushes.target_event_id = "e-2";
    expect(&listing, &row, RECONCILER_LEDGER_DIFFERS,
           "version 2 of 1970-01-01T00:08:20.000Z by event e-2, says 8, but the replay says 7");
    listing.pushes.target_version = 0;
    expect(&listing, &row, RECONCILER_LEDGER_DIFFERS, "has none");
}

static void nothing_known_of_that_time_is_unknown(void **state)
{
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(6);

    (void)state;
    listing.pushes = (struct reconciler_pushes){.next_target_ms = AT + 10 * SETTLE,
                                                .target_event_id = "",
                                                .last_error_class = "",
                                                .last_error_text = ""};
    expect(&listing, &row, RECONCILER_UNKNOWN, "from before the snapshot");
}

static void a_retired_listing_that_is_sold_on_is_unmapped(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(4);

    (void)state;
    listing.is_retired = true;
    listing.quantity = 0;
    listing.pushes.target_quantity = 0;
    expect(&listing, &row, RECONCILER_UNMAPPED, "retired");
    row.quantity = 0;
    expect(&listing, &row, RECONCILER_MATCH, "");
    assert_int_equal(compare(arena, &listing, 1, NULL, 0).listings, 0);
}

static void a_retired_listing_is_known_by_its_address_too(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listings[2] = {settled(), settled()};
    struct channel_row row = {"", "A1", "", true, 0, 0};

    (void)state;
    listings[0].is_retired = true;
    listings[0].sku = "";
    listings[0].quantity = 0;
    listings[0].pushes.target_quantity = 0;
    expect(&listings[0], &row, RECONCILER_MATCH, "");
    row.quantity = 4;
    expect(&listings[0], &row, RECONCILER_UNMAPPED, "retired");
    /* Its address went over to another listing. */
    listings[1].listing = "L2";
    row.quantity = 7;
    struct reconciler_result result = compare(arena, listings, 2, &row, 1);
    assert_int_equal(result.matched, 1);
    assert_int_equal(result.findings, 0);
}

/* ---- precedence ---- */

static void in_flight_goes_before_every_cause_but_unlisted(void **state)
{
    struct reconciler_listing listing = unconfirmed();
    struct channel_row row = shows(50);

    (void)state;
    listing.changed_ms = NEAR;
    listing.pushes.target_quantity = 8;
    expect(&listing, &row, RECONCILER_TIMING, "");
    expect(&listing, NULL, RECONCILER_UNLISTED, "");
}

static void our_own_faults_go_before_the_channels(void **state)
{
    struct reconciler_listing listing = unconfirmed();
    struct channel_row row = shows(50);

    (void)state;
    expect(&listing, &row, RECONCILER_MISSING_PUSH, "is not our last push");
    listing.pushes.target_quantity = 8;
    expect(&listing, &row, RECONCILER_LEDGER_DIFFERS, "");
}

static void units_on_hand_are_reckoned_as_available(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(listing.quantity + 2);
    struct reconciler_comparison comparison = {&listing, 1, &row, 1, AT, SETTLE, NULL, true};

    (void)state;
    listing.open = 2;
    assert_int_equal(reconciler_compare(arena, &comparison).findings, 0);
    listing.open = 1;
    assert_int_equal(reconciler_compare(arena, &comparison).findings, 1);
}

static void without_settling_time_nothing_is_in_flight(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listing = settled();
    struct channel_row row = shows(6);
    struct reconciler_comparison comparison = {&listing, 1, &row, 1, AT, 0, NULL, false};

    (void)state;
    listing.changed_ms = AT;
    assert_int_equal(reconciler_compare(arena, &comparison).findings, 1);
}

/* ---- rows and listings ---- */

static struct reconciler_listing named(const char *listing, const char *address, const char *sku)
{
    struct reconciler_listing named = settled();

    named.listing = listing;
    named.address = address;
    named.sku = sku;
    return named;
}

static void rows_are_found_by_listing_then_address_then_sku(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listings[] = {
        named("L1", "A1", "S1"), named("L2", "A2", "S2"), named("L3", "A3", "S3")};
    struct channel_row rows[] = {{"L1", "A2", "S2", true, 7, 0},
                                 {"", "A2", "S3", true, 7, 0},
                                 {"other", "", "S3", true, 7, 0}};

    (void)state;
    assert_int_equal(compare(arena, listings, 3, rows, 3).matched, 3);
}

static void a_sku_of_two_listings_names_none(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listings[] = {named("L1", "A1", "S1"), named("L2", "A2", "S1")};
    struct channel_row rows[] = {{"L1", "", "", true, 7, 0},
                                 {"L2", "", "", true, 7, 0},
                                 {"", "", "S1", true, 3, 0},
                                 {"", "", "S9", true, 4, 0},
                                 {"", "", "S8", false, 0, 0}};
    struct reconciler_result result = compare(arena, listings, 2, rows, 5);

    (void)state;
    assert_int_equal(result.matched, 2);
    assert_int_equal(result.findings, 2);
    assert_int_equal(result.differences[0].class, RECONCILER_UNMAPPED);
    assert_string_equal(result.differences[0].listing, "S1");
    assert_non_null(strstr(result.differences[0].cause, "'L1' and 'L2'"));
    assert_false(result.differences[0].has_expected);
    assert_string_equal(result.differences[1].listing, "S9");
    assert_non_null(strstr(result.differences[1].cause, "no mapping"));
}

static void rows_that_contradict_each_other_decide_nothing(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listing = settled();
    struct channel_row rows[] = {shows(7), shows(6)};

    (void)state;
    assert_int_equal(compare(arena, &listing, 1, rows, 2).differences[0].class,
                     RECONCILER_UNKNOWN);
    rows[0].version_ms = 5;
    assert_int_equal(compare(arena, &listing, 1, rows, 2).matched, 1);
    rows[1].quantity = 7;
    rows[0].version_ms = 0;
    assert_int_equal(compare(arena, &listing, 1, rows, 2).matched, 1);
}

static void offsetting_differences_are_two_findings(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listings[] = {named("L1", "A1", "S1"), named("L2", "A2", "S2")};
    struct channel_row rows[] = {{"L1", "", "", true, 12, 0}, {"L2", "", "", true, 2, 0}};
    struct reconciler_result result = compare(arena, listings, 2, rows, 2);

    (void)state;
    assert_int_equal(result.findings, 2);
    assert_int_equal(result.differences[0].class, RECONCILER_FOREIGN_WRITE);
    assert_int_equal(result.differences[1].class, RECONCILER_MISSING_EVENT);
}

/* ---- the second look ---- */

static void what_may_pass_must_be_seen_twice(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listings[] = {named("L1", "A1", "S1"), named("L2", "A2", "S2")};
    struct channel_row first_rows[] = {{"L1", "", "", true, 6, 0}, {"L2", "", "", true, 7, 0}};
    struct channel_row rows[] = {{"L1", "", "", true, 6, 0}, {"L2", "", "", true, 5, 0}};
    struct reconciler_result first = compare(arena, listings, 2, first_rows, 2);
    struct reconciler_comparison again = {listings, 2, rows, 2, AT, SETTLE, &first, false};
    struct reconciler_result second = reconciler_compare(arena, &again);

    (void)state;
    assert_true(reconciler_result_may_pass(&first));
    assert_int_equal(second.findings, 1);
    assert_int_equal(second.in_flight, 1);
    assert_int_equal(second.differences[0].class, RECONCILER_MISSING_EVENT);
    assert_int_equal(second.differences[1].class, RECONCILER_TIMING);
}

static void what_does_not_pass_needs_no_second_look(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reconciler_listing listing = unconfirmed();
    struct channel_row row = shows(9);
    struct reconciler_result result = compare(arena, &listing, 1, &row, 1);

    (void)state;
    assert_int_equal(result.findings, 1);
    assert_false(reconciler_result_may_pass(&result));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_should_be_shown_matches),
        cmocka_unit_test(a_change_near_the_snapshot_is_in_flight),
        cmocka_unit_test(an_earlier_push_of_ours_was_not_overwritten),
        cmocka_unit_test(an_earlier_push_less_own_sales_was_not_overwritten),
        cmocka_unit_test(more_than_we_ever_pushed_is_a_foreign_write),
        cmocka_unit_test(less_than_we_pushed_is_a_missing_event),
        cmocka_unit_test(own_sales_that_leave_the_target_must_be_pushed_again),
        cmocka_unit_test(an_unconfirmed_target_is_a_missing_push),
        cmocka_unit_test(a_listing_without_a_tracked_row_is_unlisted),
        cmocka_unit_test(a_target_that_the_topic_does_not_imply_is_found),
        cmocka_unit_test(nothing_known_of_that_time_is_unknown),
        cmocka_unit_test(a_retired_listing_that_is_sold_on_is_unmapped),
        cmocka_unit_test(a_retired_listing_is_known_by_its_address_too),
        cmocka_unit_test(in_flight_goes_before_every_cause_but_unlisted),
        cmocka_unit_test(our_own_faults_go_before_the_channels),
        cmocka_unit_test(units_on_hand_are_reckoned_as_available),
        cmocka_unit_test(without_settling_time_nothing_is_in_flight),
        cmocka_unit_test(rows_are_found_by_listing_then_address_then_sku),
        cmocka_unit_test(a_sku_of_two_listings_names_none),
        cmocka_unit_test(rows_that_contradict_each_other_decide_nothing),
        cmocka_unit_test(offsetting_differences_are_two_findings),
        cmocka_unit_test(what_may_pass_must_be_seen_twice),
        cmocka_unit_test(what_does_not_pass_needs_no_second_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
