/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "tools/sandbox/bucket.h"

static void a_burst_passes_and_no_more(void **state)
{
    (void)state;
    struct sandbox_bucket bucket;

    sandbox_bucket_init(&bucket, 100, 30, 1000);

    assert_true(sandbox_bucket_take(&bucket, 10, 1000));
    assert_true(sandbox_bucket_take(&bucket, 10, 1000));
    assert_true(sandbox_bucket_take(&bucket, 10, 1000));
    assert_false(sandbox_bucket_take(&bucket, 10, 1000));
}

static void what_is_refused_takes_nothing(void **state)
{
    (void)state;
    struct sandbox_bucket bucket;

    sandbox_bucket_init(&bucket, 100, 15, 0);
    assert_true(sandbox_bucket_take(&bucket, 10, 0));

    assert_false(sandbox_bucket_take(&bucket, 10, 0));

    assert_true(sandbox_bucket_take(&bucket, 5, 0));
}

static void it_refills_at_its_rate(void **state)
{
    (void)state;
    struct sandbox_bucket bucket;

    sandbox_bucket_init(&bucket, 100, 20, 0);
    assert_true(sandbox_bucket_take(&bucket, 20, 0));

    assert_int_equal(sandbox_bucket_wait_ms(&bucket, 10, 0), 100);
    assert_false(sandbox_bucket_take(&bucket, 10, 99));
    assert_true(sandbox_bucket_take(&bucket, 10, 100));
}

static void it_never_holds_more_than_its_burst(void **state)
{
    (void)state;
    struct sandbox_bucket bucket;

    sandbox_bucket_init(&bucket, 100, 20, 0);

    assert_true(sandbox_bucket_level(&bucket, 1000000) <= 20);
    assert_true(sandbox_bucket_level(&bucket, 999) >= 20); /* an older time changes nothing */
}

static void without_a_rate_there_is_no_limit(void **state)
{
    (void)state;
    struct sandbox_bucket bucket;

    sandbox_bucket_init(&bucket, 0, 0, 0);

    for (int i = 0; i < 1000; i++)
        assert_true(sandbox_bucket_take(&bucket, 1000, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_passes_and_no_more),
        cmocka_unit_test(what_is_refused_takes_nothing),
        cmocka_unit_test(it_refills_at_its_rate),
        cmocka_unit_test(it_never_holds_more_than_its_burst),
        cmocka_unit_test(without_a_rate_there_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
