-- $1 ids of events: the decisions about them
SELECT d.body
  FROM unnest($1::uuid[]) AS k (event_id)
 CROSS JOIN LATERAL (SELECT body FROM decisions WHERE event_id = k.event_id OFFSET 0) d
