/* Which rule is in force, as an operator is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tools/stockctl/rules.h"

static const struct stock_rule all[] = {
    {"everything",   1, {.channel = "", .listing = "", .sku = "", .tier = ""}       },
    {"channel",      1, {.channel = "shop", .listing = "", .sku = "", .tier = ""}   },
    {"tier",         1, {.channel = "", .listing = "", .sku = "", .tier = "T1"}     },
    {"tier channel", 1, {.channel = "shop", .listing = "", .sku = "", .tier = "T1"} },
    {"sku",          1, {.channel = "", .listing = "", .sku = "MUG", .tier = ""}    },
    {"sku channel",  1, {.channel = "shop", .listing = "", .sku = "MUG", .tier = ""}},
    {"listing",      1, {.channel = "shop", .listing = "7", .sku = "", .tier = ""}  },
};

static void assert_ranked(const struct stockctl_listing *listing, const char *const *ids,
                          size_t count)
{
    const struct stock_rule *rules[ARRAY_LEN(all)];

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        rules[i] = &all[i];
    assert_int_equal(stockctl_rules_rank(rules, ARRAY_LEN(all), listing), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(rules[i]->id, ids[i]);
}

static void rules_stand_with_the_closest_first(void **state)
{
    static const struct stockctl_listing near = {"shop", "7", "MUG", "T1"};
    static const struct stockctl_listing far = {"mall", "7", "MUG", "T2"};
    static const struct stockctl_listing bundle = {"shop", "8", "", ""};
    static const char *const of_near[] = {"listing", "sku channel", "sku",       "tier channel",
                                          "tier",    "channel",     "everything"};
    static const char *const of_far[] = {"sku", "everything"};
    static const char *const of_bundle[] = {"channel", "everything"};

    (void)state;
    assert_ranked(&near, of_near, ARRAY_LEN(of_near));
    assert_ranked(&far, of_far, ARRAY_LEN(of_far));
    assert_ranked(&bundle, of_bundle, ARRAY_LEN(of_bundle));
}

static void scopes_are_said_in_words(void **state)
{
    static const char *const words[] = {"everything",       "all on shop", "tier T1",
                                        "tier T1 on shop",  "SKU MUG",     "SKU MUG on shop",
                                        "listing 7 on shop"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        SCOPED(buf) struct buf scope = {0};

        stockctl_rules_scope(&all[i].rule, &scope);
        assert_string_equal(buf_str(&scope), words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_stand_with_the_closest_first),
        cmocka_unit_test(scopes_are_said_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
