/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>

#include "tools/sandbox/idempotency.h"

static void a_known_key_gives_the_first_answer(void **state)
{
    (void)state;
    SCOPED(sandbox_idempotency) struct sandbox_idempotency *memory = sandbox_idempotency_new();
    const char *answer = NULL;

    assert_int_equal(sandbox_idempotency_find(memory, "k", "{}", &answer), SANDBOX_IDEMPOTENCY_NEW);
    sandbox_idempotency_keep(memory, "k", "{}", "first");
    sandbox_idempotency_keep(memory, "k", "{}", "second");

    assert_int_equal(sandbox_idempotency_find(memory, "k", "{}", &answer),
                     SANDBOX_IDEMPOTENCY_SAME);
    assert_string_equal(answer, "first");
}

static void other_parameters_are_a_mismatch(void **state)
{
    (void)state;
    SCOPED(sandbox_idempotency) struct sandbox_idempotency *memory = sandbox_idempotency_new();
    const char *answer = NULL;

    sandbox_idempotency_keep(memory, "k", "{\"quantity\":1}", "a");

    assert_int_equal(sandbox_idempotency_find(memory, "k", "{\"quantity\":2}", &answer),
                     SANDBOX_IDEMPOTENCY_MISMATCH);
    assert_null(answer);
}

static void the_oldest_key_is_forgotten(void **state)
{
    (void)state;
    SCOPED(sandbox_idempotency) struct sandbox_idempotency *memory = sandbox_idempotency_new();
    const char *answer = NULL;
    char key[32];

    for (int i = 0; i <= SANDBOX_IDEMPOTENCY_MAX; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        sandbox_idempotency_keep(memory, key, "", "a");
    }

    assert_int_equal(sandbox_idempotency_find(memory, "key-0", "", &answer),
                     SANDBOX_IDEMPOTENCY_NEW);
    assert_int_equal(sandbox_idempotency_find(memory, "key-1", "", &answer),
                     SANDBOX_IDEMPOTENCY_SAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_gives_the_first_answer),
        cmocka_unit_test(other_parameters_are_a_mismatch),
        cmocka_unit_test(the_oldest_key_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
