-- one array per column
INSERT INTO order_lines
       (channel, order_id, line_id, listing, ordered, reported_cancelled, placed_ms, version_ms,
        status, pool, fulfils, report_id, voided_ms, cancelled, shipped, returned, mapping_id, waiting)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
       unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::bigint[]),
       unnest($9::text[]), unnest($10::text[]), unnest($11::text[]), unnest($12::text[]),
       unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[]),
       unnest($16::bigint[]), unnest($17::text[]), unnest($18::text[])
    ON CONFLICT (channel, order_id, line_id)
    DO UPDATE SET listing = excluded.listing, ordered = excluded.ordered,
       reported_cancelled = excluded.reported_cancelled, placed_ms = excluded.placed_ms,
       version_ms = excluded.version_ms, status = excluded.status, pool = excluded.pool,
       fulfils = excluded.fulfils, report_id = excluded.report_id, voided_ms = excluded.voided_ms,
       cancelled = excluded.cancelled, shipped = excluded.shipped, returned = excluded.returned,
       mapping_id = excluded.mapping_id, waiting = excluded.waiting,
       changed_at = clock_timestamp()
