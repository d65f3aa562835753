#include "services/ledger/working_set.h"

#include <string.h>

#include "lib/event/subject.h"

#include "services/ledger/holds.h"
#include "services/ledger/keys.h"
#include "services/ledger/measures.h"

#include "sql.h"

/* The keys that grow while loading: each query adds what the next one needs. */
struct loader {
    struct pg *pg;
    struct arena *arena;
    struct stock *stock;
    struct ledger_working_set *set;
    struct ledger_keys lines;      /* channel, order, line: named by events */
    struct ledger_keys orders;     /* channel, order: all their lines */
    struct ledger_keys relined;    /* channel, listing: all their lines */
    struct ledger_keys loaded;     /* channel, order, line: found */
    struct ledger_keys all_orders; /* channel, order: of every line, for voids */
    struct ledger_keys listings;   /* channel, listing: mappings, targets */
    struct ledger_keys mapped;     /* channel, listing: those that ever sold a SKU */
    struct ledger_keys channels;
    struct ledger_keys names; /* listings without their channel, for scopes of rules */
    struct ledger_keys skus;
    struct ledger_keys pools;
    struct ledger_keys new_pools;
    struct ledger_keys rule_scopes; /* channel, listing, sku */
    struct ledger_holds holds;
};

const char *ledger_listing_key(struct arena *arena, const char *channel, const char *listing)
{
    const char *const parts[] = {channel, listing};

    return arena_join(arena, parts, ARRAY_LEN(parts), '\x1f');
}

static struct ledger_keys *const *loader_all(struct loader *loader, size_t *ret_count)
{
    struct ledger_keys *all[] = {&loader->lines,    &loader->orders,     &loader->relined,
                                 &loader->loaded,   &loader->all_orders, &loader->listings,
                                 &loader->channels, &loader->names,      &loader->skus,
                                 &loader->pools,    &loader->new_pools,  &loader->rule_scopes,
                                 &loader->mapped};

    *ret_count = ARRAY_LEN(all);
    return arena_memdup(loader->arena, all, sizeof(all));
}

static void loader_init(struct loader *loader, struct pg *pg, struct arena *arena,
                        struct ledger_working_set *set)
{
    size_t count = 0;

    *loader = (struct loader){.pg = pg, .arena = arena, .stock = set->stock, .set = set};
    struct ledger_keys *const *all = loader_all(loader, &count);
    for (size_t i = 0; i < count; i++)
        ledger_keys_init(all[i], arena);
    ledger_holds_init(&loader->holds, arena);
}

static void loader_release(struct loader *loader)
{
    size_t count = 0;
    struct ledger_keys *const *all = loader_all(loader, &count);

    for (size_t i = 0; i < count; i++)
        ledger_keys_release(all[i]);
    ledger_holds_release(&loader->holds);
}

static void loader_add_listing(struct loader *loader, const char *channel, const char *listing)
{
    if (*listing == '\0')
        return;
    ledger_keys_add(&loader->listings, channel, listing, "");
    ledger_keys_add(&loader->channels, channel, "", "");
    ledger_keys_add(&loader->names, listing, "", "");
}

/* ---- what the events name ---- */

static void loader_add_event(struct loader *loader, const struct event *event)
{
    struct event_subject subject = event_subject_of(event);

    ledger_holds_add_event(&loader->holds, event);
    if (event->kind == EVENT_ORDER_LINE && *event->order_line.pool != '\0')
        ledger_keys_add(&loader->pools, event->order_line.pool, "", "");
    switch (event->kind) {
    case EVENT_ORDER_VOIDED:
        ledger_keys_add(&loader->orders, subject.channel, subject.order_id, "");
        ledger_keys_add(&loader->all_orders, subject.channel, subject.order_id, "");
        return;
    case EVENT_ORDER_LINE:
    case EVENT_LINE_CANCELLED:
    case EVENT_LINE_SHIPPED:
    case EVENT_LINE_RETURNED:
        ledger_keys_add(&loader->lines, subject.channel, subject.order_id, subject.line_id);
        ledger_keys_add(&loader->all_orders, subject.channel, subject.order_id, "");
        loader_add_listing(loader, subject.channel, subject.listing);
        return;
    case EVENT_STOCK_COUNTED:
    case EVENT_STOCK_RECEIVED:
    case EVENT_STOCK_ADJUSTED:
        ledger_keys_add(&loader->pools, event->stock.pool, "", "");
        break;
    case EVENT_STOCK_TRANSFERRED:
        ledger_keys_add(&loader->pools, event->transfer.from_pool, "", "");
        ledger_keys_add(&loader->pools, event->transfer.to_pool, "", "");
        break;
    case EVENT_MAPPING_CHANGED:
        loader_add_listing(loader, subject.channel, subject.listing);
        ledger_keys_add(&loader->relined, subject.channel, subject.listing, "");
        ledger_keys_add(&loader->pools, event->mapping.pool, "", "");
        for (size_t i = 0; i < event->mapping.components_len; i++)
            ledger_keys_add(&loader->skus, event->mapping.components[i].sku, "", "");
        return;
    case EVENT_POOL_CHANGED:
        ledger_keys_add(&loader->pools, event->pool.pool, "", "");
        ledger_keys_add(&loader->new_pools, event->pool.pool, "", "");
        return;
    case EVENT_RULE_CHANGED: /* and the rules of its own scope: an older one is only noted */
        ledger_keys_add(&loader->channels, subject.channel, "", "");
        ledger_keys_add(&loader->names, subject.listing, "", "");
        ledger_keys_add(&loader->skus, subject.sku, "", "");
        ledger_keys_add(&loader->rule_scopes, subject.channel, subject.listing, subject.sku);
        return;
    case EVENT_INBOUND_REPORTED:
        ledger_keys_add(&loader->pools, event->inbound.to_pool, "", "");
        break;
    case EVENT_REMOVAL_REPORTED:
        break;
    case EVENT_TIER_DEFINED:
        ledger_keys_add(&loader->rule_scopes, "", "", "");
        return;
    case EVENT_LATENCY_MEASURED:
        ledger_keys_add(&loader->channels, subject.channel, "", "");
        ledger_keys_add(&loader->rule_scopes, subject.channel, "", "");
        ledger_keys_add(&loader->channels, subject.channel, "", "");
        return;
    case EVENT_VELOCITY_MEASURED:
    case EVENT_PROMOTION_CHANGED:
        break;
    case EVENT_DECIDED:
    case EVENT_OBSERVATION:
    case EVENT_NONE:
    case EVENT_KIND_COUNT:
        return;
    }
    ledger_keys_add(&loader->skus, subject.sku, "", "");
}

/* ---- one function per statement ---- */

static const char *text_of(struct loader *loader, const struct pg_rows *rows, size_t row,
                           const char *column)
{
    return arena_strdup(loader->arena, pg_rows_text(rows, row, column));
}

static bool loader_run(struct loader *loader, const char *sql, const struct ledger_keys *keys,
                       size_t parts, struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    ledger_keys_params(keys, params, parts);
    return pg_run(loader->pg, sql, params, ret_rows, err);
}

/* Takes no locks: see loader_load_lines() and loader_watch_skus(). */
static bool loader_run_beside(struct loader *loader, const char *sql,
                              const struct ledger_keys *keys, size_t parts,
                              struct pg_rows **ret_rows, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();

    ledger_keys_params(keys, params, parts);
    return pg_run_beside(loader->pg, sql, params, ret_rows, err);
}

static bool loader_find_listings_of_skus(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->skus.len == 0)
        return true;
    if (!loader_run_beside(loader, sql_ledger_select_listings_of_skus, &loader->skus, 1, &rows,
                           err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const char *channel = pg_rows_text(rows, row, "channel");
        const char *listing = pg_rows_text(rows, row, "listing");

        if (!ledger_keys_has(&loader->listings, channel, listing, ""))
            loader_add_listing(loader, arena_strdup(loader->arena, channel),
                               arena_strdup(loader->arena, listing));
    }
    return true;
}

/* Adds the listings that a statement returns; with `relined`, all their lines are loaded too. */
static bool loader_find_listings(struct loader *loader, const char *sql,
                                 const struct ledger_keys *keys, size_t parts, bool relined,
                                 struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (keys->len == 0)
        return true;
    if (!loader_run(loader, sql, keys, parts, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const char *channel = text_of(loader, rows, row, "channel");
        const char *listing = text_of(loader, rows, row, "listing");

        loader_add_listing(loader, channel, listing);
        if (relined)
            ledger_keys_add(&loader->relined, channel, listing, "");
    }
    return true;
}

static void loader_take_line(struct loader *loader, const struct pg_rows *rows, size_t row)
{
    struct stock_line line = {
        .channel = text_of(loader, rows, row, "channel"),
        .order_id = text_of(loader, rows, row, "order_id"),
        .line_id = text_of(loader, rows, row, "line_id"),
        .listing = text_of(loader, rows, row, "listing"),
        .ordered = pg_rows_int(rows, row, "ordered"),
        .reported_cancelled = pg_rows_int(rows, row, "reported_cancelled"),
        .placed_ms = pg_rows_int(rows, row, "placed_ms"),
        .version_ms = pg_rows_int(rows, row, "version_ms"),
        .status = text_of(loader, rows, row, "status"),
        .pool = text_of(loader, rows, row, "pool"),
        .fulfils = text_of(loader, rows, row, "fulfils"),
        .report_id = text_of(loader, rows, row, "report_id"),
        .voided_ms = pg_rows_int(rows, row, "voided_ms"),
        .cancelled = pg_rows_int(rows, row, "cancelled"),
        .shipped = pg_rows_int(rows, row, "shipped"),
        .returned = pg_rows_int(rows, row, "returned"),
        .mapping_id = text_of(loader, rows, row, "mapping_id"),
        .waiting = text_of(loader, rows, row, "waiting"),
    };

    stock_load_line(loader->stock, &line);
    ledger_keys_add(&loader->loaded, line.channel, line.order_id, line.line_id);
    ledger_keys_add(&loader->all_orders, line.channel, line.order_id, "");
    loader_add_listing(loader, line.channel, line.listing);
    if (*line.pool != '\0')
        ledger_keys_add(&loader->pools, line.pool, "", "");
}

static void loader_take_lines(struct loader *loader, const struct pg_rows *rows)
{
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        if (!ledger_keys_has(&loader->loaded, pg_rows_text(rows, row, "channel"),
                             pg_rows_text(rows, row, "order_id"),
                             pg_rows_text(rows, row, "line_id")))
            loader_take_line(loader, rows, row);
    }
}

/* Whoever looks for a line that is not there yet would lock the place of its neighbours, the new
   lines of all other partitions. No lock is needed: what an event changes because of its line, it
   writes into that line, and of two who write it, or its parts, one fails. */
static bool loader_load_lines(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->lines.len == 0)
        return true;
    if (!loader_run_beside(loader, sql_ledger_select_lines, &loader->lines, 3, &rows, err))
        return false;
    loader_take_lines(loader, rows);
    return true;
}

/* Of whole orders and listings: here the lines that are not there yet count, too. */
static bool loader_load_lines_of(struct loader *loader, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->orders.len + loader->relined.len == 0)
        return true;
    ledger_keys_params(&loader->orders, params, 2);
    ledger_keys_params(&loader->relined, params, 2);
    if (!pg_run(loader->pg, sql_ledger_select_lines_of, params, &rows, err))
        return false;
    loader_take_lines(loader, rows);
    return true;
}

static bool loader_load_parts(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->loaded.len == 0)
        return true;
    if (!loader_run_beside(loader, sql_ledger_select_parts, &loader->loaded, 3, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_part part = {
            .event_id = text_of(loader, rows, row, "event_id"),
            .part_id = text_of(loader, rows, row, "part_id"),
            .quantity = pg_rows_int(rows, row, "quantity"),
            .bucket = text_of(loader, rows, row, "bucket"),
            .occurred_ms = pg_rows_int(rows, row, "occurred_ms"),
            .is_dropped = pg_rows_bool(rows, row, "is_dropped"),
        };

        if (!event_kind_parse(pg_rows_text(rows, row, "kind"), &part.kind))
            return err_set(err, ERR_FATAL, "unknown kind of part '%s' in the database",
                           pg_rows_text(rows, row, "kind"));
        stock_load_part(loader->stock, pg_rows_text(rows, row, "channel"),
                        pg_rows_text(rows, row, "order_id"), pg_rows_text(rows, row, "line_id"),
                        &part);
    }
    return true;
}

static bool loader_load_voided(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->all_orders.len == 0)
        return true;
    if (!loader_run(loader, sql_ledger_select_voided, &loader->all_orders, 2, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_voided voided = {
            .channel = text_of(loader, rows, row, "channel"),
            .order_id = text_of(loader, rows, row, "order_id"),
            .voided_ms = pg_rows_int(rows, row, "voided_ms"),
            .event_id = text_of(loader, rows, row, "event_id"),
        };

        stock_load_voided(loader->stock, &voided);
    }
    return true;
}

/* Rows of one mapping come together, one per component; a retired one has one row without. */
static size_t loader_take_mapping(struct loader *loader, const struct pg_rows *rows, size_t row)
{
    struct stock_mapping mapping = {
        .id = text_of(loader, rows, row, "mapping_id"),
        .channel = text_of(loader, rows, row, "channel"),
        .listing = text_of(loader, rows, row, "listing"),
        .address = text_of(loader, rows, row, "address"),
        .pool = text_of(loader, rows, row, "pool"),
        .valid_from_ms = pg_rows_int(rows, row, "valid_from_ms"),
    };
    struct event_component *components =
        arena_alloc(loader->arena, EVENT_COMPONENTS_MAX * sizeof(*components));

    ledger_keys_add(&loader->pools, mapping.pool, "", "");
    for (; row < pg_rows_count(rows); row++) {
        if (strcmp(pg_rows_text(rows, row, "mapping_id"), mapping.id) != 0)
            break;
        if (pg_rows_is_null(rows, row, "sku") || mapping.components_len == EVENT_COMPONENTS_MAX)
            continue;
        const char *sku = text_of(loader, rows, row, "sku");

        components[mapping.components_len++] =
            (struct event_component){sku, pg_rows_int(rows, row, "units")};
        ledger_keys_add(&loader->skus, sku, "", "");
        ledger_keys_add(&loader->mapped, mapping.channel, mapping.listing, "");
    }
    mapping.components = components;
    stock_load_mapping(loader->stock, &mapping);
    return row;
}

/* Mappings of the listings from number `from` on; they may add SKUs. */
static bool loader_load_mappings(struct loader *loader, size_t from, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    size_t count = loader->listings.len - from;

    if (count == 0)
        return true;
    pg_params_text_array(params, loader->listings.parts[0] + from, count);
    pg_params_text_array(params, loader->listings.parts[1] + from, count);
    if (!pg_run_beside(loader->pg, sql_ledger_select_mappings, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows);)
        row = loader_take_mapping(loader, rows, row);
    return true;
}

/* A mapping writes the row of each SKU that its listing ever sold. Where there is none, the place
   of the mapping itself is read with a lock. */
static bool loader_watch_unmapped(struct loader *loader, struct err *err)
{
    struct ledger_keys unmapped;
    bool ok = true;

    ledger_keys_init(&unmapped, loader->arena);
    for (size_t i = 0; i < loader->listings.len; i++) {
        const char *channel = loader->listings.parts[0][i];
        const char *listing = loader->listings.parts[1][i];

        if (!ledger_keys_has(&loader->mapped, channel, listing, ""))
            ledger_keys_add(&unmapped, channel, listing, "");
    }
    if (unmapped.len > 0)
        ok = loader_run(loader, sql_ledger_select_mappings, &unmapped, 2, NULL, err);
    ledger_keys_release(&unmapped);
    return ok;
}

static bool loader_load_listings(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->listings.len == 0)
        return true;
    if (!loader_run_beside(loader, sql_ledger_select_listings, &loader->listings, 2, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_listing listing = {
            .channel = text_of(loader, rows, row, "channel"),
            .listing = text_of(loader, rows, row, "listing"),
            .address = text_of(loader, rows, row, "address"),
            .quantity = pg_rows_int(rows, row, "quantity"),
            .sold_here = pg_rows_int(rows, row, "sold_here"),
            .open_here = pg_rows_int(rows, row, "open_here"),
            .mapping_id = text_of(loader, rows, row, "mapping_id"),
            .rule_id = text_of(loader, rows, row, "rule_id"),
            .tier = text_of(loader, rows, row, "tier"),
            .priced = pg_rows_int(rows, row, "priced"),
            .measurement_id = text_of(loader, rows, row, "measurement_id"),
            .latency_id = text_of(loader, rows, row, "latency_id"),
            .event_id = text_of(loader, rows, row, "event_id"),
        };
        int64_t version = pg_rows_int(rows, row, "version");

        stock_load_listing(loader->stock, &listing);
        map_set(loader->set->versions,
                ledger_listing_key(loader->arena, listing.channel, listing.listing),
                arena_memdup(loader->arena, &version, sizeof(version)));
    }
    return true;
}

static bool loader_load_pools(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (loader->pools.len == 0)
        return true;
    if (!loader_run(loader, sql_ledger_select_pools, &loader->pools, 1, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const char *authority = pg_rows_text(rows, row, "authority");
        struct stock_pool pool = {
            .pool = text_of(loader, rows, row, "pool"),
            .id = text_of(loader, rows, row, "pool_id"),
            .valid_from_ms = pg_rows_int(rows, row, "valid_from_ms"),
            .authority = strcmp(authority, "channel") == 0 ? EVENT_POOL_CHANNEL : EVENT_POOL_LEDGER,
        };

        stock_load_pool(loader->stock, &pool);
    }
    return true;
}

static const char *const *loader_split(struct loader *loader, const char *joined, size_t *ret_len)
{
    const char **names = arena_alloc(loader->arena, EVENT_NAMES_MAX * sizeof(*names));
    size_t len = 0;

    while (joined != NULL && *joined != '\0' && len < EVENT_NAMES_MAX) {
        size_t name_len = strcspn(joined, ",");

        names[len++] = arena_strndup(loader->arena, joined, name_len);
        joined += name_len + (joined[name_len] == ',');
    }
    *ret_len = len;
    return names;
}

static bool loader_load_rules(struct loader *loader, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(&loader->channels, params, 1);
    ledger_keys_params(&loader->names, params, 1);
    ledger_keys_params(&loader->skus, params, 1);
    if (!pg_run(loader->pg, sql_ledger_select_rules, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_rule rule = {
            .id = text_of(loader, rows, row, "rule_id"),
            .valid_from_ms = pg_rows_int(rows, row, "valid_from_ms"),
            .rule = {.fact_id = "",
                     .channel = text_of(loader, rows, row, "channel"),
                     .listing = text_of(loader, rows, row, "listing"),
                     .sku = text_of(loader, rows, row, "sku"),
                     .buffer_units = pg_rows_int(rows, row, "buffer_units"),
                     .buffer_percent = pg_rows_int(rows, row, "buffer_percent"),
                     .cap = pg_rows_int(rows, row, "cap"),
                     .floor = pg_rows_int(rows, row, "floor"),
                     .tier = text_of(loader, rows, row, "tier"),
                     .risk_bound_ppm = pg_rows_int(rows, row, "risk_bound_ppm"),
                     .safety_stock = pg_rows_int(rows, row, "safety_stock")},
        };

        rule.rule.pools =
            loader_split(loader, pg_rows_text(rows, row, "pools"), &rule.rule.pools_len);
        rule.rule.buckets =
            loader_split(loader, pg_rows_text(rows, row, "buckets"), &rule.rule.buckets_len);
        stock_load_rule(loader->stock, &rule);
    }
    return true;
}

static bool loader_load_positions(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!loader_run_beside(loader, sql_ledger_select_positions, &loader->skus, 1, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_position position = {
            .sku = text_of(loader, rows, row, "sku"),
            .pool = text_of(loader, rows, row, "pool"),
            .bucket = text_of(loader, rows, row, "bucket"),
            .quantity = pg_rows_int(rows, row, "quantity"),
        };

        stock_load_position(loader->stock, &position);
    }
    return true;
}

static bool loader_load_counts(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!loader_run_beside(loader, sql_ledger_select_counts, &loader->skus, 1, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_count count = {
            .sku = text_of(loader, rows, row, "sku"),
            .pool = text_of(loader, rows, row, "pool"),
            .bucket = text_of(loader, rows, row, "bucket"),
            .event_id = text_of(loader, rows, row, "event_id"),
            .counted_ms = pg_rows_int(rows, row, "counted_ms"),
            .quantity = pg_rows_int(rows, row, "quantity"),
        };

        if (*count.event_id != '\0') /* else all of them are held */
            stock_load_count(loader->stock, &count);
    }
    return true;
}

static bool loader_load_oversells(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (!loader_run_beside(loader, sql_ledger_select_oversells, &loader->skus, 1, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        struct stock_oversell oversell = {
            .sku = text_of(loader, rows, row, "sku"),
            .pool = text_of(loader, rows, row, "pool"),
            .event_id = text_of(loader, rows, row, "event_id"),
            .channel = text_of(loader, rows, row, "channel"),
            .order_id = text_of(loader, rows, row, "order_id"),
            .available = pg_rows_int(rows, row, "available"),
            .open = true,
        };

        stock_load_oversell(loader->stock, &oversell);
    }
    return true;
}

/* What hangs on a SKU (positions, movements, counts, oversells, mappings, and so the targets of its
   listings) is read without locks: those of an index are locks of its pages, and there the SKUs of
   all partitions are neighbours. Instead each SKU has a row of its own. It is read with a lock, by
   its place and through no index, and whoever changes what hangs on the SKU writes it
   (ledger_flush()). */
static bool loader_watch_skus(struct loader *loader, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    SCOPED(pg_rows) struct pg_rows *watched = NULL;
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    struct ledger_working_set *set = loader->set;

    set->skus = loader->skus.parts[0];
    set->skus_len = loader->skus.len;
    if (!loader_run_beside(loader, sql_ledger_select_skus, &loader->skus, 1, &rows, err))
        return false;
    size_t count = pg_rows_count(rows);
    const char **places = arena_alloc(loader->arena, count * sizeof(*places));
    size_t len = 0;
    set->new_skus = arena_alloc(loader->arena, count * sizeof(*set->new_skus));
    for (size_t row = 0; row < count; row++) {
        if (pg_rows_is_null(rows, row, "place"))
            set->new_skus[set->new_skus_len++] = text_of(loader, rows, row, "sku");
        else
            places[len++] = pg_rows_text(rows, row, "place");
    }
    pg_params_text_array(params, places, len);
    if (!pg_run(loader->pg, sql_ledger_watch_skus, params, &watched, err))
        return false;
    return pg_rows_int(watched, 0, "watched") == (int64_t)len ||
           err_set(err, ERR_FATAL, "the session beside has another snapshot");
}

/* Lines first: they name listings; then listings that share their SKUs, then what these need. */
static bool loader_load(struct loader *loader, struct err *err)
{
    if (!ledger_holds_load_consignments(&loader->holds, loader->pg, loader->stock, &loader->skus,
                                        &loader->pools, &loader->new_pools, err))
        return false;
    if (!loader_find_listings(loader, sql_ledger_select_listings_of_pools, &loader->new_pools, 1,
                              true, err) ||
        !loader_load_lines(loader, err) || !loader_load_lines_of(loader, err) ||
        !loader_load_parts(loader, err) || !loader_load_voided(loader, err))
        return false;
    if (!loader_find_listings(loader, sql_ledger_select_listings_of_rules, &loader->rule_scopes, 3,
                              false, err) ||
        !loader_load_mappings(loader, 0, err))
        return false;
    size_t known = loader->listings.len;
    if (!loader_find_listings_of_skus(loader, err) || !loader_load_mappings(loader, known, err) ||
        !loader_watch_unmapped(loader, err) || !loader_load_listings(loader, err) ||
        !loader_load_pools(loader, err) || !loader_load_rules(loader, err))
        return false;
    if (!ledger_measures_load(loader->pg, loader->arena, loader->stock, &loader->skus,
                              &loader->channels, err))
        return false;
    if (loader->skus.len == 0)
        return true;
    return loader_watch_skus(loader, err) && loader_load_positions(loader, err) &&
           loader_load_counts(loader, err) &&
           ledger_holds_load_counts(&loader->holds, loader->pg, loader->stock, err) &&
           loader_load_oversells(loader, err);
}

bool ledger_working_set_load(struct pg *pg, struct arena *arena, const struct event *const *events,
                             size_t count, struct ledger_working_set *set, struct err *err)
{
    struct loader loader;

    loader_init(&loader, pg, arena, set);
    for (size_t i = 0; i < count; i++)
        loader_add_event(&loader, events[i]);
    bool loaded = loader_load(&loader, err);
    pg_end_beside(pg);
    loader_release(&loader);
    return loaded;
}
