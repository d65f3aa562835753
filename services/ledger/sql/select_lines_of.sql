-- $1-$2 whole orders; $3-$4 all lines of listings. With || '' the index of listings is the only one that fits; listings of
-- two channels seldom have one name.
SELECT l.channel, l.order_id, l.line_id, l.listing, l.ordered, l.reported_cancelled, l.placed_ms,
       l.version_ms, l.status, l.pool, l.fulfils, l.report_id, l.voided_ms, l.cancelled, l.shipped,
       l.returned, l.mapping_id, l.waiting
  FROM unnest($1::text[], $2::text[]) AS k (channel, order_id)
 CROSS JOIN LATERAL (SELECT *
                       FROM order_lines
                      WHERE channel = k.channel
                        AND order_id = k.order_id
                     OFFSET 0) l
 UNION
SELECT l.channel, l.order_id, l.line_id, l.listing, l.ordered, l.reported_cancelled, l.placed_ms,
       l.version_ms, l.status, l.pool, l.fulfils, l.report_id, l.voided_ms, l.cancelled, l.shipped,
       l.returned, l.mapping_id, l.waiting
  FROM unnest($3::text[], $4::text[]) AS k (channel, listing)
 CROSS JOIN LATERAL (SELECT *
                       FROM order_lines
                      WHERE listing = k.listing
                        AND channel || '' = k.channel
                     OFFSET 0) l
