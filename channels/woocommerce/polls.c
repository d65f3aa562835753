#include <inttypes.h>
#include <stdlib.h>

#include "lib/base/clock.h"

#include "channels/woocommerce/internal.h"

/* A page goes into one record of the events topic, as its raw notification: orders of many lines
   take 20 KB and more. */
enum { POLL_PAGE_LEN = 20 };

/*
 * GET /orders with modified_after [WC2]. Sorted by id, which no change moves: with one since_ms for
 * all pages the set only grows, so that an order can come twice, but none slips between two pages
 * (sorting by modification is no documented value of orderby). modified_after has whole seconds and
 * leaves them out themselves.
 */
void channel_woocommerce_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                              const struct channel_response *previous, struct arena *arena,
                              struct channel_request *ret_request)
{
    char since[CLOCK_TEXT_LEN];
    const char *pages =
        previous == NULL ? NULL : channel_response_header(previous, "X-WP-TotalPages");

    *ret_request = (struct channel_request){.url = ""};
    if (previous != NULL && (pages == NULL || page > strtoll(pages, NULL, 10)))
        return;
    clock_format((since_ms / 1000 - 1) * 1000, since);
    *ret_request = channel_woocommerce_call(
        account, "GET",
        arena_printf(arena,
                     "orders?status=any&dates_are_gmt=true&modified_after=%.19s&orderby=id"
                     "&order=asc&per_page=%d&page=%" PRId64,
                     since, POLL_PAGE_LEN, page),
        NULL, arena);
}
