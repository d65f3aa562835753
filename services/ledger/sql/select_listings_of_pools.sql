-- $1 pools: listings that ever drew from them, or of whose lines one did
SELECT m.channel, m.listing
  FROM unnest($1::text[]) AS k (pool)
 CROSS JOIN LATERAL (SELECT channel, listing FROM mappings WHERE pool = k.pool OFFSET 0) m
 UNION
SELECT l.channel, l.listing
  FROM unnest($1::text[]) AS k (pool)
 CROSS JOIN LATERAL (SELECT channel, listing
                       FROM order_lines
                      WHERE pool = k.pool
                        AND pool <> ''
                     OFFSET 0) l
