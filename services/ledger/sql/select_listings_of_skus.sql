-- $1 SKUs: listings that ever sold them, some several times
SELECT m.channel, m.listing
  FROM unnest($1::text[]) AS k (sku)
 CROSS JOIN LATERAL (SELECT mapping_id FROM mapping_components WHERE sku = k.sku OFFSET 0) c
 CROSS JOIN LATERAL (SELECT channel, listing
                       FROM mappings
                      WHERE mapping_id = c.mapping_id
                     OFFSET 0) m
