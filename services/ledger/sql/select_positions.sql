-- $1 SKUs
SELECT p.sku, p.pool, p.bucket, p.quantity
  FROM unnest($1::text[]) AS k (sku)
  JOIN positions p USING (sku)
