-- $1.. one array per column; a part that is known was dropped or released.
INSERT INTO line_parts
       (event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms,
        is_dropped)
SELECT event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms,
       is_dropped <> 0
  FROM (SELECT unnest($1::text[])::uuid AS event_id, unnest($2::text[]) AS channel,
               unnest($3::text[]) AS order_id, unnest($4::text[]) AS line_id,
               unnest($5::text[]) AS kind, unnest($6::text[]) AS part_id,
               unnest($7::bigint[]) AS quantity, unnest($8::text[]) AS bucket,
               unnest($9::bigint[]) AS occurred_ms, unnest($10::bigint[]) AS is_dropped) AS k
    ON CONFLICT (event_id) DO UPDATE
   SET is_dropped = excluded.is_dropped
