-- $1 SKUs: listings that ever sold them
SELECT DISTINCT m.channel, m.listing
  FROM unnest($1::text[]) AS k (sku)
  JOIN mapping_components c USING (sku)
  JOIN mappings m USING (mapping_id)
