-- $1 channel, $2 SKU, $3 reason, each NULL for any; $4 limit
SELECT event_id, kind, channel, listing, sku, order_id, line_id, reason, detail, age_s,
       (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms,
       (extract(epoch FROM received_at) * 1000)::bigint AS received_ms, partition, kafka_offset,
       notification_id, actor, decisions
  FROM api.parked
 WHERE ($1::text IS NULL OR channel = $1)
   AND ($2::text IS NULL OR sku = $2)
   AND ($3::text IS NULL OR reason = $3)
 ORDER BY received_at, event_id
 LIMIT $4::bigint
