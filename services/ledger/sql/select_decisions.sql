-- $1 ids of events: the decisions about them
SELECT body
  FROM decisions
 WHERE event_id = ANY ($1::uuid[])
