-- Revert stockbus:ledger from pg

BEGIN;
DROP SCHEMA ledger CASCADE;
COMMIT;
