/*
 * The command line as a struct. Options may stand anywhere, as --name VALUE or --name=VALUE; "--"
 * ends them; a number below zero is an argument. Each command says which options it takes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/err.h"

enum {
    OPTIONS_ARGUMENTS_MAX = 4,
    OPTIONS_TEXTS_MAX = 64, /* of one option that may be repeated */
    OPTIONS_LIMIT_FALLBACK = 1000,
    OPTIONS_LIMIT_MAX = 1000000,
    OPTIONS_OLDER_MAX = 10 * 366 * 86400, /* seconds */
};

enum option {
    OPTION_ACTOR,
    OPTION_ADDRESS,
    OPTION_AT,
    OPTION_AUTHORITY,
    OPTION_BODY,
    OPTION_BUCKET,
    OPTION_BUCKETS,
    OPTION_BUFFER,
    OPTION_CANCELLED,
    OPTION_CAP,
    OPTION_CHANGES,
    OPTION_CHANNEL,
    OPTION_DAMAGED,
    OPTION_DAYS,
    OPTION_DISPOSED,
    OPTION_DROP,
    OPTION_DRY_RUN,
    OPTION_EFFECTIVE,
    OPTION_EXPECTED,
    OPTION_FLOOR,
    OPTION_FRESH,
    OPTION_FROM,
    OPTION_FROM_BUCKET,
    OPTION_FROM_POOL,
    OPTION_HELP,
    OPTION_ID,
    OPTION_INTO,
    OPTION_JSON,
    OPTION_KEEP,
    OPTION_KNOWN,
    OPTION_LATE,
    OPTION_LATENCY,
    OPTION_LEAD_DAYS,
    OPTION_LIMIT,
    OPTION_LISTING,
    OPTION_LOST,
    OPTION_NOTE,
    OPTION_OLDER,
    OPTION_OPEN,
    OPTION_ORDER,
    OPTION_PARTITION,
    OPTION_PERCENT,
    OPTION_PER_DAY,
    OPTION_POOL,
    OPTION_POOLS,
    OPTION_RAW,
    OPTION_REASON,
    OPTION_RECEIVED,
    OPTION_REMOVAL,
    OPTION_RESULT,
    OPTION_RETIRE,
    OPTION_RISK_BOUND,
    OPTION_SAFETY_STOCK,
    OPTION_SHIPMENT,
    OPTION_SHIPPED,
    OPTION_SKU,
    OPTION_SKUS,
    OPTION_STATUS,
    OPTION_TIER,
    OPTION_TITLE,
    OPTION_TO,
    OPTION_TO_BUCKET,
    OPTION_TO_POOL,
    OPTION_UNSETTLED,
    OPTION_COUNT,
};

/* Options of a command: OPTION_BIT(OPTION_JSON) | ... */
#define OPTION_BIT(option) (UINT64_C(1) << (option))

struct stockctl_texts {
    const char *texts[OPTIONS_TEXTS_MAX];
    size_t len;
};

/* Texts are borrowed from argv; NULL: not given. Numbers and times: -1. */
struct stockctl_options {
    const char *arguments[OPTIONS_ARGUMENTS_MAX];
    size_t arguments_len;
    const char *actor;
    const char *address;
    const char *authority;
    const char *bucket;
    const char *channel;
    const char *effective;
    const char *from_bucket;
    const char *from_pool;
    const char *id;
    const char *into;
    const char *listing;
    const char *note;
    const char *order;
    const char *pool;
    const char *reason;
    const char *removal;
    const char *result;
    const char *shipment;
    const char *sku;
    const char *status;
    const char *tier;
    const char *title;
    const char *to_bucket;
    const char *to_pool;
    struct stockctl_texts buckets;
    struct stockctl_texts changes;
    struct stockctl_texts pools;
    struct stockctl_texts skus;
    int64_t at_ms;
    int64_t body;
    int64_t buffer;
    int64_t cancelled;
    int64_t cap;
    int64_t damaged;
    int64_t days;
    int64_t disposed;
    int64_t expected_ms;
    int64_t floor;
    int64_t from_ms;
    int64_t latency_ms;
    int64_t lead_days;
    int64_t limit;
    int64_t lost;
    int64_t older_s;
    int64_t partition;
    int64_t per_day;
    int64_t percent;
    int64_t received;
    int64_t risk_bound;
    int64_t safety_stock;
    int64_t shipped;
    int64_t to_ms;
    bool drop;
    bool dry_run;
    bool fresh;
    bool help;
    bool json;
    bool known;
    bool keep;
    bool late;
    bool open;
    bool raw;
    bool retire;
    bool unsettled;
};

/* ERR_REJECT says what is wrong: "--limit is 'x': want a whole number from 1 to 1000000". */
bool stockctl_options_parse(int argc, char *const *argv, uint64_t allowed,
                            struct stockctl_options *ret_options, struct err *err) MUST_CHECK;
/* A whole number in its shortest form, "-3" too. */
bool stockctl_options_number(const char *text, int64_t min, int64_t max, int64_t *ret_value);
/* One line for each. */
void stockctl_options_help(uint64_t options, FILE *out);
