-- $1 sku, $2 channel or null: of what has one, $3 time (ms), $4 limit
WITH newest AS (
    SELECT *
      FROM api.timeline($1)
     WHERE at < to_timestamp(($3::bigint + 1) / 1000.0)
       AND ($2::text IS NULL OR coalesce(channel, $2) = $2 OR what = 'movement')
     ORDER BY at DESC, rank DESC, seq DESC
     LIMIT $4::bigint
)
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, what, channel, place, change, quantity,
       version, detail, event_id, (extract(epoch FROM occurred_at) * 1000)::bigint AS occurred_ms
  FROM newest
 ORDER BY at, rank, seq
