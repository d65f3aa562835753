#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "lib/pg/internal.h"

enum { PARAMS_INT8_OID = 20 }; /* pg_type.dat */

struct pg_params *pg_params_new(void)
{
    return mem_calloc(1, sizeof(struct pg_params));
}

void pg_params_free(struct pg_params *params)
{
    if (params == NULL)
        return;
    for (int i = 0; i < params->len; i++)
        buf_release(&params->at[i].value);
    mem_free(params);
}

const char *pg_params_value(const struct pg_params *params, int at)
{
    assert(at >= 0 && at < params->len);
    return params->at[at].is_null ? NULL : buf_str(&params->at[at].value);
}

static struct pg_param *params_add(struct pg_params *params)
{
    assert(params->len < PG_PARAMS_MAX);
    return &params->at[params->len++];
}

void pg_params_text(struct pg_params *params, const char *value)
{
    struct pg_param *param = params_add(params);

    if (value == NULL)
        param->is_null = true;
    else
        buf_text(&param->value, value);
}

void pg_params_int(struct pg_params *params, int64_t value)
{
    buf_printf(&params_add(params)->value, "%" PRId64, value);
}

void pg_params_bool(struct pg_params *params, bool value)
{
    buf_text(&params_add(params)->value, value ? "t" : "f");
}

void pg_params_bytes(struct pg_params *params, const void *bytes, size_t len)
{
    struct pg_param *param = params_add(params);

    param->is_binary = true;
    param->is_null = bytes == NULL;
    if (bytes != NULL)
        buf_append(&param->value, bytes, len);
}

/* Always quoted: then only the quote and the backslash are special, and a text NULL stays a text
   (PostgreSQL manual 8.15.6, array input and output syntax). */
static void params_array_element(struct buf *out, const char *value)
{
    if (value == NULL) {
        buf_text(out, "NULL");
        return;
    }
    buf_char(out, '"');
    for (const char *plain = value;; value++) {
        if (*value != '"' && *value != '\\' && *value != '\0')
            continue;
        buf_append(out, plain, (size_t)(value - plain));
        if (*value == '\0')
            break;
        buf_char(out, '\\');
        plain = value;
    }
    buf_char(out, '"');
}

void pg_params_text_array(struct pg_params *params, const char *const *values, size_t count)
{
    struct buf *out = &params_add(params)->value;

    buf_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_char(out, ',');
        params_array_element(out, values[i]);
    }
    buf_char(out, '}');
}

static void params_int32(struct buf *out, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);

    buf_append(out, &bytes, sizeof(bytes));
}

/* As array_recv() and int8recv() of the server read it: dimensions, no NULLs, the type of the
   elements, their number, the first one's index, and each with its length. */
void pg_params_int_array(struct pg_params *params, const int64_t *values, size_t count)
{
    struct pg_param *param = params_add(params);
    struct buf *out = &param->value;

    param->is_binary = true;
    params_int32(out, count == 0 ? 0 : 1);
    params_int32(out, 0);
    params_int32(out, PARAMS_INT8_OID);
    if (count > 0) {
        params_int32(out, (int32_t)count);
        params_int32(out, 1);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = htobe64((uint64_t)values[i]);

        params_int32(out, sizeof(bytes));
        buf_append(out, &bytes, sizeof(bytes));
    }
}
