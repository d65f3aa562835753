INSERT INTO consignment_receipts
       (event_id, kind, consignment_id, sku, pool, bucket, quantity, occurred_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
              $8::bigint[])
