#include "tools/stockctl/verify.h"

#include "sql.h"

/* ---- what the fold ends in ---- */

#define FIELD(kind, member)                          \
    {                                                \
#member, FIELD_##kind, offsetof(ROW, member) \
    }

#define ROW struct stock_position
static const struct stockctl_field position_fields[] = {FIELD(TEXT, sku), FIELD(TEXT, pool),
                                                        FIELD(TEXT, bucket), FIELD(INT, quantity)};
#undef ROW
#define ROW struct stock_count
static const struct stockctl_field count_fields[] = {FIELD(TEXT, sku),       FIELD(TEXT, pool),
                                                     FIELD(TEXT, bucket),    FIELD(TEXT, event_id),
                                                     FIELD(INT, counted_ms), FIELD(INT, quantity)};
#undef ROW
#define ROW struct stock_line
static const struct stockctl_field line_fields[] = {
    FIELD(TEXT, channel),   FIELD(TEXT, order_id),  FIELD(TEXT, line_id),
    FIELD(TEXT, listing),   FIELD(INT, ordered),    FIELD(INT, reported_cancelled),
    FIELD(INT, placed_ms),  FIELD(INT, version_ms), FIELD(TEXT, status),
    FIELD(TEXT, report_id), FIELD(INT, voided_ms),  FIELD(INT, cancelled),
    FIELD(INT, shipped),    FIELD(INT, returned),   FIELD(TEXT, mapping_id),
    FIELD(TEXT, waiting)};
#undef ROW
#define ROW struct stock_oversell
static const struct stockctl_field oversell_fields[] = {
    FIELD(TEXT, sku),     FIELD(TEXT, pool),     FIELD(TEXT, event_id),
    FIELD(TEXT, channel), FIELD(TEXT, order_id), FIELD(INT, available)};
#undef ROW

struct verify_listing {
    const char *channel;
    const char *listing;
    const char *address;
    const char *sku;
    int64_t quantity;
    int64_t sold_here;
    int64_t open_here;
    const char *mapping_id;
    const char *rule_id;
    const char *tier;
    int64_t priced;
    const char *measurement_id;
    const char *latency_id;
};

#define ROW struct verify_listing
static const struct stockctl_field listing_fields[] = {
    FIELD(TEXT, channel),   FIELD(TEXT, listing),    FIELD(TEXT, address),
    FIELD(TEXT, sku),       FIELD(INT, quantity),    FIELD(INT, sold_here),
    FIELD(INT, open_here),  FIELD(TEXT, mapping_id), FIELD(TEXT, rule_id),
    FIELD(TEXT, tier),      FIELD(INT, priced),      FIELD(TEXT, measurement_id),
    FIELD(TEXT, latency_id)};
#undef ROW

#define TABLE(name, of, keys)                                                               \
    {                                                                                       \
        name, sql_stockctl_declare_proof_##of##s, of##_fields, ARRAY_LEN(of##_fields), keys \
    }
static const struct stockctl_table position_table = TABLE("positions", position, 3);
static const struct stockctl_table count_table = TABLE("counts", count, 3);
static const struct stockctl_table line_table = TABLE("order_lines", line, 3);
static const struct stockctl_table listing_table = TABLE("listings", listing, 2);
static const struct stockctl_table oversell_table = TABLE("oversells", oversell, 2);

static bool verify_table(struct verify *verify, const struct stockctl_table *table,
                         const void *rows, size_t count, int64_t *ret_checked, struct err *err)
{
    const void **sorted = arena_memdup(verify->arena, rows, count * sizeof(*sorted));

    return stockctl_compare_table(verify->pg, table, sorted, count, &verify->differences,
                                  ret_checked, err);
}

static bool verify_listings(struct verify *verify, const struct stock *stock, struct err *err)
{
    const struct stock_listing_change *changes = NULL;
    size_t count = stock_changed_listings(stock, &changes);
    const void **rows = arena_alloc(verify->arena, count * sizeof(*rows));
    int64_t ignored = 0;

    for (size_t i = 0; i < count; i++) {
        const struct stock_listing *listing = changes[i].listing;
        const struct verify_listing row = {listing->channel,   listing->listing,
                                           listing->address,   stock_listing_sku(stock, listing),
                                           listing->quantity,  listing->sold_here,
                                           listing->open_here, listing->mapping_id,
                                           listing->rule_id,   listing->tier,
                                           listing->priced,    listing->measurement_id,
                                           listing->latency_id};

        rows[i] = arena_memdup(verify->arena, &row, sizeof(row));
    }
    return verify_table(verify, &listing_table, rows, count, &ignored, err);
}

static bool verify_oversells(struct verify *verify, const struct stock *stock, struct err *err)
{
    const struct stock_oversell *const *all = NULL;
    size_t count = stock_changed_oversells(stock, &all);
    const void **open = arena_alloc(verify->arena, count * sizeof(*open));
    size_t len = 0;
    int64_t ignored = 0;

    for (size_t i = 0; i < count; i++) {
        if (all[i]->open)
            open[len++] = all[i];
    }
    return verify_table(verify, &oversell_table, open, len, &ignored, err);
}

bool stockctl_verify_rows(struct verify *verify, struct err *err)
{
    const struct stock *stock = stockctl_proof_end(verify->proof);
    const struct stock_position *const *positions = NULL;
    const struct stock_count *const *counts = NULL;
    const struct stock_line *const *lines = NULL;
    size_t positions_len = stock_changed_positions(stock, &positions);
    size_t counts_len = stock_new_counts(stock, &counts);
    size_t lines_len = stock_changed_lines(stock, &lines);
    int64_t ignored = 0;

    return verify_table(verify, &position_table, positions, positions_len, &verify->positions,
                        err) &&
           verify_table(verify, &count_table, counts, counts_len, &ignored, err) &&
           verify_table(verify, &line_table, lines, lines_len, &ignored, err) &&
           verify_listings(verify, stock, err) && verify_oversells(verify, stock, err);
}
