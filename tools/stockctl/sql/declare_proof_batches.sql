-- in the order of replay
DECLARE batches NO SCROLL CURSOR FOR
SELECT batch_id, topic, partition, generation, first_offset, next_offset, movements,
       encode(head, 'hex') AS head
  FROM api.proof_batches
 ORDER BY batch_id, partition
