#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/map.h"

static int values[20000];

static const char *key_of(char key[16], size_t i)
{
    snprintf(key, 16, "sku-%zu", i);
    return key;
}

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    size_t cursor = 0;

    assert_null(map_get(map, "a"));
    assert_null(map_remove(map, "a"));
    assert_null(map_next(map, &cursor, NULL));
    assert_int_equal(map_len(map), 0);
    map_clear(map);
    map_free(NULL);
}

static void what_was_set_is_found_and_replaced(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    char key[] = "a";

    map_set(map, key, &values[1]);
    key[0] = 'b';
    assert_ptr_equal(map_get(map, "a"), &values[1]);
    assert_null(map_get(map, "b"));
    map_set(map, "a", &values[2]);
    assert_ptr_equal(map_get(map, "a"), &values[2]);
    map_set(map, "", &values[3]);
    assert_ptr_equal(map_get(map, ""), &values[3]);
    assert_int_equal(map_len(map), 2);
}

static void many_keys_survive_growth_and_removal(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    char key[16];

    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        map_set(map, key_of(key, i), &values[i]);
    for (size_t i = 0; i < ARRAY_LEN(values); i += 3)
        assert_ptr_equal(map_remove(map, key_of(key, i)), &values[i]);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        void *expected = i % 3 == 0 ? NULL : &values[i];

        assert_ptr_equal(map_get(map, key_of(key, i)), expected);
    }
    assert_int_equal(map_len(map), ARRAY_LEN(values) - (ARRAY_LEN(values) + 2) / 3);
}

static void iteration_goes_in_insertion_order(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    SCOPED(buf) struct buf text = {0};
    const char *key = NULL;

    for (const char *at = "zebra"; *at != '\0'; at++)
        map_set(map, (char[]){*at, '\0'}, &values[0]);
    map_remove(map, "b");
    map_set(map, "z", &values[1]);
    map_set(map, "b", &values[2]);
    for (size_t i = 0; map_next(map, &i, &key) != NULL;)
        buf_text(&text, key);

    assert_string_equal(buf_str(&text), "zerab");
}

static void a_map_of_fixed_size_never_grows_by_churn(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    char key[16];

    for (size_t i = 0; i < 200000; i++) {
        map_set(map, key_of(key, i), &values[i % 100]);
        if (i >= 10)
            assert_non_null(map_remove(map, key_of(key, i - 10)));
    }
    assert_int_equal(map_len(map), 10);
}

static void a_cleared_map_works_again(void **state)
{
    (void)state;
    SCOPED(map) struct map *map = map_new();
    char key[16];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 100; i++)
            map_set(map, key_of(key, i), &values[i]);
        map_clear(map);
        assert_int_equal(map_len(map), 0);
        assert_null(map_get(map, "sku-1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(what_was_set_is_found_and_replaced),
        cmocka_unit_test(many_keys_survive_growth_and_removal),
        cmocka_unit_test(iteration_goes_in_insertion_order),
        cmocka_unit_test(a_map_of_fixed_size_never_grows_by_churn),
        cmocka_unit_test(a_cleared_map_works_again),
    };

    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
