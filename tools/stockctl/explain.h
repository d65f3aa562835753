/* The sentence that ends a story: what a listing showed, and why. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"

/* What a target followed from beside stock: its tier and its rule's buffers. */
struct stockctl_held {
    const char *tier; /* "": of no tier */
    const char *measurement_id;
    int64_t sold; /* of the SKU within window_ms, over all channels */
    int64_t window_ms;
    int64_t buffer_units;
    int64_t buffer_percent;
    int64_t bound_ppm;
    int64_t priced;    /* units that the risk costs; these are why: */
    int64_t elsewhere; /* sold on other channels within window_ms */
    int64_t latency_ms;
    const char *latency_id; /* "": never measured */
};

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
    struct stockctl_held held;
    bool has_newest;
    int64_t newest_version; /* newest target until then */
    int64_t newest_quantity;
    const char *newest_result; /* of its last attempt until then */
    const char *newest_error;
};

/* "SKU of tier T1 (8640 units a day, measurement M); held back: the largest of 1 unit, 5 % and ..."
 */
void stockctl_explain_held(const struct stockctl_held *held, struct buf *out);
void stockctl_explain_sentence(const struct stockctl_shown *shown, struct buf *out);
