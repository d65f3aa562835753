-- $1 sku or null, $2 pool or null, $3 time (ms), $4 limit
SELECT sku, pool,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)::bigint AS sellable,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0)::bigint AS committed,
       coalesce(sum(quantity) FILTER (WHERE bucket = 'sellable'), 0)::bigint
           - coalesce(sum(quantity) FILTER (WHERE bucket = 'committed'), 0)::bigint AS available,
       coalesce(sum(quantity) FILTER (WHERE bucket NOT IN ('sellable', 'committed')), 0)::bigint
           AS elsewhere
  FROM api.stock_as_of(to_timestamp($3::bigint / 1000.0))
 WHERE ($1::text IS NULL OR sku = $1)
   AND ($2::text IS NULL OR pool = $2)
 GROUP BY sku, pool
 ORDER BY sku, pool
 LIMIT $4::bigint
