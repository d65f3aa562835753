-- Revert stockbus:audit_facts from pg

BEGIN;
DROP INDEX ledger.pushes_newest;
DROP TABLE ledger.observation_history;
COMMIT;
