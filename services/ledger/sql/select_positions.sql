-- $1 SKUs
SELECT p.sku, p.pool, p.bucket, p.quantity
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT * FROM positions WHERE sku = k.sku OFFSET 0) p
