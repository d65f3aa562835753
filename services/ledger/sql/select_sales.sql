-- $1 SKUs, $2 from (ms, exclusive), $3 to (ms): units of each SKU by channel and hour, counted back from the end; an
-- hour is told by its last sale, so that any window of whole hours takes all of it or nothing. A line that ships what another
-- order sold is no sale.
SELECT c.sku, l.channel, least(sum((l.ordered - l.cancelled) * c.units), 1000000000)::bigint AS units,
       max(l.placed_ms) AS placed_ms
  FROM unnest($1::text[]) AS k (sku)
  JOIN mapping_components c USING (sku)
  JOIN mappings m USING (mapping_id)
  JOIN order_lines l ON l.channel = m.channel AND l.listing = m.listing AND l.mapping_id = m.mapping_id::text
 WHERE l.placed_ms > $2::bigint
   AND l.placed_ms <= $3::bigint
   AND l.ordered > l.cancelled
   AND l.fulfils = ''
 GROUP BY c.sku, l.channel, ($3::bigint - l.placed_ms) / 3600000
 ORDER BY c.sku
