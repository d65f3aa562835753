-- Revert stockbus:pushes from pg

BEGIN;
DROP TABLE ledger.pushes, ledger.outbox, ledger.targets, ledger.observations, ledger.confirmations,
           ledger.listings;
COMMIT;
