#include "channels/generic/internal.h"

/* A merchant's own shop, or any that no kind knows: what other kinds know in C, its spec says. */

extern const struct channel_kind channel_generic;

/* What the account says itself goes before the spec's limits. */
static bool read_spec(struct channel_account *account, struct arena *arena, const char *name,
                      const char *bytes, size_t len, struct err *err)
{
    const struct generic_spec *spec = generic_spec_read(arena, name, bytes, len, err);

    if (spec == NULL)
        return false;
    account->spec = spec;
    account->writes_on_hand = spec->push.means == GENERIC_MEANS_ON_HAND;
    if (*spec->poll.path == '\0')
        account->poll_interval_ms = 0;
    else if (account->poll_interval_ms < 0)
        account->poll_interval_ms = spec->poll.interval_s * 1000;
    if (account->batch_max == 0 || account->batch_max > spec->limits.batch_max)
        account->batch_max = spec->limits.batch_max;
    if (account->rate_per_second <= 0)
        account->rate_per_second = spec->limits.rate_per_second;
    if (account->rate_burst <= 0)
        account->rate_burst = spec->limits.rate_burst;
    if (account->concurrency == 0)
        account->concurrency = spec->limits.concurrency;
    return true;
}

const struct channel_kind channel_generic = {
    .name = "generic",
    .adapter = "generic/1",
    .read_spec = read_spec,
    .spec_schema = generic_spec_schema,
    .signature_of = channel_generic_signature,
    .content_types = {"application/json", "application/cloudevents+json"},
    .quantity_is_available = true,
    .batch_max = GENERIC_BATCH_MAX,
    .rate_per_second = 2,
    .rate_burst = 5,
    .concurrency = 1,
    .snapshot_formats = { "json",           "jsonl",                          "csv"},
    .normalize = channel_generic_normalize,
    .notification_id = channel_generic_notification_id,
    .poll = channel_generic_poll,
    .poll_interval_ms = 300000,
    .hints = channel_generic_hints,
    .read = channel_generic_read,
    .login = channel_generic_login,
    .granted = channel_generic_granted,
    .group = channel_generic_group,
    .push = channel_generic_push,
    .answer = channel_generic_answer,
    .rows = channel_generic_rows,
    .snapshot = channel_generic_snapshot,
};
