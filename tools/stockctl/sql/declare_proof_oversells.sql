DECLARE stored NO SCROLL CURSOR FOR
SELECT sku, pool, event_id, channel, order_id, available
  FROM api.proof_oversells
 ORDER BY sku COLLATE "C", pool COLLATE "C"
