-- $1 ids of events that decisions are about; body: only of those that break a rule or were too large
SELECT e.event_id::text AS event_id, e.kind, e.channel, e.order_id, e.line_id,
       CASE e.status WHEN 'parked' THEN e.reason ELSE '' END AS parked_for, b.body
  FROM (SELECT unnest($1::text[])::uuid AS event_id) AS k
 CROSS JOIN LATERAL (SELECT * FROM events WHERE event_id = k.event_id OFFSET 0) e
  LEFT JOIN LATERAL (SELECT body FROM parked_bodies WHERE event_id = k.event_id OFFSET 0) b ON true
