-- Verify stockbus:comparisons on pg

SELECT channel, snapshot_at, findings FROM ledger.comparisons WHERE false;
SELECT 1 / has_table_privilege('stockbus_ledger', 'ledger.comparisons', 'SELECT')::int;
