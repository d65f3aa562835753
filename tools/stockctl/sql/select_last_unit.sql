-- $1 sku, $2 pool, $3 limit
SELECT time_before, verdict, (extract(epoch FROM happened_at) * 1000)::bigint AS happened_ms,
       available_before, available_after, reason, channel, order_id, line_id, listing, actor,
       event_id, (extract(epoch FROM applied_at) * 1000)::bigint AS applied_ms
  FROM api.who_sold_last_unit($1, $2)
 LIMIT $3::bigint
