-- $1 sku or null, $2 pool that they leave or null, $3 only open ones, $4 least age in days, $5 limit
SELECT removal_id, sku, channel, from_pool, bucket, to_pool, status, requested, cancelled, shipped,
       received, damaged, disposed, lost, expected_units, open, age_days,
       (extract(epoch FROM created_at) * 1000)::bigint AS created_ms,
       (extract(epoch FROM closed_at) * 1000)::bigint AS closed_ms, report_id
  FROM api.removals
 WHERE ($1::text IS NULL OR sku = $1)
   AND ($2::text IS NULL OR from_pool = $2)
   AND (NOT $3::boolean OR open)
   AND age_days >= $4::bigint
 ORDER BY created_at, removal_id, sku
 LIMIT $5::bigint
