-- $1-$3 positions, $4 times (ms): movements after them
SELECT m.sku, m.pool, m.bucket, m.delta, m.occurred_ms
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS k (sku, pool, bucket, after_ms)
  JOIN movements m
    ON m.sku = k.sku
   AND m.pool = k.pool
   AND m.bucket = k.bucket
   AND m.occurred_ms > k.after_ms
