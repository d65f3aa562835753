-- Revert stockbus:pace from pg

BEGIN;
DROP VIEW api.promotions, api.latencies, api.velocities, api.tiers;
DROP TABLE ledger.assessments, ledger.promotions, ledger.latencies, ledger.velocities, ledger.tiers;
COMMIT;
