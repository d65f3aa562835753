-- $1 sku or null, $2 pool or null, $3 limit
SELECT sku, pool, sellable, committed, available, elsewhere
  FROM api.stock
 WHERE ($1::text IS NULL OR sku = $1)
   AND ($2::text IS NULL OR pool = $2)
 ORDER BY sku, pool
 LIMIT $3::bigint
