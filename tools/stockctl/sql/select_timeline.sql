-- $1 sku, $2 from and $3 to (ms), $4 limit
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, what, channel, place, change, quantity,
       version, detail, event_id, (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms
  FROM api.timeline($1)
 WHERE at >= to_timestamp($2::bigint / 1000.0)
   AND at < to_timestamp(($3::bigint + 1) / 1000.0)
 ORDER BY at, rank, seq
 LIMIT $4::bigint
