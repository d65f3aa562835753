-- $1 event: how it stands, the next decision's number, and its body when that was kept
SELECT e.event_id, e.kind, e.channel, e.listing, e.sku, e.order_id, e.line_id, e.status, e.reason,
       e.actor, e.notification_id, e.partition, e.kafka_offset,
       (extract(epoch FROM e.occurred_at) * 1000)::bigint AS occurred_ms,
       (extract(epoch FROM e.received_at) * 1000)::bigint AS received_ms,
       coalesce(b.detail, '') AS detail, b.body,
       (SELECT coalesce(max(d.number), 0) + 1 FROM api.decisions d WHERE d.event_id = e.event_id) AS number
  FROM api.events e
  LEFT JOIN api.parked_bodies b USING (event_id)
 WHERE e.event_id = $1::uuid
