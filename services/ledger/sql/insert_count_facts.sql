INSERT INTO count_facts (sku, pool, bucket, event_id, counted_ms, quantity)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[])
