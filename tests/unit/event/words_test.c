#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: it needs the ones above */
#include <cmocka.h>
/* clang-format on */

#include "lib/event/event.h"
#include "lib/event/words.h"

static void facts_may_name_every_bucket_but_the_derived_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < event_buckets_len; i++) {
        const char *name = event_buckets[i].name;
        bool is_derived = strcmp(name, "committed") == 0;

        assert_int_equal(event_bucket_is_known(name), !is_derived);
        assert_int_equal(event_bucket_is_derived(name), is_derived);
    }
    assert_true(event_bucket_is_known("in_removal"));
    assert_false(event_bucket_is_known("Sellable"));
    assert_false(event_bucket_is_known("returns"));
    assert_false(event_bucket_is_known(""));
}

static void the_checks_refuse_the_derived_bucket_of_the_table(void **state)
{
    struct event event;
    struct err err = {0};

    (void)state;
    event_init(&event, EVENT_STOCK_RECEIVED);
    event.source.channel = "admin";
    event.times.occurred_ms = 1;
    event.stock.fact_id = "f";
    event.stock.sku = "s";
    event.stock.pool = "p";
    event.stock.bucket = "inbound";
    event.stock.quantity = 1;
    event_identify(&event);
    assert_true(event_check(&event, &err));
    event.stock.bucket = "committed";
    assert_false(event_check(&event, &err));
    assert_non_null(strstr(err.text, "derived and not for facts"));
}

static void a_reason_is_one_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < event_reasons_len; i++)
        assert_true(event_reason_is_known(event_reasons[i].name));
    assert_true(event_reason_is_known("receiving_adjustment"));
    assert_false(event_reason_is_known("because"));
    assert_false(event_reason_is_known(""));
}

static void every_word_is_a_plain_name_with_a_meaning_and_stands_once(void **state)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz_";
    const struct event_word *const tables[] = {event_buckets, event_reasons};
    const size_t lens[] = {event_buckets_len, event_reasons_len};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < lens[t]; i++) {
            const struct event_word *word = &tables[t][i];

            assert_int_equal(strspn(word->name, lower), strlen(word->name));
            assert_in_range(strlen(word->name), 1, 32);
            assert_int_not_equal(word->meaning[0], '\0');
            for (size_t k = 0; k < i; k++)
                assert_string_not_equal(word->name, tables[t][k].name);
        }
    }
}

static void a_status_is_known_in_any_case_and_by_its_alias(void **state)
{
    static const struct {
        const char *name;
        const char *word;
        enum event_inbound_stage stage;
    } rows[] = {
        {"working",                    "working",    EVENT_INBOUND_UNDERWAY },
        {"IN_TRANSIT",                 "in_transit", EVENT_INBOUND_UNDERWAY },
        {"ERROR",                      "error",      EVENT_INBOUND_UNDERWAY },
        {"Checked_In",                 "checked_in", EVENT_INBOUND_ARRIVED  },
        {"RECEIVING",                  "receiving",  EVENT_INBOUND_RECEIVING},
        {"INBOUND_RECEIVING_COMPLETE", "closed",     EVENT_INBOUND_CLOSED   },
        {"deleted",                    "deleted",    EVENT_INBOUND_CANCELLED},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct event_inbound_status *status = event_inbound_status(rows[i].name);

        assert_non_null(status);
        assert_string_equal(status->word, rows[i].word);
        assert_int_equal(status->stage, rows[i].stage);
    }
    assert_null(event_inbound_status("in transit"));
    assert_null(event_inbound_status(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_may_name_every_bucket_but_the_derived_one),
        cmocka_unit_test(the_checks_refuse_the_derived_bucket_of_the_table),
        cmocka_unit_test(a_reason_is_one_of_the_table),
        cmocka_unit_test(a_status_is_known_in_any_case_and_by_its_alias),
        cmocka_unit_test(every_word_is_a_plain_name_with_a_meaning_and_stands_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
