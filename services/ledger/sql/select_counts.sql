-- $1 SKUs
SELECT c.sku, c.pool, c.bucket, c.event_id, c.counted_ms, c.quantity
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT * FROM counts WHERE sku = k.sku OFFSET 0) c
