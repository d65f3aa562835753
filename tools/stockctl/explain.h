/* The sentence that ends a story: what a listing showed, and why. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

/* Texts are "" where unknown. */
struct stockctl_shown {
    const char *channel;
    const char *listing;
    int64_t at_ms; /* the time that was asked for */
    bool confirmed;
    int64_t quantity; /* this and the next three: of the last confirmed push until then */
    int64_t version;
    int64_t confirmed_ms;
    const char *event_id;
    const char *kind;
    const char *cause_channel;
    const char *order_id;
    const char *actor;
    const char *rule_id;
    const char *mapping_id;
    bool has_newest;
    int64_t newest_version; /* newest target until then */
    int64_t newest_quantity;
    const char *newest_result; /* of its last attempt until then */
    const char *newest_error;
};

void stockctl_explain_sentence(const struct stockctl_shown *shown, struct buf *out);
