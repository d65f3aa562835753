#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <string.h>

#include "lib/pg/internal.h"

enum { PARAMS_INT8_OID = 20, PARAMS_TEXT_OID = 25 }; /* pg_type.dat */

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

static void params_int32(struct buf *out, int32_t value)
{
    uint32_t bytes = htobe32((uint32_t)value);

    buf_append(out, &bytes, sizeof(bytes));
}

/* As array_recv() of the server reads it: dimensions, whether there are NULLs, the type of the
   elements, their number and the first one's index; then each with its length. Arrays written as
   text cost the server several times as much to read. */
static struct buf *params_array(struct pg_params *params, int32_t oid, bool has_nulls, size_t count)
{
    struct pg_param *param = params_add(params);
    struct buf *out = &param->value;

    param->is_binary = true;
    params_int32(out, count == 0 ? 0 : 1);
    params_int32(out, has_nulls);
    params_int32(out, oid);
    if (count > 0) {
        params_int32(out, (int32_t)count);
        params_int32(out, 1);
    }
    return out;
}

void pg_params_text_array(struct pg_params *params, const char *const *values, size_t count)
{
    bool has_nulls = false;

    for (size_t i = 0; i < count && !has_nulls; i++)
        has_nulls = values[i] == NULL;
    struct buf *out = params_array(params, PARAMS_TEXT_OID, has_nulls, count);
    for (size_t i = 0; i < count; i++) {
        size_t len = values[i] == NULL ? 0 : strlen(values[i]);

        params_int32(out, values[i] == NULL ? -1 : (int32_t)len);
        buf_append(out, values[i], len);
    }
}

void pg_params_int_array(struct pg_params *params, const int64_t *values, size_t count)
{
    struct buf *out = params_array(params, PARAMS_INT8_OID, false, count);

    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = htobe64((uint64_t)values[i]);

        params_int32(out, sizeof(bytes));
        buf_append(out, &bytes, sizeof(bytes));
    }
}
