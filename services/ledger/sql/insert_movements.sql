INSERT INTO movements
       (event_id, sku, pool, bucket, delta, effect, balance, occurred_ms, reason)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::bigint[], $9::text[])
