-- $1 sku, $2 pool or null, $3 limit
SELECT movement_id, sku, pool, bucket, delta, effect, balance, reason, kind, channel, order_id,
       line_id, listing, actor, event_id,
       (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms,
       (extract(epoch FROM applied_at) * 1000)::bigint AS applied_ms
  FROM api.movements
 WHERE sku = $1
   AND ($2::text IS NULL OR pool = $2)
 ORDER BY movement_id DESC
 LIMIT $3::bigint
