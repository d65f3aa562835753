#include "tools/sandbox/act.h"

#include <string.h>

#include "lib/base/clock.h"

static void note_order(struct sandbox_channel *channel, const char *type,
                       const struct sandbox_order *order)
{
    const struct sandbox_entry entry = {.type = type, .order = order->id};

    sandbox_note(channel, &entry);
}

struct sandbox_order *sandbox_act_sell(struct sandbox_channel *channel,
                                       const struct sandbox_want *wants, size_t wants_len,
                                       struct err *err)
{
    struct sandbox_order *order =
        sandbox_market_sell(&channel->market, wants, wants_len, clock_now_ms(), err);

    if (order == NULL) {
        const struct sandbox_listing *listing =
            sandbox_market_listing(&channel->market, wants[0].listing);

        channel->counters.refused += err->code == ERR_CONFLICT;
        if (listing != NULL)
            sandbox_note_listing(channel, "refused", listing, wants[0].quantity, NULL);
        return NULL;
    }
    channel->counters.sales++;
    for (size_t i = 0; i < order->lines_len; i++) {
        channel->counters.units += order->lines[i].quantity;
        sandbox_note_listing(channel, "sale", order->lines[i].listing, order->lines[i].quantity,
                             order->id);
    }
    channel->kind->sold(channel, order);
    return order;
}

bool sandbox_act_cancel(struct sandbox_channel *channel, struct sandbox_order *order, bool restock,
                        struct err *err)
{
    struct sandbox_refund *refund = NULL;

    if (!sandbox_market_cancel(&channel->market, order, restock, clock_now_ms(), &refund, err))
        return false;
    channel->counters.cancelled++;
    for (size_t i = 0; i < order->lines_len; i++)
        sandbox_note_listing(channel, "cancel", order->lines[i].listing, order->lines[i].cancelled,
                             order->id);
    channel->kind->cancelled(channel, order, refund);
    return true;
}

bool sandbox_act_fulfil(struct sandbox_channel *channel, struct sandbox_order *order,
                        struct err *err)
{
    if (!sandbox_market_fulfil(&channel->market, order, clock_now_ms(), err))
        return false;
    note_order(channel, "fulfil", order);
    channel->kind->fulfilled(channel, order);
    return true;
}

bool sandbox_act_refund(struct sandbox_channel *channel, struct sandbox_order *order,
                        const struct sandbox_part *part, struct err *err)
{
    struct sandbox_refund *refund =
        sandbox_market_refund(&channel->market, order, part, clock_now_ms(), err);

    if (refund == NULL)
        return false;
    sandbox_note_listing(channel, "refund", refund->lines[0].line->listing, part->quantity,
                         order->id);
    channel->kind->refunded(channel, order, refund);
    return true;
}

void sandbox_act_edit(struct sandbox_channel *channel, struct sandbox_listing *listing,
                      int64_t quantity)
{
    sandbox_market_set(listing, quantity, clock_now_ms());
    sandbox_note_listing(channel, "edit", listing, quantity, NULL);
    channel->kind->stock_changed(channel, listing);
}

bool sandbox_act_trash(struct sandbox_channel *channel, struct sandbox_order *order, bool trashed,
                       struct err *err)
{
    if (channel->kind->trashed == NULL)
        return err_set(err, ERR_REJECT, "%s has no trash", channel->kind->name);
    if (order->trashed == trashed)
        return err_set(err, ERR_CONFLICT, "order '%s' is %s the trash", order->id,
                       trashed ? "in" : "not in");
    order->trashed = trashed;
    order->updated_ms = clock_now_ms();
    note_order(channel, trashed ? "delete" : "restore", order);
    channel->kind->trashed(channel, order);
    return true;
}
