-- $1 topic, $2 partitions, $3 epochs, $4 expected next offsets, $5 new next offsets.
-- Touches fewer rows than given when another owner came or the batch is applied already: fenced.
UPDATE partitions p
   SET next_offset = k.next_offset
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
       AS k (partition, epoch, expected, next_offset)
 WHERE p.topic = $1::text
   AND p.partition = k.partition
   AND p.epoch = k.epoch
   AND p.next_offset = k.expected
