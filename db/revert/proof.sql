-- Revert stockbus:proof from pg

BEGIN;
DROP VIEW api.proof_listings, api.proof_oversells, api.proof_positions, api.proof_counts,
          api.proof_count_facts, api.proof_consignments, api.proof_receipts, api.proof_reports,
          api.proof_lines, api.proof_parts, api.proof_voided, api.proof_promotions, api.proof_latencies,
          api.proof_velocities, api.proof_tiers, api.proof_rules, api.proof_components, api.proof_mappings,
          api.proof_pools, api.proof_decisions, api.proof_parked_bodies, api.proof_conflicts,
          api.proof_events, api.proof_poison, api.proof_partitions, api.proof_movements, api.proof_batches;
COMMIT;
