-- $1 ids, $2 details, $3 bodies (hex) of events that wait for an operator
INSERT INTO parked_bodies (event_id, detail, body)
SELECT event_id, detail, decode(body, 'hex')
  FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS detail,
               unnest($3::text[]) AS body) AS k
    ON CONFLICT (event_id) DO NOTHING
