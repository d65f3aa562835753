/* Output that is made twice: the first time only to know how much it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"

struct pack_sink {
    char *bytes; /* NULL: only counted */
    size_t len;
    size_t max;
};

/* False: that is more than the maximum. */
bool pack_sink_put(struct pack_sink *sink, const void *bytes, size_t len);

typedef bool pack_make(const void *source, struct pack_sink *sink, struct err *err);
bool pack_make_twice(struct arena *arena, pack_make *make, const void *source, size_t max,
                     const char **ret_bytes, size_t *ret_len, struct err *err);
