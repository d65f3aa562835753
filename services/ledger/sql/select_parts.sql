-- $1-$3 line keys
SELECT p.event_id::text AS event_id, p.channel, p.order_id, p.line_id, p.kind, p.part_id,
       p.quantity, p.bucket, p.occurred_ms, p.is_dropped
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS order_id,
               unnest($3::text[]) AS line_id) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM line_parts
                      WHERE channel = k.channel
                        AND order_id = k.order_id
                        AND line_id = k.line_id
                     OFFSET 0) p
