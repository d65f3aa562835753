-- $1 channel, $2 order, $3 limit
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, what, channel, place, sku, change,
       quantity, version, latency_ms, detail, event_id
  FROM api.order_effects($1, $2)
 LIMIT $3::bigint
