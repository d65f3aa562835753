#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"

#include "channels/amazon/internal.h"

/*
 * Two ways to set a quantity. A patch shows at once whether it was taken, and five a second may be
 * sent. A feed takes thousands at a price of five calls and of minutes: for sellers whose changes
 * outgrow the patches. The account says which (`push_by`).
 */
enum {
    FEED_POLLS_MAX = 40,
    FEED_WAIT_MS = 15000,
    FEED_WAIT_MAX_MS = 60000,
    RETRY_AFTER_MS = 10000, /* neither header nor body say when [1.3] */
    SHOWN_AFTER_MS = 60000,
};

static const char feed_type[] = "JSON_LISTINGS_FEED";
static const char feed_content[] = "application/json; charset=UTF-8";

static bool is_by_feed(const struct channel_account *account)
{
    return strcmp(channel_account_setting(account, "push_by"), "feed") == 0;
}

/* ---- addresses: the seller's SKU, the listing where there is none ---- */

static const char *sku_of(const struct target *target)
{
    return target->address[0] == '\0' ? target->listing : target->address;
}

const char *channel_amazon_group(const struct channel_account *account, const struct target *target,
                                 struct arena *arena)
{
    const char *sku = sku_of(target);

    if (sku[0] == '\0')
        return NULL;
    return is_by_feed(account) ? "" : arena_strdup(arena, sku);
}

static const char *seller_of(const struct channel_account *account)
{
    const char *seller = channel_account_setting(account, "seller_id");

    return seller[0] != '\0' ? seller : account->account;
}

/* ---- what both write ---- */

/* As published: the entry of our own code. Listings of Amazon's own stock must not be mapped to
   targets: this would make them the merchant's. */
static void put_patches(struct json_out *out, int64_t quantity)
{
    json_key(out, "patches");
    json_array(out);
    json_object(out);
    json_put_member(out, "op", "replace");
    json_put_member(out, "path", "/attributes/fulfillment_availability");
    json_key(out, "value");
    json_array(out);
    json_object(out);
    json_put_member(out, "fulfillment_channel_code", "DEFAULT");
    json_put_member_int(out, "quantity", quantity);
    json_object_end(out);
    json_array_end(out);
    json_object_end(out);
    json_array_end(out);
}

/* ---- patches, one for each marketplace ---- */

static struct channel_request patch(const struct channel_account *account,
                                    const struct channel_push *push, const char *marketplace,
                                    struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "productType", channel_account_setting(account, "product_type"));
    put_patches(&out, push->target->quantity);
    json_object_end(&out);
    return channel_amazon_call(account, "PATCH",
                               arena_printf(arena,
                                            "/listings/2021-08-01/items/%s/%s?marketplaceIds=%s",
                                            channel_url_encoded(arena, seller_of(account)),
                                            channel_url_encoded(arena, sku_of(push->target)),
                                            channel_url_encoded(arena, marketplace)),
                               arena_strdup(arena, buf_str(&body)), arena);
}

/* What the listing shows after the patch; later than at once, as it takes its time. */
static struct channel_fetch look(const struct channel_account *account,
                                 const struct channel_push *push, const char *marketplace,
                                 struct arena *arena)
{
    const char *path = arena_printf(arena,
                                    "/listings/2021-08-01/items/%s/%s?marketplaceIds=%s"
                                    "&includedData=fulfillmentAvailability",
                                    channel_url_encoded(arena, seller_of(account)),
                                    channel_url_encoded(arena, sku_of(push->target)),
                                    channel_url_encoded(arena, marketplace));
    struct channel_fetch fetch = {
        .request = channel_amazon_call(account, "GET", path, NULL, arena),
        .wait_ms = strtoll(channel_account_setting(account, "look_after_ms"), NULL, 10),
    };

    fetch.request.cost = 0; /* each operation has a budget of its own, and this one's is greater */
    return fetch;
}

static bool is_taken(const struct channel_response *response, struct arena *arena)
{
    const struct json *json = NULL;

    return channel_amazon_call_result(response, arena, &json).verdict == CHANNEL_ACCEPTED &&
           channel_amazon_is(channel_amazon_text(arena, json, "status"), "ACCEPTED");
}

/* ---- feeds: make a document, write it, make a feed of it, wait, read what became of it ---- */

enum feed_phase { FEED_DOCUMENT, FEED_WRITTEN, FEED_MADE, FEED_WAITED, FEED_REPORT, FEED_READ };

struct pushing {
    size_t patches; /* answered so far */
    enum feed_phase phase;
    const char *document_id;
    const char *feed_id;
    int polls;
};

static struct channel_request make_document(const struct channel_account *account,
                                            struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "contentType", feed_content);
    json_object_end(&out);
    return channel_amazon_call(account, "POST", "/feeds/2021-06-30/documents",
                               arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_request write_document(const struct channel_account *account,
                                             const struct channel_push *pushes, size_t count,
                                             const char *url, struct arena *arena)
{
    static const struct channel_header headers[] = {
        {"Content-Type", feed_content}
    };
    SCOPED(buf) struct buf body = {0};
    struct channel_request request = channel_amazon_download(url, arena);
    struct json_out out;

    json_begin(&out, &body);
    json_object(&out);
    json_key(&out, "header");
    json_object(&out);
    json_put_member(&out, "sellerId", seller_of(account));
    json_put_member(&out, "version", "2.0");
    json_put_member(&out, "issueLocale", "en_US");
    json_object_end(&out);
    json_key(&out, "messages");
    json_array(&out);
    for (size_t i = 0; i < count; i++) {
        json_object(&out);
        json_put_member_int(&out, "messageId", (int64_t)i + 1);
        json_put_member(&out, "sku", sku_of(pushes[i].target));
        json_put_member(&out, "operationType", "PATCH");
        json_put_member(&out, "productType", channel_account_setting(account, "product_type"));
        put_patches(&out, pushes[i].target->quantity);
        json_object_end(&out);
    }
    json_array_end(&out);
    json_object_end(&out);
    request.method = "PUT";
    request.headers = headers;
    request.headers_len = ARRAY_LEN(headers);
    request.body = arena_strdup(arena, buf_str(&body));
    request.body_len = body.len;
    return request;
}

static struct channel_request make_feed(const struct channel_account *account,
                                        const char *document_id, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "feedType", feed_type);
    json_key(&out, "marketplaceIds");
    json_array(&out);
    for (size_t i = 0; i < len; i++)
        json_put_text(&out, ids[i]);
    json_array_end(&out);
    json_put_member(&out, "inputFeedDocumentId", document_id);
    json_object_end(&out);
    return channel_amazon_call(account, "POST", "/feeds/2021-06-30/feeds",
                               arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_fetch ask_feed(const struct channel_account *account,
                                     const struct pushing *pushing, struct arena *arena)
{
    int64_t wait_ms = FEED_WAIT_MS * (pushing->polls + 1);

    return (struct channel_fetch){
        .request = channel_amazon_call(account, "GET",
                                       arena_printf(arena, "/feeds/2021-06-30/feeds/%s",
                                                    channel_url_encoded(arena, pushing->feed_id)),
                                       NULL, arena),
        .wait_ms = wait_ms < FEED_WAIT_MAX_MS ? wait_ms : FEED_WAIT_MAX_MS,
    };
}

/* Still under way after all questions: answer() takes it as accepted. */
static void judge_feed(const struct channel_account *account, struct pushing *pushing,
                       const struct json *json, struct arena *arena, struct channel_fetch *ret_next)
{
    static const char *const under_way[] = {"IN_QUEUE", "IN_PROGRESS", NULL};
    const char *report = channel_amazon_text(arena, json, "resultFeedDocumentId");

    if (channel_amazon_is_one_of(channel_amazon_text(arena, json, "processingStatus"), under_way)) {
        if (++pushing->polls < FEED_POLLS_MAX)
            *ret_next = ask_feed(account, pushing, arena);
        return;
    }
    if (report[0] == '\0')
        return;
    pushing->phase = FEED_REPORT;
    ret_next->request = channel_amazon_call(
        account, "GET",
        arena_printf(arena, "/feeds/2021-06-30/documents/%s", channel_url_encoded(arena, report)),
        NULL, arena);
}

static void next_of_feed(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const struct json *json, struct pushing *pushing,
                         struct arena *arena, struct channel_fetch *ret_next)
{
    const char *url = channel_amazon_text(arena, json, "url");

    switch (pushing->phase) {
    case FEED_DOCUMENT:
        pushing->document_id = channel_amazon_text(arena, json, "feedDocumentId");
        if (url[0] == '\0' || pushing->document_id[0] == '\0')
            return;
        pushing->phase = FEED_WRITTEN;
        ret_next->request = write_document(account, pushes, count, url, arena);
        return;
    case FEED_WRITTEN:
        pushing->phase = FEED_MADE;
        ret_next->request = make_feed(account, pushing->document_id, arena);
        return;
    case FEED_MADE:
        pushing->feed_id = channel_amazon_text(arena, json, "feedId");
        if (pushing->feed_id[0] == '\0')
            return;
        pushing->phase = FEED_WAITED;
        *ret_next = ask_feed(account, pushing, arena);
        return;
    case FEED_WAITED:
        judge_feed(account, pushing, json, arena, ret_next);
        return;
    case FEED_REPORT:
        if (url[0] == '\0')
            return;
        pushing->phase = FEED_READ;
        ret_next->request = channel_amazon_download(url, arena);
        return;
    case FEED_READ:
        return;
    }
}

/* ---- pushes ---- */

bool channel_amazon_push(const struct channel_account *account, const struct channel_push *pushes,
                         size_t count, const char *key, struct arena *arena,
                         struct channel_request *ret_request, struct err *err)
{
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    (void)key; /* there is no idempotency, and setting a quantity twice does no harm */
    for (size_t i = 0; i < count; i++) {
        if (sku_of(pushes[i].target)[0] == '\0')
            return err_set(err, ERR_REJECT, "neither address nor listing: want the seller's SKU");
    }
    *ret_request = is_by_feed(account) ? make_document(account, arena)
                                       : patch(account, &pushes[0], len == 0 ? "" : ids[0], arena);
    return true;
}

bool channel_amazon_push_next(const struct channel_account *account,
                              const struct channel_push *pushes, size_t count, const char *key,
                              const struct channel_response *previous, void **state,
                              struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *json = NULL;
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    (void)key;
    (void)err;
    if (*state == NULL)
        *state = arena_alloc(arena, sizeof(struct pushing));
    struct pushing *pushing = *state;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (!is_by_feed(account)) {
        if (!is_taken(previous, arena))
            return true;
        if (++pushing->patches < len)
            ret_next->request = patch(account, &pushes[0], ids[pushing->patches], arena);
        else
            *ret_next = look(account, &pushes[0], len == 0 ? "" : ids[0], arena);
        return true;
    }
    /* The document's host answers a written one without a body. */
    if (pushing->phase == FEED_WRITTEN
            ? previous->status / 100 != 2
            : channel_amazon_call_result(previous, arena, &json).verdict != CHANNEL_ACCEPTED)
        return true;
    next_of_feed(account, pushes, count, json, pushing, arena, ret_next);
    ret_next->request.cost = 0; /* the budget counts feeds */
    return true;
}

/* ---- answers ---- */

static struct channel_result rejected(struct arena *arena, const struct json *issue,
                                      const char *otherwise)
{
    const char *code = channel_amazon_text(arena, issue, "code");

    return (struct channel_result){.verdict = CHANNEL_REJECTED,
                                   .error_class = code[0] == '\0' ? otherwise : code,
                                   .error_text = channel_amazon_text(arena, issue, "message")};
}

static bool is_error(struct arena *arena, const struct json *issue)
{
    return channel_amazon_is(channel_amazon_text(arena, issue, "severity"), "ERROR");
}

static const struct json *first_error(struct arena *arena, const struct json *issues)
{
    for (size_t i = 0; i < json_len(issues); i++) {
        if (is_error(arena, json_at(issues, i)))
            return json_at(issues, i);
    }
    return json_at(issues, 0);
}

/* INVALID comes with 200, and ACCEPTED is not applied yet [1.3]. */
static struct channel_result result_of_patch(const struct json *json, struct arena *arena)
{
    const char *status = channel_amazon_text(arena, json, "status");

    if (channel_amazon_is(status, "ACCEPTED"))
        return (struct channel_result){.verdict = CHANNEL_ACCEPTED,
                                       .error_class = "",
                                       .error_text = "",
                                       .again_ms = SHOWN_AFTER_MS};
    if (channel_amazon_is(status, "INVALID"))
        return rejected(arena, first_error(arena, channel_amazon_get(json, "issues")), "invalid");
    return (struct channel_result){
        .verdict = CHANNEL_RETRY, .error_class = "unknown_status", .error_text = status};
}

/* What the listing shows some moments after its patch was accepted. */
static struct channel_result result_of_look(const struct json *availability,
                                            const struct channel_push *push, struct arena *arena)
{
    struct channel_result result = {.verdict = CHANNEL_ACCEPTED,
                                    .error_class = "shows_other_quantity",
                                    .error_text = "",
                                    .again_ms = SHOWN_AFTER_MS};

    for (size_t i = 0; i < json_len(availability) && !result.has_shown; i++) {
        const struct json *one = json_at(availability, i);

        result.has_shown =
            channel_amazon_is(channel_amazon_text(arena, one, "fulfillmentChannelCode"),
                              "DEFAULT") &&
            channel_amazon_units(one, "quantity", &result.shown);
    }
    if (!result.has_shown)
        result.error_class = "shows_no_quantity";
    if (result.has_shown && result.shown == push->target->quantity) {
        result.verdict = CHANNEL_CONFIRMED;
        result.error_class = "";
    }
    return result;
}

/* By message where it is told, else by SKU: a published report counts its messages otherwise than
   the feed that it is about. A fault that is of no message is everybody's. */
static const struct json *issue_of(const struct json *report, const struct channel_push *push,
                                   size_t index, struct arena *arena)
{
    const struct json *issues = channel_amazon_get(report, "issues");

    for (size_t i = 0; i < json_len(issues); i++) {
        const struct json *issue = json_at(issues, i);
        const char *sku = channel_amazon_text(arena, issue, "sku");
        int64_t message_id = 0;

        if (!is_error(arena, issue))
            continue;
        if (sku[0] != '\0'
                ? strcmp(sku, sku_of(push->target)) == 0
                : !json_int(channel_amazon_get(issue, "messageId"), 1, INT64_MAX, &message_id) ||
                      message_id == (int64_t)index + 1)
            return issue;
    }
    return NULL;
}

static struct channel_result result_of_report(const struct json *report,
                                              const struct channel_push *push, size_t index,
                                              struct arena *arena)
{
    const struct json *issue = issue_of(report, push, index, arena);

    if (issue != NULL)
        return rejected(arena, issue, "invalid");
    /* Processed without a fault: thousands of listings are not looked at one by one. */
    return (struct channel_result){
        .verdict = CHANNEL_CONFIRMED, .error_class = "", .error_text = ""};
}

/* A feed that ended without a report, or did not end. */
static struct channel_result result_of_feed(const struct json *json, size_t count,
                                            struct arena *arena)
{
    const char *status = channel_amazon_text(arena, json, "processingStatus");
    struct channel_result result = {
        .verdict = CHANNEL_RETRY, .error_class = "feed_cut_short", .error_text = status};

    if (channel_amazon_is(status, "FATAL")) {
        result.error_class = "feed_fatal";
        result.verdict = count > 1 ? CHANNEL_SPLIT : CHANNEL_REJECTED;
    } else if (channel_amazon_is(status, "CANCELLED")) {
        result.error_class = "feed_cancelled";
    } else if (channel_amazon_is(status, "IN_QUEUE") || channel_amazon_is(status, "IN_PROGRESS")) {
        result.verdict = CHANNEL_ACCEPTED;
        result.error_class = "feed_in_progress";
        result.again_ms = 5 * SHOWN_AFTER_MS;
    }
    return result;
}

/* "0.5": restored tokens in a second; only with 20x, 400 and 404 [1.3]. */
static struct channel_budget budget_of(const struct channel_response *response, bool is_throttled)
{
    const char *text = channel_response_header(response, "x-amzn-RateLimit-Limit");
    struct channel_budget budget = {-1, -1, channel_retry_after_ms(response)};
    char *end = NULL;
    double rate = text == NULL ? 0 : strtod(text, &end);

    if (text != NULL && end != text && *end == '\0' && rate > 0 && rate < 1000)
        budget.restore_per_second = rate;
    if (is_throttled && budget.retry_after_ms < 0)
        budget.retry_after_ms = RETRY_AFTER_MS;
    return budget;
}

void channel_amazon_answer(const struct channel_account *account, const struct channel_push *pushes,
                           size_t count, const struct channel_response *response,
                           struct arena *arena, struct channel_result *results,
                           struct channel_budget *ret_budget)
{
    const struct json *json = NULL;
    struct channel_result whole = channel_amazon_call_result(response, arena, &json);
    const struct json *availability = channel_amazon_get(json, "fulfillmentAvailability");
    bool is_report = channel_amazon_get(json, "summary") != NULL;
    bool is_feed = is_by_feed(account) || is_report;

    if (whole.verdict == CHANNEL_REJECTED && count > 1)
        whole.verdict = CHANNEL_SPLIT;
    if (whole.verdict == CHANNEL_ACCEPTED && !is_report && availability == NULL)
        whole = is_feed ? result_of_feed(json, count, arena) : result_of_patch(json, arena);
    for (size_t i = 0; i < count; i++)
        results[i] = is_report              ? result_of_report(json, &pushes[i], i, arena)
                     : availability != NULL ? result_of_look(availability, &pushes[i], arena)
                                            : whole;
    *ret_budget = budget_of(response, whole.verdict == CHANNEL_THROTTLED);
    if (is_feed)
        ret_budget->restore_per_second = -1; /* of another call than the first */
}
