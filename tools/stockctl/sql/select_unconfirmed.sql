-- $1 seconds, $2 channel or null, $3 limit
SELECT channel, listing, sku, quantity, version, confirmed_quantity,
       (extract(epoch FROM since) * 1000)::bigint AS since_ms, age_s, attempts,
       (extract(epoch FROM last_at) * 1000)::bigint AS last_ms, last_result, last_error
  FROM api.unconfirmed($1::bigint * interval '1 second')
 WHERE $2::text IS NULL OR channel = $2
 LIMIT $3::bigint
