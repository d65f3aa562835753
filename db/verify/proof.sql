-- Verify stockbus:proof on pg

SELECT movement_id, batch_id, topic_partition, topic_offset, ordinal, chain FROM api.proof_movements WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.proof_batches', 'SELECT'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_audit', 'api.proof_movements', 'INSERT'))::int;
SELECT 'api.proof_batches'::regclass, 'api.proof_movements'::regclass, 'api.proof_partitions'::regclass,
       'api.proof_poison'::regclass, 'api.proof_events'::regclass, 'api.proof_conflicts'::regclass,
       'api.proof_parked_bodies'::regclass, 'api.proof_decisions'::regclass, 'api.proof_pools'::regclass,
       'api.proof_mappings'::regclass, 'api.proof_components'::regclass, 'api.proof_rules'::regclass,
       'api.proof_tiers'::regclass, 'api.proof_velocities'::regclass, 'api.proof_latencies'::regclass,
       'api.proof_promotions'::regclass, 'api.proof_voided'::regclass, 'api.proof_parts'::regclass,
       'api.proof_lines'::regclass, 'api.proof_reports'::regclass, 'api.proof_receipts'::regclass,
       'api.proof_consignments'::regclass, 'api.proof_count_facts'::regclass, 'api.proof_counts'::regclass,
       'api.proof_positions'::regclass, 'api.proof_oversells'::regclass, 'api.proof_listings'::regclass;
