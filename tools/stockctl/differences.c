#include "tools/stockctl/differences.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/stockctl/output.h"

struct stockctl_difference stockctl_difference_of(enum stockctl_difference_kind kind,
                                                  const char *table)
{
    return (struct stockctl_difference){.kind = kind,
                                        .table = table,
                                        .key = "",
                                        .partition = -1,
                                        .offset = -1,
                                        .ordinal = -1,
                                        .movement_id = -1,
                                        .column = "",
                                        .stored = "",
                                        .expected = ""};
}

void stockctl_differences_release(struct stockctl_differences *differences)
{
    buf_release(&differences->first);
    buf_release(&differences->first_json);
}

static void difference_number(struct buf *out, const char *name, int64_t number)
{
    if (number >= 0)
        buf_printf(out, ", %s %" PRId64, name, number);
}

static void difference_text(struct buf *out, const struct stockctl_difference *one, const char *who)
{
    buf_text(out, one->table);
    difference_number(out, "partition", one->partition);
    difference_number(out, "offset", one->offset);
    difference_number(out, "ordinal", one->ordinal);
    difference_number(out, "movement", one->movement_id);
    if (*one->key != '\0') {
        buf_text(out, ", ");
        stockctl_output_clean(one->key, out);
    }
    if (one->kind == DIFFERENCE_MISSING) {
        buf_printf(out, ": is missing, %s has it", who);
    } else if (one->kind == DIFFERENCE_EXTRA) {
        buf_printf(out, ": is there, %s does not have it", who);
    } else {
        buf_printf(out, ": %s is stored as '", one->column);
        stockctl_output_clean(one->stored, out);
        buf_printf(out, "', %s says '", who);
        stockctl_output_clean(one->expected, out);
        buf_char(out, '\'');
    }
}

static void difference_json(struct buf *to, const struct stockctl_difference *one)
{
    static const char *const kinds[] = {[DIFFERENCE_VALUE] = "value",
                                        [DIFFERENCE_MISSING] = "missing",
                                        [DIFFERENCE_EXTRA] = "extra"};
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"partition",   one->partition  },
        {"offset",      one->offset     },
        {"ordinal",     one->ordinal    },
        {"movement_id", one->movement_id}
    };
    struct json_out out;

    json_begin(&out, to);
    json_object(&out);
    json_put_member(&out, "kind", kinds[one->kind]);
    json_put_member(&out, "table", one->table);
    json_put_member(&out, "key", one->key);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        json_key(&out, numbers[i].name);
        if (numbers[i].value < 0)
            json_put_null(&out);
        else
            json_put_int(&out, numbers[i].value);
    }
    json_put_member(&out, "column", one->column);
    json_put_member(&out, "stored", one->stored);
    json_put_member(&out, "expected", one->expected);
    json_object_end(&out);
}

void stockctl_differences_add(struct stockctl_differences *differences,
                              const struct stockctl_difference *difference, const char *who)
{
    if (differences->count++ > 0)
        return;
    difference_text(&differences->first, difference, who);
    difference_json(&differences->first_json, difference);
}

void stockctl_differences_print(const struct stockctl_differences *differences)
{
    if (differences->count == 0)
        return;
    puts(buf_str(&differences->first));
    if (differences->count > 1)
        printf("%" PRId64 " more differ\n", differences->count - 1);
}

void stockctl_differences_json(const struct stockctl_differences *differences, struct json_out *out)
{
    json_put_member_int(out, "differences", differences->count);
    json_key(out, "first");
    if (differences->count == 0)
        json_put_null(out);
    else
        json_put_raw(out, buf_str(&differences->first_json));
}
