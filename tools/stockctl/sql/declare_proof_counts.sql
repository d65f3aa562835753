DECLARE stored NO SCROLL CURSOR FOR
SELECT sku, pool, bucket, event_id, counted_ms, quantity
  FROM api.proof_counts
 ORDER BY sku COLLATE "C", pool COLLATE "C", bucket COLLATE "C"
