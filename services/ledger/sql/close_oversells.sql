-- $1 SKUs, $2 pools
UPDATE oversells o
   SET closed_at = clock_timestamp()
  FROM (SELECT found.at
          FROM unnest($1::text[], $2::text[]) AS k (sku, pool)
         CROSS JOIN LATERAL (SELECT ctid AS at
                               FROM oversells
                              WHERE sku = k.sku
                                AND pool = k.pool
                                AND closed_at IS NULL
                             OFFSET 0) found) named
 WHERE o.ctid = named.at
