-- $1 ids of events: the decisions about them
SELECT d.body
  FROM (SELECT unnest($1::text[])::uuid AS event_id) AS k
 CROSS JOIN LATERAL (SELECT body FROM decisions WHERE event_id = k.event_id OFFSET 0) d
