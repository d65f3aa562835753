-- $1 SKUs, $2 pools
UPDATE oversells o
   SET closed_at = clock_timestamp()
  FROM unnest($1::text[], $2::text[]) AS k (sku, pool)
 WHERE o.sku = k.sku
   AND o.pool = k.pool
   AND o.closed_at IS NULL
