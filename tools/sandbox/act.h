/* What happens on a marketplace: the books change, the journal says so, notifications go out. All
   under the lock. */
#pragma once

#include "tools/sandbox/sandbox.h"

/* NULL with err set: ERR_CONFLICT when not enough is left (counted as refused), else ERR_REJECT. */
struct sandbox_order *sandbox_act_sell(struct sandbox_channel *channel,
                                       const struct sandbox_want *wants, size_t wants_len,
                                       struct err *err);
bool sandbox_act_cancel(struct sandbox_channel *channel, struct sandbox_order *order, bool restock,
                        struct err *err);
bool sandbox_act_fulfil(struct sandbox_channel *channel, struct sandbox_order *order,
                        struct err *err);
bool sandbox_act_refund(struct sandbox_channel *channel, struct sandbox_order *order,
                        const struct sandbox_part *part, struct err *err);
/* Somebody other than the suite writes a quantity. */
void sandbox_act_edit(struct sandbox_channel *channel, struct sandbox_listing *listing,
                      int64_t quantity);
/* Into the trash, or out of it; ERR_REJECT where there is none. */
bool sandbox_act_trash(struct sandbox_channel *channel, struct sandbox_order *order, bool trashed,
                       struct err *err);
