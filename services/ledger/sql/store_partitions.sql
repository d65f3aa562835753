-- $1 topic, $2 partitions, $3 epochs, $4 generations, $5 next offsets, $6 heads (hex), $7 anchors' offsets,
-- $8 anchors (hex), $9 cluster ids, $10 topic ids. Touches fewer rows than given when another owner came.
UPDATE partitions p
   SET generation = k.generation,
       next_offset = k.next_offset,
       head = decode(k.head, 'hex'),
       anchor_offset = k.anchor_offset,
       anchor = decode(k.anchor, 'hex'),
       cluster_id = k.cluster_id,
       topic_id = k.topic_id
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
              $8::text[], $9::text[], $10::text[])
       AS k (partition, epoch, generation, next_offset, head, anchor_offset, anchor, cluster_id,
             topic_id)
 WHERE p.topic = $1::text
   AND p.partition = k.partition
   AND p.epoch = k.epoch
