-- $1.. one array per column; returns the ids that were not known, and where their rows are.
INSERT INTO events
       (event_id, content_hash, kind, channel, account, notification_id, captured_via, actor,
        listing, sku, order_id, line_id, occurred_at, received_at, partition, kafka_offset,
        traceparent, generation)
SELECT event_id, decode(content_hash, 'hex'), kind, channel, account, notification_id,
       captured_via, actor, listing, sku, order_id, line_id, ledger.at_ms(occurred_ms),
       ledger.at_ms(received_ms), partition, kafka_offset, traceparent, generation
  FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS content_hash,
               unnest($3::text[]) AS kind, unnest($4::text[]) AS channel,
               unnest($5::text[]) AS account, unnest($6::text[]) AS notification_id,
               unnest($7::text[]) AS captured_via, unnest($8::text[]) AS actor,
               unnest($9::text[]) AS listing, unnest($10::text[]) AS sku,
               unnest($11::text[]) AS order_id, unnest($12::text[]) AS line_id,
               unnest($13::bigint[]) AS occurred_ms, unnest($14::bigint[]) AS received_ms,
               unnest($15::bigint[]) AS partition, unnest($16::bigint[]) AS kafka_offset,
               unnest($17::text[]) AS traceparent, unnest($18::bigint[]) AS generation) AS k
    ON CONFLICT (event_id) DO NOTHING
RETURNING event_id, ctid AS place
