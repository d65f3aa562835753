/*
 * The handler of the events topic: decode, keep what is new, load, fold in lib/stock, write. One
 * call is one transaction's work; it has no state beside its counters.
 */
#pragma once

#include "services/ledger/feed.h"

ledger_feed_apply ledger_posting_apply;
