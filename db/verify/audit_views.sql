-- Verify stockbus:audit_views on pg

SELECT sku, pool, bucket, quantity FROM api.positions WHERE false;
SELECT sku, quantity, counted_at, event_id FROM api.counts WHERE false;
SELECT listing, quantity, observed_at FROM api.observations WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.positions', 'SELECT')
            AND has_table_privilege('stockbus_audit', 'api.counts', 'SELECT')
            AND has_table_privilege('stockbus_audit', 'api.observations', 'SELECT'))::int;
SELECT 1 / (col_description('api.movements'::regclass, 1) IS NOT NULL)::int;
