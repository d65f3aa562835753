-- $1 channel or null, $2 listing or null, $3 result or null, $4 limit
SELECT channel, listing, version, quantity, result, attempt, http_status, error_class, error_text,
       event_id, request_us, (extract(epoch FROM received_at) * 1000)::bigint AS received_ms,
       (extract(epoch FROM published_at) * 1000)::bigint AS published_ms,
       (extract(epoch FROM confirmed_at) * 1000)::bigint AS confirmed_ms, latency_ms
  FROM api.pushes
 WHERE ($1::text IS NULL OR channel = $1)
   AND ($2::text IS NULL OR listing = $2)
   AND ($3::text IS NULL OR result = $3)
 ORDER BY at DESC, channel, listing, version DESC, attempt DESC
 LIMIT $4::bigint
