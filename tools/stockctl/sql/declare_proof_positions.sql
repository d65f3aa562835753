DECLARE stored NO SCROLL CURSOR FOR
SELECT sku, pool, bucket, quantity
  FROM api.proof_positions
 ORDER BY sku COLLATE "C", pool COLLATE "C", bucket COLLATE "C"
