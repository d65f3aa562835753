-- Verify stockbus:api on pg

SELECT sku, available FROM api.stock WHERE false;
SELECT order_id, open, placed_ms FROM api.orders WHERE false;
SELECT listing, at_rest FROM api.targets WHERE false;
SELECT listing, latency_ms, at FROM api.pushes WHERE false;
SELECT event_id, reason FROM api.parked WHERE false;
SELECT sku, available, closed_at FROM api.oversells WHERE false;
SELECT listing, class, snapshot_at FROM api.findings WHERE false;
SELECT sku, quantity, effects, derived FROM api.conservation WHERE false;
SELECT 1 / (NOT has_schema_privilege('stockbus_audit', 'ledger', 'USAGE'))::int;
SELECT 1 / has_table_privilege('stockbus_audit', 'api.stock', 'SELECT')::int;
