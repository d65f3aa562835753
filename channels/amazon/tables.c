#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/utf8.h"
#include "lib/csv/csv.h"

#include "channels/amazon/internal.h"

/* ---- lines ---- */

struct amazon_row {
    const char *const *names;
    size_t names_len;
    struct csv_row cells;
};

/* Japan's listing reports have names of their own, whatever the locale that was asked for [1.4]. */
static const struct {
    const char *name;
    const char *local;
} local_names[] = {
    {"seller-sku",          "出品者SKU"                              },
    {"quantity",            "数量"                                    },
    {"quantity",            "在庫数"                                 },
    {"fulfillment-channel", "フルフィルメント・チャンネル"},
    {"fulfillment-channel", "fulfilment-channel"                        },
};

static bool is_named(const char *name, const char *column)
{
    if (channel_amazon_is(name, column))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(local_names); i++) {
        if (strcmp(local_names[i].name, column) == 0 && strcmp(local_names[i].local, name) == 0)
            return true;
    }
    return false;
}

/* Of columns that repeat, the first [1.4]. */
static size_t place_of(const struct amazon_row *row, const char *column)
{
    for (size_t i = 0; i < row->names_len; i++) {
        if (is_named(row->names[i], column))
            return i;
    }
    return CSV_CELLS_MAX;
}

bool channel_amazon_has_column(const struct amazon_row *row, const char *column)
{
    return place_of(row, column) < CSV_CELLS_MAX;
}

const char *channel_amazon_cell(const struct amazon_row *row, const char *column)
{
    size_t at = place_of(row, column);

    return at < row->cells.len ? row->cells.cells[at].text : "";
}

bool channel_amazon_cell_units(const struct amazon_row *row, const char *column, int64_t *ret_units,
                               bool *ret_told)
{
    const char *text = channel_amazon_cell(row, column);
    char *end = NULL;

    *ret_told = false;
    if (text[0] == '\0')
        return true;
    long long units = strtoll(text, &end, 10);
    if (*end != '\0' || text[0] == ' ' || units < -EVENT_QUANTITY_MAX || units > EVENT_QUANTITY_MAX)
        return false;
    *ret_units = units;
    *ret_told = true;
    return true;
}

bool channel_amazon_cell_refuse(const struct amazon_row *row, const char *column, struct err *err)
{
    return err_set(err, ERR_REJECT, "%s is '%.50s', want a whole number", column,
                   channel_amazon_cell(row, column));
}

/* ---- tables ---- */

static size_t bom_len(const char *bytes, size_t len)
{
    return len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool channel_amazon_is_table(const void *bytes, size_t len)
{
    const char *text = bytes;
    size_t at = bom_len(text, len);
    const char *line_end = memchr(text + at, '\n', len - at);
    size_t line = line_end == NULL ? len - at : (size_t)(line_end - text) - at;

    if (line == 0 || strchr("{[<", text[at]) != NULL)
        return false;
    return memchr(text + at, '\t', line) != NULL || memchr(text + at, ',', line) != NULL;
}

static bool each_row(struct csv *csv, struct amazon_row *row, amazon_row_visit *visit, void *opaque,
                     struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();

    for (;;) {
        arena_reset(arena);
        if (!csv_next(csv, arena, &row->cells, err))
            return false;
        if (row->cells.len == 0)
            return true;
        if (!visit(opaque, row, err))
            return err_wrap(err, "line %zu", row->cells.cells[0].line);
    }
}

static const char *const *names_of(const struct csv_row *row, struct arena *arena)
{
    const char **names = arena_alloc(arena, row->len * sizeof(*names));

    for (size_t i = 0; i < row->len; i++)
        names[i] = row->cells[i].text;
    return names;
}

bool channel_amazon_table(const struct channel_account *account, const void *bytes, size_t len,
                          amazon_row_visit *head, amazon_row_visit *visit, void *opaque,
                          struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct amazon_row *row = arena_alloc(arena, sizeof(*row));
    const char *text = NULL;
    struct csv csv;

    if (!channel_amazon_decode(account, bytes, len, arena, &text, &len, err))
        return false;
    size_t bom = bom_len(text, len);
    const char *line_end = memchr(text + bom, '\n', len - bom);
    size_t line = line_end == NULL ? len - bom : (size_t)(line_end - text) - bom;
    char delimiter = memchr(text + bom, '\t', line) != NULL ? '\t' : ',';
    /* Exports of Seller Central are quoted throughout; elsewhere a quote is an inch. */
    csv_begin(&csv, text, len, delimiter, line == 0 || text[bom] != '"');
    if (!csv_next(&csv, arena, &row->cells, err))
        return false;
    if (row->cells.len == 0)
        return err_set(err, ERR_REJECT, "the report is empty");
    row->names = names_of(&row->cells, arena);
    row->names_len = row->cells.len;
    if (head != NULL && !head(opaque, row, err))
        return false;
    return each_row(&csv, row, visit, opaque, err);
}

/* ---- tables of Amazon's own stock ---- */

struct stock_column {
    const char *name;
    const char *bucket; /* NULL: the row's condition says */
};

/* The first column that a table has says which it is. A row is of one part of the SKU's units. */
static const struct stock_table {
    const char *name;
    struct stock_column columns[4];
    const char *part;
} stock_tables[] = {
    {"afn",      {{"Quantity Available", NULL}},                   "Warehouse-Condition-code"},
    {"country",  {{"quantity-for-local-fulfillment", "sellable"}}, "country"                 },
    {"myi",
     {{"afn-fulfillable-quantity", "sellable"},
      {"afn-unsellable-quantity", "unfulfillable"},
      {"afn-reserved-quantity", "reserved"},
      {"afn-researching-quantity", "researching"}},
     "store"                                                                                 },
    {"reserved", {{"reserved_qty", "reserved"}},                   "store"                   },
};

static const struct stock_table *stock_table_of(const struct amazon_row *head)
{
    for (size_t i = 0; i < ARRAY_LEN(stock_tables); i++) {
        if (channel_amazon_has_column(head, stock_tables[i].columns[0].name))
            return &stock_tables[i];
    }
    return NULL;
}

bool channel_amazon_is_stock(const struct amazon_row *head)
{
    return stock_table_of(head) != NULL;
}

struct sums {
    struct map *places; /* of units in the list, by a key */
    struct amazon_units *list;
    size_t len;
    size_t capacity;
};

struct stock_reading {
    const struct channel_account *account;
    const struct stock_table *table;
    struct arena *arena;
    struct sums by_seller; /* SKU, part, bucket, seller's SKU */
    struct sums by_part;
    struct sums by_sku;
};

/* The one of this key, made with 0 units when there is none. */
static struct amazon_units *sums_at(struct arena *arena, struct sums *sums, const char *const *key,
                                    size_t key_len, const struct amazon_units *units)
{
    const char *text = arena_join(arena, key, key_len, '\n');
    size_t *place = map_get(sums->places, text);

    if (place != NULL)
        return &sums->list[*place];
    place = arena_alloc(arena, sizeof(*place));
    *place = sums->len;
    map_set(sums->places, text, place);
    sums->list = arena_grow(arena, sums->list, sums->len, &sums->capacity, sizeof(*sums->list));
    sums->list[sums->len] = *units;
    sums->list[sums->len].units = 0;
    return &sums->list[sums->len++];
}

static const char *either(const struct amazon_row *row, const char *const *columns)
{
    for (; *columns != NULL; columns++) {
        const char *cell = channel_amazon_cell(row, *columns);

        if (cell[0] != '\0')
            return cell;
    }
    return "";
}

const char *channel_amazon_row_sku(const struct channel_account *account,
                                   const struct amazon_row *row)
{
    static const char *const fnskus[] = {"fnsku", "fulfillment-channel-sku", NULL};
    static const char *const skus[] = {"sku", "seller-sku", "msku", NULL};

    return channel_amazon_fba_sku(account, either(row, fnskus), either(row, skus));
}

static bool add_column(struct stock_reading *reading, const struct amazon_row *row,
                       const struct stock_column *column, const char *sku, struct err *err)
{
    static const char *const sellers[] = {"sku", "seller-sku", NULL};
    struct arena *arena = reading->arena;
    const char *part = channel_amazon_cell(row, reading->table->part);
    const char *seller = either(row, sellers);
    int64_t units = 0;
    bool told = false;

    if (!channel_amazon_cell_units(row, column->name, &units, &told))
        return channel_amazon_cell_refuse(row, column->name, err);
    if (!told)
        return true;
    const char *bucket = column->bucket != NULL                ? column->bucket
                         : channel_amazon_is(part, "SELLABLE") ? "sellable"
                                                               : "unfulfillable";
    const char *key[] = {sku, part, bucket, seller};
    const struct amazon_units one = {arena_strdup(arena, sku), arena_strdup(arena, part), bucket,
                                     0};
    sums_at(arena, &reading->by_seller, key, ARRAY_LEN(key), &one)->units += units;
    return true;
}

static bool add_row(void *opaque, const struct amazon_row *row, struct err *err)
{
    struct stock_reading *reading = opaque;
    const char *sku = channel_amazon_row_sku(reading->account, row);

    if (sku[0] == '\0')
        return err_set(err, ERR_REJECT, "neither fnsku nor sku");
    for (size_t i = 0; i < ARRAY_LEN(reading->table->columns); i++) {
        const struct stock_column *column = &reading->table->columns[i];

        if (column->name != NULL && !add_column(reading, row, column, sku, err))
            return false;
    }
    return true;
}

static bool take_head(void *opaque, const struct amazon_row *row, struct err *err)
{
    struct stock_reading *reading = opaque;

    reading->table = stock_table_of(row);
    return reading->table != NULL ||
           err_set(err, ERR_REJECT, "no column 'Quantity Available', nor one like it");
}

/* Seller SKUs of one FNSKU share its units, and each shows them all [1.4]: the greatest of them is
   what is there, and parts (conditions, countries) add up. */
static void add_up(struct stock_reading *reading)
{
    struct arena *arena = reading->arena;

    for (size_t i = 0; i < reading->by_seller.len; i++) {
        const struct amazon_units *one = &reading->by_seller.list[i];
        const char *key[] = {one->sku, one->part, one->bucket};
        struct amazon_units *part = sums_at(arena, &reading->by_part, key, ARRAY_LEN(key), one);

        if (one->units > part->units)
            part->units = one->units;
    }
    for (size_t i = 0; i < reading->by_part.len; i++) {
        const struct amazon_units *part = &reading->by_part.list[i];
        const char *key[] = {part->sku, part->bucket};

        sums_at(arena, &reading->by_sku, key, ARRAY_LEN(key), part)->units += part->units;
    }
}

bool channel_amazon_stock(const struct channel_account *account, const void *bytes, size_t len,
                          const struct amazon_stock_visit *visit, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(map) struct map *sellers = map_new();
    SCOPED(map) struct map *parts = map_new();
    SCOPED(map) struct map *skus = map_new();
    struct stock_reading reading = {
        .account = account,
        .arena = arena,
        .by_seller = {.places = sellers},
        .by_part = {.places = parts},
        .by_sku = {.places = skus},
    };

    if (!channel_amazon_table(account, bytes, len, take_head, add_row, &reading, err))
        return false;
    add_up(&reading);
    for (size_t i = 0; i < reading.by_sku.len; i++) {
        const struct amazon_units *one = &reading.by_sku.list[i];

        if (!visit->visit(visit->opaque, reading.table->name, one, err))
            return false;
    }
    return true;
}
