/* The command line as a struct, and the table of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/scope.h"
#include "tools/stockctl/command.h"

enum { ARGUMENTS_MAX = 16 };

/* The words of a line, as a shell would split it. */
static int split(char *line, char **argv)
{
    int argc = 0;

    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return argc;
}

static struct stockctl_options parsed(const char *text, uint64_t allowed, char *line)
{
    char *argv[ARGUMENTS_MAX];
    struct stockctl_options options;
    struct err err = {0};

    strcpy(line, text);
    if (!stockctl_options_parse(split(line, argv), argv, allowed, &options, &err))
        fail_msg("%s", err.text);
    return options;
}

static void assert_refused(const char *text, uint64_t allowed, const char *why)
{
    char line[200];
    char *argv[ARGUMENTS_MAX];
    struct stockctl_options options;
    struct err err = {0};

    strcpy(line, text);
    assert_false(stockctl_options_parse(split(line, argv), argv, allowed, &options, &err));
    assert_int_equal(err.code, ERR_REJECT);
    assert_string_equal(err.text, why);
}

#define LIMIT OPTION_BIT(OPTION_LIMIT)
#define SKUS  OPTION_BIT(OPTION_SKUS)
#define AT    OPTION_BIT(OPTION_AT)
#define JSON  OPTION_BIT(OPTION_JSON)
#define POOL  OPTION_BIT(OPTION_POOL)

static void nothing_given_is_told_from_zero(void **state)
{
    (void)state;
    char line[200];
    struct stockctl_options options = parsed("", 0, line);

    assert_int_equal(options.arguments_len, 0);
    assert_int_equal(options.cap, -1);
    assert_int_equal(options.limit, -1);
    assert_int_equal(options.at_ms, -1);
    assert_null(options.pool);
    assert_false(options.json);
}

static void options_stand_anywhere_in_two_forms(void **state)
{
    (void)state;
    char line[200];
    struct stockctl_options options =
        parsed("MUG --limit 5 --json --at=1970-01-01T00:00:01Z -3", LIMIT | JSON | AT, line);

    assert_int_equal(options.arguments_len, 2);
    assert_string_equal(options.arguments[0], "MUG");
    assert_string_equal(options.arguments[1], "-3");
    assert_int_equal(options.limit, 5);
    assert_int_equal(options.at_ms, 1000);
    assert_true(options.json);
}

static void some_options_repeat(void **state)
{
    (void)state;
    char line[200];
    struct stockctl_options options = parsed("--sku A:2 --sku=B", SKUS, line);

    assert_int_equal(options.skus.len, 2);
    assert_string_equal(options.skus.texts[0], "A:2");
    assert_string_equal(options.skus.texts[1], "B");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    char line[200];
    struct stockctl_options options = parsed("-- --json -x", JSON, line);

    assert_int_equal(options.arguments_len, 2);
    assert_string_equal(options.arguments[0], "--json");
    assert_false(options.json);
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    assert_refused("--limit", LIMIT, "--limit wants a value: N");
    assert_refused("--limit 0", LIMIT,
                   "--limit is '0': want a whole number from 1 to 1000000");
    assert_refused("--limit 1e3", LIMIT,
                   "--limit is '1e3': want a whole number from 1 to 1000000");
    assert_refused("--limit=", LIMIT, "--limit is '': want a whole number from 1 to 1000000");
    assert_refused("--json=1", JSON, "--json takes no value");
    assert_refused("--jso", JSON, "unknown option '--jso'");
    assert_refused("--json", LIMIT, "unknown option '--json'");
    assert_refused("-x", LIMIT, "unknown option '-x'");
    assert_refused("--at noon", AT, "--at is 'noon': want a time like 2026-11-21T09:17:00Z");
    assert_refused("--pool a --pool b", POOL, "--pool is given twice");
    assert_refused("--pool=", POOL, "--pool is empty");
    assert_refused("a b c d e", POOL, "too many arguments: 'e'");
}

static void numbers_have_one_form(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "-", "+1", "01", "1 ", " 1", "1.0", "0x1",
                                      "9223372036854775808"};
    int64_t value = 7;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(stockctl_options_number(bad[i], INT64_MIN, INT64_MAX, &value));
    assert_int_equal(value, 7);
    assert_true(stockctl_options_number("-3", -3, 3, &value));
    assert_int_equal(value, -3);
    assert_false(stockctl_options_number("4", -3, 3, &value));
}

static void commands_of_one_word_and_of_two(void **state)
{
    (void)state;
    char *topics[] = {"topics", "apply", NULL};
    char *stock[] = {"stock", "MUG", NULL};
    char *other[] = {"topics", NULL};
    int words = 0;

    assert_string_equal(stockctl_command_find(2, topics, &words)->name, "topics apply");
    assert_int_equal(words, 2);
    assert_string_equal(stockctl_command_find(2, stock, &words)->name, "stock");
    assert_int_equal(words, 1);
    assert_null(stockctl_command_find(1, other, &words));
    assert_null(stockctl_command_find(0, other, &words));
}

static void arguments_are_counted(void **state)
{
    (void)state;
    char *count[] = {"count", NULL};
    int words = 0;
    const struct stockctl_command *command = stockctl_command_find(1, count, &words);
    struct stockctl_options options = {.arguments_len = 2};
    struct err err = {0};

    assert_false(stockctl_command_check(command, &options, &err));
    assert_string_equal(err.text, "missing arguments: want 'count SKU POOL QUANTITY'");
    options.arguments_len = 4;
    assert_false(stockctl_command_check(command, &options, &err));
    assert_string_equal(err.text, "too many arguments: want 'count SKU POOL QUANTITY'");
    options.arguments_len = 3;
    assert_true(stockctl_command_check(command, &options, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_told_from_zero),
        cmocka_unit_test(options_stand_anywhere_in_two_forms),
        cmocka_unit_test(some_options_repeat),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(commands_of_one_word_and_of_two),
        cmocka_unit_test(arguments_are_counted),
    };

    return cmocka_run_group_tests_name("stockctl options", tests, NULL, NULL);
}
