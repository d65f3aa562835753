#include <inttypes.h>

#include "lib/base/clock.h"

#include "channels/bigcommerce/internal.h"

/* A page goes into one record of the events topic, as its raw notification: orders of many lines
   take 20 KB and more. */
enum { POLL_PAGE_LEN = 20 };

/*
 * GET /v2/orders with min_date_modified. Sorted by id, which no change moves: with one since_ms for
 * all pages the set only grows, so that an order can come twice, but none slips between two pages.
 * The times have whole seconds. An empty page is 204, without a body.
 */
void channel_bigcommerce_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                              const struct channel_response *previous, struct arena *arena,
                              struct channel_request *ret_request)
{
    bool has_lines = channel_account_setting_has(account, "lines", "include");
    const struct json *before = NULL;
    char since[CLOCK_TEXT_LEN];

    *ret_request = (struct channel_request){.url = ""};
    if (previous != NULL) {
        channel_bigcommerce_call_result(previous, arena, &before);
        if (json_kind(before) != JSON_ARRAY || json_len(before) < POLL_PAGE_LEN)
            return;
    }
    clock_format(since_ms / 1000 * 1000, since);
    *ret_request = channel_bigcommerce_call(
        account, "GET",
        arena_printf(
            arena, "v2/orders?min_date_modified=%s&sort=id:asc&limit=%d&page=%" PRId64 "%s", since,
            POLL_PAGE_LEN, page,
            has_lines ? "&include=consignments.line_items&consignment_structure=object" : ""),
        NULL, arena);
}
