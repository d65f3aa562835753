/* Which receipt each unit came from, and who got none. Times are days, ids are names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* clang-format off: it needs the ones above */
#include <cmocka.h>
/* clang-format on */

#include "lib/base/buf.h"
#include "lib/base/scope.h"
#include "lib/stock/provenance.h"

#define LINE(order, day, units) {"shop", order, "1", day, units}

/* "who<-source*units ..."; a taker that is no order is named by its id, nothing got by "?". */
static const char *told(struct arena *arena, const struct provenance *trace)
{
    SCOPED(buf) struct buf text = {0};

    for (size_t i = 0; i < trace->shares_len; i++) {
        const struct provenance_share *share = &trace->shares[i];

        buf_printf(&text, "%s%s<-%s*%lld", i == 0 ? "" : " ",
                   *share->taker->order_id != '\0' ? share->taker->order_id : share->taker->id,
                   share->source == NULL ? "?" : share->source->id, (long long)share->units);
    }
    return arena_strdup(arena, buf_str(&text));
}

struct trace_row {
    const char *what;
    struct provenance_move moves[4];
    struct provenance_count counts[3];
    struct provenance_line lines[4];
    const char *told;
    const char *last;
    const char *first_short;
    int64_t left;
};

static const struct trace_row trace_rows[] = {
    {.what = "nothing happened", .told = ""},
    {.what = "the first receipt is used up first",
     .moves = {{"received", "r2", 2, 5, false}, {"received", "r1", 1, 3, false}},
     .lines = {LINE("a", 3, 2), LINE("b", 4, 4)},
     .told = "a<-r1*2 b<-r1*1 b<-r2*3",
     .left = 2},
    {.what = "orders take when they are placed, and not when they ship",
     .moves = {{"received", "r1", 1, 3, false}, {"shipped", "s", 9, -2, true}},
     .lines = {LINE("late", 5, 2), LINE("early", 2, 2)},
     .told = "early<-r1*2 late<-r1*1 late<-?*1",
     .last = "late",
     .first_short = "late",
     .left = -1},
    {.what = "who took the last unit, and who got none",
     .moves = {{"received", "r1", 1, 2, false}},
     .lines = {LINE("a", 2, 1), LINE("b", 3, 1), LINE("c", 4, 1), LINE("d", 5, 1)},
     .told = "a<-r1*1 b<-r1*1 c<-?*1 d<-?*1",
     .last = "b",
     .first_short = "c",
     .left = -2},
    {.what = "a receipt after the sale still serves it",
     .moves = {{"received", "r1", 1, 1, false}, {"received", "r2", 9, 1, false}},
     .lines = {LINE("a", 2, 1), LINE("b", 3, 1)},
     .told = "a<-r1*1 b<-r2*1",
     .last = "b"},
    {.what = "what is taken otherwise takes its turn",
     .moves = {{"received", "r1", 1, 3, false}, {"adjusted", "theft", 3, -2, false}},
     .lines = {LINE("a", 2, 1), LINE("b", 4, 1)},
     .told = "a<-r1*1 theft<-r1*2 b<-?*1",
     .last = "theft",
     .first_short = "b",
     .left = -1},
    {.what = "a count beyond the books is a source",
     .moves = {{"received", "r1", 1, 2, false}},
     .counts = {{"c1", 3, 5}},
     .lines = {LINE("a", 4, 4)},
     .told = "a<-r1*2 a<-c1*2",
     .left = 1},
    {.what = "a count that lacks units takes them",
     .moves = {{"received", "r1", 1, 5, false}},
     .counts = {{"c1", 3, 3}},
     .lines = {LINE("a", 2, 1), LINE("b", 4, 1)},
     .told = "a<-r1*1 c1<-r1*2 b<-r1*1",
     .left = 1},
    {.what = "what shipped before a count is not missing in it",
     .moves = {{"received", "r1", 1, 5, false}, {"shipped", "s", 2, -2, true}},
     .counts = {{"c1", 3, 3}, {"c2", 4, 4}},
     .lines = {LINE("a", 2, 2), LINE("b", 4, 4)},
     .told = "a<-r1*2 b<-r1*3 b<-c2*1",
     .last = "b"},
    {.what = "returned units are sold again",
     .moves = {{"received", "r1", 1, 1, false},
               {"shipped", "s", 2, -1, true},
               {"returned", "back", 5, 1, false}},
     .lines = {LINE("a", 2, 1), LINE("b", 6, 1)},
     .told = "a<-r1*1 b<-back*1",
     .last = "b"},
};

static size_t filled(const void *rows, size_t count, size_t size)
{
    size_t len = 0;

    while (len < count && *(const char *const *)(const void *)((const char *)rows + len * size) !=
                              NULL)
        len++;
    return len;
}

static void units_are_traced_first_in_first_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(trace_rows); i++) {
        const struct trace_row *row = &trace_rows[i];
        SCOPED(arena) struct arena *arena = arena_new();
        const struct provenance_rows rows = {
            row->moves,  filled(row->moves, 4, sizeof(row->moves[0])),
            row->counts, filled(row->counts, 3, sizeof(row->counts[0])),
            row->lines,  filled(row->lines, 4, sizeof(row->lines[0])),
        };
        const struct provenance trace = provenance_trace(arena, &rows);

        print_message("%s\n", row->what);
        assert_string_equal(told(arena, &trace), row->told);
        assert_int_equal(trace.left, row->left);
        assert_int_equal(trace.last != NULL, row->last != NULL);
        if (row->last != NULL)
            assert_string_equal(
                *trace.last->order_id != '\0' ? trace.last->order_id : trace.last->id, row->last);
        assert_int_equal(trace.first_short != NULL, row->first_short != NULL);
        if (row->first_short != NULL)
            assert_string_equal(trace.first_short->order_id, row->first_short);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_are_traced_first_in_first_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
