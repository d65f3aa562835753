#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/log.h"
#include "lib/json/json.h"

static char line[4096];
static int ends[2];
static int saved_stderr;

static int catch_stderr(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    return pipe2(ends, O_NONBLOCK) != 0 || dup2(ends[1], STDERR_FILENO) < 0;
}

static int give_stderr_back(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(ends[0]);
    return close(ends[1]);
}

/* What was logged since the last call, "" if nothing. */
static const char *logged(void)
{
    ssize_t len = read(ends[0], line, sizeof(line) - 1);

    line[len < 0 ? 0 : len] = '\0';
    return line;
}

static void a_line_is_one_json_object(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};

    log_setup("ledger", LOG_LEVEL_INFO);
    log_info("ledger.posted", "sku", "A\"\\\n\x01 \xC3\xA9", "delta", log_int(-3), "why", NULL);
    const char *text = logged();
    const struct json *root = json_parse(arena, text, strlen(text), &err);

    assert_non_null(root);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_string_equal(json_text(json_get(root, "level")), "info");
    assert_string_equal(json_text(json_get(root, "service")), "ledger");
    assert_string_equal(json_text(json_get(root, "event")), "ledger.posted");
    assert_string_equal(json_text(json_get(root, "sku")), "A\"\\\n\x01 \xC3\xA9");
    assert_string_equal(json_text(json_get(root, "delta")), "-3");
    assert_true(json_is_null(json_get(root, "why")));
    assert_int_equal(json_len(root), 7);
}

static void a_value_that_is_not_utf8_leaves_the_line_readable(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct err err = {0};

    log_setup("ledger", LOG_LEVEL_INFO);
    log_error("ingest.rejected", "body", "a\xFF\xC3(");
    const char *text = logged();
    const struct json *root = json_parse(arena, text, strlen(text), &err);

    assert_non_null(root);
    assert_string_equal(json_text(json_get(root, "body")), "a\xEF\xBF\xBD\xEF\xBF\xBD(");
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    log_setup("ledger", LOG_LEVEL_WARN);
    log_debug("a.b");
    log_info("a.b");
    assert_string_equal(logged(), "");
    log_warn("a.b");
    assert_non_null(strstr(logged(), "\"warn\""));
}

static void levels_are_known_by_name(void **state)
{
    (void)state;
    enum log_level level = LOG_LEVEL_INFO;

    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
    assert_false(log_level_parse("loud", &level));
    assert_false(log_level_parse("", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
}

#define fact(name) cmocka_unit_test_setup_teardown(name, catch_stderr, give_stderr_back)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fact(a_line_is_one_json_object),
        fact(a_value_that_is_not_utf8_leaves_the_line_readable),
        fact(lines_below_the_level_are_not_written),
        fact(levels_are_known_by_name),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
