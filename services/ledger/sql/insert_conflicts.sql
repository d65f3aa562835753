-- $1 ids, $2 hashes (hex), $3 partitions, $4 offsets of events that were known: keeps those whose
-- content is another one, and returns them.
INSERT INTO conflicts (event_id, content_hash, partition, kafka_offset)
SELECT k.event_id, decode(k.content_hash, 'hex'), k.partition, k.kafka_offset
  FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS content_hash,
               unnest($3::bigint[]) AS partition, unnest($4::bigint[]) AS kafka_offset) AS k
 CROSS JOIN LATERAL (SELECT content_hash FROM events WHERE event_id = k.event_id OFFSET 0) e
 WHERE e.content_hash <> decode(k.content_hash, 'hex')
    ON CONFLICT DO NOTHING
RETURNING event_id
