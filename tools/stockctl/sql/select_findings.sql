-- $1 channel or null, $2 limit
SELECT channel, listing, sku, class, shown, expected, cause, event_id,
       (extract(epoch FROM snapshot_at) * 1000)::bigint AS snapshot_ms,
       (extract(epoch FROM found_at) * 1000)::bigint AS found_ms, run_id
  FROM api.findings
 WHERE $1::text IS NULL OR channel = $1
 ORDER BY found_at DESC, channel, listing
 LIMIT $2::bigint
