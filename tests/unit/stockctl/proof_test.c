/* The fold of a proof: what becomes of a record, and which movements are the last one's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off: cmocka needs the ones above */
#include <cmocka.h>
/* clang-format on */

#include "lib/event/codec.h"

#include "tools/stockctl/differences.h"
#include "tools/stockctl/proof.h"

static struct event received(const char *fact_id, int64_t quantity)
{
    struct event event;

    event_init(&event, EVENT_STOCK_RECEIVED);
    event.source.channel = "admin";
    event.times.occurred_ms = 1000;
    event.stock.fact_id = fact_id;
    event.stock.sku = "MUG";
    event.stock.pool = "main";
    event.stock.bucket = "sellable";
    event.stock.quantity = quantity;
    event_identify(&event);
    return event;
}

static enum stockctl_proof_taking take(struct stockctl_proof *proof, const struct event *event)
{
    SCOPED(buf) struct buf body = {0};
    struct err err = {0};

    event_encode(event, &body);
    const struct stockctl_proof_record record = {body.bytes, body.len, 0, 0};
    return stockctl_proof_take(proof, &record, &err);
}

static void an_id_counts_once_and_other_content_is_a_conflict(void **state)
{
    SCOPED(stockctl_proof) struct stockctl_proof *proof = stockctl_proof_new(2, NULL, NULL);
    const struct event first = received("a", 5);
    const struct event other = received("a", 6);
    const struct stock_movement *const *movements = NULL;

    (void)state;
    assert_string_equal(first.id, other.id);
    assert_int_equal(take(proof, &first), PROOF_FOLDED);
    assert_int_equal(stockctl_proof_movements(proof, &movements), 1);
    assert_int_equal(take(proof, &first), PROOF_REPEATED);
    assert_int_equal(stockctl_proof_movements(proof, &movements), 0);
    stockctl_proof_next_batch(proof);
    assert_int_equal(take(proof, &other), PROOF_CONFLICT);
    assert_int_equal(stockctl_proof_movements(proof, &movements), 0);
}

static void what_is_no_event_is_poison_and_the_fold_goes_on(void **state)
{
    SCOPED(stockctl_proof) struct stockctl_proof *proof = stockctl_proof_new(2, NULL, NULL);
    const struct event event = received("a", 5);
    const struct stock_movement *const *movements = NULL;
    struct err err = {0};

    (void)state;
    assert_int_equal(
        stockctl_proof_take(proof, &(struct stockctl_proof_record){"no protobuf", 11, 0, 0}, &err),
        PROOF_POISON);
    assert_int_equal(stockctl_proof_take(proof, &(struct stockctl_proof_record){0}, &err),
                     PROOF_POISON);
    assert_int_equal(take(proof, &event), PROOF_FOLDED);
    assert_int_equal(stockctl_proof_movements(proof, &movements), 1);
    assert_int_equal(movements[0]->balance, 5);
}

static void movements_are_those_of_the_last_record_over_many_batches(void **state)
{
    SCOPED(stockctl_proof) struct stockctl_proof *proof = stockctl_proof_new(2, NULL, NULL);
    static const char *const ids[] = {"a", "b", "c", "d"};
    const struct stock_movement *const *movements = NULL;
    struct stock_position position = {0};
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const struct event event = received(ids[i], 10);

        if (i % 2 == 0)
            stockctl_proof_next_batch(proof);
        assert_int_equal(take(proof, &event), PROOF_FOLDED);
        assert_int_equal(stockctl_proof_movements(proof, &movements), 1);
        assert_int_equal(movements[0]->balance, 10 * (int64_t)(i + 1));
    }
    stockctl_proof_end(proof);
    struct stockctl_rows *rows = stockctl_proof_rows(proof, PROOF_POSITIONS);
    assert_int_equal(stockctl_rows_len(rows), 1);
    stockctl_rows_read(rows, stockctl_rows_first(rows, &(struct stock_position){.sku = "MUG"}),
                       arena, &position);
    assert_int_equal(position.quantity, 40);
    assert_string_equal(position.bucket, "sellable");
}

static void the_first_difference_is_kept_and_the_others_counted(void **state)
{
    SCOPED(stockctl_differences) struct stockctl_differences differences = {0};
    struct stockctl_difference one = stockctl_difference_of(DIFFERENCE_VALUE, "movements");

    (void)state;
    one.partition = 2;
    one.offset = 0;
    one.column = "delta";
    one.stored = "-1\n";
    one.expected = "-2";
    stockctl_differences_add(&differences, &one, DIFFERENCE_BY_TOPIC);
    one = stockctl_difference_of(DIFFERENCE_MISSING, "positions");
    stockctl_differences_add(&differences, &one, DIFFERENCE_BY_TOPIC);
    assert_int_equal(differences.count, 2);
    assert_string_equal(buf_str(&differences.first),
                        "movements, partition 2, offset 0: delta is stored as '-1?', the topic "
                        "says '-2'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_counts_once_and_other_content_is_a_conflict),
        cmocka_unit_test(what_is_no_event_is_poison_and_the_fold_goes_on),
        cmocka_unit_test(movements_are_those_of_the_last_record_over_many_batches),
        cmocka_unit_test(the_first_difference_is_kept_and_the_others_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
