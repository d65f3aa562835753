-- $1 topic, $2 replica, $3 the batch's number (0: the topic makes no movements, and its batches are not kept),
-- $4 partitions, $5 epochs, $6 expected next offsets, $7 new next offsets, $8 heads (hex), $9 numbers of movements,
-- $10 anchors' offsets, $11 anchors (hex).
-- Reads only these rows: the others are moved by other replicas all the time.
-- Moves fewer than given when another owner came or the batch is applied already: fenced.
WITH moved AS (
    UPDATE partitions p
       SET next_offset = k.next_offset,
           head = decode(k.head, 'hex'),
           anchor_offset = k.anchor_offset,
           anchor = decode(k.anchor, 'hex')
      FROM (SELECT k.*, found.at
              FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
                          $9::bigint[], $10::bigint[], $11::text[])
                   AS k (partition, epoch, expected, next_offset, head, movements, anchor_offset,
                         anchor)
             CROSS JOIN LATERAL (SELECT ctid AS at
                                   FROM partitions
                                  WHERE topic = $1::text
                                    AND partition = k.partition
                                    AND epoch = k.epoch
                                    AND next_offset = k.expected
                                 OFFSET 0) found) k
     WHERE p.ctid = k.at
 RETURNING p.partition, p.epoch, p.generation, k.expected, p.next_offset, k.movements, p.head
), kept AS (
    INSERT INTO batches
           (batch_id, topic, partition, epoch, generation, first_offset, next_offset, movements,
            head, replica)
    OVERRIDING SYSTEM VALUE
    SELECT $3::bigint, $1::text, partition, epoch, generation, expected, next_offset, movements,
           head, $2::text
      FROM moved
     WHERE $3::bigint > 0
)
SELECT count(*) AS moved
  FROM moved
