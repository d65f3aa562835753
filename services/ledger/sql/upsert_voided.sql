INSERT INTO voided_orders (channel, order_id, voided_ms, event_id)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[])::uuid
    ON CONFLICT (channel, order_id)
    DO UPDATE SET voided_ms = excluded.voided_ms, event_id = excluded.event_id
     WHERE excluded.voided_ms > voided_orders.voided_ms
