-- $1 topic
SELECT partition, generation, next_offset, encode(head, 'hex') AS head
  FROM api.proof_partitions
 WHERE topic = $1::text
 ORDER BY partition
