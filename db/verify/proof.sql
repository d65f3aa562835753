-- Verify stockbus:proof on pg

SELECT movement_id, batch_id, topic_partition, topic_offset, ordinal, chain FROM api.proof_movements WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.proof_batches', 'SELECT'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_audit', 'api.proof_movements', 'INSERT'))::int;
SELECT 'api.proof_batches'::regclass, 'api.proof_movements'::regclass, 'api.proof_partitions'::regclass,
       'api.proof_poison'::regclass, 'api.proof_positions'::regclass, 'api.proof_counts'::regclass,
       'api.proof_lines'::regclass, 'api.proof_listings'::regclass, 'api.proof_oversells'::regclass;
