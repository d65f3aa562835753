-- Verify stockbus:api_more on pg

SELECT event_id, kind FROM api.events WHERE false;
SELECT sku, balance, order_id, happened_ms FROM api.movements WHERE false;
SELECT channel, listing, version, applied_at FROM api.target_history WHERE false;
SELECT mapping_id, sku, units FROM api.mappings WHERE false;
SELECT rule_id, floor FROM api.rules WHERE false;
SELECT channel, p99_ms FROM api.latency WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.movements', 'SELECT'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.latency', 'SELECT'))::int;
