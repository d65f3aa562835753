-- $1.. one array per column; body in hex
INSERT INTO decisions (decision_id, event_id, number, decision, note, body)
SELECT decision_id, event_id, number, decision, note, decode(body, 'hex')
  FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[])
       AS k (decision_id, event_id, number, decision, note, body)
