/* A made-up crowd of buyers: so many orders, so many a second, on some channels, at random by the
   seed. One at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/json/json.h"

enum { SANDBOX_TRACE_CHANNELS_MAX = 64 };

struct sandbox;
struct sandbox_channel;
struct sandbox_trace;

struct sandbox_trace_options {
    int64_t orders;
    double per_second;
    int64_t quantity_max;
    int64_t listings_max; /* lines of an order */
    uint64_t seed;
    double cancel; /* share of the orders that are cancelled a moment later */
    struct sandbox_channel *channels[SANDBOX_TRACE_CHANNELS_MAX];
    size_t channels_len;
};

struct sandbox_trace *sandbox_trace_new(struct sandbox *sandbox);
/* Ends it and waits. NULL is fine. */
void sandbox_trace_free(struct sandbox_trace *trace);
/* Under the sandbox's lock. ERR_CONFLICT while one runs. */
bool sandbox_trace_start(struct sandbox_trace *trace, const struct sandbox_trace_options *options,
                         struct err *err);
void sandbox_trace_write(const struct sandbox_trace *trace, struct json_out *json);
