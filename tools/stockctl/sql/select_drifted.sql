-- $1 since (ms), $2 channel or null, $3 limit
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, source, channel, listing, sku, shown,
       expected, class, cause, event_id
  FROM api.drifted(to_timestamp($1::bigint / 1000.0))
 WHERE $2::text IS NULL OR channel = $2
 LIMIT $3::bigint
