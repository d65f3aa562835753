INSERT INTO consignment_reports
       (event_id, kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, sent,
        cancelled, shipped, received, damaged, disposed, lost, version_ms, created_ms, expected_ms)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
       unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
       unnest($9::text[]), unnest($10::bigint[]), unnest($11::bigint[]), unnest($12::bigint[]),
       unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[]),
       unnest($16::bigint[]), unnest($17::bigint[]), unnest($18::bigint[]), unnest($19::bigint[])
