/*
 * Fetches a channel's snapshot: sends what its kind says next, waits where the kind says so, until
 * there is no next request. Tries, requests, bytes and time are bounded. Credentials that the
 * channel refuses are read again from their files, once.
 */
#pragma once

#include <stdint.h>

#include "lib/base/err.h"

#include "channels/channel.h"
#include "channels/live.h"
#include "services/reconciler/rows.h"

/* *ret_at_ms is when the first request was sent: what the channel showed before it is in the
   snapshot. ERR_RETRY: the channel is away; ERR_REJECT: it refuses, or is not understood. */
bool reconciler_fetch(struct channel_live *accounts, const char *channel,
                      struct reconciler_rows *rows, int64_t *ret_at_ms, struct err *err) MUST_CHECK;
