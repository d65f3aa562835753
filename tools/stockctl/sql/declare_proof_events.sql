-- in the order of replay; batch_id 0: no batch took it
DECLARE events NO SCROLL CURSOR FOR
SELECT coalesce(b.batch_id, 0) AS batch_id, e.partition, e.kafka_offset, e.event_id, e.content_hash, e.kind, e.channel,
       e.account, e.notification_id, e.captured_via, e.actor, e.listing, e.sku, e.order_id, e.line_id, e.occurred_ms,
       e.received_ms, e.traceparent, e.generation
  FROM api.proof_events e
  LEFT JOIN LATERAL (SELECT batch_id
                       FROM api.proof_batches
                      WHERE partition = e.partition
                        AND generation = e.generation
                        AND first_offset <= e.kafka_offset
                      ORDER BY first_offset DESC
                      LIMIT 1) b ON true
 ORDER BY 1, 2, 3, 4
