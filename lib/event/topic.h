/*
 * Names, shapes and keys of the topics, in one place. The prefix ("stockbus." by default) is a
 * setting, so that several suites share one broker in tests.
 */
#pragma once

#include "lib/event/event.h"
#include "lib/event/push.h"

enum {
    TOPIC_EVENTS_PARTITIONS = 6,
    TOPIC_TARGETS_PARTITIONS = 3,
    TOPIC_OUTCOMES_PARTITIONS = 3,
    TOPIC_CATALOG_PARTITIONS = 3,
    TOPIC_REJECTED_PARTITIONS = 1,
    TOPIC_CURSORS_PARTITIONS = 3,
};

/* <prefix>events.v1, <prefix>catalog.v1, <prefix>targets.<channel>.v1, <prefix>outcomes.v1,
   <prefix>rejected.v1, <prefix>cursors.v1; in the arena. */
char *topic_events(struct arena *arena, const char *prefix);
char *topic_catalog(struct arena *arena, const char *prefix);
char *topic_targets(struct arena *arena, const char *prefix, const char *channel);
char *topic_outcomes(struct arena *arena, const char *prefix);
char *topic_rejected(struct arena *arena, const char *prefix);
char *topic_cursors(struct arena *arena, const char *prefix);

/* Key of an event: the SKU where the fact or the catalog (may be NULL) knows it, else
   "<channel>/<listing>", else "<channel>/<order>". */
char *topic_event_key(struct arena *arena, const struct event *event, const char *catalog_sku);
/* Key of targets, outcomes and catalog entries. */
char *topic_listing_key(struct arena *arena, const char *channel, const char *listing);
