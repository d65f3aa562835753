-- $1 limit
SELECT event_id, kind, channel, listing, sku, order_id, line_id, reason,
       (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms,
       (extract(epoch FROM received_at) * 1000)::bigint AS received_ms, partition, kafka_offset
  FROM api.parked
 ORDER BY received_at, event_id
 LIMIT $1::bigint
