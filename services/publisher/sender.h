/*
 * Sends what the board picks to the channel's API within its budget, reads the answers and reports
 * the outcomes. A push may take several calls; one that waits between two of them holds up nobody.
 * What is left of it when the process ends is made anew, with the newest quantities, which are
 * absolute. One thread; publisher_sender_step() is called by the publisher's loop.
 */
#pragma once

#include "lib/base/err.h"

#include "channels/account.h"
#include "channels/live.h"
#include "services/publisher/board.h"
#include "services/publisher/outcomes.h"

struct publisher_sender;

/* held is shared as long as account is used; NULL: account outlives the sender. */
struct publisher_sender *publisher_sender_new(const struct channel_account *account,
                                              struct channel_live_held *held, struct board *board,
                                              struct publisher_outcomes *outcomes, struct err *err);
void publisher_sender_free(struct publisher_sender *sender);
SCOPE_DEFINE(publisher_sender, struct publisher_sender, publisher_sender_free)
/* From now on the account says this: credentials, addresses, settings. Limits stay as they were at
   the start. What is under way goes on as it was. */
void publisher_sender_adopt(struct publisher_sender *sender, const struct channel_account *account,
                            struct channel_live_held *held);
/* This replica's part of the channel's rate budget, in (0, 1]. */
void publisher_sender_share(struct publisher_sender *sender, double share);
/* Starts what the budget allows, then waits up to timeout_ms for answers. */
bool publisher_sender_step(struct publisher_sender *sender, bool may_start, int timeout_ms,
                           struct err *err) MUST_CHECK;
/* Calls that wait for an answer. */
int publisher_sender_in_flight(const struct publisher_sender *sender);
