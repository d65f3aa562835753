/* The handler of the outcomes topic: the push history, and what each listing was confirmed to show.
 */
#pragma once

#include "services/ledger/feed.h"

ledger_feed_apply ledger_history_apply;
