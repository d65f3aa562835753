-- $1 SKUs, $2 pools, $3 a time (ms) that no hold is older than: the latest count before it of each
-- position (its time is base_ms, 0: none) and all counts since.
SELECT f.sku, f.pool, f.bucket, f.event_id::text AS event_id, f.counted_ms, f.quantity, b.base_ms
  FROM unnest($1::text[], $2::text[]) AS k (sku, pool)
 CROSS JOIN LATERAL (SELECT * FROM count_facts WHERE sku = k.sku AND pool = k.pool OFFSET 0) f
 CROSS JOIN LATERAL (SELECT coalesce(max(e.counted_ms), 0) AS base_ms
                       FROM count_facts e
                      WHERE e.sku = f.sku
                        AND e.pool = f.pool
                        AND e.bucket = f.bucket
                        AND e.counted_ms < $3::bigint) b
 WHERE f.counted_ms >= b.base_ms
