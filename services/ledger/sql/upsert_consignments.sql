INSERT INTO consignments
       (kind, consignment_id, sku, channel, from_pool, from_bucket, to_pool, status, report_id, sent,
        cancelled, shipped, version_ms, expected_ms, received, damaged, disposed, lost, missing,
        transit, created_ms, arrived_ms, receiving_ms, closed_ms, waiting)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
              $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
              $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[],
              $24::bigint[], $25::text[])
    ON CONFLICT (kind, consignment_id, sku)
    DO UPDATE SET channel = excluded.channel, from_pool = excluded.from_pool,
       from_bucket = excluded.from_bucket, to_pool = excluded.to_pool, status = excluded.status,
       report_id = excluded.report_id, sent = excluded.sent, cancelled = excluded.cancelled,
       shipped = excluded.shipped, version_ms = excluded.version_ms,
       expected_ms = excluded.expected_ms, received = excluded.received,
       damaged = excluded.damaged, disposed = excluded.disposed, lost = excluded.lost,
       missing = excluded.missing, transit = excluded.transit, created_ms = excluded.created_ms,
       arrived_ms = excluded.arrived_ms, receiving_ms = excluded.receiving_ms,
       closed_ms = excluded.closed_ms, waiting = excluded.waiting, changed_at = clock_timestamp()
