-- $1 ids of events that decisions are about; body: only of those that break a rule or were too large
SELECT e.event_id::text AS event_id, e.kind, e.channel, e.order_id, e.line_id,
       CASE e.status WHEN 'parked' THEN e.reason ELSE '' END AS parked_for, b.body
  FROM events e
  LEFT JOIN parked_bodies b USING (event_id)
 WHERE e.event_id = ANY ($1::uuid[])
