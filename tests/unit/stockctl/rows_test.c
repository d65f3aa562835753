/* What a proof keeps in memory: packed rows, known ids, movements of positions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* clang-format off: cmocka needs the ones above */
#include <cmocka.h>
/* clang-format on */

#include "lib/base/map.h"

#include "tools/stockctl/history.h"
#include "tools/stockctl/known.h"
#include "tools/stockctl/rows.h"

SCOPE_DEFINE(stockctl_names, struct stockctl_names, stockctl_names_free)
SCOPE_DEFINE(stockctl_rows, struct stockctl_rows, stockctl_rows_free)
SCOPE_DEFINE(stockctl_known, struct stockctl_known, stockctl_known_free)
SCOPE_DEFINE(stockctl_history, struct stockctl_history, stockctl_history_free)

enum { MANY = 20000 };

struct one {
    const char *channel;
    const char *order_id;
    const char *event_id;
    int64_t number;
};

static const struct stockctl_field fields[] = {
    {"channel",  FIELD_NAME, offsetof(struct one, channel) },
    {"order_id", FIELD_TEXT, offsetof(struct one, order_id)},
    {"event_id", FIELD_ID,   offsetof(struct one, event_id)},
    {"number",   FIELD_INT,  offsetof(struct one, number)  },
};
static const struct stockctl_table table = {
    "ones", "ones", fields, ARRAY_LEN(fields), 3, 2, sizeof(struct one)};

static struct one read_one(const struct stockctl_rows *rows, const struct stockctl_row *row,
                           struct arena *arena)
{
    struct one one = {0};

    stockctl_rows_read(rows, row, arena, &one);
    return one;
}

static void a_row_is_read_as_it_was_put(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(stockctl_names) struct stockctl_names *names = stockctl_names_new();
    SCOPED(stockctl_rows) struct stockctl_rows *rows = stockctl_rows_new(&table, names);
    static const char *const ids[] = {"", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "no uuid",
                                      "F47AC10B-58CC-4372-A567-0E02B2C3D479"};
    static const int64_t numbers[] = {0, -1, 1, 63, 64, -64, -65, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        for (size_t k = 0; k < ARRAY_LEN(numbers); k++) {
            const struct one put = {"shop", "\xc3\xa4 1", ids[i], numbers[k]};

            stockctl_rows_put(rows, &put);
            const struct one got = read_one(rows, stockctl_rows_find(rows, &put), arena);
            assert_string_equal(got.channel, put.channel);
            assert_string_equal(got.order_id, put.order_id);
            assert_string_equal(got.event_id, put.event_id);
            assert_true(got.number == put.number);
        }
    }
    assert_int_equal(stockctl_rows_len(rows), ARRAY_LEN(ids));
}

static void a_group_is_found_whole_and_nothing_else(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(stockctl_names) struct stockctl_names *names = stockctl_names_new();
    SCOPED(stockctl_rows) struct stockctl_rows *rows = stockctl_rows_new(&table, names);
    char order[16];
    char event[16];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(order, sizeof(order), "o%d", i / 3);
        snprintf(event, sizeof(event), "e%d", i);
        const struct one one = {i % 2 == 0 ? "shop" : "woo", order, event, i};

        *stockctl_rows_mark(stockctl_rows_put(rows, &one)) = (uint32_t)i;
    }
    assert_int_equal(stockctl_rows_len(rows), MANY);
    const struct one group = {.channel = "shop", .order_id = "o10"}; /* 30, 31, 32 */
    const struct stockctl_row *row = stockctl_rows_first(rows, &group);
    int64_t sum = 0;
    for (; row != NULL; row = stockctl_rows_next(rows, row)) {
        sum += read_one(rows, row, arena).number;
        assert_int_equal(*stockctl_rows_mark(row), read_one(rows, row, arena).number);
    }
    assert_int_equal(sum, 30 + 32);
    /* Written again, it keeps its mark; taken away, it is away. */
    const struct one again = {"shop", "o10", "e30", -5};
    assert_int_equal(*stockctl_rows_mark(stockctl_rows_put(rows, &again)), 30);
    stockctl_rows_remove(rows, &again);
    stockctl_rows_remove(rows, &again);
    assert_null(stockctl_rows_find(rows, &again));
    assert_int_equal(stockctl_rows_len(rows), MANY - 1);
    assert_null(stockctl_rows_first(rows, &(struct one){.channel = "no", .order_id = "o10"}));
}

static void rows_are_sorted_by_the_texts_of_their_keys(void **state)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(stockctl_names) struct stockctl_names *names = stockctl_names_new();
    SCOPED(stockctl_rows) struct stockctl_rows *rows = stockctl_rows_new(&table, names);
    static const struct one ones[] = {
        {"woo",  "1",        "",  3},
        {"shop", "2",        "",  2},
        {"shop", "10",       "b", 1},
        {"shop", "10",       "a", 0},
        {"woo",  "\xc3\xa4", "",  4},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ones); i++)
        stockctl_rows_put(rows, &ones[i]);
    SCOPED(mem) const struct stockctl_row **sorted = stockctl_rows_sorted(rows);
    for (size_t i = 0; i < ARRAY_LEN(ones); i++)
        assert_int_equal(read_one(rows, sorted[i], arena).number, i);
}

static void an_id_is_known_with_what_was_said_of_it(void **state)
{
    SCOPED(stockctl_known) struct stockctl_known *known = stockctl_known_new();
    char id[EVENT_ID_LEN + 1];

    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "%08x-58cc-4372-a567-0e02b2c3d479", i);
        assert_null(stockctl_known_get(known, id));
        stockctl_known_add(known, id)->reason = i;
    }
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "%08x-58cc-4372-a567-0e02b2c3d479", i);
        assert_int_equal(stockctl_known_get(known, id)->reason, i);
    }
    assert_null(stockctl_known_get(known, "ffffffff-58cc-4372-a567-0e02b2c3d479"));
    assert_int_equal(stockctl_known_len(known), MANY);
}

/* ---- movements ---- */

static void moved(struct stockctl_history *history, const char *bucket, int64_t delta, int64_t at)
{
    const struct stock_movement movement = {
        .sku = "cap", .pool = "wh", .bucket = bucket, .delta = delta, .occurred_ms = at};

    stockctl_history_add(history, &movement);
}

/* What a count of 100 at that time comes to, with what is loaded. */
static int64_t counted(struct stockctl_history *history, int64_t at, int times)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct stock *stock = stock_new(arena);
    const struct stock_position position = {"cap", "wh", "sellable", 0};
    const struct stock_position *const *positions = NULL;
    const char *reason = NULL;
    struct event count;

    event_init(&count, EVENT_STOCK_COUNTED);
    count.source.channel = "admin";
    count.times.occurred_ms = at;
    count.stock.fact_id = "f";
    count.stock.sku = "cap";
    count.stock.pool = "wh";
    count.stock.bucket = "sellable";
    count.stock.quantity = 100;
    event_identify(&count);
    while (times-- > 0)
        stockctl_history_load(history, stock, &position, at);
    stock_apply(stock, &count, &reason);
    stock_settle(stock);
    assert_int_equal(stock_changed_positions(stock, &positions), 1);
    return positions[0]->quantity;
}

static void a_late_count_keeps_the_movements_after_it(void **state)
{
    SCOPED(stockctl_names) struct stockctl_names *names = stockctl_names_new();
    SCOPED(stockctl_history) struct stockctl_history *history = stockctl_history_new(names);

    (void)state;
    moved(history, "sellable", 7, 1000000000000);
    moved(history, "sellable", -3, 1000000000500);
    moved(history, "sellable", -2, 1000000000200);
    moved(history, "damaged", 50, 1000000000900);
    moved(history, STOCK_COMMITTED, 60, 1000000000900);
    assert_int_equal(counted(history, 1000000000100, 1), 100); /* the fold knows them */
    stockctl_history_begin(history);
    assert_int_equal(counted(history, 1000000000100, 1), 95);
    stockctl_history_begin(history);
    moved(history, "sellable", 1000, 1000000000800);
    assert_int_equal(counted(history, 1000000000300, 3), 97); /* once, without the new one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_read_as_it_was_put),
        cmocka_unit_test(a_group_is_found_whole_and_nothing_else),
        cmocka_unit_test(rows_are_sorted_by_the_texts_of_their_keys),
        cmocka_unit_test(an_id_is_known_with_what_was_said_of_it),
        cmocka_unit_test(a_late_count_keeps_the_movements_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
