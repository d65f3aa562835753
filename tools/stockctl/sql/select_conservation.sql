-- $1 limit
SELECT sku, pool, bucket, quantity, effects, derived
  FROM api.conservation
 WHERE quantity <> effects
    OR quantity <> derived
 ORDER BY sku, pool, bucket
 LIMIT $1::bigint
