INSERT INTO consignment_reports
       (event_id, kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, sent,
        cancelled, shipped, received, damaged, disposed, lost, version_ms, created_ms, expected_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
              $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
              $19::bigint[])
