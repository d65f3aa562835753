#include <inttypes.h>
#include <string.h>

#include "tools/stockctl/verify.h"

/* ---- differences ---- */

/* partition -1: of the whole. */
static bool verify_wants(const struct verify *verify, int64_t partition)
{
    return verify->options->partition < 0 || verify->options->partition == partition;
}

void stockctl_verify_differs(struct verify *verify, const struct stockctl_difference *difference)
{
    if (verify_wants(verify, difference->partition))
        stockctl_differences_add(&verify->differences, difference, DIFFERENCE_BY_TOPIC);
}

const char *stockctl_verify_hex(struct verify *verify, const unsigned char value[STOCK_CHAIN_LEN])
{
    buf_clear(&verify->text);
    buf_hex(&verify->text, value, STOCK_CHAIN_LEN);
    return buf_str(&verify->text);
}

/* ---- movements: both sides in the order of replay ---- */

enum { MOVEMENT_FACT = 5, MOVEMENT_CHAIN = 14 };

#define AT(field) offsetof(struct stock_movement, field)
static const struct stockctl_field movement_fields[] = {
    {"event_id",    FIELD_TEXT, AT(event_id)   },
    {"sku",         FIELD_TEXT, AT(sku)        },
    {"pool",        FIELD_TEXT, AT(pool)       },
    {"bucket",      FIELD_TEXT, AT(bucket)     },
    {"delta",       FIELD_INT,  AT(delta)      },
    {"effect",      FIELD_INT,  AT(effect)     },
    {"balance",     FIELD_INT,  AT(balance)    },
    {"occurred_ms", FIELD_INT,  AT(occurred_ms)},
    {"reason",      FIELD_TEXT, AT(reason)     },
};
#undef AT

static struct stockctl_difference verify_at(enum stockctl_difference_kind kind,
                                            const struct stock_chain_place *place)
{
    struct stockctl_difference difference = stockctl_difference_of(kind, "movements");

    difference.partition = place->partition;
    difference.offset = place->offset;
    difference.ordinal = place->ordinal;
    return difference;
}

struct stock_chain_place stockctl_verify_stored_place(const struct verify *verify)
{
    return (struct stock_chain_place){stockctl_cursor_int(&verify->stored, MOVEMENT_PARTITION),
                                      stockctl_cursor_int(&verify->stored, MOVEMENT_OFFSET),
                                      stockctl_cursor_int(&verify->stored, MOVEMENT_ORDINAL)};
}

static int64_t order_of(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Of the stored row's place and the one given, in the batch in hand. */
static int64_t verify_stored_order(const struct verify *verify,
                                   const struct stock_chain_place *place)
{
    const struct stock_chain_place stored = stockctl_verify_stored_place(verify);
    int64_t order =
        order_of(stockctl_cursor_int(&verify->stored, MOVEMENT_BATCH), verify->batch_id);

    if (order == 0)
        order = order_of(stored.partition, place->partition);
    if (order == 0)
        order = order_of(stored.offset, place->offset);
    return order != 0 ? order : order_of(stored.ordinal, place->ordinal);
}

bool stockctl_verify_extra(struct verify *verify, struct err *err)
{
    const struct stock_chain_place place = stockctl_verify_stored_place(verify);
    struct stockctl_difference difference = verify_at(DIFFERENCE_EXTRA, &place);

    difference.movement_id = stockctl_cursor_int(&verify->stored, MOVEMENT_ID);
    stockctl_verify_differs(verify, &difference);
    return stockctl_cursor_next(&verify->stored, err);
}

static void verify_missing(struct verify *verify, const struct stock_chain_place *place,
                           const struct stock_movement *movement)
{
    struct stockctl_difference difference = verify_at(DIFFERENCE_MISSING, place);

    if (verify->differences.count == 0)
        difference.key =
            arena_printf(verify->arena, "%" PRId64 " of '%s' in %s %s by event %s", movement->delta,
                         movement->sku, movement->pool, movement->bucket, movement->event_id);
    stockctl_verify_differs(verify, &difference);
}

static void verify_row(struct verify *verify, const struct stock_chain_place *place,
                       const struct stock_movement *movement, const char *chain)
{
    SCOPED(buf) struct buf expected = {0};
    size_t at = stockctl_compare_row(&verify->stored, MOVEMENT_FACT, movement_fields,
                                     ARRAY_LEN(movement_fields), 0, movement, &expected);
    struct stockctl_difference difference = verify_at(DIFFERENCE_VALUE, place);

    difference.movement_id = stockctl_cursor_int(&verify->stored, MOVEMENT_ID);
    if (at < ARRAY_LEN(movement_fields)) {
        difference.column = movement_fields[at].name;
        difference.stored = stockctl_cursor_text(&verify->stored, MOVEMENT_FACT + at);
        difference.expected = buf_str(&expected);
    } else if (strcmp(stockctl_cursor_text(&verify->stored, MOVEMENT_CHAIN), chain) != 0) {
        difference.column = "chain";
        difference.stored = stockctl_cursor_text(&verify->stored, MOVEMENT_CHAIN);
        difference.expected = chain;
    } else {
        return;
    }
    stockctl_verify_differs(verify, &difference);
}

bool stockctl_verify_movement(struct verify *verify, const struct stock_chain_place *place,
                              const struct stock_movement *movement, struct err *err)
{
    struct verify_partition *partition = &verify->partitions[place->partition];

    partition->movements++;
    verify->movements++;
    stock_chain_add(partition->head, place, movement);
    while (verify->stored.is_there && verify_stored_order(verify, place) < 0) {
        if (!stockctl_verify_extra(verify, err))
            return false;
    }
    if (!verify->stored.is_there || verify_stored_order(verify, place) > 0) {
        verify_missing(verify, place, movement);
        return true;
    }
    verify_row(verify, place, movement, stockctl_verify_hex(verify, partition->head));
    return stockctl_cursor_next(&verify->stored, err);
}

static void verify_stored_movement(const struct verify *verify, struct stock_movement *ret_movement)
{
    for (size_t i = 0; i < ARRAY_LEN(movement_fields); i++) {
        char *member = (char *)ret_movement + movement_fields[i].offset;

        if (movement_fields[i].kind == FIELD_TEXT)
            *(const char **)member = stockctl_cursor_text(&verify->stored, MOVEMENT_FACT + i);
        else
            *(int64_t *)member = stockctl_cursor_int(&verify->stored, MOVEMENT_FACT + i);
    }
}

bool stockctl_verify_link(struct verify *verify, struct err *err)
{
    const struct stock_chain_place place = stockctl_verify_stored_place(verify);
    unsigned char *head = verify->partitions[place.partition].head;
    struct stock_movement movement = {0};

    verify_stored_movement(verify, &movement);
    stock_chain_add(head, &place, &movement);
    verify->movements++;
    verify_row(verify, &place, &movement, stockctl_verify_hex(verify, head));
    return stockctl_cursor_next(&verify->stored, err);
}
