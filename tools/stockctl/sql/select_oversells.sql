-- $1 only open ones, $2 limit
SELECT sku, pool, available, channel, order_id, event_id,
       (extract(epoch FROM opened_at) * 1000)::bigint AS opened_ms,
       (extract(epoch FROM closed_at) * 1000)::bigint AS closed_ms
  FROM api.oversells
 WHERE NOT $1::boolean OR closed_at IS NULL
 ORDER BY opened_at DESC, sku, pool
 LIMIT $2::bigint
