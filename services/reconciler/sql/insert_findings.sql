-- $1 run, $2 channel, then one array per column; quantities as text, because they may be null
INSERT INTO findings.findings
       (run_id, channel, listing, sku, class, shown, expected, cause, event_id)
SELECT $1::uuid, $2, listing, sku, class, shown::bigint, expected::bigint, cause, event_id
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
       AS k (listing, sku, class, shown, expected, cause, event_id)
    ON CONFLICT (run_id, channel, listing) DO NOTHING
