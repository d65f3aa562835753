-- $1 channel or null: rules of it, and those without one; of each scope the newest
SELECT DISTINCT ON (r.channel, r.listing, r.sku, r.tier)
       r.channel, r.listing, r.sku, r.tier, array_to_string(r.pools, ',') AS pools,
       array_to_string(r.buckets, ',') AS buckets, r.buffer_units, r.buffer_percent,
       r.risk_bound_ppm, r.cap, r.floor, r.safety_stock,
       (extract(epoch FROM r.valid_from) * 1000)::bigint AS valid_from_ms, r.rule_id::text AS rule_id
  FROM api.rules r
 WHERE $1::text IS NULL
    OR r.channel IN ($1, '')
 ORDER BY r.channel, r.listing, r.sku, r.tier, r.valid_from DESC, r.rule_id DESC
 LIMIT $2::bigint
