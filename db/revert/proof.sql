-- Revert stockbus:proof from pg

BEGIN;
DROP VIEW api.proof_oversells, api.proof_listings, api.proof_lines, api.proof_counts, api.proof_positions,
          api.proof_poison, api.proof_partitions, api.proof_movements, api.proof_batches;
COMMIT;
