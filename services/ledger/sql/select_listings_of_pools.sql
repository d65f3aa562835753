-- $1 pools: listings that ever drew from them
SELECT DISTINCT m.channel, m.listing
  FROM unnest($1::text[]) AS k (pool)
 CROSS JOIN LATERAL (SELECT channel, listing FROM mappings WHERE pool = k.pool OFFSET 0) m
