SELECT count(*) AS parked,
       coalesce((extract(epoch FROM min(applied_at)) * 1000)::bigint, 0) AS parked_since_ms,
       (SELECT count(*) FROM oversells WHERE closed_at IS NULL) AS oversells,
       coalesce((SELECT (extract(epoch FROM written_at) * 1000)::bigint
                   FROM outbox
                  ORDER BY outbox_id
                  LIMIT 1), 0) AS outbox_since_ms
  FROM events
 WHERE status = 'parked'
