-- $1 SKUs: open ones
SELECT o.sku, o.pool, o.event_id, o.channel, o.order_id, o.available
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT * FROM oversells WHERE sku = k.sku AND closed_at IS NULL OFFSET 0) o
