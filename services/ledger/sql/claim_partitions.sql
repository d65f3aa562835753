-- $1 topic, $2 owner, $3 partitions, $4 geneses (hex), for the first claim: a new epoch for each; waits for a batch
-- of the earlier owner.
INSERT INTO partitions (topic, partition, epoch, owner, head)
SELECT $1::text, k.partition, 1, $2::text, decode(k.genesis, 'hex')
  FROM unnest($3::bigint[], $4::text[]) AS k (partition, genesis)
 ORDER BY k.partition
    ON CONFLICT (topic, partition)
    DO UPDATE SET epoch = partitions.epoch + 1, owner = excluded.owner, claimed_at = now()
RETURNING partition, epoch, next_offset, generation, head, cluster_id, topic_id, anchor_offset, anchor
