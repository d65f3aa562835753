-- $1 channel or null, $2 limit
SELECT channel, pushes, p50_ms, p95_ms, p99_ms, max_ms
  FROM api.latency
 WHERE $1::text IS NULL OR channel = $1
 ORDER BY channel
 LIMIT $2::bigint
