-- $1 sku, $2 pool, $3 bucket, $4 limit
SELECT step, (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms,
       (extract(epoch FROM applied_at) * 1000)::bigint AS applied_ms, delta, effect, balance, running,
       counts, reason, kind, channel, listing, order_id, line_id, actor, event_id
  FROM api.why_position($1, $2, $3)
 LIMIT $4::bigint
