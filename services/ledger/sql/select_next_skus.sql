-- $1 SKU, $2 most rows: the SKUs that follow it
SELECT DISTINCT c.sku
  FROM mapping_components c
 WHERE c.sku > $1::text
 ORDER BY c.sku
 LIMIT $2::bigint
