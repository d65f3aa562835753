-- $1 channel, $2 listing, $3 time (ms): what it sells then, a row for each SKU; one without SKU: retired
SELECT m.mapping_id, m.sku, m.units, m.pool
  FROM api.mappings m
 WHERE m.channel = $1
   AND m.listing = $2
   AND m.mapping_id = (SELECT f.mapping_id
                         FROM api.mappings f
                        WHERE f.channel = $1
                          AND f.listing = $2
                          AND f.valid_from <= to_timestamp($3::bigint / 1000.0)
                        ORDER BY f.valid_from DESC, f.mapping_id DESC
                        LIMIT 1)
 ORDER BY m.sku
