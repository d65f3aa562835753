/* Addresses of requests: values that go into them, and what a query says. */
#pragma once

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"

struct channel_url_parameter {
    const char *name;  /* decoded */
    const char *value; /* decoded; "" when there is none */
};

/* Everything but letters, digits and - . _ ~ as %XX. */
void channel_url_put(struct buf *url, const char *text);
const char *channel_url_encoded(struct arena *arena, const char *text);
/* The path, as it stands there: what is between the host and the query; "/" when there is none. */
const char *channel_url_path(struct arena *arena, const char *url);
/* Parameters of the query in their order. A bad escape stays as it is. */
struct channel_url_parameter *channel_url_parameters(struct arena *arena, const char *url,
                                                     size_t *ret_len);
