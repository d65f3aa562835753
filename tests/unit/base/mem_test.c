#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();

    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 9000; size = size * 2 + 1) {
            unsigned char *bytes = arena_alloc(arena, size);

            assert_int_equal((uintptr_t)bytes % 16, 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(bytes[i], 0);
            memset(bytes, 0xA5, size);
        }
        arena_reset(arena);
    }
}

static void arena_values_do_not_overlap(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    char *texts[2000] = {NULL};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        texts[i] = arena_printf(arena, "%zu %*d", i, (int)(i % 700) * 10, 1);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        SCOPED(arena) struct arena *own = arena_new();

        assert_string_equal(texts[i], arena_printf(own, "%zu %*d", i, (int)(i % 700) * 10, 1));
    }
}

static void arena_copies_are_closed_by_a_nul(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();

    assert_null(arena_strdup(arena, NULL));
    assert_string_equal(arena_strdup(arena, "text"), "text");
    assert_string_equal(arena_strndup(arena, "text", 2), "te");
    assert_string_equal(arena_strndup(arena, NULL, 0), "");
    assert_memory_equal(arena_memdup(arena, "a\0b", 3), "a\0b", 3);
}

static void a_grown_array_keeps_its_elements(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    size_t capacity = 0;
    int *numbers = NULL;

    for (size_t i = 0; i < 10000; i++) {
        numbers = arena_grow(arena, numbers, i, &capacity, sizeof(*numbers));
        numbers[i] = (int)i;
    }
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(numbers[i], (int)i);
}

static void scopes_release_any_kind_of_pointer(void **state)
{
    (void)state;
    SCOPED(mem) char *text = mem_strdup("a");
    SCOPED(mem) int *numbers = mem_calloc(3, sizeof(*numbers));
    SCOPED(mem) char *none = NULL;

    assert_string_equal(text, "a");
    assert_int_equal(numbers[2], 0);
    assert_null(none);
    arena_free(NULL);
    mem_free(NULL);
}

static void joined_texts_have_the_separator_between_them(void **state)
{
    static const char *const texts[] = {"woo", "", "7"};
    SCOPED(arena) struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(arena_join(arena, texts, 3, '/'), "woo//7");
    assert_string_equal(arena_join(arena, texts, 1, '/'), "woo");
    assert_string_equal(arena_join(arena, NULL, 0, '/'), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_values_do_not_overlap),
        cmocka_unit_test(arena_copies_are_closed_by_a_nul),
        cmocka_unit_test(joined_texts_have_the_separator_between_them),
        cmocka_unit_test(a_grown_array_keeps_its_elements),
        cmocka_unit_test(scopes_release_any_kind_of_pointer),
    };

    return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
