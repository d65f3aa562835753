-- $1 channel, $2 order, $3 limit
SELECT sku, pool, (extract(epoch FROM below_at) * 1000)::bigint AS below_ms,
       (extract(epoch FROM known_at) * 1000)::bigint AS known_ms, available, lowest,
       (extract(epoch FROM back_at) * 1000)::bigint AS back_ms, reason, channel, order_id, line_id,
       listing, event_id, is_this_order
  FROM api.oversell_story($1, $2)
 LIMIT $3::bigint
