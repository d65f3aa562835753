-- Verify stockbus:api on pg

SELECT sku, available FROM api.stock WHERE false;
SELECT 1 / (NOT has_schema_privilege('stockbus_audit', 'ledger', 'USAGE'))::int;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.stock', 'SELECT'))::int;
