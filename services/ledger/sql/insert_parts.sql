INSERT INTO line_parts
       (event_id, channel, order_id, line_id, kind, part_id, quantity, bucket, occurred_ms)
SELECT *
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
              $7::bigint[], $8::text[], $9::bigint[])
