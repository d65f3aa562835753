-- $1 topic
SELECT partition, kafka_offset
  FROM api.proof_poison
 WHERE topic = $1::text
 ORDER BY partition, kafka_offset
