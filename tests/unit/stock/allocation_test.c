/* What a listing shows: rules by precedence, buffers, caps, floors, bundles, pools, buckets. */
#include "tests/unit/stock/harness.h"

static void a_percent_buffer_is_rounded_up(void **state)
{
    /* What is left of 1..20 sets. */
    static const int64_t left_of_10[] = {0, 1,  2,  3,  4,  5,  6,  7,  8,  9,
                                         9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
    static const int64_t left_of_33[] = {0, 1, 2, 2, 3,  4,  4,  5,  6,  6,
                                         7, 8, 8, 9, 10, 10, 11, 12, 12, 13};
    static const int64_t left_of_50[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 5,
                                         5, 6, 6, 7, 7, 8, 8, 9, 9, 10};

    (void)state;
    for (int64_t sets = 1; sets <= 20; sets++) {
        const struct event_rule ten = {.buffer_percent = 10};
        const struct event_rule third = {.buffer_percent = 33};
        const struct event_rule half = {.buffer_percent = 50};
        const struct event_rule all = {.buffer_percent = 100};
        const struct event_rule none = {.buffer_percent = 0};

        assert_int_equal(stock_quantity_under_rule(sets, &ten, 0), left_of_10[sets - 1]);
        assert_int_equal(stock_quantity_under_rule(sets, &third, 0), left_of_33[sets - 1]);
        assert_int_equal(stock_quantity_under_rule(sets, &half, 0), left_of_50[sets - 1]);
        assert_int_equal(stock_quantity_under_rule(sets, &all, 0), 0);
        assert_int_equal(stock_quantity_under_rule(sets, &none, 0), sets);
    }
    const struct event_rule one = {.buffer_percent = 1};
    assert_int_equal(stock_quantity_under_rule(1, &one, 0), 0);
    assert_int_equal(stock_quantity_under_rule(100, &one, 0), 99);
    assert_int_equal(stock_quantity_under_rule(101, &one, 0), 99);
}

/* The larger buffer counts; the cap is of what is shown. */
static void a_rule_is_buffer_then_cap_then_floor(void **state)
{
    static const struct {
        int64_t sets;
        struct event_rule rule;
        int64_t quantity;
    } rows[] = {
        {10,                     {.buffer_units = 3},                       7                 },
        {10,                     {.buffer_units = 3, .buffer_percent = 50}, 5                 },
        {10,                     {.buffer_units = 7, .buffer_percent = 50}, 3                 },
        {10,                     {.buffer_units = 10},                      0                 },
        {10,                     {.buffer_units = 11},                      0                 },
        {10,                     {.cap = 4},                                4                 },
        {3,                      {.cap = 4},                                3                 },
        {10,                     {.cap = 4, .buffer_units = 8},             2                 },
        {10,                     {.floor = 10},                             10                },
        {10,                     {.floor = 11},                             0                 },
        {10,                     {.floor = 3, .buffer_units = 8},           0                 },
        {10,                     {.floor = 5, .cap = 4},                    0                 },
        {0,                      {.floor = 0},                              0                 },
        {-4,                     {.buffer_percent = 10},                    0                 },
        {-4,                     {.buffer_units = 2},                       0                 },
        {INT64_MIN,              {.buffer_percent = 100},                   0                 },
        {INT64_MAX,              {.buffer_percent = 99},                    EVENT_QUANTITY_MAX},
        {INT64_MAX,              {.buffer_percent = 100},                   0                 },
        {EVENT_QUANTITY_MAX + 1, {0},                                       EVENT_QUANTITY_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(stock_quantity_under_rule(rows[i].sets, &rows[i].rule, 0),
                         rows[i].quantity);
    assert_int_equal(stock_quantity_under_rule(7, NULL, 0), 7);
    assert_int_equal(stock_quantity_under_rule(7, NULL, 3), 7); /* no rule, no bound */
    assert_int_equal(stock_quantity_under_rule(-7, NULL, 0), 0);
    assert_int_equal(stock_quantity_under_rule(INT64_MAX, NULL, 0), EVENT_QUANTITY_MAX);
}

static void the_largest_buffer_counts(void **state)
{
    static const struct {
        int64_t sets;
        struct event_rule rule;
        int64_t priced;
        int64_t buffer;
    } rows[] = {
        {100, {.buffer_units = 3, .buffer_percent = 2},   1,                  3                 },
        {100, {.buffer_units = 3, .buffer_percent = 4},   1,                  4                 },
        {100, {.buffer_units = 3, .buffer_percent = 4},   5,                  5                 },
        {101, {.buffer_units = 3, .buffer_percent = 5},   5,                  6                 },
        {0,   {.buffer_percent = 100},                    0,                  0                 },
        {-1,  {.buffer_percent = 100, .safety_stock = 9}, 2,                  2                 },
        {5,   {.buffer_units = 1},                        EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(stock_buffer_under_rule(rows[i].sets, &rows[i].rule, rows[i].priced),
                         rows[i].buffer);
    assert_int_equal(stock_buffer_under_rule(9, NULL, 9), 0);
}

/* Closest first, as stock.h says it. */
static const struct stock_rule ladder[] = {
    {"listing",           1, {.channel = "shop", .listing = "hat", .sku = "", .tier = ""}},
    {"sku with channel",  2, {.channel = "shop", .listing = "", .sku = "cap", .tier = ""}},
    {"sku",               3, {.channel = "", .listing = "", .sku = "cap", .tier = ""}    },
    {"tier with channel", 4, {.channel = "shop", .listing = "", .sku = "", .tier = "T2"} },
    {"tier",              5, {.channel = "", .listing = "", .sku = "", .tier = "T2"}     },
    {"channel",           6, {.channel = "shop", .listing = "", .sku = "", .tier = ""}   },
    {"everything",        7, {.channel = "", .listing = "", .sku = "", .tier = ""}       },
};
enum { LISTING = 1, SKU_CHANNEL = 2, SKU = 4, TIER_CHANNEL = 8, TIER = 16, CHANNEL = 32, ALL = 64 };

/* A listing: channel, name, its only SKU, the tier of that. */
struct of {
    const char *channel;
    const char *listing;
    const char *sku;
    const char *tier;
};

/* With the rules of the set, in either order, picks the first of them that is one of `fitting`. */
static void assert_closest(size_t set, bool is_reversed, const struct of *of, size_t fitting)
{
    const struct stock_rule *some[ARRAY_LEN(ladder)];
    const struct stock_rule *expected = NULL;
    size_t len = 0;

    for (size_t i = 0; i < ARRAY_LEN(ladder); i++) {
        size_t at = is_reversed ? ARRAY_LEN(ladder) - 1 - i : i;

        if ((set >> at & 1) != 0)
            some[len++] = &ladder[at];
        if (expected == NULL && (set & fitting) >> i & 1)
            expected = &ladder[i];
    }
    assert_ptr_equal(stock_pick_rule(some, len, of->channel, of->listing, of->sku, of->tier),
                     expected);
}

/* The closer scope wins, however new a wider one is. */
static void the_closest_rule_wins(void **state)
{
    static const struct {
        struct of of;
        size_t fitting; /* which of the ladder are for it */
    } rows[] = {
        {{"shop", "hat", "cap", "T2"},  127                                },
        {{"shop", "coat", "cap", "T2"}, 127 - LISTING                      },
        {{"shop", "hat", "cap", "T1"},  127 - TIER - TIER_CHANNEL          },
        {{"mall", "hat", "cap", "T2"},  SKU + TIER + ALL                   },
        {{"shop", "coat", "tie", "T2"}, TIER_CHANNEL + TIER + CHANNEL + ALL},
        {{"shop", "coat", "tie", ""},   CHANNEL + ALL                      },
        {{"shop", "hat", "", ""},       LISTING + CHANNEL + ALL            },
        {{"shop", "set", "", ""},       CHANNEL + ALL                      },
        {{"mall", "coat", "tie", "T2"}, TIER + ALL                         },
        {{"mall", "coat", "tie", "T4"}, ALL                                },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t set = 0; set < 1 << ARRAY_LEN(ladder); set++) {
            assert_closest(set, false, &rows[i].of, rows[i].fitting);
            assert_closest(set, true, &rows[i].of, rows[i].fitting);
        }
    }
}

static void within_a_scope_the_newest_rule_wins_then_the_greater_id(void **state)
{
    static const struct stock_rule rules[] = {
        {"z", 1, {.channel = "shop", .listing = "", .sku = "", .tier = ""}},
        {"b", 2, {.channel = "shop", .listing = "", .sku = "", .tier = ""}},
        {"a", 2, {.channel = "shop", .listing = "", .sku = "", .tier = ""}},
    };
    const struct stock_rule *forth[] = {&rules[0], &rules[1], &rules[2]};
    const struct stock_rule *back[] = {&rules[2], &rules[1], &rules[0]};

    (void)state;
    assert_ptr_equal(stock_pick_rule(forth, 3, "shop", "hat", "cap", "T1"), &rules[1]);
    assert_ptr_equal(stock_pick_rule(back, 3, "shop", "hat", "cap", "T1"), &rules[1]);
}

static void an_older_rule_is_kept_but_not_in_force(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(10, 20));

    assert_int_equal(put(&shop, ruled(50, (struct event_rule){.buffer_units = 2})), STOCK_APPLIED);
    assert_int_equal(put(&shop, ruled(40, (struct event_rule){.buffer_units = 5})), STOCK_NOTED);
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 8);
    assert_int_equal(shop.store.rules.len, 2);
}

static void a_listing_shows_what_is_sellable_and_not_committed(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_listing_change *changes = NULL;
    shop_open(&shop);

    put(&shop, mapped(&shop, "cap", 3, 10));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_listings(shop.stock, &changes), 1);
    assert_true(changes[0].quantity_changed);
    assert_int_equal(changes[0].listing->quantity, 0);
    assert_string_equal(changes[0].listing->address, "hat-1");
    assert_string_equal(stock_listing_sku(shop.stock, changes[0].listing), "cap");
    store_save(&shop.store, shop.stock);
    shop.stock = stock_new(shop.store.arena);
    store_load_all(&shop.store, shop.stock);

    put(&shop, counted(11, 20));
    put(&shop, report((struct event_order_line){.ordered = 1}));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 2); /* (11 - 3) / 3 */
    assert_string_equal(listing_of(&shop, "hat")->rule_id, "");
    assert_string_equal(listing_of(&shop, "hat")->event_id, shop.id);
}

static void a_bundle_shows_its_scarcest_component(void **state)
{
    static const struct event_component set[] = {
        {"cap",  2},
        {"tie",  1},
        {"sash", 3}
    };
    static const struct {
        int64_t cap;
        int64_t tie;
        int64_t sash;
        int64_t sets;
    } rows[] = {
        {8, 9, 30, 4},
        {9, 3, 30, 3},
        {8, 9, 8,  2},
        {8, 0, 30, 0},
        {1, 9, 30, 0}
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        shop_open(&shop);
        put(&shop, mapped_to(10, (struct event_mapping){.components = set, .components_len = 3}));

        put(&shop, counted(rows[i].cap, 20));
        put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                              (struct event_stock){.sku = "tie", .quantity = rows[i].tie}));
        put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                              (struct event_stock){.sku = "sash", .quantity = rows[i].sash}));
        settle(&shop);

        assert_int_equal(listing_of(&shop, "hat")->quantity, rows[i].sets);
        assert_string_equal(stock_listing_sku(shop.stock, listing_of(&shop, "hat")), "");
    }
}

static void selling_a_component_lowers_every_listing_that_has_it(void **state)
{
    static const struct event_component set[] = {
        {"cap", 2},
        {"tie", 1}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, mapped_to(10, (struct event_mapping){.channel = "mall",
                                                    .listing = "set",
                                                    .components = set,
                                                    .components_len = 2}));
    put(&shop, counted(10, 20));
    put(&shop,
        stock_fact(EVENT_STOCK_COUNTED, 20, (struct event_stock){.sku = "tie", .quantity = 50}));
    settle(&shop);

    put(&shop, report((struct event_order_line){.ordered = 3}));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 7);
    assert_int_equal(listing_of(&shop, "set")->quantity, 3);
    assert_string_equal(listing_of(&shop, "set")->event_id, shop.id);
    assert_int_equal(listing_of(&shop, "set")->sold_here, 0);
    assert_int_equal(listing_of(&shop, "hat")->sold_here, 3);
}

static void a_rule_names_its_pools_and_buckets(void **state)
{
    static const char *const pools[] = {"wh", "east"};
    static const char *const buckets[] = {"sellable", "quarantine"};
    static const struct {
        size_t pools_len;
        size_t buckets_len;
        int64_t quantity; /* committed 1 at wh */
    } rows[] = {
        {0, 0, 9 },
        {1, 0, 9 },
        {2, 0, 29},
        {0, 1, 9 },
        {0, 2, 12},
        {2, 2, 32},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SCOPED(shop) struct shop shop;
        shop_open(&shop);
        put(&shop, mapped(&shop, "cap", 1, 10));
        put(&shop, counted(10, 20));
        put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                              (struct event_stock){.bucket = "quarantine", .quantity = 3}));
        put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                              (struct event_stock){.pool = "east", .quantity = 20}));
        put(&shop, report((struct event_order_line){.ordered = 1}));

        put(&shop, ruled(30, (struct event_rule){.channel = "shop",
                                                 .pools = pools,
                                                 .pools_len = rows[i].pools_len,
                                                 .buckets = buckets,
                                                 .buckets_len = rows[i].buckets_len}));
        settle(&shop);

        assert_int_equal(listing_of(&shop, "hat")->quantity, rows[i].quantity);
        assert_string_equal(listing_of(&shop, "hat")->rule_id, shop.id);
    }
}

static void a_rule_of_a_sku_is_not_for_bundles_with_it(void **state)
{
    static const struct event_component set[] = {
        {"cap", 1},
        {"tie", 1}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, mapped_to(10, (struct event_mapping){
                                 .listing = "set", .components = set, .components_len = 2}));
    put(&shop, counted(10, 20));
    put(&shop,
        stock_fact(EVENT_STOCK_COUNTED, 20, (struct event_stock){.sku = "tie", .quantity = 10}));

    put(&shop, ruled(30, (struct event_rule){.sku = "cap", .buffer_units = 4}));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 6);
    assert_int_equal(listing_of(&shop, "set")->quantity, 10);
}

static void the_newest_mapping_makes_the_target(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "tie", 1, 900));
    put(&shop, counted(10, 20));

    put(&shop, mapped(&shop, "cap", 1, 10));
    settle(&shop);
    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
    put(&shop, mapped(&shop, "cap", 5, 901));
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 2);
    assert_string_equal(listing_of(&shop, "hat")->mapping_id, shop.id);
    assert_string_equal(listing_of(&shop, "hat")->event_id, shop.id);
}

/* A listing row changes for five reasons; only two of them are sent to the channel. */
static void a_retired_listing_shows_zero_where_it_stood(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(5, 20));
    struct event retired = mapped_to(60, (struct event_mapping){0});
    retired.mapping.address = "";
    put(&shop, retired);
    settle(&shop);

    assert_int_equal(listing_of(&shop, "hat")->quantity, 0);
    assert_string_equal(listing_of(&shop, "hat")->address, "hat-1");
}

static void only_a_new_quantity_or_address_is_sent(void **state)
{
    static const struct event_component caps[] = {
        {"cap", 1}
    };

    (void)state;
    SCOPED(shop) struct shop shop;
    const struct stock_listing_change *changes = NULL;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    put(&shop, counted(10, 20));
    settle(&shop);

    put(&shop, adjusted(1, 19)); /* replaced by the count */
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_listings(shop.stock, &changes), 0);
    settle(&shop);

    put(&shop, ruled(30, (struct event_rule){.buffer_units = 0}));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_listings(shop.stock, &changes), 1);
    assert_false(changes[0].quantity_changed);
    assert_string_equal(changes[0].listing->event_id, shop.id);
    settle(&shop);

    put(&shop, mapped_to(40, (struct event_mapping){
                                 .address = "hat-2", .components = caps, .components_len = 1}));
    stock_settle(shop.stock);
    assert_int_equal(stock_changed_listings(shop.stock, &changes), 1);
    assert_true(changes[0].quantity_changed);
    assert_string_equal(changes[0].listing->address, "hat-2");
    assert_int_equal(changes[0].listing->quantity, 10);
}

static void the_last_event_that_changed_an_input_is_named(void **state)
{
    (void)state;
    SCOPED(shop) struct shop shop;
    shop_open(&shop);
    put(&shop, mapped(&shop, "cap", 1, 10));
    settle(&shop);

    put(&shop, counted(10, 20));
    const char *counted_by = shop.id;
    put(&shop, stock_fact(EVENT_STOCK_COUNTED, 20,
                          (struct event_stock){.bucket = "damaged", .quantity = 3}));
    put(&shop,
        stock_fact(EVENT_STOCK_COUNTED, 20, (struct event_stock){.sku = "tie", .quantity = 3}));
    struct event observation = event_at(EVENT_OBSERVATION, 30);
    observation.observation = (struct event_observation){"hat", "", "", true, 9, 30, ""};
    put(&shop, observation);
    assert_int_equal(shop.verdict, STOCK_NOTED);
    settle(&shop);

    assert_string_equal(listing_of(&shop, "hat")->event_id, counted_by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_percent_buffer_is_rounded_up),
        cmocka_unit_test(a_rule_is_buffer_then_cap_then_floor),
        cmocka_unit_test(the_largest_buffer_counts),
        cmocka_unit_test(the_closest_rule_wins),
        cmocka_unit_test(within_a_scope_the_newest_rule_wins_then_the_greater_id),
        cmocka_unit_test(an_older_rule_is_kept_but_not_in_force),
        cmocka_unit_test(a_listing_shows_what_is_sellable_and_not_committed),
        cmocka_unit_test(a_bundle_shows_its_scarcest_component),
        cmocka_unit_test(selling_a_component_lowers_every_listing_that_has_it),
        cmocka_unit_test(a_rule_names_its_pools_and_buckets),
        cmocka_unit_test(a_rule_of_a_sku_is_not_for_bundles_with_it),
        cmocka_unit_test(the_newest_mapping_makes_the_target),
        cmocka_unit_test(a_retired_listing_shows_zero_where_it_stood),
        cmocka_unit_test(only_a_new_quantity_or_address_is_sent),
        cmocka_unit_test(the_last_event_that_changed_an_input_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
