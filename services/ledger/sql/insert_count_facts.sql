INSERT INTO count_facts (sku, pool, bucket, event_id, counted_ms, quantity)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[])::uuid,
       unnest($5::bigint[]), unnest($6::bigint[])
