#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "services/ingest/seen.h"

static void what_was_added_lately_is_seen(void **state)
{
    SCOPED(ingest_seen) struct ingest_seen *seen = ingest_seen_new(3);

    (void)state;
    assert_false(ingest_seen_has(seen, "a"));
    ingest_seen_add(seen, "a");
    ingest_seen_add(seen, "a");
    assert_true(ingest_seen_has(seen, "a"));
    assert_false(ingest_seen_has(seen, "b"));
}

/* At least the last three, at most twice as many. */
static void old_ones_are_forgotten(void **state)
{
    SCOPED(ingest_seen) struct ingest_seen *seen = ingest_seen_new(3);
    const char *const ids[] = {"1", "2", "3", "4", "5", "6", "7"};
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        ingest_seen_add(seen, ids[i]);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        kept += ingest_seen_has(seen, ids[i]);
    assert_true(ingest_seen_has(seen, "5") && ingest_seen_has(seen, "6") &&
                ingest_seen_has(seen, "7"));
    assert_false(ingest_seen_has(seen, "1"));
    assert_in_range(kept, 3, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_lately_is_seen),
        cmocka_unit_test(old_ones_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
