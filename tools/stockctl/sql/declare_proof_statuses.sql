DECLARE stored NO SCROLL CURSOR FOR
SELECT event_id, status, reason, channel, order_id, line_id
  FROM api.proof_events
 ORDER BY event_id
