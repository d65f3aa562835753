#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channels/account.h"
#include "channels/address.h"
#include "channels/ebay/internal.h"
#include "lib/pack/pack.h"

static const char report_path[] = "BulkDataExchangeResponses/ActiveInventoryReport/SKUDetails";

/* ---- rows of the report: LMS_ACTIVE_INVENTORY_REPORT [idx:69417215332, eb-dev] ---- */

struct reading {
    struct arena *arena; /* of one record */
    channel_row_visit *visit;
    void *opaque;
};

static const char *text_of(const struct xml *element, const char *name)
{
    const char *text = xml_text(xml_get(element, name));

    return text == NULL ? "" : text;
}

/* Blank is not zero: then nothing is known of the quantity. */
static bool visit_part(const struct reading *reading, const struct xml *part, const char *listing,
                       struct err *err)
{
    const char *quantity = text_of(part, "Quantity");
    struct channel_row row = {.listing = listing,
                              .address = arena_printf(reading->arena, "item:%s", listing),
                              .sku = text_of(part, "SKU"),
                              .tracked = quantity[0] != '\0'};

    if (row.tracked && !xml_int(xml_get(part, "Quantity"), 0, EVENT_QUANTITY_MAX, &row.quantity))
        return xml_fail(part, err, "listing %.100s: Quantity is '%.50s'", listing, quantity);
    return reading->visit(reading->opaque, &row, err);
}

/* A variation is listed by its SKU: without one it can be neither named nor written. */
static bool visit_record(void *opaque, const struct xml *record, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    struct reading reading = *(const struct reading *)opaque;
    const char *item = text_of(record, "ItemID");
    const struct xml *variation = xml_path(record, "Variations", "Variation", NULL);

    reading.arena = arena;
    if (!channel_address_is_id(item)) /* the record is dropped, the file is kept */
        return true;
    if (variation == NULL)
        return visit_part(&reading, record, item, err);
    for (; variation != NULL; variation = xml_next(variation, "Variation")) {
        const char *sku = text_of(variation, "SKU");

        if (sku[0] != '\0' &&
            !visit_part(&reading, variation, arena_printf(arena, "%s/%s", item, sku), err))
            return false;
    }
    return true;
}

static bool report_rows(const void *bytes, size_t len, const struct reading *reading,
                        struct err *err)
{
    return xml_each(bytes, len, report_path, visit_record, (void *)(uintptr_t)reading, err);
}

/* ---- rows of pages of inventory items [eb-oas sell_inventory] ---- */

static bool visit_item(const struct reading *reading, const struct json *item, struct err *err)
{
    const char *sku = channel_address_text(item, "sku");
    const struct json *quantity =
        json_path(item, "availability", "shipToLocationAvailability", "quantity", NULL);
    struct channel_row row = {.listing = "",
                              .address = arena_printf(reading->arena, "sku:%s", sku),
                              .sku = sku,
                              .tracked = !json_is_null(quantity)};

    if (sku[0] == '\0')
        return err_set(err, ERR_REJECT, "an item has no sku");
    if (row.tracked && !channel_address_units(quantity, 0, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(err, ERR_REJECT, "item %.100s: 'quantity' is wrong", sku);
    return reading->visit(reading->opaque, &row, err);
}

static bool page_rows(const void *bytes, size_t len, const struct reading *reading, struct err *err)
{
    const struct json *json = json_parse(reading->arena, bytes, len, err);
    const struct json *items = json_get(json, "inventoryItems");

    if (json == NULL)
        return false;
    if (json_kind(items) != JSON_ARRAY)
        return err_set(err, ERR_REJECT, "no 'inventoryItems': this is no page of them");
    for (size_t i = 0; i < json_len(items); i++) {
        if (!visit_item(reading, json_at(items, i), err))
            return err_wrap(err, "element %zu", i);
    }
    return true;
}

bool channel_ebay_rows(const struct channel_account *account, const char *format, const void *bytes,
                       size_t len, channel_row_visit *visit, void *opaque, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct reading reading = {arena, visit, opaque};

    const char *text = NULL;
    size_t text_len = 0;

    (void)account;
    if (!pack_open(arena, bytes, len, XML_BYTES_MAX, &text, &text_len, err))
        return false;
    if (format == NULL || strcmp(format, "active_inventory") == 0)
        return report_rows(text, text_len, &reading, err);
    if (strcmp(format, "inventory_items") == 0)
        return page_rows(text, text_len, &reading, err);
    return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
}

/* ---- fetching ---- */

enum {
    TASK_ID_MAX = 100,
    TASK_POLLS_MAX = 240,
    TASK_POLL_MS = 15000,
    TRIES_MAX = 30,
    THROTTLED_WAIT_MS = 5000,
    PAGE_LEN = 100,
    PAGES_MAX = 100000,
};

enum phase { PHASE_NEW, PHASE_STARTED, PHASE_RUNS, PHASE_DOWNLOADS, PHASE_PAGES };

struct progress {
    enum phase phase;
    int polls;
    int tries; /* in a row that were throttled */
    int page;  /* of items, from 0 */
    int64_t seen;
    char task[TASK_ID_MAX + 1];
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

/* The request that the phase waits for an answer to. */
static struct channel_fetch fetch_of(const struct channel_account *account,
                                     const struct progress *progress, struct arena *arena)
{
    static const char task[] = "{\"feedType\":\"LMS_ACTIVE_INVENTORY_REPORT\","
                               "\"schemaVersion\":\"1.0\"}";
    struct channel_fetch fetch = {0};

    switch (progress->phase) {
    case PHASE_NEW:
        break;
    case PHASE_STARTED:
        fetch.request =
            channel_ebay_call(account, "POST", "/sell/feed/v1/inventory_task", task, arena);
        break;
    case PHASE_RUNS:
        fetch.request = channel_ebay_call(
            account, "GET", arena_printf(arena, "/sell/feed/v1/inventory_task/%s", progress->task),
            NULL, arena);
        fetch.wait_ms = TASK_POLL_MS;
        break;
    case PHASE_DOWNLOADS:
        fetch.request = channel_ebay_call(
            account, "GET",
            arena_printf(arena, "/sell/feed/v1/task/%s/download_result_file", progress->task), NULL,
            arena);
        break;
    case PHASE_PAGES:
        /* offset is a page's number here [eb-oas sell_inventory] */
        fetch.request = channel_ebay_call(
            account, "GET",
            arena_printf(arena, "/sell/inventory/v1/inventory_item?limit=%d&offset=%d", PAGE_LEN,
                         progress->page),
            NULL, arena);
        break;
    }
    return fetch;
}

/* The last part of "https://api.ebay.com/sell/feed/v1/inventory_task/task-6-11": an answer shall
   not say where to go. */
static bool task_started(const struct channel_response *response, struct progress *progress,
                         struct err *err)
{
    const char *location = channel_response_header(response, "Location");
    const char *slash = location == NULL ? NULL : strrchr(location, '/');

    if (slash == NULL || !channel_ebay_is_plain(slash + 1, TASK_ID_MAX))
        return err_set(err, ERR_RETRY, "the answer names no task");
    snprintf(progress->task, sizeof(progress->task), "%s", slash + 1);
    progress->phase = PHASE_RUNS;
    return true;
}

/* A task that ended with errors has a report with holes. */
static bool task_told(const struct channel_response *response, struct progress *progress,
                      struct arena *arena, struct err *err)
{
    static const char *const ends[] = {"COMPLETED_WITH_ERROR", "PARTIALLY_PROCESSED", "FAILED",
                                       "ABORTED", "CANCELLED"};
    const struct json *json = json_parse(arena, response->body, response->body_len, err);
    const char *status = channel_address_text(json, "status");

    if (strcmp(status, "COMPLETED") == 0) {
        progress->phase = PHASE_DOWNLOADS;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (strcmp(ends[i], status) == 0)
            return err_set(err, ERR_RETRY, "the report ended as %s", status);
    }
    if (status[0] == '\0' || ++progress->polls >= TASK_POLLS_MAX)
        return err_set(err, ERR_RETRY, "the report is '%.50s' after %d questions", status,
                       progress->polls);
    return true;
}

/* `total` is of all items; fewer would be a shop with holes. */
static bool page_told(const struct channel_response *response, struct progress *progress,
                      struct arena *arena, bool *ret_is_last, struct err *err)
{
    const struct json *json = json_parse(arena, response->body, response->body_len, err);
    size_t len = json_len(json_get(json, "inventoryItems"));
    int64_t total = -1;

    if (json_kind(json_get(json, "inventoryItems")) != JSON_ARRAY ||
        !json_int(json_get(json, "total"), 0, INT64_MAX, &total))
        return err_set(err, ERR_RETRY, "no page of inventory items");
    progress->seen += (int64_t)len;
    *ret_is_last = progress->seen >= total;
    if (!*ret_is_last && (len == 0 || ++progress->page >= PAGES_MAX))
        return err_set(err, ERR_RETRY, "%" PRId64 " of %" PRId64 " items came", progress->seen,
                       total);
    return true;
}

/* What the answer to the phase's request makes of it. *ret_rows: it holds some. */
static bool phase_told(const struct channel_response *response, struct progress *progress,
                       struct arena *arena, bool *ret_rows, bool *ret_is_last, struct err *err)
{
    switch (progress->phase) {
    case PHASE_STARTED:
        return task_started(response, progress, err);
    case PHASE_RUNS:
        return task_told(response, progress, arena, err);
    case PHASE_PAGES:
        *ret_rows = true;
        return page_told(response, progress, arena, ret_is_last, err);
    case PHASE_DOWNLOADS:
        *ret_rows = *ret_is_last = true;
        /* 204, or nothing: no report is no empty shop. */
        if (response->body_len > 0)
            return true;
        break;
    case PHASE_NEW:
        break;
    }
    return err_set(err, ERR_RETRY, "there is no report");
}

static bool next_step(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, bool *ret_rows,
                      struct err *err)
{
    const struct channel_result result = channel_result_of_status(previous->status, arena);
    bool is_last = false;

    if (result.verdict == CHANNEL_THROTTLED && ++progress->tries <= TRIES_MAX) {
        int64_t wait_ms = channel_retry_after_ms(previous);

        *ret_next = fetch_of(account, progress, arena);
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, previous->body == NULL ? "" : previous->body);
    progress->tries = 0;
    if (!phase_told(previous, progress, arena, ret_rows, &is_last, err))
        return false;
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (!is_last)
        *ret_next = fetch_of(account, progress, arena);
    return true;
}

bool channel_ebay_snapshot(const struct channel_account *account,
                           const struct channel_response *previous, void *state,
                           struct arena *arena, struct channel_fetch *ret_next,
                           const char **ret_bytes, size_t *ret_len, const char **ret_format,
                           struct err *err)
{
    const char *format = channel_account_setting(account, "snapshot");
    struct progress progress;
    bool has_rows = false;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    if (previous == NULL) {
        progress.phase = strcmp(format, "inventory_items") == 0 ? PHASE_PAGES : PHASE_STARTED;
        *ret_next = fetch_of(account, &progress, arena);
    } else if (!next_step(account, previous, &progress, arena, ret_next, &has_rows, err)) {
        return false;
    }
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = progress.phase == PHASE_PAGES ? "inventory_items" : "active_inventory";
    return true;
}
