/* The JSON of each fact that a command line can say, as ingest takes it. Pure. */
#pragma once

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "tools/stockctl/options.h"

struct stockctl_fact {
    const char *fact_id;
    const char *actor;
    int64_t occurred_ms;
};

/* Appends one object, stockctl_facts_tiers an array of them. ERR_REJECT names the option or
   argument that is wrong or missing, or what ingest would refuse. */
typedef bool stockctl_fact_build(const struct stockctl_options *options,
                                 const struct stockctl_fact *fact, struct buf *out,
                                 struct err *err);

stockctl_fact_build stockctl_facts_listing;
stockctl_fact_build stockctl_facts_pool;
stockctl_fact_build stockctl_facts_rule;
stockctl_fact_build stockctl_facts_tier;
stockctl_fact_build stockctl_facts_tiers;
stockctl_fact_build stockctl_facts_promotion;
stockctl_fact_build stockctl_facts_count;
stockctl_fact_build stockctl_facts_receive;
stockctl_fact_build stockctl_facts_adjust;
stockctl_fact_build stockctl_facts_transfer;
stockctl_fact_build stockctl_facts_inbound;
stockctl_fact_build stockctl_facts_removal;
