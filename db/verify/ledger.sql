-- Verify stockbus:ledger on pg

SELECT event_id, content_hash, status, kafka_offset FROM ledger.events WHERE false;
SELECT sku, pool, bucket, delta, effect, balance, batch_id, topic_partition, topic_offset, ordinal, chain
  FROM ledger.movements WHERE false;
SELECT batch_id, partition, generation, first_offset, next_offset, movements, head FROM ledger.batches WHERE false;
SELECT generation, head, cluster_id, topic_id, anchor_offset, anchor FROM ledger.partitions WHERE false;
SELECT sku, pool, bucket, quantity FROM ledger.positions WHERE false;
SELECT 1 / (has_table_privilege('stockbus_ledger', 'ledger.movements', 'INSERT'))::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.movements', 'UPDATE'))::int;
SELECT 1 / (ledger.ms(ledger.at_ms(1763716620123)) = 1763716620123)::int;
SELECT 1 / (has_function_privilege('stockbus_ledger', 'ledger.prepare_movements(integer)', 'EXECUTE'))::int;
SELECT 1 / (NOT has_function_privilege('stockbus_audit', 'ledger.prepare_movements(integer)', 'EXECUTE'))::int;
SELECT 1 / (count(*) > 1)::int FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass;
