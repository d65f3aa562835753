-- $1 ids, $2 statuses, $3 reasons
UPDATE events e
   SET status = named.status,
       reason = named.reason
  FROM (SELECT found.at, k.status, k.reason
          FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k (event_id, status, reason)
         CROSS JOIN LATERAL (SELECT ctid AS at FROM events WHERE event_id = k.event_id OFFSET 0) found) named
 WHERE e.ctid = named.at
