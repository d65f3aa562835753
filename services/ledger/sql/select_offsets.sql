-- $1 topic, $2 partitions
SELECT p.partition, p.epoch, p.next_offset
  FROM unnest($2::bigint[]) AS k (partition)
 CROSS JOIN LATERAL (SELECT *
                       FROM partitions
                      WHERE topic = $1::text
                        AND partition = k.partition
                     OFFSET 0) p
