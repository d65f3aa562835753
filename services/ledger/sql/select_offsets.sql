-- $1 topic, $2 partitions
SELECT partition, epoch, next_offset
  FROM unnest($2::bigint[]) p
  JOIN partitions ON topic = $1::text AND partition = p
