/*
 * Recognises the log behind a partition: is it the one whose records were applied, or was the topic
 * created anew, so that offsets mean other records? Then the partition begins again in a new
 * generation; events that are published again are known by their ids. A log whose beginning went by
 * retention is the same log.
 */
#pragma once

#include "services/ledger/partition.h"

/* What the broker shows of a partition. */
struct ledger_sight {
    const char *cluster_id; /* "": it can't tell */
    const char *topic_id;   /* the same */
    int64_t low;            /* first offset */
    int64_t high;           /* next offset */
    struct ledger_anchor
        anchor; /* the record at the partition's anchor; offset -1: none is there */
};

/* NULL: the log is the same, as far as one can see. Else what differs. Pure. */
const char *ledger_recognition_difference(const struct ledger_partition *partition,
                                          const struct ledger_sight *sight);

/* Looks at the broker once. *ret_new[i] is what differs of numbers[i], or NULL; the ids that were
   not known yet are put into `all`. ERR_RETRY: the broker is away; ERR_REJECT: there is no such
   topic; ERR_FATAL: retention removed records that were never read. */
bool ledger_recognition_look(const char *brokers, const char *topic, const int32_t *numbers,
                             size_t count, struct ledger_partition *all, const char **ret_new,
                             struct err *err) MUST_CHECK;
