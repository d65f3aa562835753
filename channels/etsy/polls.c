#include <inttypes.h>

#include "channels/address.h"
#include "channels/etsy/internal.h"

/* A page goes into one record of the events topic, as its raw notification: receipts have the whole
   description of each listing in them. */
enum { POLL_PAGE_LEN = 20 };

/*
 * GET /shops/{shop}/receipts. Sorted by creation, which no change moves: with one since_ms for all
 * pages the set only grows, so that a receipt can come twice, but none slips between two pages.
 */
void channel_etsy_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                       const struct channel_response *previous, struct arena *arena,
                       struct channel_request *ret_request)
{
    const struct json *before = NULL;

    *ret_request = (struct channel_request){.url = ""};
    if (!channel_address_is_id(account->account))
        return; /* nobody's receipts */
    if (previous != NULL) {
        channel_etsy_call_result(previous, arena, &before);
        if (json_len(json_get(before, "results")) < POLL_PAGE_LEN)
            return;
    }
    *ret_request = channel_etsy_call(
        account, "GET",
        arena_printf(arena,
                     "shops/%s/receipts?%s=%" PRId64
                     "&sort_on=created&sort_order=asc&limit=%d&offset=%" PRId64,
                     account->account, channel_account_setting(account, "modified_since"),
                     since_ms / 1000, POLL_PAGE_LEN, (page - 1) * POLL_PAGE_LEN),
        NULL, arena);
}
