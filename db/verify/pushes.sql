-- Verify stockbus:pushes on pg

SELECT 'ledger.listings'::regclass, 'ledger.confirmations'::regclass, 'ledger.observations'::regclass,
       'ledger.targets'::regclass, 'ledger.outbox'::regclass, 'ledger.pushes'::regclass,
       'ledger.listings_address'::regclass, 'ledger.listings_sku'::regclass,
       'ledger.pushes_listing'::regclass, 'ledger.pushes_confirmed'::regclass;
SELECT channel, listing, quantity, version FROM ledger.listings WHERE false;
SELECT 1 / has_table_privilege('stockbus_ledger', 'ledger.outbox', 'DELETE')::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.targets', 'UPDATE'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.pushes', 'UPDATE'))::int;
