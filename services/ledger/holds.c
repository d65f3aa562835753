#include "services/ledger/holds.h"

#include <string.h>

#include "sql.h"

void ledger_holds_init(struct ledger_holds *holds, struct arena *arena)
{
    *holds = (struct ledger_holds){.arena = arena, .receiving_ms = INT64_MAX};
    ledger_keys_init(&holds->counted, arena);
    ledger_keys_init(&holds->named, arena);
    ledger_keys_init(&holds->shelves, arena);
}

void ledger_holds_release(struct ledger_holds *holds)
{
    ledger_keys_release(&holds->counted);
    ledger_keys_release(&holds->named);
    ledger_keys_release(&holds->shelves);
}

/* ---- what the events name ---- */

/* Movements of the position after after_ms are needed. */
static void holds_add_count(struct ledger_holds *holds, const char *sku, const char *pool,
                            const char *bucket, int64_t after_ms)
{
    bool is_new = ledger_keys_add(&holds->counted, sku, pool, bucket);

    for (size_t i = 0; i < holds->counted.len; i++) {
        if (strcmp(holds->counted.parts[0][i], sku) != 0 ||
            strcmp(holds->counted.parts[1][i], pool) != 0 ||
            strcmp(holds->counted.parts[2][i], bucket) != 0)
            continue;
        holds->counted_ms = arena_grow(holds->arena, holds->counted_ms, i,
                                       &holds->counted_capacity, sizeof(int64_t));
        if (is_new || after_ms < holds->counted_ms[i])
            holds->counted_ms[i] = after_ms;
        return;
    }
}

static void holds_add_receipt(struct ledger_holds *holds, const struct event_stock *receipt)
{
    if (*receipt->shipment_id != '\0')
        ledger_keys_add(&holds->named, STOCK_INBOUND, receipt->shipment_id, receipt->sku);
    if (*receipt->removal_id != '\0')
        ledger_keys_add(&holds->named, STOCK_REMOVAL, receipt->removal_id, receipt->sku);
}

static void holds_add_inbound(struct ledger_holds *holds, const struct event_inbound *inbound)
{
    ledger_keys_add(&holds->named, STOCK_INBOUND, inbound->shipment_id, inbound->sku);
    ledger_keys_add(&holds->shelves, inbound->sku, inbound->to_pool, "");
    if (inbound->version_ms < holds->receiving_ms)
        holds->receiving_ms = inbound->version_ms;
}

void ledger_holds_add_event(struct ledger_holds *holds, const struct event *event)
{
    if (event->kind == EVENT_STOCK_COUNTED)
        holds_add_count(holds, event->stock.sku, event->stock.pool, event->stock.bucket,
                        event->times.occurred_ms);
    else if (event->kind == EVENT_STOCK_RECEIVED)
        holds_add_receipt(holds, &event->stock);
    else if (event->kind == EVENT_INBOUND_REPORTED)
        holds_add_inbound(holds, &event->inbound);
    else if (event->kind == EVENT_REMOVAL_REPORTED)
        ledger_keys_add(&holds->named, STOCK_REMOVAL, event->removal.removal_id,
                        event->removal.sku);
}

/* ---- consignments ---- */

static const char *text_of(struct ledger_holds *holds, const struct pg_rows *rows, size_t row,
                           const char *column)
{
    return arena_strdup(holds->arena, pg_rows_text(rows, row, column));
}

/* The kind is one of lib/stock's words, so that pointers stay what they are. */
static const char *kind_of(const struct pg_rows *rows, size_t row)
{
    return strcmp(pg_rows_text(rows, row, "kind"), STOCK_INBOUND) == 0 ? STOCK_INBOUND
                                                                       : STOCK_REMOVAL;
}

static struct stock_consignment holds_read_consignment(struct ledger_holds *holds,
                                                       const struct pg_rows *rows, size_t row)
{
    return (struct stock_consignment){
        .kind = kind_of(rows, row),
        .id = text_of(holds, rows, row, "consignment_id"),
        .sku = text_of(holds, rows, row, "sku"),
        .channel = text_of(holds, rows, row, "channel"),
        .from_pool = text_of(holds, rows, row, "from_pool"),
        .from_bucket = text_of(holds, rows, row, "from_bucket"),
        .to_pool = text_of(holds, rows, row, "to_pool"),
        .status = text_of(holds, rows, row, "status"),
        .report_id = text_of(holds, rows, row, "report_id"),
        .sent = pg_rows_int(rows, row, "sent"),
        .cancelled = pg_rows_int(rows, row, "cancelled"),
        .shipped = pg_rows_int(rows, row, "shipped"),
        .version_ms = pg_rows_int(rows, row, "version_ms"),
        .expected_ms = pg_rows_int(rows, row, "expected_ms"),
        .received = pg_rows_int(rows, row, "received"),
        .damaged = pg_rows_int(rows, row, "damaged"),
        .disposed = pg_rows_int(rows, row, "disposed"),
        .lost = pg_rows_int(rows, row, "lost"),
        .missing = pg_rows_int(rows, row, "missing"),
        .transit = pg_rows_int(rows, row, "transit"),
        .created_ms = pg_rows_int(rows, row, "created_ms"),
        .arrived_ms = pg_rows_int(rows, row, "arrived_ms"),
        .receiving_ms = pg_rows_int(rows, row, "receiving_ms"),
        .closed_ms = pg_rows_int(rows, row, "closed_ms"),
        .waiting = text_of(holds, rows, row, "waiting"),
    };
}

static bool holds_load_rows(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                            struct ledger_keys *skus, struct ledger_keys *pools,
                            const struct ledger_keys *new_pools, struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(&holds->named, params, 3);
    ledger_keys_params(skus, params, 1);
    ledger_keys_params(new_pools, params, 1);
    if (!pg_run(pg, sql_ledger_select_consignments, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct stock_consignment consignment = holds_read_consignment(holds, rows, row);

        stock_load_consignment(stock, &consignment);
        if (pg_rows_int(rows, row, "changes_holds") != 0)
            ledger_keys_add(&holds->shelves, consignment.sku, consignment.to_pool, "");
        if (consignment.receiving_ms > 0 && consignment.receiving_ms < holds->receiving_ms)
            holds->receiving_ms = consignment.receiving_ms;
        ledger_keys_add(skus, consignment.sku, "", "");
        if (*consignment.to_pool != '\0')
            ledger_keys_add(pools, consignment.to_pool, "", "");
    }
    return true;
}

static bool holds_load_reports(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                               struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(&holds->named, params, 3);
    if (!pg_run(pg, sql_ledger_select_consignment_reports, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct stock_consignment_report report = {
            .event_id = text_of(holds, rows, row, "event_id"),
            .kind = kind_of(rows, row),
            .id = text_of(holds, rows, row, "consignment_id"),
            .sku = text_of(holds, rows, row, "sku"),
            .channel = text_of(holds, rows, row, "channel"),
            .from_pool = text_of(holds, rows, row, "from_pool"),
            .from_bucket = text_of(holds, rows, row, "from_bucket"),
            .to_pool = text_of(holds, rows, row, "to_pool"),
            .status = text_of(holds, rows, row, "status"),
            .sent = pg_rows_int(rows, row, "sent"),
            .cancelled = pg_rows_int(rows, row, "cancelled"),
            .shipped = pg_rows_int(rows, row, "shipped"),
            .received = pg_rows_int(rows, row, "received"),
            .damaged = pg_rows_int(rows, row, "damaged"),
            .disposed = pg_rows_int(rows, row, "disposed"),
            .lost = pg_rows_int(rows, row, "lost"),
            .version_ms = pg_rows_int(rows, row, "version_ms"),
            .created_ms = pg_rows_int(rows, row, "created_ms"),
            .expected_ms = pg_rows_int(rows, row, "expected_ms"),
        };

        stock_load_consignment_report(stock, &report);
    }
    return true;
}

static bool holds_load_receipts(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                                struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    ledger_keys_params(&holds->named, params, 3);
    if (!pg_run(pg, sql_ledger_select_receipts, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct stock_receipt receipt = {
            .event_id = text_of(holds, rows, row, "event_id"),
            .kind = kind_of(rows, row),
            .id = text_of(holds, rows, row, "consignment_id"),
            .sku = text_of(holds, rows, row, "sku"),
            .pool = text_of(holds, rows, row, "pool"),
            .bucket = text_of(holds, rows, row, "bucket"),
            .quantity = pg_rows_int(rows, row, "quantity"),
            .occurred_ms = pg_rows_int(rows, row, "occurred_ms"),
        };

        stock_load_receipt(stock, &receipt);
    }
    return true;
}

bool ledger_holds_load_consignments(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                                    struct ledger_keys *skus, struct ledger_keys *pools,
                                    const struct ledger_keys *new_pools, struct err *err)
{
    if (holds->named.len + holds->counted.len + new_pools->len == 0)
        return true;
    if (!holds_load_rows(holds, pg, stock, skus, pools, new_pools, err))
        return false;
    return holds->named.len == 0 || (holds_load_reports(holds, pg, stock, err) &&
                                     holds_load_receipts(holds, pg, stock, err));
}

/* ---- counts ---- */

/* base_ms is the time of the latest count that no hold can reach, 0: there is none. Positions that
   the batch counts may step back to it, too. */
static void holds_take_fact(struct ledger_holds *holds, struct stock *stock,
                            const struct pg_rows *rows, size_t row)
{
    const struct stock_count count = {
        .sku = text_of(holds, rows, row, "sku"),
        .pool = text_of(holds, rows, row, "pool"),
        .bucket = text_of(holds, rows, row, "bucket"),
        .event_id = text_of(holds, rows, row, "event_id"),
        .counted_ms = pg_rows_int(rows, row, "counted_ms"),
        .quantity = pg_rows_int(rows, row, "quantity"),
    };

    stock_load_count_fact(stock, &count);
    if (count.counted_ms >= holds->receiving_ms)
        holds_add_count(holds, count.sku, count.pool, count.bucket,
                        pg_rows_int(rows, row, "base_ms"));
}

/* The batch's own counts on these shelves: what they replace may be needed again. */
static void holds_step_back(struct ledger_holds *holds, const struct pg_rows *rows)
{
    for (size_t i = 0; i < holds->counted.len; i++) {
        int64_t base_ms = 0;

        if (!ledger_keys_has(&holds->shelves, holds->counted.parts[0][i],
                             holds->counted.parts[1][i], ""))
            continue;
        for (size_t row = 0; row < pg_rows_count(rows); row++) {
            if (strcmp(pg_rows_text(rows, row, "sku"), holds->counted.parts[0][i]) == 0 &&
                strcmp(pg_rows_text(rows, row, "pool"), holds->counted.parts[1][i]) == 0 &&
                strcmp(pg_rows_text(rows, row, "bucket"), holds->counted.parts[2][i]) == 0)
                base_ms = pg_rows_int(rows, row, "base_ms");
        }
        if (base_ms < holds->counted_ms[i])
            holds->counted_ms[i] = base_ms;
    }
}

static bool holds_load_facts(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                             struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (holds->shelves.len == 0)
        return true;
    ledger_keys_params(&holds->shelves, params, 2);
    pg_params_int(params, holds->receiving_ms);
    if (!pg_run_beside(pg, sql_ledger_select_count_facts, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++)
        holds_take_fact(holds, stock, rows, row);
    holds_step_back(holds, rows);
    return true;
}

static bool holds_load_movements(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                                 struct err *err)
{
    SCOPED(pg_params) struct pg_params *params = pg_params_new();
    SCOPED(pg_rows) struct pg_rows *rows = NULL;

    if (holds->counted.len == 0)
        return true;
    ledger_keys_params(&holds->counted, params, 3);
    pg_params_int_array(params, holds->counted_ms, holds->counted.len);
    if (!pg_run_beside(pg, sql_ledger_select_later_movements, params, &rows, err))
        return false;
    for (size_t row = 0; row < pg_rows_count(rows); row++) {
        const struct stock_movement movement = {
            .sku = text_of(holds, rows, row, "sku"),
            .pool = text_of(holds, rows, row, "pool"),
            .bucket = text_of(holds, rows, row, "bucket"),
            .delta = pg_rows_int(rows, row, "delta"),
            .occurred_ms = pg_rows_int(rows, row, "occurred_ms"),
        };

        stock_load_movement(stock, &movement);
    }
    return true;
}

bool ledger_holds_load_counts(struct ledger_holds *holds, struct pg *pg, struct stock *stock,
                              struct err *err)
{
    return holds_load_facts(holds, pg, stock, err) && holds_load_movements(holds, pg, stock, err);
}
