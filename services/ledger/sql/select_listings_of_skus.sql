-- $1 SKUs: listings that ever sold them
SELECT DISTINCT m.channel, m.listing
  FROM unnest($1::text[]) AS k (sku)
  JOIN ledger.mapping_components c USING (sku)
  JOIN ledger.mappings m USING (mapping_id)
