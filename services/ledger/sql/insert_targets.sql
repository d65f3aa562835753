INSERT INTO targets
       (channel, listing, version, address, quantity, sold_here, open_here, event_id, rule_id,
        mapping_id, tier, priced, measurement_id, latency_id, cause_channel, occurred_ms,
        received_ms, applied_ms, traceparent)
SELECT *
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
              $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
              $13::text[], $14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::bigint[],
              $19::text[])
