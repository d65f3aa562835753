-- $1 channel, $2 listing, $3 from and $4 to (ms), $5 limit
SELECT (extract(epoch FROM at) * 1000)::bigint AS time_ms, what, quantity, shows,
       (extract(epoch FROM shown_until) * 1000)::bigint AS until_ms, version, detail, event_id
  FROM api.channel_showed($1, $2, to_timestamp($3::bigint / 1000.0), to_timestamp($4::bigint / 1000.0))
 LIMIT $5::bigint
