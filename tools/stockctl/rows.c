#include "tools/stockctl/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/hash.h"
#include "lib/base/map.h"

enum { ROWS_CAPACITY_MIN = 16, ROWS_ID_LEN = 16, ROWS_ID_TEXT_LEN = 36 };

/* ---- names ---- */

struct name {
    uint32_t number;
    char text[];
};

struct stockctl_names {
    struct map *by_text;
    struct arena *arena;
    const struct name **all;
    size_t capacity;
};

struct stockctl_names *stockctl_names_new(void)
{
    struct stockctl_names *names = mem_calloc(1, sizeof(*names));

    names->by_text = map_new();
    names->arena = arena_new();
    return names;
}

void stockctl_names_free(struct stockctl_names *names)
{
    if (names == NULL)
        return;
    map_free(names->by_text);
    arena_free(names->arena);
    mem_free(names);
}

static const struct name *names_keep(struct stockctl_names *names, const char *text)
{
    struct name *name = map_get(names->by_text, text);
    size_t len = map_len(names->by_text);

    if (name != NULL)
        return name;
    name = arena_alloc(names->arena, sizeof(*name) + strlen(text) + 1);
    name->number = (uint32_t)len;
    memcpy(name->text, text, strlen(text) + 1);
    names->all = arena_grow(names->arena, names->all, len, &names->capacity, sizeof(*names->all));
    names->all[len] = name;
    map_set(names->by_text, name->text, name);
    return name;
}

const char *stockctl_names_keep(struct stockctl_names *names, const char *text)
{
    return names_keep(names, text)->text;
}

uint32_t stockctl_names_number(struct stockctl_names *names, const char *text)
{
    return names_keep(names, text)->number;
}

const char *stockctl_names_text(const struct stockctl_names *names, uint32_t number)
{
    return names->all[number]->text;
}

/* ---- packing: what is written is no beginning of anything else that is written ---- */

static void pack_number(struct buf *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buf_char(to, (char)(number | 0x80));
    buf_char(to, (char)number);
}

static uint64_t unpack_number(const unsigned char **at)
{
    uint64_t number = 0;
    int shift = 0;

    for (; **at >= 0x80; shift += 7)
        number |= (uint64_t)(*(*at)++ & 0x7f) << shift;
    return number | (uint64_t) * (*at)++ << shift;
}

void stockctl_pack_int(struct buf *to, int64_t value)
{
    pack_number(to, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

int64_t stockctl_unpack_int(const unsigned char **at)
{
    uint64_t number = unpack_number(at);

    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False: it is no UUID in lower case. */
static bool pack_uuid(struct buf *to, const char *text)
{
    unsigned char bytes[ROWS_ID_LEN];
    size_t len = 0;

    if (strlen(text) != ROWS_ID_TEXT_LEN)
        return false;
    for (size_t i = 0; i < ROWS_ID_TEXT_LEN; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return false;
            continue;
        }
        if (hex_digit(text[i]) < 0 || hex_digit(text[i + 1]) < 0)
            return false;
        bytes[len++] = (unsigned char)(hex_digit(text[i]) << 4 | hex_digit(text[i + 1]));
        i++;
    }
    buf_char(to, 1);
    buf_append(to, bytes, sizeof(bytes));
    return true;
}

static void pack_id(struct buf *to, const char *text)
{
    if (pack_uuid(to, text))
        return;
    buf_char(to, 2);
    buf_append(to, text, strlen(text) + 1);
}

/* Borrowed from the row, or from the text given. */
static const char *unpack_id(const unsigned char **at, char text[ROWS_ID_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    bool is_uuid = *(*at)++ == 1;
    char *to = text;

    if (!is_uuid) {
        const char *kept = (const char *)*at;

        *at += strlen(kept) + 1;
        return kept;
    }
    for (size_t i = 0; i < ROWS_ID_LEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[**at >> 4];
        *to++ = digits[*(*at)++ & 0xf];
    }
    *to = '\0';
    return text;
}

/* ---- rows ---- */

struct stockctl_row {
    struct stockctl_row *next; /* of the same slot */
    uint32_t mark;
    unsigned char bytes[];
};

struct stockctl_rows {
    const struct stockctl_table *table;
    struct stockctl_names *names;
    struct stockctl_row **slots; /* by the hash of the group */
    size_t capacity;
    size_t len;
    struct hash_key hash_key;
    struct buf packed;
};

struct stockctl_rows *stockctl_rows_new(const struct stockctl_table *table,
                                        struct stockctl_names *names)
{
    struct stockctl_rows *rows = mem_calloc(1, sizeof(*rows));

    rows->table = table;
    rows->names = names;
    rows->capacity = ROWS_CAPACITY_MIN;
    rows->slots = mem_calloc(rows->capacity, sizeof(*rows->slots));
    rows->hash_key.words[0] = hash_text(table->name);
    rows->hash_key.words[1] = hash_text(table->view);
    return rows;
}

void stockctl_rows_free(struct stockctl_rows *rows)
{
    if (rows == NULL)
        return;
    for (size_t i = 0; i < rows->capacity; i++) {
        while (rows->slots[i] != NULL) {
            struct stockctl_row *row = rows->slots[i];

            rows->slots[i] = row->next;
            mem_free(row);
        }
    }
    mem_free(rows->slots);
    buf_release(&rows->packed);
    mem_free(rows);
}

size_t stockctl_rows_len(const struct stockctl_rows *rows)
{
    return rows->len;
}

const struct stockctl_table *stockctl_rows_table(const struct stockctl_rows *rows)
{
    return rows->table;
}

uint32_t *stockctl_rows_mark(const struct stockctl_row *row)
{
    return (uint32_t *)(uintptr_t)&row->mark;
}

static void rows_pack(struct stockctl_rows *rows, const void *values, size_t from, size_t end)
{
    for (size_t i = from; i < end; i++) {
        const struct stockctl_field *field = &rows->table->fields[i];
        const char *member = (const char *)values + field->offset;

        if (field->kind == FIELD_INT) {
            stockctl_pack_int(&rows->packed, *(const int64_t *)member);
            continue;
        }
        const char *text = *(const char *const *)member;
        if (field->kind == FIELD_NAME)
            pack_number(&rows->packed, names_keep(rows->names, text)->number);
        else if (field->kind == FIELD_ID)
            pack_id(&rows->packed, text);
        else
            buf_append(&rows->packed, text, strlen(text) + 1);
    }
}

static void field_skip(const struct stockctl_field *field, const unsigned char **at)
{
    char ignored[ROWS_ID_TEXT_LEN + 1];

    if (field->kind == FIELD_TEXT)
        *at += strlen((const char *)*at) + 1;
    else if (field->kind == FIELD_ID)
        unpack_id(at, ignored);
    else
        unpack_number(at);
}

/* Of the first `count` fields. */
static size_t row_len(const struct stockctl_table *table, const unsigned char *bytes, size_t count)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < count; i++)
        field_skip(&table->fields[i], &at);
    return (size_t)(at - bytes);
}

/* Neither is the beginning of another, so they part before the shorter one ends. */
static bool row_begins(const struct stockctl_row *row, const void *bytes, size_t len)
{
    const unsigned char *with = bytes;

    for (size_t i = 0; i < len; i++) {
        if (row->bytes[i] != with[i])
            return false;
    }
    return true;
}

static struct stockctl_row **rows_slot(const struct stockctl_rows *rows, const void *bytes,
                                       size_t group_len)
{
    return &rows->slots[hash_bytes(rows->hash_key, bytes, group_len) & (rows->capacity - 1)];
}

uint64_t stockctl_rows_hash(const struct stockctl_rows *rows, const struct stockctl_row *row)
{
    return hash_bytes(rows->hash_key, row->bytes,
                      row_len(rows->table, row->bytes, rows->table->group_len));
}

static void rows_grow(struct stockctl_rows *rows)
{
    struct stockctl_row **was = rows->slots;
    size_t was_capacity = rows->capacity;

    rows->capacity *= 2;
    rows->slots = mem_calloc(rows->capacity, sizeof(*rows->slots));
    for (size_t i = 0; i < was_capacity; i++) {
        while (was[i] != NULL) {
            struct stockctl_row *row = was[i];
            struct stockctl_row **slot = rows_slot(
                rows, row->bytes, row_len(rows->table, row->bytes, rows->table->group_len));

            was[i] = row->next;
            row->next = *slot;
            *slot = row;
        }
    }
    mem_free(was);
}

/* Where the pointer to the row with this key stands, or could stand. The key is packed. */
static struct stockctl_row **rows_find(const struct stockctl_rows *rows, size_t group_len,
                                       size_t key_len)
{
    struct stockctl_row **at = rows_slot(rows, rows->packed.bytes, group_len);

    while (*at != NULL && !row_begins(*at, rows->packed.bytes, key_len))
        at = &(*at)->next;
    return at;
}

static struct stockctl_row **rows_find_key(struct stockctl_rows *rows, const void *values)
{
    const struct stockctl_table *table = rows->table;

    buf_clear(&rows->packed);
    rows_pack(rows, values, 0, table->group_len);
    size_t group_len = rows->packed.len;
    rows_pack(rows, values, table->group_len, table->keys_len);
    return rows_find(rows, group_len, rows->packed.len);
}

const struct stockctl_row *stockctl_rows_find(struct stockctl_rows *rows, const void *values)
{
    return *rows_find_key(rows, values);
}

const struct stockctl_row *stockctl_rows_put(struct stockctl_rows *rows, const void *values)
{
    if (rows->len == rows->capacity)
        rows_grow(rows);
    struct stockctl_row **at = rows_find_key(rows, values);
    struct stockctl_row *was = *at;
    rows_pack(rows, values, rows->table->keys_len, rows->table->fields_len);
    struct stockctl_row *row = mem_calloc(1, sizeof(*row) + rows->packed.len);

    memcpy(row->bytes, rows->packed.bytes, rows->packed.len);
    *at = row;
    if (was == NULL) {
        rows->len++;
        return row;
    }
    row->next = was->next;
    row->mark = was->mark;
    mem_free(was);
    return row;
}

void stockctl_rows_remove(struct stockctl_rows *rows, const void *values)
{
    struct stockctl_row **at = rows_find_key(rows, values);
    struct stockctl_row *row = *at;

    if (row == NULL)
        return;
    *at = row->next;
    mem_free(row);
    rows->len--;
}

/* ---- reading ---- */

const struct stockctl_row *stockctl_rows_first(struct stockctl_rows *rows, const void *values)
{
    buf_clear(&rows->packed);
    rows_pack(rows, values, 0, rows->table->group_len);
    return *rows_find(rows, rows->packed.len, rows->packed.len);
}

const struct stockctl_row *stockctl_rows_next(const struct stockctl_rows *rows,
                                              const struct stockctl_row *row)
{
    size_t len = row_len(rows->table, row->bytes, rows->table->group_len);
    const struct stockctl_row *next = row->next;

    while (next != NULL && !row_begins(next, row->bytes, len))
        next = next->next;
    return next;
}

const struct stockctl_row *stockctl_rows_hashed(const struct stockctl_rows *rows, uint64_t hash)
{
    return rows->slots[hash & (rows->capacity - 1)];
}

const struct stockctl_row *stockctl_rows_next_hashed(const struct stockctl_row *row)
{
    return row->next;
}

const struct stockctl_row *stockctl_rows_each(const struct stockctl_rows *rows, size_t *cursor,
                                              const struct stockctl_row *row)
{
    if (row != NULL && row->next != NULL)
        return row->next;
    for (; *cursor < rows->capacity; (*cursor)++) {
        if (rows->slots[*cursor] != NULL)
            return rows->slots[(*cursor)++];
    }
    return NULL;
}

void stockctl_rows_read(const struct stockctl_rows *rows, const struct stockctl_row *row,
                        struct arena *arena, void *ret_values)
{
    const unsigned char *at = row->bytes;
    char id[ROWS_ID_TEXT_LEN + 1];

    for (size_t i = 0; i < rows->table->fields_len; i++) {
        const struct stockctl_field *field = &rows->table->fields[i];
        char *member = (char *)ret_values + field->offset;

        if (field->kind == FIELD_INT) {
            *(int64_t *)member = stockctl_unpack_int(&at);
        } else if (field->kind == FIELD_NAME) {
            *(const char **)member = rows->names->all[unpack_number(&at)]->text;
        } else if (field->kind == FIELD_ID) {
            *(const char **)member = arena_strdup(arena, unpack_id(&at, id));
        } else {
            *(const char **)member = arena_strdup(arena, (const char *)at);
            at += strlen((const char *)at) + 1;
        }
    }
}

static const char *key_text(const struct stockctl_rows *rows, const struct stockctl_field *field,
                            const unsigned char **at, char id[ROWS_ID_TEXT_LEN + 1])
{
    const char *text = (const char *)*at;

    if (field->kind == FIELD_NAME)
        return rows->names->all[unpack_number(at)]->text;
    if (field->kind == FIELD_ID)
        return unpack_id(at, id);
    *at += strlen(text) + 1;
    return text;
}

static int key_order(const void *one, const void *other, void *opaque)
{
    const struct stockctl_rows *rows = opaque;
    const unsigned char *a = (*(const struct stockctl_row *const *)one)->bytes;
    const unsigned char *b = (*(const struct stockctl_row *const *)other)->bytes;
    char ids[2][ROWS_ID_TEXT_LEN + 1];
    int order = 0;

    for (size_t i = 0; order == 0 && i < rows->table->keys_len; i++) {
        const struct stockctl_field *field = &rows->table->fields[i];

        order = strcmp(key_text(rows, field, &a, ids[0]), key_text(rows, field, &b, ids[1]));
    }
    return order;
}

const struct stockctl_row **stockctl_rows_sorted(const struct stockctl_rows *rows)
{
    const struct stockctl_row **sorted = mem_calloc(rows->len + 1, sizeof(*sorted));
    const struct stockctl_row *row = NULL;
    size_t len = 0;

    for (size_t i = 0; (row = stockctl_rows_each(rows, &i, row)) != NULL;)
        sorted[len++] = row;
    assert(len == rows->len);
    if (len > 1)
        qsort_r(sorted, len, sizeof(*sorted), key_order, (void *)(uintptr_t)rows);
    return sorted;
}
