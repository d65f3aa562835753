INSERT INTO voided_orders (channel, order_id, voided_ms, event_id)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[])
    ON CONFLICT (channel, order_id)
    DO UPDATE SET voided_ms = excluded.voided_ms, event_id = excluded.event_id
     WHERE excluded.voided_ms > voided_orders.voided_ms
