#include <string.h>

#include "lib/base/clock.h"

#include "channels/amazon/internal.h"

/* A page goes into one record of the events topic, as its raw notification. */
enum { POLL_PAGE_LEN = 30, DELAY_MS = 180000 };

/*
 * A round asks for the orders that changed, then for the inbound shipments, then for the units in
 * Amazon's centres. Which of them the answer before belongs to shows in its members; so does the
 * next page, and its token. Changes show in the list with a delay of two minutes [sp-docs], so that
 * each round looks further back than it is asked to.
 */
struct round {
    const struct channel_account *account;
    struct arena *arena;
    const char *marketplaces; /* encoded */
    const char *marketplace;  /* the first */
    char since[CLOCK_TEXT_LEN];
};

static void ask(const struct round *round, struct channel_request *ret_request, const char *path)
{
    *ret_request = channel_amazon_call(round->account, "GET", path, NULL, round->arena);
}

static const char *token_param(const struct round *round, const char *name, const char *token)
{
    if (token[0] == '\0')
        return "";
    return arena_printf(round->arena, "&%s=%s", name, channel_url_encoded(round->arena, token));
}

static void ask_orders(const struct round *round, const char *token,
                       struct channel_request *ret_request)
{
    if (channel_amazon_is_v0(round->account)) {
        /* The token stands for all that was asked at first. */
        ask(round, ret_request,
            token[0] == '\0'
                ? arena_printf(round->arena,
                               "/orders/v0/orders?MarketplaceIds=%s&LastUpdatedAfter=%s"
                               "&MaxResultsPerPage=%d",
                               round->marketplaces, round->since, POLL_PAGE_LEN)
                : arena_printf(round->arena, "/orders/v0/orders?MarketplaceIds=%s%s",
                               round->marketplaces, token_param(round, "NextToken", token)));
        return;
    }
    ask(round, ret_request,
        arena_printf(round->arena,
                     "/orders/2026-01-01/orders?lastUpdatedAfter=%s&marketplaceIds=%s"
                     "&maxResultsPerPage=%d&includedData=CANCELLATION,FULFILLMENT,PACKAGES%s",
                     round->since, round->marketplaces, POLL_PAGE_LEN,
                     token_param(round, "paginationToken", token)));
}

/* Shipments have no order of their own in time: a range must be closed, by the time that the list
   of orders closed its own with. */
static void ask_shipments(const struct round *round, const char *before,
                          struct channel_request *ret_request)
{
    ask(round, ret_request,
        arena_printf(round->arena,
                     "/fba/inbound/v0/shipments?QueryType=DATE_RANGE&MarketplaceId=%s"
                     "&LastUpdatedAfter=%s&LastUpdatedBefore=%s",
                     round->marketplace, round->since, channel_url_encoded(round->arena, before)));
}

static void ask_more_shipments(const struct round *round, const char *token,
                               struct channel_request *ret_request)
{
    ask(round, ret_request,
        arena_printf(round->arena,
                     "/fba/inbound/v0/shipments?QueryType=NEXT_TOKEN&MarketplaceId=%s%s",
                     round->marketplace, token_param(round, "NextToken", token)));
}

static void ask_summaries(const struct round *round, const char *token,
                          struct channel_request *ret_request)
{
    ask(round, ret_request,
        arena_printf(round->arena,
                     "/fba/inventory/v1/summaries?details=true&granularityType=Marketplace"
                     "&granularityId=%s&marketplaceIds=%s&startDateTime=%s%s",
                     round->marketplace, round->marketplace, round->since,
                     token_param(round, "nextToken", token)));
}

static bool has_centres(const struct channel_account *account)
{
    return channel_account_setting(account, "fba_pool")[0] != '\0';
}

static void ask_next(const struct round *round, const struct json *json,
                     struct channel_request *ret_request)
{
    const struct json *payload = channel_amazon_get(json, "payload");
    const struct json *pages = channel_amazon_get(json, "pagination");
    const struct json *body = payload == NULL ? json : payload;
    const char *token = channel_amazon_text(round->arena, pages, "nextToken");
    const char *before = channel_amazon_text(round->arena, body, "lastUpdatedBefore");

    if (token[0] == '\0')
        token = channel_amazon_text(round->arena, body, "NextToken");
    if (channel_amazon_get(body, "orders") != NULL) {
        if (token[0] != '\0')
            ask_orders(round, token, ret_request);
        else if (has_centres(round->account) && before[0] != '\0')
            ask_shipments(round, before, ret_request);
        else if (has_centres(round->account))
            ask_summaries(round, "", ret_request);
        return;
    }
    if (channel_amazon_get(body, "ShipmentData") != NULL) {
        if (token[0] != '\0')
            ask_more_shipments(round, token, ret_request);
        else
            ask_summaries(round, "", ret_request);
        return;
    }
    if (channel_amazon_get(body, "inventorySummaries") != NULL && token[0] != '\0')
        ask_summaries(round, token, ret_request);
}

void channel_amazon_poll(const struct channel_account *account, int64_t since_ms, int64_t page,
                         const struct channel_response *previous, struct arena *arena,
                         struct channel_request *ret_request)
{
    struct round round = {.account = account, .arena = arena, .marketplace = ""};
    struct err err = {0};
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    (void)page;
    *ret_request = (struct channel_request){.url = ""};
    clock_format(since_ms > DELAY_MS ? since_ms - DELAY_MS : since_ms, round.since);
    round.marketplaces = arena_join(arena, ids, len, ',');
    if (len > 0)
        round.marketplace = ids[0];
    if (previous == NULL) {
        ask_orders(&round, "", ret_request);
        return;
    }
    const struct json *json = json_parse(arena, previous->body, previous->body_len, &err);
    if (json != NULL)
        ask_next(&round, json, ret_request);
}
