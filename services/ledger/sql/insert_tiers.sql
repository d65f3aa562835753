INSERT INTO tiers (tier_id, tier, from_per_day, latency_ms, lead_time_days, valid_from_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
