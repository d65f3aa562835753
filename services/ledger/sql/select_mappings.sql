-- $1 channels, $2 listings: their whole history
SELECT m.mapping_id::text AS mapping_id, m.channel, m.listing, m.address, m.pool, m.valid_from_ms,
       c.sku, c.units
  FROM unnest($1::text[], $2::text[]) AS k (channel, listing)
  JOIN mappings m USING (channel, listing)
  LEFT JOIN mapping_components c USING (mapping_id)
 ORDER BY m.mapping_id, c.sku
