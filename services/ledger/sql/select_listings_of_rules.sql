-- $1 channels, $2 listings, $3 SKUs: scopes of new rules; empty means any.
SELECT DISTINCT l.channel, l.listing
  FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, listing, sku)
  JOIN listings l
    ON (k.channel = '' OR l.channel = k.channel)
   AND (k.listing = '' OR l.listing = k.listing)
 WHERE k.sku = ''
    OR EXISTS (SELECT FROM mappings m
                 JOIN mapping_components c USING (mapping_id)
                WHERE m.channel = l.channel
                  AND m.listing = l.listing
                  AND c.sku = k.sku)
