SELECT count(*) AS parked,
       coalesce((extract(epoch FROM min(applied_at)) * 1000)::bigint, 0) AS parked_since_ms,
       (SELECT count(*) FROM oversells WHERE closed_at IS NULL) AS oversells
  FROM events
 WHERE status = 'parked'
