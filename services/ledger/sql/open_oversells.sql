-- opened or deepened
INSERT INTO oversells (sku, pool, event_id, channel, order_id, available)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
    ON CONFLICT (sku, pool) WHERE closed_at IS NULL
    DO UPDATE SET event_id = excluded.event_id, channel = excluded.channel,
       order_id = excluded.order_id, available = excluded.available
