INSERT INTO counts (sku, pool, bucket, event_id, counted_ms, quantity)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    ON CONFLICT (sku, pool, bucket)
    DO UPDATE SET event_id = excluded.event_id, counted_ms = excluded.counted_ms,
       quantity = excluded.quantity
