INSERT INTO positions (sku, pool, bucket, quantity)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS k (sku, pool, bucket, quantity)
 ORDER BY sku, pool, bucket
    ON CONFLICT (sku, pool, bucket)
    DO UPDATE SET quantity = excluded.quantity, changed_at = clock_timestamp()
