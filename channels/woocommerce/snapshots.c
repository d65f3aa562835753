#include <stdlib.h>
#include <string.h>

#include "channels/address.h"
#include "channels/woocommerce/internal.h"

enum { PAGE_LEN = 100, PAGES_MAX = 100000, TRIES_MAX = 30, THROTTLED_WAIT_MS = 5000 };

/* ---- rows ---- */

/* A variation's _links.up points to "https://example.com/wp-json/wc/v3/products/22". */
static const char *parent_of(const struct json *product)
{
    const char *parent = channel_address_id(json_get(product, "parent_id"));
    const char *type = channel_address_text(product, "type");
    const struct json *up = json_path(product, "_links", "up", NULL);
    const char *href = channel_address_text(json_at(up, 0), "href");
    const char *slash = strrchr(href, '/');

    /* A simple product within a group has a parent, too, and yet its own listing. */
    if (type[0] != '\0' && strcmp(type, "variation") != 0)
        return NULL;
    if (parent != NULL)
        return parent;
    return slash != NULL && channel_address_is_id(slash + 1) ? slash + 1 : NULL;
}

bool channel_woocommerce_row(const struct json *product, struct arena *arena,
                             struct channel_row *ret_row, struct err *err)
{
    const char *id = channel_address_id(json_get(product, "id"));
    const char *parent = parent_of(product);
    const struct json *quantity = json_get(product, "stock_quantity");
    struct channel_row row = {.address = "", .sku = channel_address_text(product, "sku")};

    if (id == NULL)
        return err_set(err, ERR_REJECT, "product: 'id' is missing or wrong");
    /* "parent" is a third value: the parent's quantity, shared with the other variations. */
    if (!json_bool(json_get(product, "manage_stock"), &row.tracked))
        json_bool(json_get(product, "managing_stock"), &row.tracked); /* the legacy API */
    if (row.tracked &&
        !channel_address_units(quantity, -EVENT_QUANTITY_MAX, EVENT_QUANTITY_MAX, &row.quantity))
        return err_set(err, ERR_REJECT, "product %s: 'stock_quantity' is missing or wrong", id);
    channel_address_time(json_get(product, "date_modified_gmt"), &row.version_ms);
    row.listing = parent == NULL ? id : arena_printf(arena, "%s/%s", parent, id);
    *ret_row = row;
    return true;
}

struct reading {
    struct arena *arena;
    channel_row_visit *visit;
    void *opaque;
    struct err *err;
};

static bool visit_product(const struct reading *reading, const struct json *product)
{
    struct channel_row row;

    /* Orders have an id, too, and would pass for products that are not tracked. */
    if (json_get(product, "manage_stock") == NULL)
        return err_set(reading->err, ERR_REJECT, "no 'manage_stock': this is no product");
    return channel_woocommerce_row(product, reading->arena, &row, reading->err) &&
           reading->visit(reading->opaque, &row, reading->err);
}

static bool visit_products(const struct reading *reading, const struct json *list)
{
    for (size_t i = 0; i < json_len(list); i++) {
        if (!visit_product(reading, json_at(list, i)))
            return err_wrap(reading->err, "element %zu", i);
    }
    return true;
}

/* Pages, but batch answers and single products, too: what the API says is the same. */
bool channel_woocommerce_rows(const struct channel_account *account, const char *format,
                              const void *bytes, size_t len, channel_row_visit *visit,
                              void *opaque, struct err *err)
{
    SCOPED(arena) struct arena *arena = arena_new();
    const struct reading reading = {arena, visit, opaque, err};

    (void)account;
    if (format != NULL && strcmp(format, "products") != 0)
        return err_set(err, ERR_REJECT, "no snapshot format '%.50s'", format);
    const struct json *json = json_parse(arena, bytes, len, err);
    if (json == NULL)
        return false;
    if (json_kind(json) == JSON_ARRAY)
        return visit_products(&reading, json);
    if (json_get(json, "update") != NULL || json_get(json, "create") != NULL)
        return visit_products(&reading, json_get(json, "create")) &&
               visit_products(&reading, json_get(json, "update"));
    return visit_product(&reading, json);
}

/* ---- fetching: a page of products, the variations of each product of it, the next page ---- */

struct progress {
    int page; /* of products, from 1 */
    int pages;
    int variations_page; /* 0: the last request was for products */
    int tries;           /* in a row that were throttled */
    int parents_len;
    int parents_at;
    uint64_t parents[PAGE_LEN]; /* products on the page that have variations */
};
_Static_assert(sizeof(struct progress) <= CHANNEL_SNAPSHOT_STATE_LEN, "state is too big");

/* By id: a page of a set that changes meanwhile would else skip rows [2.4]. */
static struct channel_fetch fetch_page(const struct channel_account *account,
                                       const struct progress *progress, struct arena *arena)
{
    const char *list = "products";
    int page = progress->page;

    if (progress->variations_page > 0) {
        list = arena_printf(arena, "products/%llu/variations",
                            (unsigned long long)progress->parents[progress->parents_at]);
        page = progress->variations_page;
    }
    const char *path = arena_printf(arena, "%s?per_page=%d&page=%d&orderby=id&order=asc", list,
                                    PAGE_LEN, page);
    return (struct channel_fetch){
        .request = channel_woocommerce_call(account, "GET", path, NULL, arena)};
}

static bool read_pages(const struct channel_response *response, int *ret_pages, struct err *err)
{
    const char *text = channel_response_header(response, "X-WP-TotalPages");
    char *end = NULL;
    long pages = text == NULL ? -1 : strtol(text, &end, 10);

    if (text == NULL || end == text || *end != '\0' || pages < 0 || pages > PAGES_MAX)
        return err_set(err, ERR_RETRY, "the answer does not say X-WP-TotalPages");
    *ret_pages = (int)pages;
    return true;
}

static void keep_parents(struct progress *progress, const struct json *products)
{
    progress->parents_len = 0;
    progress->parents_at = 0;
    for (size_t i = 0; i < json_len(products) && progress->parents_len < PAGE_LEN; i++) {
        const struct json *product = json_at(products, i);
        const char *id = channel_address_id(json_get(product, "id"));

        if (id != NULL && json_len(json_get(product, "variations")) > 0)
            progress->parents[progress->parents_len++] = strtoull(id, NULL, 10);
    }
}

/* False at the end. */
static bool advance(struct progress *progress, int pages)
{
    if (progress->variations_page > 0) {
        if (++progress->variations_page > pages) {
            progress->variations_page = 1;
            progress->parents_at++;
        }
    } else {
        progress->pages = pages;
        progress->variations_page = 1;
    }
    if (progress->parents_at < progress->parents_len)
        return true;
    progress->variations_page = 0;
    return ++progress->page <= progress->pages;
}

static bool page_result(const struct channel_account *account,
                        const struct channel_response *previous, struct progress *progress,
                        struct arena *arena, struct channel_fetch *ret_next, struct err *err)
{
    const struct json *json = NULL;
    int pages = 0;
    const struct channel_result result = channel_woocommerce_call_result(previous, arena, &json);

    if (result.verdict == CHANNEL_THROTTLED && ++progress->tries <= TRIES_MAX) {
        int64_t wait_ms = channel_retry_after_ms(previous);

        *ret_next = fetch_page(account, progress, arena);
        ret_next->wait_ms = wait_ms > 0 ? wait_ms : THROTTLED_WAIT_MS;
        return true;
    }
    if (result.verdict != CHANNEL_ACCEPTED || json_kind(json) != JSON_ARRAY)
        return err_set(err, result.verdict == CHANNEL_AUTH ? ERR_FATAL : ERR_RETRY, "%s: %.200s",
                       result.error_class[0] == '\0' ? "no list" : result.error_class,
                       result.error_text);
    if (!read_pages(previous, &pages, err))
        return false;
    progress->tries = 0;
    if (progress->variations_page == 0)
        keep_parents(progress, json);
    *ret_next = (struct channel_fetch){.request = {.url = ""}};
    if (advance(progress, pages))
        *ret_next = fetch_page(account, progress, arena);
    return true;
}

bool channel_woocommerce_snapshot(const struct channel_account *account,
                                  const struct channel_response *previous, void *state,
                                  struct arena *arena, struct channel_fetch *ret_next,
                                  const char **ret_bytes, size_t *ret_len,
                                  const char **ret_format, struct err *err)
{
    struct progress progress;

    memcpy(&progress, state, sizeof(progress)); /* whatever its alignment */
    if (previous == NULL) {
        progress.page = 1;
        *ret_next = fetch_page(account, &progress, arena);
    } else if (!page_result(account, previous, &progress, arena, ret_next, err)) {
        return false;
    }
    bool has_rows = previous != NULL && ret_next->wait_ms == 0;
    memcpy(state, &progress, sizeof(progress));
    *ret_bytes = has_rows ? previous->body : NULL;
    *ret_len = has_rows ? previous->body_len : 0;
    *ret_format = "products";
    return true;
}
