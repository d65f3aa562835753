-- $1.. one array per column; body in hex
INSERT INTO decisions (decision_id, event_id, number, decision, note, body)
SELECT decision_id, event_id, number, decision, note, decode(body, 'hex')
  FROM (SELECT unnest($1::text[])::uuid AS decision_id, unnest($2::text[])::uuid AS event_id,
               unnest($3::bigint[]) AS number, unnest($4::text[]) AS decision,
               unnest($5::text[]) AS note, unnest($6::text[]) AS body) AS k
