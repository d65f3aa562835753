-- $1 places of rows that this transaction wrote, $2 statuses, $3 reasons. By their ids they would be looked for in an index
-- where other transactions write next to them.
UPDATE events e
   SET status = k.status,
       reason = k.reason
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (place, status, reason)
 WHERE e.ctid = k.place::tid
