-- $1 limit: of each tier the newest definition, the fastest first
SELECT t.tier, t.from_per_day, t.latency_ms, t.lead_time_days,
       (extract(epoch FROM t.valid_from) * 1000)::bigint AS valid_from_ms, t.tier_id::text AS tier_id
  FROM (SELECT DISTINCT ON (tier) *
          FROM api.tiers
         ORDER BY tier, valid_from DESC, tier_id DESC) t
 ORDER BY t.from_per_day DESC, t.tier
 LIMIT $1::bigint
