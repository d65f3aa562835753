-- $1 SKUs: open ones
SELECT o.sku, o.pool, o.event_id, o.channel, o.order_id, o.available
  FROM unnest($1::text[]) AS k (sku)
  JOIN oversells o USING (sku)
 WHERE o.closed_at IS NULL
