INSERT INTO positions (sku, pool, bucket, quantity)
SELECT *
  FROM (SELECT unnest($1::text[]) AS sku, unnest($2::text[]) AS pool,
               unnest($3::text[]) AS bucket, unnest($4::bigint[]) AS quantity) AS k
 ORDER BY sku, pool, bucket
    ON CONFLICT (sku, pool, bucket)
    DO UPDATE SET quantity = excluded.quantity, changed_at = clock_timestamp()
