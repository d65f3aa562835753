/* What `reconciler compare` was asked to do. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

struct reconciler_order {
    const char *channel;
    const char *snapshot; /* a file, "-" for standard input; NULL: fetch it from the channel */
    const char *format;   /* of the file; NULL: the kind's default */
    int64_t at_ms;        /* time that the file shows */
    bool is_json;
};

/* The arguments behind `compare`, options anywhere among them. Texts are borrowed from argv. */
bool reconciler_order_parse(int argc, char **argv, struct reconciler_order *ret_order,
                            struct err *err) MUST_CHECK;
