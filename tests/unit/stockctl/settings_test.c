/* Which variables a command needs, and which it lets be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tools/stockctl/settings.h"

static int empty_environment(void **state)
{
    (void)state;
    return clearenv();
}

static void variables_of_services_are_let_be(void **state)
{
    (void)state;
    struct stockctl_settings settings = {0};
    struct err err = {0};

    setenv("STOCKBUS_LEDGER_BATCH_MAX", "500", 1);
    setenv("STOCKBUS_KAFKA_BROKERS", "k:9092", 1);
    assert_true(stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, &err));
    assert_string_equal(settings.brokers, "k:9092");
    assert_string_equal(settings.topic_prefix, "stockbus.");
}

static void missing_one_is_named(void **state)
{
    (void)state;
    struct stockctl_settings settings = {0};
    struct err err = {0};

    assert_false(stockctl_settings_load(STOCKCTL_NEED_DATABASE, &settings, &err));
    assert_string_equal(err.text,
                        "STOCKBUS_DATABASE_URL is not given: set it or STOCKBUS_DATABASE_URL_FILE "
                        "(postgresql:// URL of the role stockbus_audit)");
}

static void shell_and_ingest_have_fallbacks(void **state)
{
    (void)state;
    struct stockctl_settings settings = {0};
    struct err err = {0};

    assert_true(stockctl_settings_load(STOCKCTL_NEED_SHELL, &settings, &err));
    assert_true(stockctl_settings_load(STOCKCTL_NEED_INGEST, &settings, &err));
    assert_string_equal(settings.user, "");
    assert_string_equal(settings.ingest_url, "http://127.0.0.1:8080");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(variables_of_services_are_let_be, empty_environment),
        cmocka_unit_test_setup(missing_one_is_named, empty_environment),
        cmocka_unit_test_setup(shell_and_ingest_have_fallbacks, empty_environment),
    };

    return cmocka_run_group_tests_name("stockctl settings", tests, NULL, NULL);
}
