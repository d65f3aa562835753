-- $1 channels, $2 listings: their whole history
SELECT m.mapping_id::text AS mapping_id, m.channel, m.listing, m.address, m.pool, m.valid_from_ms,
       c.sku, c.units
  FROM (SELECT unnest($1::text[]) AS channel, unnest($2::text[]) AS listing) AS k
 CROSS JOIN LATERAL (SELECT *
                       FROM mappings
                      WHERE channel = k.channel
                        AND listing = k.listing
                     OFFSET 0) m
  LEFT JOIN LATERAL (SELECT *
                       FROM mapping_components
                      WHERE mapping_id = m.mapping_id
                     OFFSET 0) c ON true
 ORDER BY m.mapping_id, c.sku
