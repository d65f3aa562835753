-- $1 SKUs
SELECT c.sku, c.pool, c.bucket, c.event_id, c.counted_ms, c.quantity
  FROM unnest($1::text[]) AS k (sku)
  JOIN counts c USING (sku)
