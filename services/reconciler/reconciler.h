/*
 * One comparison of a channel with the replayed topics: snapshot, replay, judgement, a second look
 * when the differences may pass, then the report and the database.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

#include "channels/live.h"
#include "services/reconciler/order.h"
#include "services/reconciler/settings.h"

/* account is the order's channel as the file says now. *ret_findings: how many. ERR_RETRY: broker,
   database or channel is away; ERR_REJECT: the snapshot or the order is not understood. Findings
   are printed also when they can't be stored. */
bool reconciler_run(const struct reconciler_settings *settings, struct channel_live *accounts,
                    const struct channel_account *account, const struct reconciler_order *order,
                    int64_t *ret_findings, struct err *err) MUST_CHECK;
