-- $1.. one array per column; returns the ids that were not known, and where their rows are.
INSERT INTO events
       (event_id, content_hash, kind, channel, account, notification_id, captured_via, actor,
        listing, sku, order_id, line_id, occurred_at, received_at, partition, kafka_offset,
        traceparent, generation)
SELECT event_id, decode(content_hash, 'hex'), kind, channel, account, notification_id,
       captured_via, actor, listing, sku, order_id, line_id, ledger.at_ms(occurred_ms),
       ledger.at_ms(received_ms), partition, kafka_offset, traceparent, generation
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[],
              $14::bigint[], $15::bigint[], $16::bigint[], $17::text[],
              $18::bigint[])
       AS k (event_id, content_hash, kind, channel, account, notification_id, captured_via, actor,
             listing, sku, order_id, line_id, occurred_ms, received_ms, partition, kafka_offset,
             traceparent, generation)
    ON CONFLICT (event_id) DO NOTHING
RETURNING event_id, ctid::text AS place
