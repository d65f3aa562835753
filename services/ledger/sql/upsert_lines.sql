-- one array per column
INSERT INTO order_lines
       (channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms,
        status, pool, fulfils, report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[],
              $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::text[], $18::text[])
    ON CONFLICT (channel, order_id, line_id)
    DO UPDATE SET listing = excluded.listing, ordered = excluded.ordered,
       reported_cancelled = excluded.reported_cancelled, placed_ms = excluded.placed_ms,
       version_ms = excluded.version_ms, status = excluded.status, pool = excluded.pool,
       fulfils = excluded.fulfils, report_id = excluded.report_id, voided_ms = excluded.voided_ms,
       cancelled = excluded.cancelled, shipped = excluded.shipped, returned = excluded.returned,
       mapping_id = excluded.mapping_id, waiting = excluded.waiting,
       changed_at = clock_timestamp()
