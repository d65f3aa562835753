-- $1 channel or null, $2 order or null, $3 only open ones, $4 limit
SELECT channel, order_id, line_id, listing, ordered, cancelled, shipped, returned, open, status,
       (extract(epoch FROM placed_at) * 1000)::bigint AS placed_ms, waiting
  FROM api.orders
 WHERE ($1::text IS NULL OR channel = $1)
   AND ($2::text IS NULL OR order_id = $2)
   AND (NOT $3::boolean OR open > 0)
 ORDER BY placed_at DESC NULLS LAST, channel, order_id, line_id
 LIMIT $4::bigint
