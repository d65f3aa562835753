-- $1 SKU, $2 channel or null: the listings that sell it now, with what their scopes are told by
SELECT t.channel, t.listing, t.sku, t.tier
  FROM api.targets t
 WHERE EXISTS (SELECT FROM api.mappings m
                WHERE m.mapping_id::text = t.mapping_id
                  AND m.sku = $1)
   AND ($2::text IS NULL OR t.channel = $2)
 ORDER BY t.channel, t.listing
