-- Verify stockbus:roles on pg

SELECT pg_catalog.pg_has_role('stockbus_owner', 'usage'),
       pg_catalog.pg_has_role('stockbus_ledger', 'usage'),
       pg_catalog.pg_has_role('stockbus_reconciler', 'usage'),
       pg_catalog.pg_has_role('stockbus_audit', 'usage');
