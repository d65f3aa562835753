#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/base/settings.h"

struct sample {
    const char *url;
    const char *topic;
    const char *secret;
    int64_t batch;
    bool dry_run;
};

#define FIELD(name) offsetof(struct sample, name)

static const struct setting table[] = {
    {"STOCKBUS_PG_URL", SETTING_TEXT, FIELD(url), NULL, 0, 0, "the database"},
    {"STOCKBUS_TOPIC",       SETTING_TEXT, FIELD(topic), "stock", 0, 0, "topic to read"},
    {"STOCKBUS_SECRET",                SETTING_SECRET, FIELD(secret), "dev", 0, 0, "key"},
    {"STOCKBUS_BATCH",   SETTING_NUMBER, FIELD(batch), "500", 1, 1000, "rows"},
    {"STOCKBUS_DRY_RUN",  SETTING_BOOL, FIELD(dry_run), "false", 0, 0, "no writes"},
    {0    },
};

static struct sample sample;
static char file_path[] = "/tmp/settings_test.XXXXXX";

static int only_the_required_one(void **state)
{
    (void)state;
    clearenv();
    setenv("PATH", "/bin", 1);
    setenv("STOCKBUS_PG_URL", "postgresql:///x", 1);
    memset(&sample, 0, sizeof(sample));
    return 0;
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(file_path);

    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file_path);
}

static void fill_file(const char *bytes, size_t len)
{
    FILE *file = fopen(file_path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void assert_loads(void)
{
    struct err err = {0};

    if (!settings_load(table, &sample, &err))
        fail_msg("%s", err.text);
}

static void assert_fails(const char *text)
{
    struct err err = {0};

    assert_false(settings_load(table, &sample, &err));
    assert_int_equal(err.code, ERR_FATAL);
    assert_string_equal(err.text, text);
}

static void defaults_fill_what_is_not_given(void **state)
{
    (void)state;
    assert_loads();
    assert_string_equal(sample.url, "postgresql:///x");
    assert_string_equal(sample.topic, "stock");
    assert_string_equal(sample.secret, "dev");
    assert_int_equal(sample.batch, 500);
    assert_false(sample.dry_run);
}

static void the_environment_wins_over_the_default(void **state)
{
    (void)state;
    setenv("STOCKBUS_TOPIC", "", 1);
    setenv("STOCKBUS_BATCH", "1000", 1);
    setenv("STOCKBUS_DRY_RUN", "true", 1);
    assert_loads();
    assert_string_equal(sample.topic, "");
    assert_int_equal(sample.batch, 1000);
    assert_true(sample.dry_run);
}

static void a_required_one_must_be_given_and_not_empty(void **state)
{
    (void)state;
    setenv("STOCKBUS_PG_URL", "", 1);
    assert_fails("STOCKBUS_PG_URL is empty: give it a value (the database)");
    unsetenv("STOCKBUS_PG_URL");
    assert_fails("STOCKBUS_PG_URL is not given: set it or STOCKBUS_PG_URL_FILE (the database)");
}

static void a_number_out_of_range_is_told_its_bounds(void **state)
{
    (void)state;
    static const char *const texts[] = {"0", "1001", "-5", "99999999999999999999"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};

        setenv("STOCKBUS_BATCH", texts[i], 1);
        assert_false(settings_load(table, &sample, &err));
        assert_non_null(strstr(err.text, "STOCKBUS_BATCH is '"));
        assert_non_null(strstr(err.text, texts[i]));
        assert_non_null(strstr(err.text, "must be from 1 to 1000"));
    }
}

static void what_is_no_whole_number_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "5x", "5 ", " 5", "+5", "5.0", "1e2", "0x5", "-"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct err err = {0};

        setenv("STOCKBUS_BATCH", texts[i], 1);
        assert_false(settings_load(table, &sample, &err));
        assert_non_null(strstr(err.text, "must be a whole number"));
    }
}

static void a_bool_is_true_or_false_and_nothing_else(void **state)
{
    (void)state;
    setenv("STOCKBUS_DRY_RUN", "yes", 1);
    assert_fails("STOCKBUS_DRY_RUN is 'yes': must be true or false");
    setenv("STOCKBUS_DRY_RUN", "TRUE", 1);
    assert_fails("STOCKBUS_DRY_RUN is 'TRUE': must be true or false");
}

static void a_file_gives_its_content_without_the_last_line_end(void **state)
{
    (void)state;
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    fill_file("s3cret\n", 7);
    assert_loads();
    assert_string_equal(sample.secret, "s3cret");
    fill_file("two\nlines\n\r\n", 12);
    assert_loads();
    assert_string_equal(sample.secret, "two\nlines\n");
    fill_file("bare", 4);
    assert_loads();
    assert_string_equal(sample.secret, "bare");
}

static void a_number_may_come_from_a_file_too(void **state)
{
    (void)state;
    setenv("STOCKBUS_BATCH_FILE", file_path, 1);
    fill_file("7\n", 2);
    assert_loads();
    assert_int_equal(sample.batch, 7);
}

static void name_and_file_together_are_refused(void **state)
{
    (void)state;
    setenv("STOCKBUS_SECRET", "a", 1);
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    assert_fails("STOCKBUS_SECRET and STOCKBUS_SECRET_FILE are both given: keep one");
}

static void a_file_that_can_not_be_used_is_named(void **state)
{
    (void)state;
    SCOPED(mem) char *big = mem_calloc(70000, 1);
    struct err err = {0};

    setenv("STOCKBUS_SECRET_FILE", "/nowhere/secret", 1);
    assert_fails("STOCKBUS_SECRET_FILE: can't read '/nowhere/secret': No such file or directory");
    setenv("STOCKBUS_SECRET_FILE", "/tmp", 1);
    assert_fails("STOCKBUS_SECRET_FILE: can't read '/tmp': Is a directory");
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    fill_file("a\0b", 3);
    assert_false(settings_load(table, &sample, &err));
    assert_non_null(strstr(err.text, "holds a NUL byte"));
    memset(big, 'x', 70000);
    fill_file(big, 70000);
    assert_false(settings_load(table, &sample, &err));
    assert_non_null(strstr(err.text, "is longer than 65536 bytes"));
}

static void a_misspelt_setting_names_the_nearest_known_one(void **state)
{
    (void)state;
    setenv("STOCKBUS_BATHC", "5", 1);
    assert_fails("unknown setting 'STOCKBUS_BATHC': did you mean 'STOCKBUS_BATCH'?");
    unsetenv("STOCKBUS_BATHC");
    setenv("STOCKBUS_SECRET_FIEL", "5", 1);
    assert_fails("unknown setting 'STOCKBUS_SECRET_FIEL': did you mean 'STOCKBUS_SECRET_FILE'?");
}

static void a_misspelling_explains_the_one_that_is_missing(void **state)
{
    (void)state;
    unsetenv("STOCKBUS_PG_URL");
    setenv("STOCKBUS_PG_URI", "postgresql:///x", 1);
    assert_fails("unknown setting 'STOCKBUS_PG_URI': did you mean 'STOCKBUS_PG_URL'?");
}

static void unknown_names_are_refused_however_long_or_empty(void **state)
{
    (void)state;
    static const struct setting no_rows[] = {{0}};
    struct err err = {0};
    char name[3000] = "STOCKBUS_";

    memset(name + strlen(name), 'X', sizeof(name) - strlen(name) - 1);
    setenv(name, "1", 1);
    assert_false(settings_load(table, &sample, &err));
    unsetenv(name);
    setenv("STOCKBUS_", "1", 1);
    assert_false(settings_load(table, &sample, &err));
    assert_false(settings_load(no_rows, &sample, &err));
    assert_non_null(strstr(err.text, "this program has none"));
}

static void other_programs_variables_are_not_ours_to_judge(void **state)
{
    (void)state;
    setenv("STOCKBUSY_X", "1", 1);
    setenv("stockbus_x", "1", 1);
    assert_loads();
}

static void an_error_never_shows_a_secret(void **state)
{
    (void)state;
    struct err err = {0};

    setenv("STOCKBUS_SECRET", "hunter2", 1);
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    assert_false(settings_load(table, &sample, &err));
    assert_null(strstr(err.text, "hunter2"));
}

static void help_has_one_row_each_and_hides_secrets(void **state)
{
    (void)state;
    SCOPED(mem) char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    settings_print_help(table, out);
    fclose(out);

    assert_string_equal(text, "  STOCKBUS_PG_URL   (required)  the database\n"
                              "  STOCKBUS_TOPIC    stock       topic to read\n"
                              "  STOCKBUS_SECRET   (secret)    key\n"
                              "  STOCKBUS_BATCH    500         rows (1 to 1000)\n"
                              "  STOCKBUS_DRY_RUN  false       no writes (true or false)\n");
}

static void expect_fresh(const char *want)
{
    SCOPED(mem) char *text = settings_fresh("STOCKBUS_SECRET", "held");

    assert_string_equal(text, want);
}

static void a_secret_is_read_again_after_its_file_changed(void **state)
{
    (void)state;
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    fill_file("old\n", 4);
    assert_loads();
    fill_file("new\n", 4);
    expect_fresh("new");
    assert_string_equal(sample.secret, "old");
}

static void a_secret_whose_file_says_nothing_is_what_was_held(void **state)
{
    (void)state;
    setenv("STOCKBUS_SECRET_FILE", file_path, 1);
    fill_file("", 0);
    expect_fresh("held");
    fill_file("\n", 1);
    expect_fresh("held");
    fill_file("a\0b", 3);
    expect_fresh("held");
    setenv("STOCKBUS_SECRET_FILE", "/nowhere/secret", 1);
    expect_fresh("held");
    unsetenv("STOCKBUS_SECRET_FILE");
    expect_fresh("held");
    setenv("STOCKBUS_SECRET", "plain", 1);
    expect_fresh("held");
}

#define fact(name) cmocka_unit_test_setup(name, only_the_required_one)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fact(defaults_fill_what_is_not_given),
        fact(the_environment_wins_over_the_default),
        fact(a_required_one_must_be_given_and_not_empty),
        fact(a_number_out_of_range_is_told_its_bounds),
        fact(what_is_no_whole_number_is_refused),
        fact(a_bool_is_true_or_false_and_nothing_else),
        fact(a_file_gives_its_content_without_the_last_line_end),
        fact(a_number_may_come_from_a_file_too),
        fact(name_and_file_together_are_refused),
        fact(a_file_that_can_not_be_used_is_named),
        fact(a_misspelt_setting_names_the_nearest_known_one),
        fact(a_misspelling_explains_the_one_that_is_missing),
        fact(unknown_names_are_refused_however_long_or_empty),
        fact(other_programs_variables_are_not_ours_to_judge),
        fact(an_error_never_shows_a_secret),
        fact(help_has_one_row_each_and_hides_secrets),
        fact(a_secret_is_read_again_after_its_file_changed),
        fact(a_secret_whose_file_says_nothing_is_what_was_held),
    };

    return cmocka_run_group_tests_name("settings", tests, make_file, remove_file);
}
