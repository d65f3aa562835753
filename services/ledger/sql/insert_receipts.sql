INSERT INTO consignment_receipts
       (event_id, kind, consignment_id, sku, pool, bucket, quantity, occurred_ms)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
       unnest($5::text[]), unnest($6::text[]), unnest($7::bigint[]), unnest($8::bigint[])
