-- in the order of replay
DECLARE stored NO SCROLL CURSOR FOR
SELECT movement_id, batch_id, topic_partition, topic_offset, ordinal, event_id, sku, pool, bucket,
       delta, effect, balance, occurred_ms, reason, encode(chain, 'hex') AS chain
  FROM api.proof_movements
 ORDER BY batch_id, topic_partition, topic_offset, ordinal, movement_id
