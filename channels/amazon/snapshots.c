#include <string.h>

#include "lib/base/clock.h"

#include "channels/address.h"
#include "channels/amazon/internal.h"

enum {
    POLL_WAIT_MS = 15000,
    POLL_WAIT_MAX_MS = 60000,
    POLLS_MAX = 120,
    ID_LEN = 256,
    THROTTLED_WAIT_MS = 60000, /* getReportDocument: one a minute [1.4] */
};

/* ---- rows ---- */

struct reading {
    const struct channel_account *account;
    channel_row_visit *visit;
    void *opaque;
};

static bool need_columns(void *opaque, const struct amazon_row *row, struct err *err)
{
    static const char *const needed[] = {"seller-sku", "quantity"};

    (void)opaque;
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        if (!channel_amazon_has_column(row, needed[i]))
            return err_set(err, ERR_REJECT, "no column '%s'", needed[i]);
    }
    return true;
}

/* Of listings whose units lie in Amazon's centres the quantity is empty: it is not ours to set, and
   not zero [1.4]. The report may lack the column that says which those are. */
static bool visit_listing(void *opaque, const struct amazon_row *row, struct err *err)
{
    const struct reading *reading = opaque;
    const char *sku = channel_amazon_cell(row, "seller-sku");
    const char *centre = channel_amazon_cell(row, "fulfillment-channel");
    struct channel_row listing = {.listing = sku, .address = sku, .sku = ""};
    bool told = false;

    if (sku[0] == '\0')
        return true; /* a listing without a SKU can't be named */
    if (!channel_amazon_cell_units(row, "quantity", &listing.quantity, &told))
        return channel_amazon_cell_refuse(row, "quantity", err);
    listing.tracked = told && (centre[0] == '\0' || channel_amazon_is(centre, "DEFAULT"));
    if (!listing.tracked)
        listing.quantity = 0;
    return reading->visit(reading->opaque, &listing, err);
}

static bool visit_stock(void *opaque, const char *table, const struct amazon_units *units,
                        struct err *err)
{
    const struct reading *reading = opaque;
    const struct channel_row row = {
        .listing = "", .address = "", .sku = units->sku, .tracked = true, .quantity = units->units};

    (void)table;
    return strcmp(units->bucket, "sellable") != 0 || reading->visit(reading->opaque, &row, err);
}

static bool visit_summary(const struct reading *reading, struct arena *arena,
                          const struct json *summary, struct err *err)
{
    const char *sku =
        channel_amazon_fba_sku(reading->account, channel_amazon_text(arena, summary, "fnSku"),
                               channel_amazon_text(arena, summary, "sellerSku"));
    struct channel_row row = {.listing = "", .address = "", .sku = sku, .tracked = true};

    if (sku[0] == '\0')
        return err_set(err, ERR_REJECT, "a summary's fnSku is missing");
    if (!channel_amazon_units(channel_amazon_get(summary, "inventoryDetails"),
                              "fulfillableQuantity", &row.quantity))
        row.tracked = false; /* details were not asked for */
    channel_amazon_time(summary, "lastUpdatedTime", &row.version_ms);
    return reading->visit(reading->opaque, &row, err);
}

static bool rows_summaries(const struct reading *reading, const void *bytes, size_t len,
                           struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct json *json = json_parse(arena, bytes, len, err);
    const struct json *payload = channel_amazon_get(json, "payload");
    const struct json *list =
        channel_amazon_get(payload == NULL ? json : payload, "inventorySummaries");

    if (json == NULL)
        return false;
    if (json_kind(list) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "no 'inventorySummaries'");
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_summary(reading, arena, json_at(list, i), err))
            return err_wrap(err, "element %zu", i);
    }
    return true;
}

bool channel_amazon_rows(const struct channel_account *account, const char *format,
                         const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                         struct err *err)
{
    struct reading reading = {account, visit, opaque};
    const struct amazon_stock_visit stock = {visit_stock, &reading};

    if (format == NULL || strcmp(format, "listings") == 0)
        return channel_amazon_table(account, bytes, len, need_columns, visit_listing, &reading,
                                    err);
    if (strcmp(format, "afn") == 0)
        return channel_amazon_stock(account, bytes, len, &stock, err);
    if (strcmp(format, "summaries") == 0)
        return rows_summaries(&reading, bytes, len, err);
    return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
}

/* ---- fetching: ask for a report, wait for it, ask where it is, get it ---- */

enum phase { PHASE_START, PHASE_ASKED, PHASE_DONE, PHASE_FETCHED, PHASE_SUMMARIES };

struct progress {
    enum phase phase;
    int polls;
    int throttled;
    char id[ID_LEN]; /* of the report, then of its document */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static const struct {
    const char *format;
    const char *report; /* NULL: pages of an API */
} sources[] = {
    {"listings",  "GET_MERCHANT_LISTINGS_ALL_DATA"},
    {"afn",       "GET_AFN_INVENTORY_DATA"        },
    {"summaries", NULL                            },
};

static size_t source_of(const struct channel_account *account)
{
    const char *wanted = channel_account_setting(account, "snapshot");

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (strcmp(sources[i].format, wanted) == 0)
            return i;
    }
    return 0;
}

static struct channel_request ask_report(const struct channel_account *account, struct arena *arena)
{
    SCOPED(buf) struct buf body = {0};
    struct json_out out;
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);

    json_begin(&out, &body);
    json_object(&out);
    json_put_member(&out, "reportType", sources[source_of(account)].report);
    json_key(&out, "marketplaceIds");
    json_array(&out);
    if (len > 0) /* of several a SKU would have several rows */
        json_put_text(&out, ids[0]);
    json_array_end(&out);
    json_object_end(&out);
    return channel_amazon_call(account, "POST", "/reports/2021-06-30/reports",
                               arena_strdup(arena, buf_str(&body)), arena);
}

static struct channel_request ask_summaries(const struct channel_account *account,
                                            const char *token, struct arena *arena)
{
    size_t len = 0;
    const char *const *ids = channel_amazon_list(account, "marketplace_ids", arena, &len);
    const char *marketplace = len == 0 ? "" : channel_url_encoded(arena, ids[0]);
    const char *next =
        token[0] == '\0' ? ""
                         : arena_printf(arena, "&nextToken=%s", channel_url_encoded(arena, token));

    return channel_amazon_call(account, "GET",
                               arena_printf(arena,
                                            "/fba/inventory/v1/summaries?details=true"
                                            "&granularityType=Marketplace&granularityId=%s"
                                            "&marketplaceIds=%s%s",
                                            marketplace, marketplace, next),
                               NULL, arena);
}

static struct channel_request ask_again(const struct channel_account *account,
                                        const struct progress *progress, struct arena *arena)
{
    const char *id = channel_url_encoded(arena, progress->id);

    if (progress->phase == PHASE_START)
        return ask_report(account, arena);
    if (progress->phase == PHASE_SUMMARIES)
        return ask_summaries(account, progress->id, arena);
    return channel_amazon_call(
        account, "GET",
        arena_printf(arena, "/reports/2021-06-30/%s/%s",
                     progress->phase == PHASE_ASKED ? "reports" : "documents", id),
        NULL, arena);
}

static bool keep_id(struct progress *progress, const char *id, const char *what, struct err *err)
{
    if (id[0] == '\0' || strlen(id) >= ID_LEN)
        return err_set(err, ERR_RETRY, "the answer names no %s", what);
    strcpy(progress->id, id);
    return true;
}

static int64_t poll_wait_ms(const struct progress *progress)
{
    int64_t wait_ms = POLL_WAIT_MS * (int64_t)(progress->polls + 1);

    return wait_ms < POLL_WAIT_MAX_MS ? wait_ms : POLL_WAIT_MAX_MS;
}

static bool report_asked(struct progress *progress, const struct json *json, struct arena *arena,
                         struct err *err)
{
    static const char *const under_way[] = {"IN_QUEUE", "IN_PROGRESS", NULL};
    const char *status = channel_amazon_text(arena, json, "processingStatus");

    if (channel_amazon_is_one_of(status, under_way))
        return ++progress->polls <= POLLS_MAX ||
               err_set(err, ERR_RETRY, "report: still %s after %d questions", status, POLLS_MAX);
    /* CANCELLED: there was nothing to report, or somebody took it back. */
    if (!channel_amazon_is(status, "DONE"))
        return err_set(err, ERR_RETRY, "report: %.50s", status[0] == '\0' ? "no status" : status);
    progress->phase = PHASE_DONE;
    return keep_id(progress, channel_amazon_text(arena, json, "reportDocumentId"),
                   "reportDocumentId", err);
}

static bool summaries_result(const struct channel_account *account, struct progress *progress,
                             const struct json *json, struct arena *arena,
                             struct channel_fetch *ret_next, struct err *err)
{
    const char *token =
        channel_amazon_text(arena, channel_amazon_get(json, "pagination"), "nextToken");

    if (token[0] == '\0')
        return true;
    if (!keep_id(progress, token, "nextToken", err))
        return false;
    ret_next->request = ask_summaries(account, token, arena);
    return true;
}

static bool call_result(const struct channel_account *account, const struct json *json,
                        struct progress *progress, struct arena *arena,
                        struct channel_fetch *ret_next, struct err *err)
{
    const char *url = channel_amazon_text(arena, json, "url");

    switch (progress->phase) {
    case PHASE_START:
        progress->phase = PHASE_ASKED;
        if (!keep_id(progress, channel_amazon_text(arena, json, "reportId"), "reportId", err))
            return false;
        break;
    case PHASE_ASKED:
        if (!report_asked(progress, json, arena, err))
            return false;
        break;
    case PHASE_DONE:
        if (url[0] == '\0')
            return err_set(err, ERR_RETRY, "the report's document has no url");
        progress->phase = PHASE_FETCHED;
        ret_next->request = channel_amazon_download(url, arena);
        return true;
    case PHASE_SUMMARIES:
        return summaries_result(account, progress, json, arena, ret_next, err);
    case PHASE_FETCHED:
        return true;
    }
    ret_next->request = ask_again(account, progress, arena);
    if (progress->phase == PHASE_ASKED)
        ret_next->wait_ms = poll_wait_ms(progress);
    return true;
}

/* ret_rows: whether the answer before holds rows. */
static bool next_step(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, bool *ret_rows,
                      struct err *err)
{
    const struct json *json = NULL;

    if (previous == NULL) {
        if (sources[source_of(account)].report == NULL)
            progress->phase = PHASE_SUMMARIES;
        ret_next->request = ask_again(account, progress, arena);
        return true;
    }
    if (progress->phase == PHASE_FETCHED) {
        *ret_rows = previous->status == 200;
        return *ret_rows ||
               err_set(err, ERR_RETRY, "the report's document: http status %d", previous->status);
    }
    if (channel_amazon_call_result(previous, arena, &json).verdict == CHANNEL_THROTTLED &&
        ++progress->throttled <= POLLS_MAX) {
        ret_next->request = ask_again(account, progress, arena);
        ret_next->wait_ms = THROTTLED_WAIT_MS;
        return true;
    }
    if (!channel_amazon_call_ok(previous, arena, &json, err)) {
        if (err->code == ERR_REJECT)
            err->code = ERR_RETRY; /* no listing's fault */
        return false;
    }
    *ret_rows = progress->phase == PHASE_SUMMARIES;
    return call_result(account, json, progress, arena, ret_next, err);
}

bool channel_amazon_snapshot(const struct channel_account *account,
                             const struct channel_response *previous, void *state,
                             struct arena *arena, struct channel_fetch *ret_next,
                             const char **ret_bytes, size_t *ret_len, const char **ret_format,
                             struct err *err)
{
    struct progress progress;
    bool has_rows = false;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (!next_step(account, previous, &progress, arena, ret_next, &has_rows, err))
        return false;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = sources[source_of(account)].format;
    return true;
}
