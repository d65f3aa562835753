#include <string.h>

#include "channels/address.h"
#include "channels/shopify/internal.h"
#include "lib/base/buf.h"
#include "lib/base/map.h"

enum {
    POLL_FIRST_MS = 1000,
    POLL_MAX_MS = 30000,
    POLLS_MAX = 2000, /* some 16 hours; Shopify itself gives up after 10 days [SH20] */
    THROTTLED_WAIT_MS = 2000,
    GID_LEN = 128,
};

/* ---- rows ---- */

struct reading {
    const struct channel_account *account;
    channel_row_visit *visit;
    void *opaque;
    struct err *err;
    struct map *skus; /* of items by their gid */
    struct arena *kept;
    size_t line; /* from 1 */
};

/* Pushes go to the configured location only; the others' levels would be strangers. */
static bool visit_level(const struct reading *reading, const char *item, const char *location,
                        struct channel_row *row)
{
    SCOPED(buf) struct buf address = {0};
    const char *own = reading->account->location;

    if (own[0] != '\0' && strcmp(own, location) != 0)
        return true;
    buf_printf(&address, "%s@%s", item, location);
    row->listing = "";
    row->address = buf_str(&address);
    return reading->visit(reading->opaque, row, reading->err);
}

static const struct json *available_of(const struct json *level)
{
    const struct json *quantities = json_get(level, "quantities");

    for (size_t i = 0; i < json_len(quantities); i++) {
        if (strcmp(channel_address_text(json_at(quantities, i), "name"), "available") == 0)
            return json_at(quantities, i);
    }
    return NULL;
}

struct item {
    const char *sku;
    bool tracked;
};

static bool keep_item(struct reading *reading, const struct json *json)
{
    struct item *item = NULL;

    if (json_get(json, "__parentId") != NULL)
        return true;
    if (channel_shopify_gid_id(json_get(json, "id"), "InventoryItem") == NULL)
        return err_set(reading->err, ERR_REJECT, "neither an inventory item nor a level");
    item = arena_alloc(reading->kept, sizeof(*item));
    item->sku = arena_strdup(reading->kept, channel_address_text(json, "sku"));
    item->tracked = json_kind(json_get(json, "tracked")) != JSON_FALSE;
    map_set(reading->skus, channel_address_text(json, "id"), item);
    return true;
}

static bool visit_bulk_level(struct reading *reading, const struct json *json)
{
    const struct json *parent = json_get(json, "__parentId");
    const struct json *available = available_of(json);
    struct channel_row row = {.sku = "", .tracked = true};

    if (parent == NULL)
        return true;
    const char *item_id = channel_shopify_gid_id(parent, "InventoryItem");
    const char *location =
        channel_shopify_gid_id(json_path(json, "location", "id", NULL), "Location");
    if (item_id == NULL || location == NULL)
        return err_set(reading->err, ERR_REJECT, "a level without item or location");
    const struct item *item = map_get(reading->skus, json_text(parent));
    if (item != NULL) {
        row.sku = item->sku;
        row.tracked = item->tracked;
    }
    if (!channel_address_units(json_get(available, "quantity"), -EVENT_QUANTITY_MAX,
                               EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(reading->err, ERR_REJECT, "item %s: no available quantity", item_id);
    channel_address_time(json_get(available, "updatedAt"), &row.version_ms);
    return visit_level(reading, item_id, location, &row);
}

typedef bool line_reader(struct reading *reading, const struct json *json);

static bool each_line(struct reading *reading, const char *bytes, size_t len, line_reader *read)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const char *end = bytes + len;

    reading->line = 0;
    for (const char *at = bytes; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline == NULL ? end : newline;
        const struct json *json = NULL;

        reading->line++;
        arena_reset(arena);
        if (stop > at) {
            json = json_parse(arena, at, (size_t)(stop - at), reading->err);
            if (json == NULL || !read(reading, json))
                return err_wrap(reading->err, "line %zu", reading->line);
        }
        at = stop + 1;
    }
    return true;
}

/* Twice over the bytes: a level may stand anywhere, even before its item. */
static bool rows_bulk(struct reading *reading, const void *bytes, size_t len)
{
    SCOPED(map) struct map *skus = map_new();
    SCOPED(arena) struct arena *kept = arena_new();

    reading->skus = skus;
    reading->kept = kept;
    return each_line(reading, bytes, len, keep_item) &&
           each_line(reading, bytes, len, visit_bulk_level);
}

/* Of the REST API: {"inventory_levels":[...]}, {"inventory_level":{...}}, a list, or one level. */
static bool visit_rest_level(const struct reading *reading, const struct json *json)
{
    const char *item = channel_address_id(json_get(json, "inventory_item_id"));
    const char *location = channel_address_id(json_get(json, "location_id"));
    const struct json *available = json_get(json, "available");
    struct channel_row row = {.sku = "", .tracked = !json_is_null(available)};

    if (item == NULL || location == NULL)
        return err_set(reading->err, ERR_REJECT, "inventory_item_id or location_id is wrong");
    if (row.tracked &&
        !channel_address_units(available, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(reading->err, ERR_REJECT, "item %s: available is wrong", item);
    channel_address_time(json_get(json, "updated_at"), &row.version_ms);
    return visit_level(reading, item, location, &row);
}

static bool rows_levels(struct reading *reading, const void *bytes, size_t len)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct json *json = json_parse(arena, bytes, len, reading->err);

    if (json == NULL)
        return false;
    if (json_kind(json) == JSON_OBJECT && json_len(json) == 1)
        json = json_at(json, 0);
    if (json_kind(json) == JSON_OBJECT)
        return visit_rest_level(reading, json);
    if (json_kind(json) != JSON_ARRAY)
        return err_set(reading->err, ERR_REJECT, "want inventory levels");
    for (size_t i = 0; i < json_len(json); i++) {
        if (!visit_rest_level(reading, json_at(json, i)))
            return err_wrap(reading->err, "element %zu", i);
    }
    return true;
}

bool channel_shopify_rows(const struct channel_account *account, const char *format,
                          const void *bytes, size_t len, channel_row_visit *visit, void *opaque,
                          struct err *err)
{
    struct reading reading = {
        .account = account, .visit = visit, .opaque = opaque, .err = err};

    if (format == NULL || strcmp(format, "bulk") == 0)
        return rows_bulk(&reading, bytes, len);
    if (strcmp(format, "levels") == 0)
        return rows_levels(&reading, bytes, len);
    return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
}

/* ---- fetching: start a bulk operation, ask for it until it is done, get its file ---- */

enum phase { PHASE_START, PHASE_STARTED, PHASE_FETCHED };

struct progress {
    enum phase phase;
    int polls;
    int64_t objects; /* lines that the file must have; -1: not told */
    char operation[GID_LEN];
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

static const char run_query[] =
    "mutation runSnapshot($query: String!) { bulkOperationRunQuery(query: $query) {"
    " bulkOperation { id status } userErrors { field message code } } }";

static const char levels_query[] =
    "{ inventoryItems { edges { node { id sku tracked inventoryLevels { edges { node {"
    " location { id } quantities(names: [\"available\"]) { name quantity updatedAt }"
    " } } } } } } }";

static const char poll_query[] =
    "query pollSnapshot($id: ID!) { node(id: $id) { ... on BulkOperation {"
    " id status errorCode objectCount url } } }";

static struct channel_request ask(const struct channel_account *account, const char *query,
                                  const char *name, const char *value, double cost,
                                  struct arena *arena)
{
    SCOPED(buf) struct buf variables = {0};
    struct json_out out;

    json_begin(&out, &variables);
    json_object(&out);
    json_put_member(&out, name, value);
    json_object_end(&out);
    return channel_shopify_graphql(account, query, buf_str(&variables), cost, arena);
}

static struct channel_fetch fetch_start(const struct channel_account *account, struct arena *arena)
{
    return (struct channel_fetch){
        .request = ask(account, run_query, "query", levels_query, SHOPIFY_MUTATION_COST, arena)};
}

static int64_t poll_wait_ms(int polls)
{
    int64_t wait_ms = POLL_FIRST_MS;

    for (int i = 0; i < polls && wait_ms < POLL_MAX_MS; i++)
        wait_ms += wait_ms / 2;
    return wait_ms < POLL_MAX_MS ? wait_ms : POLL_MAX_MS;
}

static struct channel_fetch fetch_poll(const struct channel_account *account,
                                       const struct progress *progress, struct arena *arena)
{
    return (struct channel_fetch){
        .request = ask(account, poll_query, "id", progress->operation, 1, arena),
        .wait_ms = poll_wait_ms(progress->polls)};
}

static bool start_result(struct progress *progress, const struct json *data, struct err *err)
{
    const struct json *payload = json_get(data, "bulkOperationRunQuery");
    const struct json *error = json_at(json_get(payload, "userErrors"), 0);
    const char *id = json_text(json_path(payload, "bulkOperation", "id", NULL));

    /* OPERATION_IN_PROGRESS is the usual one: too many at a time of this shop [SH20]. */
    if (error != NULL)
        return err_set(err, ERR_RETRY, "bulk operation: %.100s: %.200s",
                       channel_address_text(error, "code"),
                       channel_address_text(error, "message"));
    if (id == NULL || strlen(id) >= GID_LEN)
        return err_set(err, ERR_RETRY, "bulk operation: the answer names none");
    strcpy(progress->operation, id);
    progress->phase = PHASE_STARTED;
    return true;
}

static struct channel_fetch fetch_file(const char *url, struct arena *arena)
{
    /* Signed itself: our token is nobody's business there. */
    return (struct channel_fetch){
        .request = {.method = "GET", .url = arena_strdup(arena, url), .body = ""}};
}

static bool poll_result(const struct channel_account *account, struct progress *progress,
                        const struct json *data, struct arena *arena,
                        struct channel_fetch *ret_next, struct err *err)
{
    const struct json *node = json_get(data, "node");
    const char *status = channel_address_text(node, "status");
    const char *url = channel_address_text(node, "url");

    if (strcmp(status, "COMPLETED") == 0) {
        progress->objects = -1;
        json_int(json_get(node, "objectCount"), 0, INT64_MAX, &progress->objects);
        progress->phase = PHASE_FETCHED;
        *ret_next = (struct channel_fetch){.request = {.url = ""}}; /* no url: no lines */
        if (url[0] != '\0')
            *ret_next = fetch_file(url, arena);
        return true;
    }
    if (strcmp(status, "CREATED") != 0 && strcmp(status, "RUNNING") != 0)
        return err_set(err, ERR_RETRY, "bulk operation: %.100s %.100s",
                       status[0] == '\0' ? "unknown" : status,
                       channel_address_text(node, "errorCode"));
    if (++progress->polls > POLLS_MAX)
        return err_set(err, ERR_RETRY, "bulk operation: still %s after %d questions", status,
                       POLLS_MAX);
    *ret_next = fetch_poll(account, progress, arena);
    return true;
}

static int64_t lines_of(const char *bytes, size_t len)
{
    int64_t lines = len > 0 && bytes[len - 1] != '\n';

    for (size_t i = 0; i < len; i++)
        lines += bytes[i] == '\n';
    return lines;
}

static bool file_result(const struct progress *progress, const struct channel_response *response,
                        struct err *err)
{
    if (response->status != 200)
        return err_set(err, ERR_RETRY, "bulk operation's file: http status %d", response->status);
    int64_t lines = lines_of(response->body, response->body_len);
    if (progress->objects >= 0 && lines != progress->objects)
        return err_set(err, ERR_RETRY, "bulk operation's file has %lld lines, want %lld",
                       (long long)lines, (long long)progress->objects);
    return true;
}

static bool fetch_again(const struct channel_account *account, struct progress *progress,
                        struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    if (++progress->polls > POLLS_MAX)
        return err_set(err, ERR_RETRY, "throttled %d times", POLLS_MAX);
    *ret_next = progress->phase == PHASE_START ? fetch_start(account, arena)
                                               : fetch_poll(account, progress, arena);
    ret_next->wait_ms = THROTTLED_WAIT_MS;
    return true;
}

static bool call_result(const struct channel_account *account,
                        const struct channel_response *previous, struct progress *progress,
                        struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *data = NULL;
    struct channel_budget budget;
    const struct channel_result result =
        channel_shopify_graphql_result(previous, arena, &data, &budget);

    if (result.verdict == CHANNEL_THROTTLED)
        return fetch_again(account, progress, arena, ret_next, err);
    if (result.verdict != CHANNEL_ACCEPTED)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class, result.error_text);
    if (progress->phase == PHASE_STARTED)
        return poll_result(account, progress, data, arena, ret_next, err);
    if (!start_result(progress, data, err))
        return false;
    *ret_next = fetch_poll(account, progress, arena);
    return true;
}

static bool next_step(const struct channel_account *account,
                      const struct channel_response *previous, struct progress *progress,
                      struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    if (previous == NULL) {
        *ret_next = fetch_start(account, arena);
        return true;
    }
    if (progress->phase != PHASE_FETCHED)
        return call_result(account, previous, progress, arena, ret_next, err);
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    return file_result(progress, previous, err);
}

bool channel_shopify_snapshot(const struct channel_account *account,
                              const struct channel_response *previous, void *state,
                              struct arena *arena, struct channel_fetch *ret_next,
                              const char **ret_bytes, size_t *ret_len, const char **ret_format,
                              struct err *err)
{
    struct progress progress;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    bool has_file = previous != NULL && progress.phase == PHASE_FETCHED;
    if (!next_step(account, previous, &progress, arena, ret_next, err))
        return false;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_file ? previous->body : NULL;
    *ret_len = has_file ? previous->body_len : 0;
    *ret_format = "bulk";
    return true;
}
