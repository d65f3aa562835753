-- $1 pools
SELECT p.pool_id::text AS pool_id, p.pool, p.authority, p.valid_from_ms
  FROM unnest($1::text[]) AS k (pool)
  JOIN pools p USING (pool)
