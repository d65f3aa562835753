-- Verify stockbus:api_conservation on pg

SELECT sku, quantity, effects, derived FROM api.conservation WHERE false;
SELECT 1 / (pg_get_viewdef('api.conservation'::regclass) ~ 'FULL JOIN')::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.conservation', 'SELECT'))::int;
