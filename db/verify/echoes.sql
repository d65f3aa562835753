-- Verify stockbus:echoes on pg

SELECT channel, listing, quantity, observed_at, means, confirms, expected FROM api.echoes WHERE false;
SELECT 1 / has_table_privilege('stockbus_audit', 'api.echoes', 'SELECT')::int;
