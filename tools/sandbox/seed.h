/* What the suite has to be told of a sandbox: admin events for its topic, and its channels.yaml. */
#pragma once

#include "tools/sandbox/config.h"

struct sandbox_seed_options {
    int64_t occurred_ms;
    int64_t buffer;  /* units kept back by a default rule; 0: no rule */
    const char *run; /* part of the fact ids of the counts, so that a second opening count counts */
};

/* One JSON object a line, as the admin endpoint of the suite takes them. */
void sandbox_seed_events(const struct sandbox_config *config,
                         const struct sandbox_seed_options *options, struct buf *out);
/* base_url is where the sandbox listens, without the channel: "http://127.0.0.1:9100". spec is what
   channels that need one name; NULL: none. */
void sandbox_seed_channels(const struct sandbox_config *config, const char *base_url,
                           const char *spec, struct buf *out);
