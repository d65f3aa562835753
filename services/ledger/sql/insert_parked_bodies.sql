-- $1 ids, $2 details, $3 bodies (hex) of events that wait for an operator
INSERT INTO parked_bodies (event_id, detail, body)
SELECT event_id, detail, decode(body, 'hex')
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k (event_id, detail, body)
    ON CONFLICT (event_id) DO NOTHING
