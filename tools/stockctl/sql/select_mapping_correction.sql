-- $1 channel, $2 listing, $3 since (ms), $4 limit: what mappings that came late moved, by movement
SELECT m.event_id AS mapping_id, m.actor, m.sku, m.pool, m.bucket, m.delta, m.balance,
       (extract(epoch FROM m.applied_at) * 1000)::bigint AS applied_ms,
       (extract(epoch FROM m.occurred_at) * 1000)::bigint AS occurred_ms
  FROM api.movements m
 WHERE m.reason = 'remapped'
   AND m.channel = $1
   AND m.listing = $2
   AND m.applied_at >= to_timestamp($3::bigint / 1000.0)
 ORDER BY m.movement_id
 LIMIT $4::bigint
