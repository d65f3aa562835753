-- Verify stockbus:ledger on pg

SELECT 'ledger.timeline'::regclass, 'ledger.partitions'::regclass, 'ledger.events'::regclass,
       'ledger.conflicts'::regclass, 'ledger.poison'::regclass, 'ledger.order_lines'::regclass,
       'ledger.line_parts'::regclass, 'ledger.voided_orders'::regclass, 'ledger.mappings'::regclass,
       'ledger.mapping_components'::regclass, 'ledger.pools'::regclass, 'ledger.rules'::regclass,
       'ledger.counts'::regclass, 'ledger.movements'::regclass, 'ledger.positions'::regclass,
       'ledger.oversells'::regclass, 'ledger.batches'::regclass, 'ledger.movements_default'::regclass,
       'ledger.parked_bodies'::regclass, 'ledger.skus'::regclass;
SELECT 'ledger.events_line'::regclass, 'ledger.events_notification'::regclass,
       'ledger.events_parked'::regclass, 'ledger.events_sku'::regclass,
       'ledger.order_lines_listing'::regclass, 'ledger.order_lines_placed'::regclass,
       'ledger.order_lines_pool'::regclass, 'ledger.decisions'::regclass, 'ledger.line_parts_line'::regclass,
       'ledger.mappings_listing'::regclass, 'ledger.mappings_pool'::regclass,
       'ledger.mapping_components_sku'::regclass, 'ledger.pools_pool'::regclass,
       'ledger.rules_channel'::regclass, 'ledger.movements_position'::regclass,
       'ledger.oversells_open'::regclass, 'ledger.batches_offsets'::regclass;
SELECT 'ledger.prepare_movements(integer)'::regprocedure, 'ledger.guard_movements(text)'::regprocedure;
SELECT event_id, content_hash, status, kafka_offset FROM ledger.events WHERE false;
SELECT sku, pool, bucket, delta, effect, balance, batch_id, topic_partition, topic_offset, ordinal, chain
  FROM ledger.movements WHERE false;
SELECT batch_id, partition, generation, first_offset, next_offset, movements, head FROM ledger.batches WHERE false;
SELECT generation, head, cluster_id, topic_id, anchor_offset, anchor FROM ledger.partitions WHERE false;
SELECT sku, pool, bucket, quantity FROM ledger.positions WHERE false;
SELECT 1 / has_table_privilege('stockbus_ledger', 'ledger.movements', 'INSERT')::int;
SELECT 1 / (NOT has_table_privilege('stockbus_ledger', 'ledger.movements', 'UPDATE'))::int;
SELECT 1 / (NOT has_column_privilege('stockbus_ledger', 'ledger.events', 'occurred_at', 'UPDATE'))::int;
SELECT 1 / has_column_privilege('stockbus_ledger', 'ledger.events', 'status', 'UPDATE')::int;
SELECT 1 / (count(*) = 3)::int
  FROM pg_trigger
 WHERE tgname IN ('movements_append_only', 'batches_append_only') AND tgenabled = 'O'
   AND tgrelid IN ('ledger.movements'::regclass, 'ledger.movements_default'::regclass, 'ledger.batches'::regclass);
SELECT 1 / (ledger.ms(ledger.at_ms(1763716620123)) = 1763716620123)::int;
SELECT 1 / (has_function_privilege('stockbus_ledger', 'ledger.prepare_movements(integer)', 'EXECUTE'))::int;
SELECT 1 / (NOT has_function_privilege('stockbus_audit', 'ledger.prepare_movements(integer)', 'EXECUTE'))::int;
SELECT 1 / (count(*) > 1)::int FROM pg_inherits WHERE inhparent = 'ledger.movements'::regclass;
SELECT 1 / (ledger.at_ms(1763716620123) = '2025-11-21 09:17:00.123+00')::int;
