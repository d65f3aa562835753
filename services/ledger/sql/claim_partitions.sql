-- $1 topic, $2 partitions, $3 owner: a new epoch for each; waits for a batch of the earlier owner.
INSERT INTO partitions (topic, partition, epoch, owner)
SELECT $1::text, p, 1, $3::text
  FROM unnest($2::bigint[]) p
 ORDER BY p
    ON CONFLICT (topic, partition)
    DO UPDATE SET epoch = partitions.epoch + 1, owner = excluded.owner, claimed_at = now()
RETURNING partition, epoch, next_offset
