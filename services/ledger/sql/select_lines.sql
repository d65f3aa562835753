-- $1-$3 line keys; $4-$5 whole orders; $6-$7 all lines of listings.
WITH wanted AS (
    SELECT channel, order_id, line_id
      FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, order_id, line_id)
     UNION
    SELECT l.channel, l.order_id, l.line_id
      FROM unnest($4::text[], $5::text[]) AS k (channel, order_id)
      JOIN order_lines l USING (channel, order_id)
     UNION
    SELECT l.channel, l.order_id, l.line_id
      FROM unnest($6::text[], $7::text[]) AS k (channel, listing)
      JOIN order_lines l USING (channel, listing)
)
SELECT l.channel, l.order_id, l.line_id, l.listing, l.ordered, l.reported_cancelled, l.placed_ms,
       l.version_ms, l.status, l.report_id, l.voided_ms, l.cancelled, l.shipped, l.returned,
       l.mapping_id, l.waiting
  FROM wanted
  JOIN order_lines l USING (channel, order_id, line_id)
