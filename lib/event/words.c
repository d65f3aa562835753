#include "lib/event/words.h"

#include <string.h>
#include <strings.h>

#include "lib/base/scope.h"

const struct event_word event_buckets[] = {
    {"sellable",      "may be sold, unless a rule says otherwise",                    false},
    {"quarantine",    "held until somebody looked at them",                           false},
    {"damaged",       "not to be sold, for any damage or defect",                     false},
    {"inbound",       "on the way to the pool, or there and not received yet",        false},
    {"in_removal",    "taken out of a channel's pool and not received anywhere yet",  false},
    {"reserved",      "held by a marketplace: pending orders, moves between centres", false},
    {"researching",   "a marketplace looks for them",                                 false},
    {"unfulfillable", "a marketplace refuses to sell them",                           false},
    {"committed",     "promised to open order lines",                                 true},
};
const size_t event_buckets_len = ARRAY_LEN(event_buckets);

const struct event_word event_reasons[] = {
    {"receiving_adjustment", "a receipt was posted wrongly",                       false},
    {"rework",               "repaired, repacked, relabelled or put into a set",   false},
    {"quarantine",           "held back for review, or let go after it",           false},
    {"damage",               "broken or spoiled",                                  false},
    {"count",                "what a count of a part of the shelf showed",         false},
    {"loss",                 "gone, and nobody knows where",                       false},
    {"found",                "turned up again",                                    false},
    {"theft",                "stolen",                                             false},
    {"expired",              "past its date",                                      false},
    {"disposal",             "thrown away or destroyed",                           false},
    {"sample",               "given away, photographed or used by ourselves",      false},
    {"customer_return",      "came back outside of any order that we know",        false},
    {"replenishment",        "sent on to where it sells",                          false},
    {"relocation",           "moved to another place",                             false},
    {"opening",              "stock on the day on which stockbus started",         false},
    {"correction",           "takes back a fact that was posted by mistake",       false},
};
const size_t event_reasons_len = ARRAY_LEN(event_reasons);

const struct event_inbound_status event_inbound_statuses[] = {
    {"working",                    "working",    EVENT_INBOUND_UNDERWAY },
    {"shipped",                    "shipped",    EVENT_INBOUND_UNDERWAY },
    {"in_transit",                 "in_transit", EVENT_INBOUND_UNDERWAY },
    {"error",                      "error",      EVENT_INBOUND_UNDERWAY },
    {"delivered",                  "delivered",  EVENT_INBOUND_ARRIVED  },
    {"checked_in",                 "checked_in", EVENT_INBOUND_ARRIVED  },
    {"receiving",                  "receiving",  EVENT_INBOUND_RECEIVING},
    {"closed",                     "closed",     EVENT_INBOUND_CLOSED   },
    {"inbound_receiving_complete", "closed",     EVENT_INBOUND_CLOSED   },
    {"cancelled",                  "cancelled",  EVENT_INBOUND_CANCELLED},
    {"deleted",                    "deleted",    EVENT_INBOUND_CANCELLED},
};
const size_t event_inbound_statuses_len = ARRAY_LEN(event_inbound_statuses);

const struct event_inbound_status *event_inbound_status(const char *name)
{
    for (size_t i = 0; i < event_inbound_statuses_len; i++) {
        if (strcasecmp(event_inbound_statuses[i].name, name) == 0)
            return &event_inbound_statuses[i];
    }
    return NULL;
}

static const struct event_word *word_find(const struct event_word *words, size_t len,
                                          const char *name)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    }
    return NULL;
}

bool event_bucket_is_known(const char *name)
{
    const struct event_word *word = word_find(event_buckets, event_buckets_len, name);

    return word != NULL && !word->is_derived;
}

bool event_bucket_is_derived(const char *name)
{
    const struct event_word *word = word_find(event_buckets, event_buckets_len, name);

    return word != NULL && word->is_derived;
}

bool event_reason_is_known(const char *name)
{
    return word_find(event_reasons, event_reasons_len, name) != NULL;
}
