/* The values come from `python3 tests/harness/chain.py`, which has its own code for them. */
#include "lib/stock/chain.h"

#include "tests/unit/stock/harness.h"

static const struct stock_chain_place first_place = {3, INT64_C(820982911946154508), 0};
static const struct stock_movement first_row = {
    .event_id = "0b0c6f6e-43e5-5d3f-9a53-0e62bd5ad6f1",
    .sku = "hat-ä",
    .pool = "main",
    .bucket = "committed",
    .delta = 2,
    .effect = 2,
    .balance = 7,
    .occurred_ms = INT64_C(1763716620123),
    .reason = "placed",
};

static void assert_value(const unsigned char *value, const char *hex)
{
    struct buf text = {0};

    buf_hex(&text, value, STOCK_CHAIN_LEN);
    assert_string_equal(buf_str(&text), hex);
    buf_release(&text);
}

static void a_chain_has_the_values_of_its_definition(void **state)
{
    unsigned char value[STOCK_CHAIN_LEN];
    struct stock_movement second_row = first_row;

    (void)state;
    second_row.bucket = "sellable";
    second_row.delta = -2;
    second_row.effect = 0;
    second_row.balance = -1;
    second_row.occurred_ms = -1;
    second_row.reason = "shipped";

    stock_chain_genesis("stockbus.events.v1", 3, 1, NULL, value);
    assert_value(value, "29effa0a7591ac4ac3f7d6d2e7ab231886ecf4e71b69062b99099d15eee0bd2a");
    stock_chain_add(value, &first_place, &first_row);
    assert_value(value, "1566db18c63ececf1d8ed65ba402c6cf3cb90a83d490fad8e1975bbec773eeac");
    stock_chain_add(value, &(struct stock_chain_place){3, first_place.offset, 1}, &second_row);
    assert_value(value, "9ee7c1afa3b49362df777bd55cca16f5c73655534877b5daa55ea20b5e435c8e");
    stock_chain_genesis("stockbus.events.v1", 3, 2, value, value);
    assert_value(value, "ce05087253ef197df7496c76afe0102e6cc5c3d3233b74161292680423784364");
}

static void assert_another(const unsigned char *value, const struct stock_chain_place *place,
                           const struct stock_movement *row)
{
    unsigned char other[STOCK_CHAIN_LEN] = {0};

    stock_chain_add(other, place, row);
    assert_memory_not_equal(other, value, STOCK_CHAIN_LEN);
}

static void every_field_counts(void **state)
{
    static const struct stock_chain_place places[] = {
        {4, first_place.offset,     0},
        {3, first_place.offset + 1, 0},
        {3, first_place.offset,     1},
    };
    unsigned char value[STOCK_CHAIN_LEN] = {0};

    (void)state;
    stock_chain_add(value, &first_place, &first_row);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        assert_another(value, &places[i], &first_row);
    for (int field = 0; field < 9; field++) {
        struct stock_movement row = first_row;
        const char **texts[] = {&row.event_id, &row.sku, &row.pool, &row.bucket, &row.reason};
        int64_t *numbers[] = {&row.delta, &row.effect, &row.balance, &row.occurred_ms};

        if (field < 5)
            *texts[field] = "other";
        else
            *numbers[field - 5] = 1;
        assert_another(value, &first_place, &row);
    }
}

/* "hat" in pool "main" is not "hatm" in pool "ain". */
static void fields_have_borders(void **state)
{
    unsigned char value[STOCK_CHAIN_LEN] = {0};
    struct stock_movement row = first_row;

    (void)state;
    row.sku = "hat";
    row.pool = "main";
    stock_chain_add(value, &first_place, &row);
    row.sku = "hatm";
    row.pool = "ain";
    assert_another(value, &first_place, &row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_has_the_values_of_its_definition),
        cmocka_unit_test(every_field_counts),
        cmocka_unit_test(fields_have_borders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
