-- $1 an event: its order line
SELECT channel, order_id, line_id
  FROM api.proof_events
 WHERE event_id = $1::uuid
