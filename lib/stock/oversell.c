#include <assert.h>

#include "lib/stock/internal.h"

void stock_oversell_note(struct stock *stock, const struct position *position, int64_t effect,
                         const struct stock_line *line)
{
    struct shelf *shelf = position->shelf;

    if (effect == 0 || (position != shelf->sellable && position != shelf->committed))
        return;
    if (!shelf->is_touched)
        stock_list_add(stock, &stock->touched_shelves, shelf);
    shelf->is_touched = true;
    /* A shipment moves both, and lowers nothing: only the event's whole effect tells. */
    if (shelf->net_seq != stock->cause.seq) {
        shelf->net_seq = stock->cause.seq;
        shelf->net = 0;
        shelf->lowered_before = shelf->lowered;
    }
    shelf->net += position == shelf->sellable ? effect : -effect;
    shelf->lowered = shelf->net < 0 ? stock->cause : shelf->lowered_before;
    if (shelf->net < 0 && line != NULL) {
        shelf->lowered.channel = line->channel;
        shelf->lowered.order_id = line->order_id;
    }
}

static int64_t oversell_available(const struct shelf *shelf)
{
    return (shelf->sellable == NULL ? 0 : shelf->sellable->row.quantity) -
           (shelf->committed == NULL ? 0 : shelf->committed->row.quantity);
}

static void oversell_settle_shelf(struct stock *stock, struct shelf *shelf)
{
    struct stock_oversell *oversell = &shelf->oversell;
    int64_t available = oversell_available(shelf);
    bool was_open = oversell->event_id != NULL;

    if (was_open ? available == oversell->available : available >= 0)
        return;
    if (available < (was_open ? oversell->available : 0)) {
        assert(shelf->lowered.seq != 0);
        oversell->event_id = shelf->lowered.event_id;
        oversell->channel = shelf->lowered.channel;
        oversell->order_id = shelf->lowered.order_id;
    }
    oversell->sku = shelf->sku;
    oversell->pool = shelf->pool;
    oversell->available = available;
    oversell->open = available < 0;
    if (!shelf->is_oversell_listed)
        stock_list_add(stock, &stock->changed_oversells, oversell);
    shelf->is_oversell_listed = true;
}

void stock_oversell_settle(struct stock *stock)
{
    for (size_t i = 0; i < stock->touched_shelves.len; i++)
        oversell_settle_shelf(stock, stock->touched_shelves.items[i]);
}

void stock_oversell_next_batch(struct stock *stock)
{
    stock_oversell_settle(stock);
    for (size_t i = 0; i < stock->touched_shelves.len; i++) {
        struct shelf *shelf = stock->touched_shelves.items[i];

        shelf->is_touched = false;
        if (!shelf->oversell.open)
            shelf->oversell.event_id = NULL;
    }
    stock->touched_shelves.len = 0;
}
