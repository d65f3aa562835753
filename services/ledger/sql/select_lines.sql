-- $1-$3 line keys; $4-$5 whole orders; $6-$7 all lines of listings. With || '' the index of listings is the only one that
-- fits; listings of two channels seldom have one name.
WITH wanted AS (
    SELECT channel, order_id, line_id
      FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, order_id, line_id)
     UNION
    SELECT l.channel, l.order_id, l.line_id
      FROM unnest($4::text[], $5::text[]) AS k (channel, order_id)
     CROSS JOIN LATERAL (SELECT *
                           FROM order_lines
                          WHERE channel = k.channel
                            AND order_id = k.order_id
                         OFFSET 0) l
     UNION
    SELECT l.channel, l.order_id, l.line_id
      FROM unnest($6::text[], $7::text[]) AS k (channel, listing)
     CROSS JOIN LATERAL (SELECT *
                           FROM order_lines
                          WHERE listing = k.listing
                            AND channel || '' = k.channel
                         OFFSET 0) l
)
SELECT l.channel, l.order_id, l.line_id, l.listing, l.ordered, l.reported_cancelled, l.placed_ms,
       l.version_ms, l.status, l.pool, l.fulfils, l.report_id, l.voided_ms, l.cancelled, l.shipped,
       l.returned, l.mapping_id, l.waiting
  FROM wanted w
 CROSS JOIN LATERAL (SELECT *
                       FROM order_lines
                      WHERE channel = w.channel
                        AND order_id = w.order_id
                        AND line_id = w.line_id
                     OFFSET 0) l
