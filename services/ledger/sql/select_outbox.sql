-- $1 most rows
SELECT o.outbox_id, o.kind, o.channel, o.listing, o.version, o.address, o.sku, t.quantity,
       t.sold_here, t.open_here, t.event_id, t.rule_id, t.mapping_id, t.cause_channel, t.occurred_ms,
       t.received_ms, t.applied_ms, t.traceparent, t.address AS target_address,
       o.body
  FROM outbox o
  LEFT JOIN targets t USING (channel, listing, version)
 ORDER BY o.outbox_id
 LIMIT $1::bigint
