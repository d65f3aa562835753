-- Verify stockbus:pushes on pg

SELECT channel, listing, quantity, version FROM ledger.listings WHERE false;
SELECT 1 / (has_table_privilege('stockbus_ledger', 'ledger.outbox', 'DELETE'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.targets', 'UPDATE'))::int;
