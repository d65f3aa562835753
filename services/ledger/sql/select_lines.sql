-- $1-$3 line keys
SELECT l.channel, l.order_id, l.line_id, l.listing, l.ordered, l.reported_cancelled, l.placed_ms,
       l.version_ms, l.status, l.pool, l.fulfils, l.report_id, l.voided_ms, l.cancelled, l.shipped,
       l.returned, l.mapping_id, l.waiting
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS order_id,
               unnest($3::text[]) AS line_id) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM order_lines
                      WHERE channel = k.channel
                        AND order_id = k.order_id
                        AND line_id = k.line_id
                     OFFSET 0) l
