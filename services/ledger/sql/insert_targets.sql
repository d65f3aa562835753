INSERT INTO targets
       (channel, listing, version, address, quantity, sold_here, open_here, event_id, rule_id,
        mapping_id, tier, priced, measurement_id, latency_id, cause_channel, occurred_ms,
        received_ms, applied_ms, traceparent)
SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::bigint[]), unnest($4::text[]),
       unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::bigint[]), unnest($8::text[]),
       unnest($9::text[]), unnest($10::text[]), unnest($11::text[]), unnest($12::bigint[]),
       unnest($13::text[]), unnest($14::text[]), unnest($15::text[]), unnest($16::bigint[]),
       unnest($17::bigint[]), unnest($18::bigint[]), unnest($19::text[])
