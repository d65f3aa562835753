/* Which rule is in force for a listing, and why no other one. Pure. */
#pragma once

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/stock/stock.h"

struct stockctl_listing {
    const char *channel;
    const char *listing;
    const char *sku;  /* its only one; "": it sells several */
    const char *tier; /* of that */
};

/* "SKU MUG on woo-main", "tier T1", "everything". */
void stockctl_rules_scope(const struct event_rule *rule, struct buf *out);

/* Leaves those rules that are for the listing, the closest first; returns how many. rules holds the
   newest of each scope. */
size_t stockctl_rules_rank(const struct stock_rule **rules, size_t count,
                           const struct stockctl_listing *listing);
