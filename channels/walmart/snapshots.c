#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/csv/csv.h"
#include "lib/pack/pack.h"

#include "channels/url.h"
#include "channels/walmart/internal.h"

enum {
    TEXT_LEN = 900,
    TRIES_MAX = 30,
    POLLS_MAX = 120,
    THROTTLED_WAIT_MS = 5000,
    REPORT_FIRST_MS = 15000,
    REPORT_MAX_MS = 120000,
};

struct reading {
    const struct channel_account *account;
    struct arena *arena;
    channel_row_visit *visit;
    void *opaque;
    struct err *err;
};

static bool visit_sku(const struct reading *reading, const char *sku, int64_t quantity)
{
    const struct channel_row row = {
        .listing = sku, .address = "", .sku = sku, .tracked = true, .quantity = quantity};

    return reading->visit(reading->opaque, &row, reading->err);
}

/* ---- rows of GET /v3/inventories ---- */

static bool has_node(const struct channel_account *account, const struct json *item)
{
    const struct json *nodes = channel_walmart_get(item, "nodes");

    for (size_t i = 0; i < channel_walmart_len(nodes); i++) {
        if (account->location[0] == '\0' ||
            strcmp(account->location,
                   channel_walmart_text(channel_walmart_at(nodes, i), "shipNode")) == 0)
            return true;
    }
    return false;
}

static bool visit_item(const struct reading *reading, const struct json *item)
{
    const char *sku = channel_walmart_text(item, "sku");
    int64_t available = 0;
    int64_t reserved = 0;

    if (sku[0] == '\0')
        return err_set(reading->err, ERR_REJECT, "'sku' is missing or wrong");
    if (json_kind(channel_walmart_get(item, "nodes")) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT, "sku '%.100s': no 'nodes'", sku);
    if (!has_node(reading->account, item)) /* another node's */
        return true;
    if (!channel_walmart_stock(reading->account, item, &available, &reserved))
        return err_set(reading->err, ERR_REJECT, "sku '%.100s': a node's quantities are wrong",
                       sku);
    return visit_sku(reading, sku, available);
}

static bool read_inventories(const struct reading *reading, const void *bytes, size_t len)
{
    const struct json *json = json_parse(reading->arena, bytes, len, reading->err);
    const struct json *list = channel_walmart_path(json, "elements", "inventories", NULL);

    if (json == NULL)
        return false;
    if (channel_walmart_get(json, "nodes") != NULL) /* of one SKU */
        return visit_item(reading, json);
    if (json_kind(list) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT,
                       "no 'elements.inventories': this is no page of inventories");
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_item(reading, json_at(list, i)))
            return err_wrap(reading->err, "element %zu", i);
    }
    return true;
}

/* ---- rows of the INVENTORY report: CSV, one line for each SKU and node ---- */

enum { HEADERS_MAX = 3 };

/* Letters and digits only, without case: how the header is spelled exactly is unconfirmed. */
static bool is_column(const char *cell, const char *name)
{
    for (; *cell != '\0'; cell++) {
        if (!isalnum((unsigned char)*cell))
            continue;
        if (tolower((unsigned char)*cell) != *name++)
            return false;
    }
    return *name == '\0';
}

/* By country: United States, Canada, Mexico (whose second header row is English). */
static const char *const sku_names[] = {"sku", "sellersku", NULL};
static const char *const node_names[] = {"shipnodeid", "shipnode", NULL};
static const char *const quantity_names[] = {"availtosellquantity", "availabletosellquantity",
                                             "availtosellqty", "inventorycount", NULL};

static int column_of(const struct csv_row *row, const char *const *names)
{
    for (; *names != NULL; names++) {
        for (size_t i = 0; i < row->len; i++) {
            if (is_column(row->cells[i].text, *names))
                return (int)i;
        }
    }
    return -1;
}

struct columns {
    int sku;
    int node; /* -1: there is none */
    int quantity;
    size_t len;
};

static bool read_header(struct csv *csv, struct csv_row *row, struct arena *arena,
                        struct columns *ret_columns, struct err *err)
{
    for (int i = 0; i < HEADERS_MAX; i++) {
        if (!csv_next(csv, arena, row, err))
            return false;
        *ret_columns = (struct columns){column_of(row, sku_names), column_of(row, node_names),
                                        column_of(row, quantity_names), row->len};
        if (ret_columns->sku >= 0 && ret_columns->quantity >= 0)
            return true;
    }
    return err_set(err, ERR_REJECT, "no header with a SKU and a quantity to sell");
}

/* Canada's report has a second SKU column with Walmart's own ids: the first is the seller's. */
static bool take_line(const struct reading *reading, const struct csv_row *row,
                      const struct columns *columns, struct map *sums)
{
    const char *own = reading->account->location;
    int64_t units = 0;

    size_t line = row->cells[0].line;

    if (row->len != columns->len)
        return err_set(reading->err, ERR_REJECT, "line %zu: %zu cells, want %zu", line, row->len,
                       columns->len);
    if (own[0] != '\0' && columns->node >= 0 && strcmp(own, row->cells[columns->node].text) != 0)
        return true;
    const char *sku = row->cells[columns->sku].text;
    const char *quantity = row->cells[columns->quantity].text;
    char *end = NULL;
    units = strtoll(quantity, &end, 10);
    if (sku[0] == '\0' || end == quantity || *end != '\0' || units > EVENT_QUANTITY_MAX ||
        units < -EVENT_QUANTITY_MAX)
        return err_set(reading->err, ERR_REJECT, "line %zu: sku '%.100s' has quantity '%.50s'",
                       line, sku, quantity);
    int64_t *sum = map_get(sums, sku);
    if (sum == NULL) {
        sum = arena_alloc(reading->arena, sizeof(*sum));
        map_set(sums, sku, sum);
    }
    *sum += units;
    return true;
}

static bool visit_sums(const struct reading *reading, const struct map *sums)
{
    const char *sku = NULL;
    const int64_t *sum = NULL;
    size_t cursor = 0;

    while ((sum = map_next(sums, &cursor, &sku)) != NULL) {
        if (!visit_sku(reading, arena_strdup(reading->arena, sku), *sum))
            return false;
    }
    return true;
}

static bool read_report(const struct reading *reading, const void *bytes, size_t len)
{
    SCOPED(map) struct map *sums = map_new();
    const char *packed = NULL;
    const char *text = NULL;
    struct columns columns;
    size_t packed_len = 0;
    size_t text_len = 0;

    if (!pack_open(reading->arena, bytes, len, PACK_BYTES_MAX, &packed, &packed_len,
                   reading->err) ||
        !pack_to_utf8(reading->arena, NULL, packed, packed_len, PACK_BYTES_MAX, &text, &text_len,
                      reading->err))
        return false;
    SCOPED(arena) struct arena *line = arena_new();
    struct csv_row *row = arena_alloc(reading->arena, sizeof(*row));
    struct csv csv;
    csv_begin(&csv, text, text_len, ',', false);
    if (!read_header(&csv, row, reading->arena, &columns, reading->err))
        return false;
    for (;;) {
        arena_reset(line);
        if (!csv_next(&csv, line, row, reading->err))
            return false;
        if (row->len == 0)
            return visit_sums(reading, sums);
        if (!take_line(reading, row, &columns, sums))
            return false;
    }
}

bool channel_walmart_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct reading reading = {account, arena, visit, opaque, err};

    if (format == NULL || strcmp(format, "inventories") == 0)
        return read_inventories(&reading, bytes, len);
    if (strcmp(format, "report") == 0)
        return read_report(&reading, bytes, len);
    return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
}

/* ---- fetching ---- */

enum phase { PHASE_PAGE, PHASE_REQUEST, PHASE_STATUS, PHASE_ADDRESS, PHASE_FILE };

struct progress {
    enum phase phase;
    int tries; /* in a row that were throttled */
    int polls;
    char text[TEXT_LEN]; /* the page's query; the report request's id */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static struct channel_request current_request(const struct channel_account *account,
                                              const struct progress *progress, struct arena *arena)
{
    const char *id = channel_url_encoded(arena, progress->text);

    switch (progress->phase) {
    case PHASE_REQUEST:
        return channel_walmart_call(
            account, "POST", "/v3/reports/reportRequests?reportType=INVENTORY&reportVersion=v1",
            "{}", arena);
    case PHASE_STATUS:
        return channel_walmart_call(
            account, "GET", arena_printf(arena, "/v3/reports/reportRequests/%s", id), NULL, arena);
    case PHASE_ADDRESS:
        return channel_walmart_call(
            account, "GET", arena_printf(arena, "/v3/reports/downloadReport?requestId=%s", id),
            NULL, arena);
    case PHASE_PAGE:
    case PHASE_FILE:
        break;
    }
    return channel_walmart_call(
        account, "GET", arena_printf(arena, "/v3/inventories%s", progress->text), NULL, arena);
}

static bool keep_text(struct progress *progress, const char *text, struct err *err)
{
    if (strlen(text) >= sizeof(progress->text))
        return err_set(err, ERR_RETRY, "an answer's text of %zu bytes is too long", strlen(text));
    strcpy(progress->text, text);
    return true;
}

static int64_t report_wait_ms(int polls)
{
    int64_t wait_ms = REPORT_FIRST_MS;

    for (int i = 0; i < polls && wait_ms < REPORT_MAX_MS; i++)
        wait_ms += wait_ms / 2;
    return wait_ms < REPORT_MAX_MS ? wait_ms : REPORT_MAX_MS;
}

/* False: it failed. *ret_file: the report's own address, whose signature is in it. */
static bool advance(struct progress *progress, const struct json *json, struct arena *arena,
                    bool *ret_done, int64_t *ret_wait_ms, const char **ret_file, struct err *err)
{
    const char *status = channel_walmart_text(json, "requestStatus");
    const char *cursor = NULL;

    switch (progress->phase) {
    case PHASE_PAGE:
        cursor = channel_walmart_cursor(channel_walmart_get(json, "meta"), "limit=50", arena);
        *ret_done =
            cursor == NULL ||
            channel_walmart_len(channel_walmart_path(json, "elements", "inventories", NULL)) == 0;
        return *ret_done || keep_text(progress, cursor, err);
    case PHASE_REQUEST:
        if (channel_walmart_text(json, "requestId")[0] == '\0')
            return err_set(err, ERR_RETRY, "the answer names no report request");
        progress->phase = PHASE_STATUS;
        *ret_wait_ms = report_wait_ms(0);
        return keep_text(progress, channel_walmart_text(json, "requestId"), err);
    case PHASE_STATUS:
        if (channel_walmart_is(status, "READY")) {
            progress->phase = PHASE_ADDRESS;
            return true;
        }
        if (channel_walmart_is(status, "ERROR") || ++progress->polls > POLLS_MAX)
            return err_set(err, ERR_RETRY, "the report is %.50s after %d questions", status,
                           progress->polls);
        *ret_wait_ms = report_wait_ms(progress->polls);
        return true;
    case PHASE_ADDRESS:
        *ret_file = channel_walmart_text(json, "downloadURL");
        progress->phase = PHASE_FILE;
        return (*ret_file)[0] != '\0' || err_set(err, ERR_RETRY, "the answer has no downloadURL");
    case PHASE_FILE:
        break;
    }
    *ret_done = true;
    return true;
}

static bool next_step(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *json = NULL;
    const char *file = NULL;
    int64_t wait_ms = 0;
    bool is_done = false;
    const struct channel_result result = progress->phase == PHASE_FILE
                                             ? channel_result_of_status(previous->status, arena)
                                             : channel_walmart_result(previous, arena, &json);

    if (result.verdict == CHANNEL_THROTTLED && progress->phase != PHASE_FILE &&
        ++progress->tries <= TRIES_MAX) {
        wait_ms = channel_walmart_budget(previous).retry_after_ms;
        *ret_next = (struct channel_fetch){.request = current_request(account, progress, arena),
                                           .wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS};
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, result.error_text);
    progress->tries = 0;
    if (!advance(progress, json, arena, &is_done, &wait_ms, &file, err))
        return false;
    *ret_next = (struct channel_fetch){.request = {.url = ""}, .wait_ms = wait_ms};
    if (file != NULL)
        ret_next->request = (struct channel_request){.method = "GET", .url = file, .body = ""};
    else if (!is_done)
        ret_next->request = current_request(account, progress, arena);
    return true;
}

bool channel_walmart_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err)
{
    struct progress progress;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    if (previous == NULL) {
        bool by_report = strcmp(channel_account_setting(account, "snapshot"), "report") == 0;

        progress.phase = by_report ? PHASE_REQUEST : PHASE_PAGE;
        strcpy(progress.text, by_report ? "" : "?limit=50");
    }
    bool is_page = progress.phase == PHASE_PAGE;
    bool has_rows = previous != NULL && (is_page || progress.phase == PHASE_FILE);
    if (previous == NULL)
        *ret_next = (struct channel_fetch){.request = current_request(account, &progress, arena)};
    else if (!next_step(account, previous, &progress, arena, ret_next, err))
        return false;
    has_rows = has_rows && ret_next->wait_ms == 0;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = is_page ? "inventories" : "report";
    return true;
}
