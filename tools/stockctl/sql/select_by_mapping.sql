-- $1 channel, $2 listing, $3 limit
SELECT mapping_id, (extract(epoch FROM valid_from) * 1000)::bigint AS valid_from_ms,
       (extract(epoch FROM valid_until) * 1000)::bigint AS valid_until_ms, sells, pool,
       (extract(epoch FROM placed_at) * 1000)::bigint AS placed_ms, order_id, line_id, ordered, kind,
       (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms, actor, event_id
  FROM api.events_by_mapping($1, $2)
 LIMIT $3::bigint
