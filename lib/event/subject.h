/* What an event is about, whatever its kind: the columns by which auditors look for it. */
#pragma once

#include "lib/event/event.h"

struct event_subject {
    const char *channel; /* of the listing or order; the source's, but for mappings and rules */
    const char *listing;
    const char *sku;
    const char *order_id;
    const char *line_id;
};

/* Unused fields are "". Texts are the event's. */
struct event_subject event_subject_of(const struct event *event);
