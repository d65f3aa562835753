/* cmocka.h wants the others before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "tools/sandbox/graphql.h"

static const char set[] = "mutation Set($in: InventorySetQuantitiesInput!, $k: String!) {\n"
                          "  # a comment { with a brace\n"
                          "  inventorySetQuantities(input: $in) @idempotent(key: $k) {\n"
                          "    userErrors { code } } }";

static void the_root_field_is_found(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;

    sandbox_graphql_read(arena, set, &query);

    assert_true(query.mutation);
    assert_string_equal(query.field, "inventorySetQuantities");
    assert_string_equal(query.alias, "inventorySetQuantities");
    assert_string_equal(sandbox_graphql_variable(arena, &query, "input"), "in");
    assert_null(sandbox_graphql_variable(arena, &query, "query"));
}

static void an_alias_is_told_from_the_field(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;

    sandbox_graphql_read(arena, "{ op: node(id: $id) { id } }", &query);

    assert_false(query.mutation);
    assert_string_equal(query.field, "node");
    assert_string_equal(query.alias, "op");
    assert_string_equal(sandbox_graphql_variable(arena, &query, "id"), "id");
}

static void the_key_is_a_text_or_a_variable(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;
    const char *key = NULL;
    const char *variable = NULL;

    sandbox_graphql_read(arena, set, &query);
    assert_true(sandbox_graphql_idempotent(arena, &query, &key, &variable));
    assert_null(key);
    assert_string_equal(variable, "k");
    sandbox_graphql_read(arena, "mutation { f(input: $i) @idempotent(key: \"a-b\") { x } }",
                         &query);
    assert_true(sandbox_graphql_idempotent(arena, &query, &key, &variable));
    assert_string_equal(key, "a-b");
    sandbox_graphql_read(arena, "mutation { f(input: $i) { x } }", &query);
    assert_false(sandbox_graphql_idempotent(arena, &query, &key, &variable));
}

static void inline_arguments_are_no_variables(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;

    sandbox_graphql_read(arena, "mutation { f(input: {name: \"available\"}) { x } }", &query);

    assert_null(sandbox_graphql_variable(arena, &query, "input"));
}

static void a_word_is_mentioned_as_a_whole(void **state)
{
    (void)state;
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;

    sandbox_graphql_read(arena, "{ a { barcode } }", &query);

    assert_false(sandbox_graphql_mentions(&query, "code"));
    assert_true(sandbox_graphql_mentions(&query, "barcode"));
}

static void nonsense_has_no_field(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{", "mutation", "{ : }", "#", "{\"", "{a:", "{a("};
    SCOPED(arena) struct arena *arena = arena_new();
    struct sandbox_graphql query;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        sandbox_graphql_read(arena, texts[i], &query);
        assert_null(sandbox_graphql_variable(arena, &query, "input"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_field_is_found),
        cmocka_unit_test(an_alias_is_told_from_the_field),
        cmocka_unit_test(the_key_is_a_text_or_a_variable),
        cmocka_unit_test(inline_arguments_are_no_variables),
        cmocka_unit_test(a_word_is_mentioned_as_a_whole),
        cmocka_unit_test(nonsense_has_no_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
