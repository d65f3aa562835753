-- $1 ids, $2 statuses, $3 reasons
UPDATE events e
   SET status = named.status,
       reason = named.reason
  FROM (SELECT found.at, k.status, k.reason
          FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS status,
                       unnest($3::text[]) AS reason) AS k
         CROSS JOIN LATERAL (SELECT ctid AS at FROM events WHERE event_id = k.event_id OFFSET 0) found) named
 WHERE e.ctid = named.at
