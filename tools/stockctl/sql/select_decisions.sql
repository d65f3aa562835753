-- $1 event, or NULL for any; $2 decision, the same; $3 limit
SELECT decision_id, event_id, number, decision, note, actor, status, reason, event_status, event_reason,
       (extract(epoch FROM decided_at) * 1000)::bigint AS decided_ms
  FROM api.decisions
 WHERE ($1::uuid IS NULL OR event_id = $1::uuid)
   AND ($2::uuid IS NULL OR decision_id = $2::uuid)
 ORDER BY event_id, number
 LIMIT $3::bigint
