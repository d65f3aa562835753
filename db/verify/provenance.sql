-- Verify stockbus:provenance on pg

SELECT sku, pool, role, kind, id, channel, order_id, line_id, at_ms, units FROM api.provenance_rows WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.provenance_rows', 'SELECT'))::int;
