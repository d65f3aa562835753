-- $1.. one array per column; a part that is known was dropped or released.
INSERT INTO line_parts
       (event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms,
        is_dropped)
SELECT event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms,
       is_dropped <> 0
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
              $7::bigint[], $8::text[], $9::bigint[], $10::bigint[])
       AS k (event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms,
             is_dropped)
    ON CONFLICT (event_id) DO UPDATE
   SET is_dropped = excluded.is_dropped
