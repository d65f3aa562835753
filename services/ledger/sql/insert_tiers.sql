INSERT INTO tiers (tier_id, tier, from_per_day, latency_ms, lead_time_days, valid_from_ms)
SELECT unnest($1::text[])::uuid, unnest($2::text[]), unnest($3::bigint[]), unnest($4::bigint[]),
       unnest($5::bigint[]), unnest($6::bigint[])
