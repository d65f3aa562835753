-- $1 ids, $2 statuses, $3 reasons
UPDATE events e
   SET status = k.status,
       reason = k.reason
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k (event_id, status, reason)
 WHERE e.event_id = k.event_id
