-- Revert stockbus:comparisons from pg

BEGIN;
DROP VIEW ledger.comparisons;
COMMIT;
