-- $1 pools: listings that ever drew from them
SELECT DISTINCT m.channel, m.listing
  FROM unnest($1::text[]) AS k (pool)
  JOIN mappings m USING (pool)
