-- Verify stockbus:proof on pg

SELECT movement_id, batch_id, topic_partition, topic_offset, ordinal, chain FROM api.proof_movements WHERE false;
SELECT 1 / (has_table_privilege('stockbus_audit', 'api.proof_batches', 'SELECT'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_audit', 'api.proof_movements', 'INSERT'))::int;
